"""The charge of the last ten minutes, and its highest value to come at the safe amount."""

import math
from collections import deque
from itertools import islice

from stimulators.device.counts.counts import BIN_US, Counts

_WINDOW_US = 600_000_000
#: The window lies across one bin more than fit into it.
_N_BINS = _WINDOW_US // BIN_US + 1


class BinnedCharge:
    """Charge in bins of 2 s: never less than the last ten minutes', at most 2 s more.

    All is counted in whole femtocoulomb, so that no sum drifts.

    Parameters
    ----------
    safe_fc_per_us : float
        The charge of a microsecond at the safe amount, in femtocoulomb.
    counts : Counts
        Charge from before the device was switched on.

    Attributes
    ----------
    total_fc : int
        The charge of the last ten minutes.

    Notes
    -----
    If the device stays at its safe amount from now on, the count at the end of bin `j`, counted
    from the oldest, is the sum of that bin, all later ones and the charge of the safe amount until
    then. The greatest of these changes by the delivered charge less that of the safe amount, so it
    has to be computed anew only once a bin.
    """

    def __init__(self, safe_fc_per_us: float, counts: Counts) -> None:
        self._safe_fc_per_us = safe_fc_per_us
        bins = (*[0] * _N_BINS, *counts.bins_fc)[-_N_BINS:]
        self._bins: deque[int] = deque(bins, maxlen=_N_BINS)
        self._began_us = -counts.newest_us
        self.total_fc = sum(self._bins)
        self._worst_fc = self._work_out_worst()
        self._roll(0)

    def add(self, charge_fc: int, now_us: int) -> None:
        """Count a charge that was delivered at `now_us`, or since the last count."""
        self._roll(now_us)
        self._bins[-1] += charge_fc
        self.total_fc += charge_fc

    def add_steady(self, fc_per_us: float, from_us: int, until_us: int) -> None:
        """Count charge delivered at a steady rate; what is older than the window is left out."""
        if from_us < self._began_us:
            uncertain_us = min(until_us, self._began_us)
            self._add_uncertain(fc_per_us, uncertain_us - from_us)
            from_us = uncertain_us
        from_us = max(from_us, until_us - _WINDOW_US - BIN_US)
        while from_us < until_us:
            self._roll(from_us)
            end_us = min(until_us, self._began_us + BIN_US)
            self.add(math.ceil(fc_per_us * (end_us - from_us)), from_us)
            from_us = end_us
        self._roll(until_us)

    def doubt(self, by_us: int) -> None:
        """Take the next `by_us` as uncertain (the clock was set): nothing expires by them."""
        self._began_us += by_us

    def worst_fc(self, now_us: int) -> int:
        """Return the highest count to come at the safe amount from now on."""
        passed_fc = math.floor(self._safe_fc_per_us * max(0, now_us - self._began_us))
        return self._worst_fc + self._bins[-1] - passed_fc

    def kept(self, now_us: int) -> Counts:
        """Return the charge as `Counts`, whose other fields are 0."""
        return Counts(bins_fc=tuple(self._bins), newest_us=now_us - self._began_us)

    def _add_uncertain(self, fc_per_us: float, lasted_us: int) -> None:
        """Count the most that a steady rate can come to, which lasted between 0 and `lasted_us`.

        One bound is its whole charge, while nothing expires. The other holds however much of the
        time passed: for each new bin, which has the charge of the rate, one of the oldest expires;
        so the count is at most that of bins which each hold at least the charge of the rate. The
        lower of the two bounds is counted.
        """
        charge_fc, bin_fc = math.ceil(fc_per_us * lasted_us), math.ceil(fc_per_us * BIN_US)
        raised = [max(each, bin_fc) for each in self._bins]
        if charge_fc <= sum(raised) - self.total_fc:
            self._bins[-1] += charge_fc
        else:
            self._bins = deque(raised, maxlen=_N_BINS)
            self._worst_fc = self._work_out_worst()
        self.total_fc = sum(self._bins)

    def _roll(self, now_us: int) -> None:
        n_new = max(0, (now_us - self._began_us) // BIN_US)
        if not n_new:
            return
        self._bins.extend([0] * min(n_new, _N_BINS))
        self._began_us += n_new * BIN_US
        self.total_fc = sum(self._bins)
        self._worst_fc = self._work_out_worst()

    def _work_out_worst(self) -> int:
        """Return the greatest sum of the class's notes, less the charge of the newest bin."""
        safe_bin_fc = math.ceil(self._safe_fc_per_us * BIN_US)
        later_fc = 0
        worst_fc = _N_BINS * safe_bin_fc
        newest_first = islice(reversed(self._bins), 1, None)
        for n_expired, bin_fc in zip(range(_N_BINS - 1, 0, -1), newest_first, strict=True):
            later_fc += bin_fc
            worst_fc = max(worst_fc, later_fc + n_expired * safe_bin_fc)
        return worst_fc
