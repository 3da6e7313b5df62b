"""Slow activity of each channel against its own level."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

# Places in the settings.
LOW_GAIN: Final = 0  # of each low-pass
DRIFT_GAIN: Final = 1  # of the mean that is taken off
SD_MAX: Final = 2
N_LEARN: Final = 3  # samples
N_LEVEL: Final = 4
N_HOLD: Final = 5
N_SETTINGS: Final = 6

# Rows of the fold, one place a channel.
N_GOOD: Final = 0  # good samples since the restart
REFERENCE: Final = 1  # the first of them
LOW_ONCE: Final = 2
LOW_TWICE: Final = 3
DRIFT: Final = 4
LEVEL: Final = 5
LEFT: Final = 6  # samples still to be marked
N_FOLD: Final = 7

#: Mean of min(|x|, 2 SD) of a Gaussian, in SD: sqrt(2/pi) (1 - exp(-2)) + 4 (1 - Phi(2)).
CUT_MEAN: Final = 0.780903
_CUT_SD: Final = 2.0

_MOVEMENT: Final = int(Taint.MOVEMENT)


@kernel
def watch(
    samples_uv: NDArray[np.float64],
    settings: NDArray[np.float64],
    fold: NDArray[np.float64],
    taint: NDArray[np.uint16],
) -> int:
    """Mark movement in place and return how many samples, of all channels, had no such mark.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        The taint is added to.
    settings : ndarray of float64, shape (N_SETTINGS,)
        Places as above.
    fold : ndarray of float64, shape (N_FOLD, n_channels)
        Rows as above; carried on.
    """
    n_marked = 0
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            fold[:] = 0.0
        for channel in range(samples_uv.shape[1]):
            if taint[row, channel] & SPOILS_WINDOW == 0:
                _take(samples_uv[row, channel], channel, settings, fold)
            if fold[LEFT, channel] > 0.0:
                fold[LEFT, channel] -= 1.0
                n_marked += taint[row, channel] & _MOVEMENT == 0
                taint[row, channel] |= _MOVEMENT
    return n_marked


@kernel
def _take(
    value_uv: float, channel: int, settings: NDArray[np.float64], fold: NDArray[np.float64]
) -> None:
    if fold[N_GOOD, channel] == 0.0:
        fold[REFERENCE, channel] = value_uv
    fold[N_GOOD, channel] += 1.0
    gain = settings[LOW_GAIN]
    fold[LOW_ONCE, channel] += gain * (
        value_uv - fold[REFERENCE, channel] - fold[LOW_ONCE, channel]
    )
    fold[LOW_TWICE, channel] += gain * (fold[LOW_ONCE, channel] - fold[LOW_TWICE, channel])
    fold[DRIFT, channel] += settings[DRIFT_GAIN] * (fold[LOW_TWICE, channel] - fold[DRIFT, channel])
    size = abs(fold[LOW_TWICE, channel] - fold[DRIFT, channel])
    n_good = fold[N_GOOD, channel]
    deviation = fold[LEVEL, channel] / CUT_MEAN
    if n_good > settings[N_LEARN]:
        if size > settings[SD_MAX] * deviation:
            fold[LEFT, channel] = settings[N_HOLD] + 1.0
        if deviation > 0.0:
            size = min(size, _CUT_SD * deviation)
    fold[LEVEL, channel] += (size - fold[LEVEL, channel]) / min(n_good, settings[N_LEVEL])
