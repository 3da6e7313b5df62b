"""Means over blocks of hops that do not overlap, as implants take them before any comparison."""

import math


class Averaging:
    """Takes hops one by one and gives a mean at the last hop of each block.

    Parameters
    ----------
    n_hops : int
        Hops in a block; with 1 every valid hop is its own mean.

    Examples
    --------
    >>> averaging = Averaging(2)
    >>> [averaging.take(each, is_valid=True) for each in (1.0, 3.0, 5.0, 5.0)]
    [None, 2.0, None, 5.0]
    """

    def __init__(self, n_hops: int) -> None:
        self._n_hops = n_hops
        self.restart()

    def restart(self) -> None:
        """Begin a new block at the next hop."""
        self._n_taken = 0
        self._n_valid = 0
        self._sum = 0.0

    def take(self, value: float, *, is_valid: bool) -> float | None:
        """Take in the next hop; return the mean of the block where the hop is its last, else None.

        The mean is that of the valid hops. It is NaN where these are less than half of the block.
        """
        self._n_taken += 1
        if is_valid:
            self._n_valid += 1
            self._sum += value
        if self._n_taken < self._n_hops:
            return None
        is_enough = 2 * self._n_valid >= self._n_hops
        mean = self._sum / self._n_valid if is_enough else math.nan
        self.restart()
        return mean
