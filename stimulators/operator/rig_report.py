"""The state of a rig: the devices' own words, and the status of its services."""

from collections.abc import Callable

import msgspec

from stimulators.operator.device_words import DeviceWords
from stimulators.operator.known_rig import KnownRig
from stimulators.operator.operator_link import OperatorLink
from stimulators.wire import topics
from stimulators.wire.keys.keys import Keys
from stimulators.wire.messages import Status

#: Services and devices send something each second.
_LISTEN_S = 1.3
_HEARD = (topics.STATUS, topics.INFO, topics.DEVICE_STATUS, topics.ACK)


class DeviceReport(msgspec.Struct, frozen=True, kw_only=True):
    """The newest words of one boot of a device; None and empty where nothing is known.

    Parameters
    ----------
    instance : str
        The boot.
    is_speaking : bool
        Whether it sent them just now; else they are what the broker had kept.
    is_offline : bool
        Whether it was reported offline.
    state, amount, unit, program, session
        What they report.
    age_s : float or None
        Age of the newest word; None for one that the broker had kept, whose age is not known.
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


class RigReport(msgspec.Struct, frozen=True, kw_only=True):
    """The services and devices of a rig, by their own messages.

    Parameters
    ----------
    rig : str
        Its name.
    services : tuple of Status
        The status of every service that sent one just now: one, usually.
    kept_status : Status or None
        The status of a service that the broker had kept.
    devices : dict of str to tuple of DeviceReport
        By device, of the configuration or any other, its boots; empty where none is known.
    n_unverified : int
        Messages that were dropped because their signature does not fit.
    """

    rig: str
    services: tuple[Status, ...]
    kept_status: Status | None
    devices: dict[str, tuple[DeviceReport, ...]]
    n_unverified: int = 0


async def look(
    rig: KnownRig,
    *,
    now_s: Callable[[], float],
    wait_s: float = 2.5,
    keys: Keys | None = None,
) -> RigReport:
    """Listen to a rig for long enough that every service and device has sent something.

    Parameters
    ----------
    rig : KnownRig
        The rig, its broker and devices.
    now_s : callable
        Any clock that never goes back.
    wait_s : float
        Seconds to wait for the broker, and for a service.
    keys : Keys, optional
        Check what is received.

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
        return RigReport(
            rig=rig.name,
            services=tuple(said.status for _, said in sorted(link.services.items())),
            kept_status=link.kept_status,
            devices={
                name: _reports(words, now_s()) for name, words in sorted(link.devices.items())
            },
            n_unverified=link.n_unverified,
        )


def _reports(words: DeviceWords, now_s: float) -> tuple[DeviceReport, ...]:
    speaking = words.speaking
    shown = speaking or dict(list(words.instances.items())[-1:])
    reports = []
    for name, each in shown.items():
        newest, stated = each.newest, each.stated
        is_fresh = newest is not None and not newest.is_retained
        reports.append(
            DeviceReport(
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
    return tuple(reports)
