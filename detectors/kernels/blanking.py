"""The last good value in place of samples with a pulse in them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

# Places in the counts: samples of single channels held, and not to be used.
HELD: Final = 0
SPOILT: Final = 1
N_COUNTS: Final = 2

# Places in what is left.
_BLANK: Final = 0
_SETTLE: Final = 1

_STIMULATION: Final = int(Taint.STIMULATION)
_UNCLEANED: Final = int(Taint.UNCLEANED)


@kernel
def blank(
    pulses: NDArray[np.int64],
    changes: NDArray[np.int64],
    n_blank: int,
    n_settle: int,
    left: NDArray[np.int64],
    held: NDArray[np.float64],
    has_held: NDArray[np.bool_],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    n_done: NDArray[np.int64],
) -> None:
    """Hold and mark in place.

    Parameters
    ----------
    pulses, changes : ndarray of int64
        Rows at which one begins, rising.
    n_blank, n_settle : int
        Samples to hold from a pulse on, and to spoil from a change on.
    left : ndarray of int64, shape (2,)
        Samples still to be held, and to be spoilt; carried on.
    held, has_held : ndarray, shape (n_channels,)
        Last good value of each channel, and whether there is one; carried on.
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        Changed in place.
    n_done : ndarray of int64, shape (N_COUNTS,)
        Added to.
    """
    next_pulse = 0
    next_change = 0
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            left[:] = 0
            has_held[:] = False
        if next_pulse < pulses.size and pulses[next_pulse] == row:
            left[_BLANK] = n_blank
            next_pulse += 1
        if next_change < changes.size and changes[next_change] == row:
            left[_SETTLE] = n_settle
            next_change += 1
        is_settling = left[_SETTLE] > 0
        is_blank = left[_BLANK] > 0
        for channel in range(samples_uv.shape[1]):
            if is_blank and has_held[channel]:
                samples_uv[row, channel] = held[channel]
                taint[row, channel] |= _STIMULATION
                n_done[HELD] += 1
            if is_settling or (is_blank and not has_held[channel]):
                taint[row, channel] |= _UNCLEANED
                n_done[SPOILT] += 1
            elif not is_blank and taint[row, channel] & SPOILS_WINDOW == 0:
                held[channel] = samples_uv[row, channel]
                has_held[channel] = True
        left[_BLANK] -= is_blank
        left[_SETTLE] -= is_settling
