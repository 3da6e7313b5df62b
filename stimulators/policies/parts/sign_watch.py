"""A watch for positive feedback: a measure that rises with the amount that was to lower it."""

import math
from collections import deque
from typing import Final

#: `sign_watch_s` is parted into so many blocks, whose means are taken as independent.
N_BLOCKS: Final = 10
#: Fewer blocks from before the way up say too little of what was then.
_N_BEFORE_MIN: Final = 5
#: Standard errors that the mean has to be off, on the wrong side.
_N_ERRORS: Final = 5.0


class SignWatch:
    """Compares what a measure is at the highest amount with what it was before the way there.

    Parameters
    ----------
    sign : {1, -1}
        What is wrong there: with 1 that the measure is higher, with -1 that it is lower.
    n_hops : int
        Valid hops of `sign_watch_s`.

    Attributes
    ----------
    before, now : float
        Means before the way up began and at the highest amount, once there are any.

    Notes
    -----
    A loop with positive feedback runs to its highest amount and stays there. So the mean since it
    is there, of at least `n_hops` valid hops, is compared with that of the last `n_hops` from
    before the way up, by five standard errors of their difference (Welch); these come from the
    spread of ten blocks each, so that no unit and no scale matters.

    At the lowest amount nothing is watched: a measure that stays low there is what therapy, or
    medication, is for. A measure that rises for another reason while the amount goes up (medication
    that wears off during a slow transition) looks the same as positive feedback.

    Chance: where the amount changes nothing and blocks are independent and normal, one look alarms
    in 5 of 100 000 cases with ten blocks before, in 5 of 10 000 with five.
    """

    def __init__(self, sign: int, n_hops: int) -> None:
        self._sign = sign
        self._block_hops = max(1, -(-n_hops // N_BLOCKS))
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self.before = self.now = math.nan
        self._earlier: deque[float] = deque(maxlen=N_BLOCKS)
        self._since = _Spread()
        self._was_at_highest = False
        self._begin_block()

    def is_wrong(self, value: float, *, is_at_highest: bool, is_rising: bool) -> bool:
        """Take the next valid hop and say whether the measure goes the wrong way.

        Parameters
        ----------
        value : float
            The measure.
        is_at_highest, is_rising : bool
            Whether the highest amount is given, or the amount is on its way up to it.
        """
        if is_at_highest is not self._was_at_highest:
            self._was_at_highest = is_at_highest
            self._since = _Spread()
            self._begin_block()
        if is_rising and not is_at_highest:
            self._begin_block()
            return False
        self._n_taken += 1
        self._sum += value
        if self._n_taken < self._block_hops:
            return False
        mean = self._sum / self._n_taken
        self._begin_block()
        if not is_at_highest:
            self._earlier.append(mean)
            return False
        self._since.add(mean)
        return self._has_moved()

    def _begin_block(self) -> None:
        self._n_taken, self._sum = 0, 0.0

    def _has_moved(self) -> bool:
        if self._since.n < N_BLOCKS or len(self._earlier) < _N_BEFORE_MIN:
            return False
        before = _Spread()
        for mean in self._earlier:
            before.add(mean)
        self.before, self.now = before.mean, self._since.mean
        moved = self._sign * (self.now - self.before)
        return moved > _N_ERRORS * math.hypot(before.error, self._since.error)


class _Spread:
    """Mean of numbers that come one by one, and its standard error."""

    def __init__(self) -> None:
        self.n = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        """Take the next number (Welford)."""
        self.n += 1
        away = value - self.mean
        self.mean += away / self.n
        self._squares += away * (value - self.mean)

    @property
    def error(self) -> float:
        """The standard error of the mean, of two numbers or more."""
        return math.sqrt(self._squares / (self.n - 1) / self.n)
