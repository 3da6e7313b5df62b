"""Charge in bins of two seconds, summed over the last ten minutes."""

import math
from collections import deque
from collections.abc import Iterator

#: The budget of charge is for any stretch of this length.
WINDOW_S = 600.0
#: Resolution of the window; the oldest, partly expired bin still counts whole.
BIN_S = 2.0
_N_BINS = round(WINDOW_S / BIN_S) + 1
#: Charges are summed as whole numbers of this unit, so that adding and subtracting is exact.
UNIT_UC = 1e-6
#: The highest limit there is: a device that says more has nothing to give for ten minutes, and a
#: number without bounds must not stop the service.
CHARGE_UC_MAX = 1e9


class ChargeWindow:
    """The charge of the last ten minutes, in bins of two seconds.

    Attributes
    ----------
    rounds_up : bool
        Whether a charge between two units counts as the larger: for a bound from above.
    """

    def __init__(self, *, rounds_up: bool) -> None:
        self._round = math.ceil if rounds_up else math.floor
        self._bins: deque[tuple[int, int]] = deque()
        self._sum = 0

    def add(self, charge_uc: float, now_s: float) -> None:
        """Count a charge given up to `now_s`."""
        units = int(self._round(min(charge_uc, CHARGE_UC_MAX) / UNIT_UC))
        index = int(now_s // BIN_S)
        if self._bins and self._bins[-1][0] >= index:
            index, before = self._bins.pop()
            self._bins.append((index, before + units))
        else:
            self._bins.append((index, units))
        self._sum += units
        self._expire(now_s)

    @property
    def is_empty(self) -> bool:
        """Whether no charge is counted."""
        return self._sum == 0

    def charge_uc(self, now_s: float) -> float:
        """Return the charge of the last ten minutes."""
        if not self._bins:
            return 0.0
        self._expire(now_s)
        return self._sum * UNIT_UC

    def bins(self, now_s: float) -> Iterator[tuple[float, float]]:
        """Yield the age in seconds of each bin's end with its charge, the oldest first."""
        for index, units in self._bins:
            yield max(0.0, now_s - (index + 1) * BIN_S), units * UNIT_UC

    def worst_ahead_uc(self, now_s: float, rate_uc_per_s: float) -> float:
        """Return the highest charge of any ten minutes to come, at a steady rate from now on."""
        self._expire(now_s)
        left = self._sum
        worst = left * UNIT_UC
        for index, units in self._bins:
            # Just before this bin leaves the window, all charge given until then counts too.
            ahead_s = (index + _N_BINS) * BIN_S - now_s
            worst = max(worst, left * UNIT_UC + rate_uc_per_s * min(ahead_s, WINDOW_S))
            left -= units
        return max(worst, rate_uc_per_s * WINDOW_S)

    def _expire(self, now_s: float) -> None:
        oldest = int(now_s // BIN_S) - _N_BINS
        while self._bins and self._bins[0][0] <= oldest:
            self._sum -= self._bins.popleft()[1]
