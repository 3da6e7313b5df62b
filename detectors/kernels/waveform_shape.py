"""How sharp the peaks of a rhythm are beside its troughs, pair by pair, in exact sums."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.coupling_sums import (
    DIFFERENCE,
    DIFFERENCE_PART,
    FINER,
    LARGEST_UV,
    N_BEYOND,
    N_PAIRS,
    PEAK,
    TROUGH,
)

#: Neither sharpness counts for less than this share of both, so that the logarithm of their ratio
#: stays within 4.6, also where one side does not stand out at all.
LEAST_SHARE: Final = 0.01
#: What the sum of the differences exceeds, in its own standard deviations, in one window of
#: twenty of noise.
N_DEVIATIONS: Final = 2.0
#: A smaller logarithm of the ratio is not called sharp, however certain it is.
LEAST_SHARPNESS: Final = 0.1

# Rows of the `shape` array; every row has one place a channel.
SINE: Final = 0  # of the slow oscillation, on the last row of the grid
PEAK_UV: Final = 1  # sharpness of the last peak
N_SHAPE: Final = 2


@kernel
def find_extrema(
    history: NDArray[np.float64],
    oldest: int,
    middle: int,
    step: int,
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    n_rows: int,
    taps: NDArray[np.float64],
    steps: float,
    n_rows_apart: int,
    first_row: int,
    shape: NDArray[np.float64],
    peak_row: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Add every peak of the slow oscillation that a trough follows to the sums.

    Parameters
    ----------
    history : ndarray of float64, shape (n_samples, n_channels)
        A ring of samples.
    oldest : int
        Where it begins.
    middle : int
        The sample, from the oldest on, that the first row of the grid refers to.
    step : int
        Samples from one row of the grid to the next.
    real, imaginary : ndarray of float64, shape (n_values,)
        The slow oscillation, row by row of the grid, the channels side by side.
    n_rows : int
        Rows of the grid.
    taps : ndarray of float64, shape (n_half + 1,)
        From the middle outwards, even: what they give at a peak is how sharp it is.
    steps : float
        Steps to a microvolt.
    n_rows_apart : int
        A trough that follows its peak by more rows is not added.
    first_row : int
        Rows of the grid since the last restart.
    shape : ndarray of float64, shape (N_SHAPE, n_channels)
        See the rows above.
    peak_row : ndarray of int64, shape (n_channels,)
        Row of the last peak since the last restart; a trough takes it away.
    sums : ndarray of int64, shape (N_SUMS, n_channels)
        See `detectors.kernels.coupling_sums`.
    """
    n_channels = sums.shape[1]
    sines = shape[SINE]
    for row in range(n_rows):
        at = row * n_channels
        for channel in range(n_channels):
            was = sines[channel]
            now = imaginary[at + channel]
            sines[channel] = now
            if not ((was < 0.0 <= now) or (was > 0.0 >= now)):
                continue
            is_peak = now > was
            if is_peak != (real[at + channel] > 0.0):
                continue  # the phase ran backwards
            back = math.floor(step * now / (now - was) + 0.5)
            sharp_uv = _sharpness(history, oldest + middle + row * step - back, channel, taps)
            if is_peak:
                shape[PEAK_UV, channel] = sharp_uv
                peak_row[channel] = first_row + row
            elif first_row + row - peak_row[channel] <= n_rows_apart:
                _add_pair(shape[PEAK_UV, channel], -sharp_uv, steps, channel, sums)
                peak_row[channel] = first_row + row - n_rows_apart - 1


@kernel
def measure_shape(
    sums: NDArray[np.int64], channel: int, steps: float, values: NDArray[np.float64]
) -> bool:
    """Write the logarithm of the ratio and whether it is one; return whether there is a ratio.

    There is none where no peak was followed by a trough, or the peaks are no peaks of the signal.
    """
    peak = sums[PEAK, channel] / steps
    trough = sums[TROUGH, channel] / steps
    both = peak + trough
    if sums[N_PAIRS, channel] == 0 or not both > 0.0:
        return False
    share = min(max(peak / both, LEAST_SHARE), 1.0 - LEAST_SHARE)
    sharpness = math.log(share / (1.0 - share))
    variance = sums[DIFFERENCE, channel] + sums[DIFFERENCE_PART, channel] / (steps * FINER)
    difference = peak - trough
    is_certain = difference * difference > N_DEVIATIONS * N_DEVIATIONS * variance
    values[0] = sharpness
    values[1] = 1.0 if is_certain and abs(sharpness) >= LEAST_SHARPNESS else 0.0
    return True


@kernel
def _sharpness(
    history: NDArray[np.float64], place: int, channel: int, taps: NDArray[np.float64]
) -> float:
    """Return what the taps give about a sample of the ring.

    They do not see a constant, so an offset need not cost precision.
    """
    n_rows = history.shape[0]
    late = place % n_rows
    early = late
    level = history[late, channel]
    found = 0.0
    for distance in range(1, taps.size):
        late = late + 1 if late + 1 < n_rows else 0
        early = early - 1 if early > 0 else n_rows - 1
        around = (history[late, channel] - level) + (history[early, channel] - level)
        found += taps[distance] * around
    return found


@kernel
def _add_pair(
    peak_uv: float, trough_uv: float, steps: float, channel: int, sums: NDArray[np.int64]
) -> None:
    """Add a pair, where it can be added."""
    difference_uv = peak_uv - trough_uv
    if max(abs(peak_uv), abs(trough_uv), abs(difference_uv)) > LARGEST_UV:
        sums[N_BEYOND, channel] += 1
        return
    square = difference_uv * difference_uv
    whole = np.floor(square)
    sums[N_PAIRS, channel] += 1
    sums[PEAK, channel] += np.int64(np.rint(peak_uv * steps))
    sums[TROUGH, channel] += np.int64(np.rint(trough_uv * steps))
    sums[DIFFERENCE, channel] += np.int64(whole)
    sums[DIFFERENCE_PART, channel] += np.int64(np.rint((square - whole) * steps * FINER))
