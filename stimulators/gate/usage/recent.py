"""The most that a device may have given since any moment of the last minute."""

import math
from collections import deque

#: A word that is older than this tells nothing of what was given since.
RECENT_S = 60.0
#: A device's clock may be this far off when it looks whether a trigger is too late.
_CLOCK_S = 0.1


class RecentCharge:
    """Charge that was counted up to each moment of the last minute, as a running sum."""

    def __init__(self) -> None:
        self._sum_uc = 0.0
        self._sums: deque[tuple[float, float]] = deque()
        self._pulses: deque[tuple[float, float]] = deque()

    def add(self, charge_uc: float, now_s: float) -> None:
        """Count what was given at most since the last count, up to `now_s`."""
        self._sum_uc += charge_uc
        self._sums.append((now_s, self._sum_uc))
        # The newest of those that are too old is kept: from it on all is known.
        while len(self._sums) > 1 and self._sums[1][0] <= now_s - RECENT_S:
            self._sums.popleft()
        while self._pulses and self._pulses[0][0] < now_s - RECENT_S:
            self._pulses.popleft()

    def add_pulse(self, charge_uc: float, until_s: float) -> None:
        """Count a pulse that is given at any time up to `until_s`, or not at all."""
        self._pulses.append((until_s + _CLOCK_S, charge_uc))

    def since_uc(self, time_s: float) -> float:
        """Return the most that may have been given after `time_s`; infinite where not known."""
        for counted_s, sum_uc in reversed(self._sums):
            if counted_s <= time_s:
                pulses = (charge for until_s, charge in self._pulses if until_s >= time_s)
                return self._sum_uc - sum_uc + math.fsum(pulses)
        return math.inf
