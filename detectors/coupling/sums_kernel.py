"""Amplitudes summed by phase, in integers that add and subtract exactly."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Phase bins of 20 degrees; the first begins at minus half a cycle.
N_BINS: Final = 18
#: Rows of the sums of a window, each with one sum a channel: samples in each bin, amplitude in
#: each bin, the two parts of the amplitude times the unit vector of the phase, its square in whole
#: units and in fractions of one, and what is beyond `LARGEST_UV`; then, for the waveform's shape:
#: pairs of a peak and the trough after it, the sharpness of their peaks and of their troughs, the
#: square of the difference in whole units and in fractions.
COUNT: Final = 0
AMPLITUDE: Final = N_BINS
REAL: Final = 2 * N_BINS
IMAGINARY: Final = REAL + 1
SQUARE: Final = REAL + 2
SQUARE_PART: Final = REAL + 3
N_BEYOND: Final = REAL + 4
N_PAIRS: Final = REAL + 5
PEAK: Final = REAL + 6
TROUGH: Final = REAL + 7
DIFFERENCE: Final = REAL + 8
DIFFERENCE_PART: Final = REAL + 9
N_SUMS: Final = REAL + 10

#: Columns of the measures of a channel.
MODULATION_INDEX: Final = 0
MEAN_VECTOR_LENGTH: Final = 1
NORMALISED_LENGTH: Final = 2
PREFERRED_PHASE: Final = 3
N_MEASURES: Final = 4

#: Nothing beyond this is added, and no window may hold more samples than that: the largest sum
#: then stays within 64 bits.
LARGEST_UV: Final = 1e6
WINDOW_SAMPLES_MAX: Final = 2**22

#: The fractions of squares are below 1, so steps fit that are finer by this factor.
FINER: Final = 2.0**19

_LAST_HALF: Final = N_BINS // 2 - 1
_COS_20, _COS_40, _COS_60, _COS_80 = (float(np.cos(np.pi * each / 9.0)) for each in range(1, 5))
_SIN_20, _SIN_40, _SIN_60, _SIN_80 = (float(np.sin(np.pi * each / 9.0)) for each in range(1, 5))


def steps_for(n_samples: int) -> float:
    """Return the finest steps, to a microvolt, whose sum over a number of samples fits."""
    return float(2.0 ** np.floor(62.0 - np.log2(LARGEST_UV * n_samples)))


@kernel
def add_by_phase(
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    bins: NDArray[np.uint64],
    n_rows: int,
    steps_per_uv: float,
    sums: NDArray[np.int64],
) -> None:
    """Add rows of samples to the sums.

    Parameters
    ----------
    real, imaginary : ndarray of float64, shape (n_values,)
        A vector that points to the phase, row by row, the channels side by side; what is left of
        it is of length 1, or 0 where it was.
    amplitude : ndarray of float64, shape (n_values,)
        Microvolts, not negative.
    bins : ndarray of uint64, shape (n_values,)
        Overwritten: the bin of each value.
    n_rows : int
        Rows that are added; values after those are not.
    steps_per_uv : float
        Amplitudes are summed in whole steps of this number to a microvolt.
    sums : ndarray of int64, shape (N_SUMS, n_channels)
        See the rows above.
    """
    # Unsigned, so that no index counts from the end.
    n_channels = np.uint64(sums.shape[1])
    at = np.uint64(0)
    one = np.uint64(1)
    _find_bins(real, imaginary, bins)
    counts = sums[COUNT : COUNT + N_BINS]
    amplitudes = sums[AMPLITUDE : AMPLITUDE + N_BINS]
    along = sums[REAL]
    across = sums[IMAGINARY]
    squares = sums[SQUARE]
    parts = sums[SQUARE_PART]
    for _ in range(n_rows):
        for channel in range(n_channels):
            value = amplitude[at]
            if not value <= LARGEST_UV:
                sums[N_BEYOND, channel] += 1
                value = 0.0
            scaled = value * steps_per_uv
            square = value * value
            whole = np.floor(square)
            along[channel] += np.int64(np.rint(scaled * real[at]))
            across[channel] += np.int64(np.rint(scaled * imaginary[at]))
            squares[channel] += np.int64(whole)
            parts[channel] += np.int64(np.rint((square - whole) * steps_per_uv * FINER))
            phase_bin = bins[at]
            counts[phase_bin, channel] += 1
            amplitudes[phase_bin, channel] += np.int64(np.rint(scaled))
            at += one


@kernel
def measure(
    sums: NDArray[np.int64], channel: int, steps_per_uv: float, values: NDArray[np.float64]
) -> bool:
    """Write the measures of a channel; return whether there are any.

    There are none where a bin is empty, anything was beyond what can be added, or all amplitudes
    were zero.
    """
    n_samples = 0
    total = 0.0
    information = 0.0
    for phase_bin in range(N_BINS):
        count = sums[COUNT + phase_bin, channel]
        if count == 0:
            return False
        n_samples += count
        mean = sums[AMPLITUDE + phase_bin, channel] / count
        if mean > 0.0:
            total += mean
            information += mean * np.log(mean)
    square = sums[SQUARE, channel] + sums[SQUARE_PART, channel] / (steps_per_uv * FINER)
    if sums[N_BEYOND, channel] > 0 or not total > 0.0 or not square > 0.0:
        return False
    information = information / total - np.log(total / N_BINS)
    real = sums[REAL, channel] / steps_per_uv
    imaginary = sums[IMAGINARY, channel] / steps_per_uv
    length = np.sqrt(real * real + imaginary * imaginary)
    values[MODULATION_INDEX] = max(0.0, information / np.log(float(N_BINS)))
    values[MEAN_VECTOR_LENGTH] = length / n_samples
    values[NORMALISED_LENGTH] = length / np.sqrt(n_samples * square)
    values[PREFERRED_PHASE] = np.arctan2(imaginary, real)
    return True


@kernel
def _find_bins(
    real: NDArray[np.float64], imaginary: NDArray[np.float64], bins: NDArray[np.uint64]
) -> None:
    """Find the bin each vector points to, and make its length 1.

    The edges are 20 degrees apart and mirrored in both axes: a quarter cycle has four of them.
    """
    for value in range(real.size):
        re = real[value]
        im = imaginary[value]
        across = abs(im)
        along = abs(re)
        n_edges = np.int64(across * _COS_20 >= along * _SIN_20)
        n_edges += np.int64(across * _COS_40 >= along * _SIN_40)
        n_edges += np.int64(across * _COS_60 >= along * _SIN_60)
        n_edges += np.int64(across * _COS_80 >= along * _SIN_80)
        from_ahead = n_edges if re >= 0.0 else _LAST_HALF - n_edges
        phase_bin = N_BINS // 2 + from_ahead if im >= 0.0 else _LAST_HALF - from_ahead
        bins[value] = np.uint64(phase_bin)
        length = np.sqrt(re * re + im * im)
        inverse = 1.0 / length if length > 0.0 else 0.0
        real[value] = re * inverse
        imaginary[value] = im * inverse
