"""The most that a device may have given since any moment of the last minute."""

import math
from collections import deque

#: For a word older than this, nothing is known of the charge since.
RECENT_S = 60.0
#: A device's clock may be off by this when it decides whether a trigger is too late.
_CLOCK_S = 0.1


class RecentCharge:
    """A running sum of the charge given at most, for each time of the last minute."""

    def __init__(self) -> None:
        self._sum_uc = 0.0
        self._sums: deque[tuple[float, float]] = deque()
        self._pulses: deque[tuple[float, float]] = deque()

    def add(self, charge_uc: float, now_s: float) -> None:
        """Count the most charge given since the last count, up to `now_s`."""
        self._sum_uc += charge_uc
        self._sums.append((now_s, self._sum_uc))
        # The newest of the outdated sums is kept: everything is known since its time.
        while len(self._sums) > 1 and self._sums[1][0] <= now_s - RECENT_S:
            self._sums.popleft()
        while self._pulses and self._pulses[0][0] < now_s - RECENT_S:
            self._pulses.popleft()

    def add_pulse(self, charge_uc: float, until_s: float) -> None:
        """Count a pulse that may be given at any time up to `until_s`."""
        self._pulses.append((until_s + _CLOCK_S, charge_uc))

    def since_uc(self, time_s: float) -> float:
        """Return the most that may have been given after `time_s`; infinite where not known."""
        for counted_s, sum_uc in reversed(self._sums):
            if counted_s <= time_s:
                pulses = (charge for until_s, charge in self._pulses if until_s >= time_s)
                return self._sum_uc - sum_uc + math.fsum(pulses)
        return math.inf
