"""What every electrode was given: the truth that the rest of a rig can only be told of."""

from collections.abc import Callable
from hashlib import blake2b
from typing import NamedTuple


class Given(NamedTuple):
    """From `time_us` on, a device gives this amount in this program; `jumps` after a stop."""

    time_us: int
    amount: float
    program: str
    is_powered: bool


Watcher = Callable[[str, Given, Given], None]


class Electrodes:
    """Follows what the devices give.

    Attributes
    ----------
    given : dict of str to Given
        The newest change of every device.
    trace : dict of str to list of Given
        All changes, where they are kept.
    watchers : list of callable
        Called at each change with the device, what it gave before and what it gives now.

    Parameters
    ----------
    keeps_trace : bool
        Whether all changes are kept.
    """

    def __init__(self, *, keeps_trace: bool = False) -> None:
        self.given: dict[str, Given] = {}
        self.trace: dict[str, list[Given]] = {}
        self.watchers: list[Watcher] = []
        self._keeps_trace = keeps_trace
        self._digest = blake2b(digest_size=16)

    @property
    def digest(self) -> str:
        """A digest of all changes so far: equal for equal runs."""
        return self._digest.copy().hexdigest()

    def note(self, device: str, given: Given) -> None:
        """Take in what a device gives now."""
        before = self.given.get(device)
        if before is not None and before[1:] == given[1:]:
            return
        self.given[device] = given
        self._digest.update(f"{device} {given!r}\n".encode())
        if self._keeps_trace:
            self.trace.setdefault(device, []).append(given)
        for watcher in self.watchers:
            watcher(device, before or given, given)

    def amount_at(self, device: str, time_us: int) -> float:
        """Return what a device gave at a time, from the trace."""
        amount = 0.0
        for given in self.trace.get(device, ()):
            if given.time_us > time_us:
                break
            amount = given.amount
        return amount
