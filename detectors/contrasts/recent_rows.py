"""The newest rows of several arrays, put together only when somebody looks at them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class RecentRows:
    """Rows that come in pieces and are dropped at the other end; neither costs a copy.

    Parameters
    ----------
    *empty : ndarray
        Each array without rows.

    Examples
    --------
    >>> rows = RecentRows(np.empty(0))
    >>> rows.add(np.arange(3.0))
    >>> rows.add(np.arange(3.0, 5.0))
    >>> rows.drop(2)
    >>> rows.joined()[0].tolist(), rows.n_rows
    ([2.0, 3.0, 4.0], 3)
    """

    def __init__(self, *empty: NDArray[Any]) -> None:
        self._empty = empty
        self.clear()

    def clear(self) -> None:
        """Drop all rows."""
        self._pieces: list[tuple[NDArray[Any], ...]] = []
        self.n_rows = 0

    def add(self, *arrays: NDArray[Any]) -> None:
        """Add rows of each array, which nobody may change later."""
        if len(arrays[0]):
            self._pieces.append(arrays)
            self.n_rows += len(arrays[0])

    def drop(self, n_rows: int) -> None:
        """Drop the oldest rows; all of them where there are no more."""
        self.n_rows -= min(max(0, n_rows), self.n_rows)
        n_whole = 0
        for piece in self._pieces:
            if n_rows < len(piece[0]):
                break
            n_rows -= len(piece[0])
            n_whole += 1
        del self._pieces[:n_whole]
        if self._pieces and n_rows > 0:
            self._pieces[0] = tuple(each[n_rows:] for each in self._pieces[0])

    def joined(self) -> tuple[NDArray[Any], ...]:
        """Return all rows of each array."""
        if len(self._pieces) > 1:
            self._pieces = [tuple(map(np.concatenate, zip(*self._pieces, strict=True)))]
        return self._pieces[0] if self._pieces else self._empty
