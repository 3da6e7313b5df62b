"""A sine and a cosine for each harmonic of the mains and each channel, that follow it."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

# Places in the settings.
ROTATION: Final = 0  # nominal cycles a sample
RANGE: Final = 1  # so far from it, at most
N_MEMORY: Final = 2  # samples
N_BEGIN: Final = 3
N_FOLLOW: Final = 4  # from one look at the frequency to the next
N_SETTINGS: Final = 5

# Places in the state.
CYCLES: Final = 0  # phase of the fundamental, in [0, 1)
CYCLES_PER_SAMPLE: Final = 1
N_SINCE: Final = 2  # samples since the last look at the frequency
N_STATE: Final = 3

# Rows of the fold, one place a channel.
N_GOOD: Final = 0  # good samples since the restart
MEAN: Final = 1
SIZE: Final = 2  # mean magnitude of the error
BEFORE_REAL: Final = 3  # of the fundamental, at the last look
BEFORE_IMAGINARY: Final = 4
LINE: Final = 5  # of this sample
ERROR: Final = 6
HARMONIC: Final = 7  # real and imaginary part of each harmonic from here on

#: Errors over four standard deviations are cut; this is of the mean magnitude of a Gaussian.
_CUT: Final = 4.0 / math.sqrt(2.0 / math.pi)
_FOLLOW: Final = 0.25


@kernel
def cancel(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    settings: NDArray[np.float64],
    state: NDArray[np.float64],
    fold: NDArray[np.float64],
) -> None:
    """Take the line off in place.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        The samples are changed.
    settings, state : ndarray of float64
        Places as above; the state is carried on.
    fold : ndarray of float64, shape (HARMONIC + 2 n_harmonics, n_channels)
        Rows as above; carried on.
    """
    n_harmonics = (fold.shape[0] - HARMONIC) // 2
    real = np.empty(n_harmonics)
    imaginary = np.empty(n_harmonics)
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            state[:] = 0.0
            state[CYCLES_PER_SAMPLE] = settings[ROTATION]
            fold[:] = 0.0
        _turn(state, real, imaginary)
        _look(samples_uv[row], taint[row], settings, fold, real, imaginary)
        _learn(fold, real, imaginary)
        state[N_SINCE] += 1.0
        if state[N_SINCE] >= settings[N_FOLLOW]:
            _follow(settings, state, fold)
            state[N_SINCE] = 0.0


@kernel
def _turn(
    state: NDArray[np.float64], real: NDArray[np.float64], imaginary: NDArray[np.float64]
) -> None:
    """Write the oscillators of this sample, and go on to the next."""
    angle = 2.0 * math.pi * state[CYCLES]
    real[0] = math.cos(angle)
    imaginary[0] = math.sin(angle)
    for place in range(1, real.size):
        real[place] = real[place - 1] * real[0] - imaginary[place - 1] * imaginary[0]
        imaginary[place] = real[place - 1] * imaginary[0] + imaginary[place - 1] * real[0]
    state[CYCLES] += state[CYCLES_PER_SAMPLE]
    state[CYCLES] -= math.floor(state[CYCLES])


@kernel
def _look(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    settings: NDArray[np.float64],
    fold: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Take the line off one row; leave the error to learn from, times the gain, in its place."""
    fold[LINE] = 0.0
    for place in range(real.size):
        for channel in range(sample_uv.size):
            fold[LINE, channel] += (
                fold[HARMONIC + 2 * place, channel] * real[place]
                - fold[HARMONIC + 2 * place + 1, channel] * imaginary[place]
            )
    for channel in range(sample_uv.size):
        rest = sample_uv[channel] - fold[LINE, channel]
        sample_uv[channel] = rest
        if taint[channel] & SPOILS_WINDOW:
            fold[ERROR, channel] = 0.0
            continue
        n_good = fold[N_GOOD, channel]
        if n_good == 0.0:
            fold[MEAN, channel] = rest
        error = rest - fold[MEAN, channel]
        # A channel that began as a constant has no size yet: nothing of it could be cut to that.
        if n_good >= settings[N_BEGIN] and fold[SIZE, channel] > 0.0:
            most = _CUT * fold[SIZE, channel]
            error = min(max(error, -most), most)
        fold[N_GOOD, channel] = n_good + 1.0
        fold[SIZE, channel] += (abs(error) - fold[SIZE, channel]) / min(
            n_good + 1.0, settings[N_MEMORY]
        )
        gain = 1.0 / min(n_good + settings[N_BEGIN], settings[N_MEMORY])
        fold[ERROR, channel] = gain * error


@kernel
def _learn(
    fold: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    for channel in range(fold.shape[1]):
        fold[MEAN, channel] += fold[ERROR, channel]
    for place in range(real.size):
        for channel in range(fold.shape[1]):
            fold[HARMONIC + 2 * place, channel] += 2.0 * fold[ERROR, channel] * real[place]
            fold[HARMONIC + 2 * place + 1, channel] -= 2.0 * fold[ERROR, channel] * imaginary[place]


@kernel
def _follow(
    settings: NDArray[np.float64], state: NDArray[np.float64], fold: NDArray[np.float64]
) -> None:
    """Move the frequency by a share of what the fundamental has turned since the last look."""
    along = 0.0
    across = 0.0
    for channel in range(fold.shape[1]):
        now_real, now_imaginary = fold[HARMONIC, channel], fold[HARMONIC + 1, channel]
        before_real, before_imaginary = fold[BEFORE_REAL, channel], fold[BEFORE_IMAGINARY, channel]
        along += now_real * before_real + now_imaginary * before_imaginary
        across += now_imaginary * before_real - now_real * before_imaginary
        fold[BEFORE_REAL, channel] = now_real
        fold[BEFORE_IMAGINARY, channel] = now_imaginary
    turned = math.atan2(across, along) / (2.0 * math.pi)
    moved = state[CYCLES_PER_SAMPLE] + _FOLLOW * turned / settings[N_FOLLOW]
    lowest = settings[ROTATION] - settings[RANGE]
    state[CYCLES_PER_SAMPLE] = min(max(moved, lowest), settings[ROTATION] + settings[RANGE])
