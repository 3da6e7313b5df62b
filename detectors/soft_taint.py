"""Soft taint: which estimates depend on samples that may be used and were still touched."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.block import SOFT_TAINT, Block, Taint
from detectors.estimates import Estimates
from detectors.kernels import soft_taint as kernel

# Plain numbers: numpy asks a flag of `Taint` many questions, at every block.
_SOFT = int(SOFT_TAINT)
_BITS = np.array([int(bit) for bit in Taint if bit & SOFT_TAINT], dtype=np.uint16)


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
        self._last = np.full((_BITS.size, self._n_channels), kernel.NEVER, dtype=np.int64)
        self._rows = np.empty((0, _BITS.size, self._n_channels), dtype=np.int64)

    def take(self, block: Block) -> None:
        """Look at the next block of the stream."""
        if not self.is_marked:
            self.is_marked = kernel.has_bits(block.taint, _SOFT)
            if not self.is_marked:
                return
        self._first_sample = block.first_sample
        self._rows = np.empty((len(block.taint), *self._last.shape), dtype=np.int64)
        kernel.update(block.taint, block.first_sample, _BITS, self._last, self._rows)

    def marked(
        self, estimates: Estimates, columns: NDArray[np.int64], span_samples: int
    ) -> Estimates:
        """Return estimates with the soft taint of the samples that they depend on.

        Parameters
        ----------
        estimates : Estimates
            Their samples are of the block taken last.
        columns : ndarray of int64, shape (n_used,)
            Channels that are looked at.
        span_samples : int
            How far back an estimate depends on samples, its own included.

        Returns
        -------
        Estimates
            With bits of `SOFT_TAINT` added to `taint`.
        """
        if not self.is_marked:
            return estimates
        taint = estimates.taint.copy()
        kernel.mark(
            estimates.sample,
            self._first_sample,
            columns,
            span_samples,
            _BITS,
            self._rows,
            taint,
        )
        return msgspec.structs.replace(estimates, taint=taint)
