"""A queue of rows, in arrays that kernels read in place."""

from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Bundle
from detectors.compiling.layout import Record

_Arrays = TypeVar("_Arrays", bound=tuple[Any, ...])


class Extent(Record):
    """The rows of the arrays that are in the queue."""

    #: The first of them.
    start: int
    #: The one after the last.
    stop: int


class Backlog(Generic[_Arrays]):
    """Keeps rows of several arrays in a queue; the arrays grow when they are full.

    Parameters
    ----------
    arrays : named tuple
        A class of `detectors.compiling.bundle` whose fields are arrays with one length, and last
        ``extent``, an `Extent`.

    Attributes
    ----------
    arrays : named tuple
        Those in use now; the queue is the rows of its extent.
    addresses : ndarray of int64
        What is handed to a kernel.

    Notes
    -----
    What ``backlog["time_s"]`` gives is a view: the next call that adds or drops rows makes it
    stale.
    """

    def __init__(self, arrays: _Arrays) -> None:
        self._bundle = Bundle(arrays)
        extent: Extent = cast("Any", arrays).extent
        self._start, self._stop = extent.view("start"), extent.view("stop")

    @property
    def arrays(self) -> _Arrays:
        """The arrays in use now."""
        return self._bundle.fields

    @property
    def addresses(self) -> NDArray[np.int64]:
        """What is handed to a kernel."""
        return self._bundle.addresses

    def __len__(self) -> int:
        return int(self._stop) - int(self._start)

    def __getitem__(self, name: str) -> NDArray[Any]:
        array: NDArray[Any] = getattr(self.arrays, name)
        return array[int(self._start) : int(self._stop)]

    def extend(self, n_rows: int) -> None:
        """Add rows at the end, whose values are not defined."""
        if int(self._stop) + n_rows > len(self.arrays[0]):
            self._move(len(self) + n_rows)
        self._stop += n_rows

    def drop(self, n_rows: int) -> None:
        """Take rows from the front."""
        self._start += n_rows

    def _move(self, n_rows: int) -> None:
        """Move all rows to the front, of larger arrays where less than half would be free."""
        n_queued = len(self)
        length = max(len(self.arrays[0]), 2 * n_rows)
        moved: dict[str, NDArray[Any]] = {}
        for name in cast("Any", self.arrays)._fields[:-1]:
            queued = self[name]
            moved[name] = np.zeros((length, *queued.shape[1:]), dtype=queued.dtype)
            moved[name][:n_queued] = queued
        self._bundle.replace(**moved)
        self._start[...], self._stop[...] = 0, n_queued
