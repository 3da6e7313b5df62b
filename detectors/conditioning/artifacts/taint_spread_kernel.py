"""A bit of taint, spread to the samples after those that carry it."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART


@kernel
def update(taint: NDArray[np.uint16], bit: int, n_after: int, left: NDArray[np.int64]) -> int:
    """Add a bit of taint to each sample that has it on one of the `n_after` samples before.

    Parameters
    ----------
    taint : ndarray of uint16, shape (n_samples, n_channels)
        Changed in place.
    bit : int
        Of `Taint`.
    n_after : int
        Samples.
    left : ndarray of int64, shape (n_channels,)
        Samples that are still to be tainted; carried on, zero after a restart.

    Returns
    -------
    int
        Samples that did not have the bit.
    """
    n_marked = 0
    for row in range(taint.shape[0]):
        if taint[row, 0] & RESTART:
            left[:] = 0
        for channel in range(taint.shape[1]):
            if taint[row, channel] & bit:
                left[channel] = n_after
            elif left[channel] > 0:
                left[channel] -= 1
                taint[row, channel] |= bit
                n_marked += 1
    return n_marked
