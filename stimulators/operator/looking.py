"""How a rig is: the devices' own words, and what its services hold them to give."""

from collections.abc import Callable

import msgspec

from stimulators.operator.device_words import DeviceWords
from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorLink
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Status

#: Services and devices speak once a second.
_LISTEN_S = 1.3
_HEARD = (topics.STATUS, topics.INFO, topics.DEVICE_STATUS, topics.ACK)


class DeviceLooked(msgspec.Struct, frozen=True, kw_only=True):
    """What one boot of a device says; None and empty where that is not known.

    Parameters
    ----------
    instance : str
        The boot.
    is_speaking : bool
        Whether it said so just now; else it is what the broker had kept.
    is_offline : bool
        Whether it is said to be gone.
    state, amount, unit, program, session
        Its newest words.
    age_s : float or None
        How old the newest is; None for what the broker had kept, of which nobody knows.
    """

    instance: str
    is_speaking: bool
    is_offline: bool
    state: str | None
    amount: float | None
    unit: str | None
    program: str
    session: str | None
    age_s: float | None


class RigLooked(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a rig.

    Parameters
    ----------
    rig : str
        Its name.
    services : tuple of Status
        Of every service that spoke just now; one is right.
    kept_status : Status or None
        What the broker had kept of a service.
    devices : dict of str to tuple of DeviceLooked
        Every boot heard of, of every device of the configuration and every other that is known;
        empty where nothing is.
    n_unverified : int
        Messages that were left out because their signature does not hold.
    """

    rig: str
    services: tuple[Status, ...]
    kept_status: Status | None
    devices: dict[str, tuple[DeviceLooked, ...]]
    n_unverified: int = 0


async def look(
    rig: KnownRig,
    *,
    now_s: Callable[[], float],
    wait_s: float = 2.5,
    keys: Keys | None = None,
) -> RigLooked:
    """Listen to a rig for as long as everybody there takes to say a word.

    Parameters
    ----------
    rig : KnownRig
        Where.
    now_s : callable
        Any clock that runs on.
    wait_s : float
        Seconds to wait for the broker, and for a service.
    keys : Keys, optional
        Checks what is said.

    Raises
    ------
    OperatorError
        Where there is no broker.
    ValueError
        Where the broker's configuration names a file that cannot be used.
    """
    async with OperatorLink(rig, _HEARD, now_s=now_s, keys=keys) as link:
        await link.require(wait_s)
        await link.listen(min(_LISTEN_S, wait_s))
        await link.until(lambda: bool(link.services), max(0.0, wait_s - _LISTEN_S))
        return RigLooked(
            rig=rig.name,
            services=tuple(said.status for _, said in sorted(link.services.items())),
            kept_status=link.kept_status,
            devices={name: _looked(words, now_s()) for name, words in sorted(link.devices.items())},
            n_unverified=link.n_unverified,
        )


def _looked(words: DeviceWords, now_s: float) -> tuple[DeviceLooked, ...]:
    speaking = words.speaking
    shown = speaking or dict(list(words.instances.items())[-1:])
    looked = []
    for name, each in shown.items():
        newest, stated = each.newest, each.stated
        is_fresh = newest is not None and not newest.is_retained
        looked.append(
            DeviceLooked(
                instance=name,
                is_speaking=name in speaking,
                is_offline=each.is_offline,
                state=None if stated is None else stated.state,
                amount=None if newest is None else newest.amount,
                unit=None if newest is None else newest.unit,
                program="" if newest is None else newest.program,
                session=None if newest is None else newest.session,
                age_s=now_s - newest.heard_s if newest is not None and is_fresh else None,
            )
        )
    return tuple(looked)
