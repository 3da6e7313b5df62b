"""What lies in a window that may be used and was still touched: told beside each estimate."""

import numpy as np
from numpy.typing import NDArray

from detectors.block import SOFT_TAINT, Block, Taint

# Plain numbers: numpy asks a flag of `Taint` many questions, at every block.
_SOFT = int(SOFT_TAINT)
_BITS = tuple(int(bit) for bit in Taint if bit & SOFT_TAINT)
_NEVER = np.iinfo(np.int64).min


class SoftTaint:
    """Remembers of one stream where each channel last carried which bit of `SOFT_TAINT`.

    Parameters
    ----------
    n_channels : int
        Columns of the stream's blocks.

    Attributes
    ----------
    is_marked : bool
        Whether there has been any.

    Notes
    -----
    Exact in integers, so the same in any chunks. A block without such a bit costs one look at it.
    """

    def __init__(self, n_channels: int) -> None:
        self._n_channels = n_channels
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._first_sample = 0
        self.is_marked = False
        self._last = np.full((len(_BITS), self._n_channels), _NEVER, dtype=np.int64)
        self._rows = np.empty((len(_BITS), 0, self._n_channels), dtype=np.int64)

    def take(self, block: Block) -> None:
        """Look at the next block of the stream."""
        self._first_sample = block.first_sample
        if not len(block.taint):
            return
        if not self.is_marked:
            self.is_marked = bool(int(np.bitwise_or.reduce(block.taint, axis=None)) & _SOFT)
            if not self.is_marked:
                return
        index = block.first_sample + np.arange(len(block.taint))[:, None]
        marked = [np.where(block.taint & bit, index, _NEVER) for bit in _BITS]
        self._rows = np.maximum(np.maximum.accumulate(marked, axis=1), self._last[:, None])
        self._last = self._rows[:, -1]

    def within(
        self, sample: NDArray[np.int64], columns: NDArray[np.int64], span_samples: int
    ) -> NDArray[np.uint16]:
        """Return what lies in the last so many samples at each of these.

        Parameters
        ----------
        sample : ndarray of int64, shape (n_hops,)
            Indices of samples of the block taken last.
        columns : ndarray of int64, shape (n_used,)
            Channels that are looked at.
        span_samples : int
            How far back, the sample itself included.

        Returns
        -------
        ndarray of uint16, shape (n_hops,)
            Bits of `SOFT_TAINT`.
        """
        found = np.zeros(sample.size, dtype=np.uint16)
        if not self.is_marked:
            return found
        rows = self._rows[:, sample - self._first_sample][:, :, columns]
        for bit, last in zip(_BITS, rows, strict=True):
            is_inside = (last > (sample - span_samples)[:, None]).any(axis=1)
            found |= np.where(is_inside, np.uint16(bit), np.uint16(0))
        return found
