"""How sharp the peaks of a rhythm are beside its troughs, pair by pair, in exact sums."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.coupling.sums_kernel import (
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


class Grid(Record):
    """The grid of samples that phase and amplitude are computed on."""

    #: Samples from one row to the next.
    step_samples: int
    #: The sample of the history, from the oldest on, that the first row refers to.
    middle_sample: int
    #: A trough that follows its peak by more rows is not added.
    rows_apart: int
    #: Rows since the last restart, before those of this hop.
    first_row: int
    #: Amplitudes are summed in whole steps of this number to a microvolt.
    steps_per_uv: float


class Extrema(NamedTuple):
    """What is known of each channel's slow oscillation, shapes (n_channels,)."""

    #: Its sine on the last row of the grid.
    sine: Array1[np.float64]
    #: Sharpness of the last peak.
    peak_uv: Array1[np.float64]
    #: Row of the last peak since the last restart; a trough takes it away.
    peak_row: Array1[np.int64]


@kernel
def find_extrema(
    history: NDArray[np.float64],
    oldest: int,
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    n_rows: int,
    taps: NDArray[np.float64],
    grid: Grid,
    extrema: Extrema,
    sums: NDArray[np.int64],
) -> None:
    """Add every peak of the slow oscillation that a trough follows to the sums.

    Parameters
    ----------
    history : ndarray of float64, shape (n_samples, n_channels)
        A ring of samples.
    oldest : int
        Where it begins.
    real, imaginary : ndarray of float64, shape (n_values,)
        The slow oscillation, row by row of the grid, the channels side by side.
    n_rows : int
        Rows of the grid in this hop.
    taps : ndarray of float64, shape (n_half + 1,)
        From the middle outwards, even: what they give at a peak is how sharp it is.
    grid : Grid
        See there.
    extrema : Extrema
        Of which all is changed.
    sums : ndarray of int64, shape (N_SUMS, n_channels)
        See `detectors.coupling.sums_kernel`.
    """
    sines, peaks_uv, peak_row = extrema.sine, extrema.peak_uv, extrema.peak_row
    step, n_rows_apart, first_row = grid.step_samples, grid.rows_apart, grid.first_row
    first = oldest + grid.middle_sample
    n_channels = sums.shape[1]
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
            sharp_uv = _sharpness(history, first + row * step - back, channel, taps)
            if is_peak:
                peaks_uv[channel] = sharp_uv
                peak_row[channel] = first_row + row
            elif first_row + row - peak_row[channel] <= n_rows_apart:
                _add_pair(peaks_uv[channel], -sharp_uv, grid.steps_per_uv, channel, sums)
                peak_row[channel] = first_row + row - n_rows_apart - 1


@kernel
def measure_shape(
    sums: NDArray[np.int64], channel: int, steps_per_uv: float, values: NDArray[np.float64]
) -> bool:
    """Write the logarithm of the ratio and whether it is one; return whether there is a ratio.

    There is none where no peak was followed by a trough, or the peaks are no peaks of the signal.
    """
    peak = sums[PEAK, channel] / steps_per_uv
    trough = sums[TROUGH, channel] / steps_per_uv
    both = peak + trough
    if sums[N_PAIRS, channel] == 0 or not both > 0.0:
        return False
    share = min(max(peak / both, LEAST_SHARE), 1.0 - LEAST_SHARE)
    sharpness = math.log(share / (1.0 - share))
    variance = sums[DIFFERENCE, channel] + sums[DIFFERENCE_PART, channel] / (steps_per_uv * FINER)
    difference = peak - trough
    is_certain = difference * difference > N_DEVIATIONS * N_DEVIATIONS * variance
    values[0] = sharpness
    values[1] = 1.0 if is_certain and abs(sharpness) >= LEAST_SHARPNESS else 0.0
    return True


@kernel
def _sharpness(
    history: NDArray[np.float64], sample: int, channel: int, taps: NDArray[np.float64]
) -> float:
    """Return what the taps give about a sample of the ring.

    They do not see a constant, so an offset need not cost precision.
    """
    n_rows = history.shape[0]
    late = sample % n_rows
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
    peak_uv: float, trough_uv: float, steps_per_uv: float, channel: int, sums: NDArray[np.int64]
) -> None:
    """Add a pair, where it can be added."""
    difference_uv = peak_uv - trough_uv
    if max(abs(peak_uv), abs(trough_uv), abs(difference_uv)) > LARGEST_UV:
        sums[N_BEYOND, channel] += 1
        return
    square = difference_uv * difference_uv
    whole = np.floor(square)
    sums[N_PAIRS, channel] += 1
    sums[PEAK, channel] += np.int64(np.rint(peak_uv * steps_per_uv))
    sums[TROUGH, channel] += np.int64(np.rint(trough_uv * steps_per_uv))
    sums[DIFFERENCE, channel] += np.int64(whole)
    sums[DIFFERENCE_PART, channel] += np.int64(np.rint((square - whole) * steps_per_uv * FINER))
