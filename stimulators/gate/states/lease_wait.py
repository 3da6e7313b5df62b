"""Devices that take no lease while the rig is driven: what is waited for, and when it is told."""

from collections.abc import Iterator

from stimulators.decisions import Notice
from stimulators.gate.driving.drive import Drive
from stimulators.gate.states.drive_group import DriveGroup

#: A device that took no lease for so long is told to the operators.
_LEASE_S_MAX = 60.0
#: What a device says of itself is cut to this many characters.
_REASON_MAX = 100


class LeaseWait:
    """Which devices of a driven rig get leases and do not take them.

    A rig is active as soon as one of its devices is. Another one may refuse its leases for a while
    (it is on its way to its safe amount, its budget is spent) or for ever: the rig goes on without
    it, and operators are told.

    Parameters
    ----------
    drives : DriveGroup
        The devices.
    """

    def __init__(self, drives: DriveGroup) -> None:
        self._drives = drives
        self._since_s: dict[str, float] = {}
        self._told: set[str] = set()

    def pass_time(self, now_s: float, *, is_driven: bool) -> Iterator[Notice]:
        """Yield a notice of each device that has taken no lease for too long, once a stretch."""
        for drive in self._drives:
            name = drive.config.id
            if not is_driven or not drive.is_engaged or drive.is_live:
                self._since_s.pop(name, None)
                self._told.discard(name)
                continue
            is_late = now_s - self._since_s.setdefault(name, now_s) > _LEASE_S_MAX
            if is_late and name not in self._told:
                self._told.add(name)
                text = f"{name} did not take a lease within {_LEASE_S_MAX:g} s{_reason(drive)}"
                yield Notice("no_lease", f"{text}; to begin anew: disarm, then arm", name)

    @property
    def text(self) -> str:
        """What is waited for; empty where every device is driven."""
        if not self._since_s:
            return ""
        waiting = [drive for drive in self._drives if drive.config.id in self._since_s]
        names = ", ".join(f"{drive.config.id}{_reason(drive)}" for drive in waiting)
        return f"waits for {names} to take a lease"


def _reason(drive: Drive) -> str:
    info = drive.presence.info
    return f" (it says: {info.reason[:_REASON_MAX]})" if info is not None and info.reason else ""
