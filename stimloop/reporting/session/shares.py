"""Shares over time in a bounded number of steps."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

_N_STEPS: Final = 600


class Shares:
    """How many of all were true in each step of time; a longer session has longer steps.

    Parameters
    ----------
    step_s : float
        Length of a step at first.
    n_steps : int
        Steps that are kept at most.

    Examples
    --------
    >>> shares = Shares(1.0, n_steps=2)
    >>> shares.take(np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, False, True, True]))
    >>> shares.step_s, shares.values.tolist()
    (2.0, [0.5, 1.0])
    """

    def __init__(self, step_s: float = 0.1, n_steps: int = _N_STEPS) -> None:
        self.step_s = step_s
        self._counts = np.zeros((2, n_steps))
        self._n_used = 0

    @property
    def values(self) -> NDArray[np.float64]:
        """The share of each step; NaN where there was nothing."""
        n_true, n_all = self._counts[:, : self._n_used]
        return np.where(n_all > 0.0, n_true / np.maximum(n_all, 1.0), np.nan)

    def take(self, time_s: NDArray[np.float64], is_true: NDArray[np.bool_]) -> None:
        """Take in moments, in seconds since the beginning, and whether each was true."""
        n_steps = self._counts.shape[1]
        while time_s.size and float(time_s.max()) / self.step_s >= n_steps:
            pairs = self._counts[:, : n_steps // 2 * 2].reshape(2, -1, 2).sum(axis=2)
            self._counts[:] = 0.0
            self._counts[:, : pairs.shape[1]] = pairs
            self._n_used = -(-self._n_used // 2)
            self.step_s *= 2.0
        index = np.maximum((time_s / self.step_s).astype(np.int64), 0)
        np.add.at(self._counts[0], index, is_true.astype(np.float64))
        np.add.at(self._counts[1], index, 1.0)
        if index.size:
            self._n_used = max(self._n_used, int(index.max()) + 1)
