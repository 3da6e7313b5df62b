"""A watch for positive feedback: a measure that rises with the amount that was to lower it."""

import math
from collections import deque
from typing import Final

#: `sign_watch_s` is divided into this many blocks, whose means are taken as independent.
N_BLOCKS: Final = 10
#: How many blocks at low amounts are remembered: the newest ones.
N_LOW_BLOCKS: Final = 30
#: Standard deviations by which the rank sum must deviate, in the wrong direction.
_Z_MIN: Final = 3.5


class SignWatch:
    """Compares a measure at the highest amount with the same measure at low amounts.

    Parameters
    ----------
    sign : {1, -1}
        What is wrong there: with 1 that the measure is higher, with -1 that it is lower.
    n_hops : int
        Valid hops of `sign_watch_s`.

    Attributes
    ----------
    low, highest : float
        Means of the measure at low amounts, and at the highest since that is given.

    Notes
    -----
    A loop with positive feedback runs to its highest amount and stays there. Once it has been there
    for `n_hops` valid hops, the means of blocks of a tenth of that are compared with those of
    blocks at low amounts, before the device was driven too, by their ranks (Mann and Whitney): no
    unit, scale or distribution of the measure matters. It alarms where the rank sum is off by 3.5
    standard deviations, for which at least five blocks at low amounts are needed.

    At the lowest amount nothing is watched: a measure that stays low there is what therapy, or
    medication, is for. A measure that rises for another reason while the amount goes up (medication
    that wears off during a slow transition) looks the same as positive feedback.

    Chance: where the amount changes nothing and blocks are independent, one look alarms in 2 of
    10 000 cases (one side of the normal distribution at 3.5).

    References
    ----------
    H. B. Mann, D. R. Whitney, "On a test of whether one of two random variables is stochastically
    larger than the other", Annals of Mathematical Statistics 18(1), 1947,
    doi:10.1214/aoms/1177730491.
    """

    def __init__(self, sign: int, n_hops: int) -> None:
        self._sign = sign
        self._block_hops = max(1, -(-n_hops // N_BLOCKS))
        self.restart()

    def restart(self) -> None:
        """Forget everything."""
        self._low_blocks: deque[float] = deque(maxlen=N_LOW_BLOCKS)
        self._is_at_highest = False
        self._begin()

    @property
    def low(self) -> float:
        """Mean of the measure at low amounts."""
        n_blocks = len(self._low_blocks)
        return sum(self._low_blocks) / n_blocks if n_blocks else math.nan

    @property
    def highest(self) -> float:
        """Mean of the measure at the highest amount, since that is given."""
        return self._block_sum / self._n_blocks if self._n_blocks else math.nan

    def is_wrong(self, value: float, *, is_at_highest: bool, is_low: bool) -> bool:
        """Take in the next valid hop; return whether the measure changes in the wrong direction.

        Parameters
        ----------
        value : float
            The measure.
        is_at_highest, is_low : bool
            Whether the highest amount is given, or a low one; between, nothing is compared.
        """
        if is_at_highest is not self._is_at_highest:
            self._is_at_highest = is_at_highest
            self._begin()
        if not (is_at_highest or is_low):
            self._begin_block()
            return False
        self._n_taken += 1
        self._sum += value
        if self._n_taken < self._block_hops:
            return False
        mean = self._sum / self._n_taken
        self._begin_block()
        if not is_at_highest:
            self._low_blocks.append(mean)
            return False
        self._rank(mean)
        return self._n_blocks >= N_BLOCKS and self._z() >= _Z_MIN

    def _begin(self) -> None:
        """Begin anew at the highest amount, or away from it."""
        self._n_blocks, self._block_sum, self._n_wrong = 0, 0.0, 0.0
        self._begin_block()

    def _begin_block(self) -> None:
        self._n_taken, self._sum = 0, 0.0

    def _rank(self, mean: float) -> None:
        """Count with how many blocks at low amounts one at the highest is on the wrong side of."""
        self._n_blocks += 1
        self._block_sum += mean
        for low in self._low_blocks:
            away = self._sign * (mean - low)
            self._n_wrong += 0.5 if away == 0.0 else float(away > 0.0)

    def _z(self) -> float:
        n_low, n_highest = len(self._low_blocks), self._n_blocks
        n_pairs = n_low * n_highest
        if n_pairs == 0:
            return 0.0
        sd = math.sqrt(n_pairs * (n_low + n_highest + 1) / 12.0)
        return (self._n_wrong - 0.5 * n_pairs) / sd
