"""Rows that wait in line, as arrays."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

_N_ROWS = 256


class Backlog:
    """Rows of several arrays, added at the end and taken from the front; room grows by itself.

    Parameters
    ----------
    fields : mapping of str to (dtype, tuple of int)
        Data type of each array, and the shape of one row of it.

    Notes
    -----
    What ``backlog[name]`` gives is a view: the next call that adds or takes rows makes it stale.
    """

    def __init__(self, fields: Mapping[str, tuple[DTypeLike, tuple[int, ...]]]) -> None:
        self._arrays: dict[str, NDArray[Any]] = {
            name: np.zeros((_N_ROWS, *shape), dtype=dtype)
            for name, (dtype, shape) in fields.items()
        }
        self._room = _N_ROWS
        self._start = 0
        self._end = 0

    def __len__(self) -> int:
        return self._end - self._start

    def __getitem__(self, name: str) -> NDArray[Any]:
        return self._arrays[name][self._start : self._end]

    def extend(self, n_rows: int) -> None:
        """Add rows at the end; what is in them is not defined."""
        if self._end + n_rows > self._room:
            self._make_room(len(self) + n_rows)
        self._end += n_rows

    def drop(self, n_rows: int) -> None:
        """Take rows from the front."""
        self._start += n_rows

    def _make_room(self, n_rows: int) -> None:
        """Move everything to the front, of larger arrays where less than half would be free."""
        n_waiting = len(self)
        self._room = max(self._room, 2 * n_rows)
        for name, array in self._arrays.items():
            moved = np.zeros((self._room, *array.shape[1:]), dtype=array.dtype)
            moved[:n_waiting] = self[name]
            self._arrays[name] = moved
        self._start, self._end = 0, n_waiting
