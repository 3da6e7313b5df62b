"""The broker's access rules: who may publish and receive on which topics, by role."""

import re
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from stimulators.wire import topics
from stimulators.wire.topics import Topic


class Rights(msgspec.Struct, frozen=True):
    """The topics that a role may publish on and receive from."""

    says: tuple[Topic, ...]
    hears: tuple[Topic, ...]


_OF_DISPLAY = (topics.DETECTOR_INFO, topics.ESTIMATE, topics.EVENT, topics.DECISION)
_SHOWN = (
    topics.STATUS,
    topics.INFO,
    topics.ACK,
    topics.DEVICE_STATUS,
    *_OF_DISPLAY,
)
_TO_DEVICE = (topics.COMMAND, topics.LEASE, topics.CLOCK_REPLY)
_FROM_DEVICE = (topics.ACK, topics.INFO, topics.DEVICE_STATUS, topics.CLOCK_REQUEST)

SERVICE_RIGHTS = Rights(
    says=(topics.STATUS, topics.STOP, *_TO_DEVICE, *_OF_DISPLAY),
    hears=(topics.STATUS, topics.STOP, topics.CONTROL, *_FROM_DEVICE),
)
#: A device publishes and receives on its own topics only.
DEVICE_RIGHTS = Rights(says=_FROM_DEVICE, hears=(topics.STOP, *_TO_DEVICE))
OPERATOR_RIGHTS = Rights(says=(topics.STOP, topics.CONTROL), hears=_SHOWN)
DISPLAY_RIGHTS = Rights(says=(), hears=_SHOWN)

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
SERVICE_USER = "service"
DISPLAY_USER = "display"


class Users(msgspec.Struct, frozen=True, kw_only=True):
    """The users of a rig's broker, each with a password of its own.

    Parameters
    ----------
    rig : str
        Name of the rig.
    devices, operators : sequence of str
        Their names; the service and one user for all displays are added.

    Raises
    ------
    ValueError
        Where a name cannot be a level of a topic.
    """

    rig: str
    devices: Sequence[str]
    operators: Sequence[str]

    def __post_init__(self) -> None:
        for name in (self.rig, *self.devices, *self.operators):
            if not _NAME.fullmatch(name):
                raise ValueError(f"name: expected letters, digits, - and _, found {name!r}")

    @property
    def names(self) -> list[str]:
        """The users' names."""
        return [name for name, _, _ in self._rights()]

    def access_rules(self) -> Iterator[str]:
        """Yield the lines of mosquitto's access control file; any topic not in it is refused."""
        for name, rights, device in self._rights():
            yield f"user {name}"
            yield from self._rules("write", rights.says, device)
            yield from self._rules("read", rights.hears, device)
            yield ""

    def _rights(self) -> Iterator[tuple[str, Rights, str]]:
        yield SERVICE_USER, SERVICE_RIGHTS, "+"
        for device in self.devices:
            yield device_user(device), DEVICE_RIGHTS, device
        for operator in self.operators:
            yield operator_user(operator), OPERATOR_RIGHTS, "+"
        yield DISPLAY_USER, DISPLAY_RIGHTS, "+"

    def _rules(self, verb: str, allowed: Iterable[Topic], device: str) -> Iterator[str]:
        for topic in allowed:
            yield f"topic {verb} {topic.at(rig=self.rig, device=device, detector='+')}"


def device_user(device: str) -> str:
    """Return the name of a device's user."""
    return f"device-{device}"


def operator_user(operator: str) -> str:
    """Return the name of an operator's user."""
    return f"operator-{operator}"
