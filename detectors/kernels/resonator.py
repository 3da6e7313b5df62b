"""Complex one-pole resonators, one a channel, behind a high-pass of the same width."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.oscillation import write_rhythm
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Places in the `state` array: samples since the last estimate.
SINCE_HOP: Final = 0
N_STATE: Final = 1

# Rows of the `fold` array; every row has one place a channel.
REFERENCE: Final = 0  # the first sample, from which all are counted
INPUT: Final = 1  # the newest sample, so counted
MEAN: Final = 2  # its running mean
REAL: Final = 3  # of the resonator
IMAGINARY: Final = 4
N_FOLD: Final = 5

# Places in the `settings` array.
KEEP: Final = 0  # rho: what is left of the past after one sample
KEEP_REAL: Final = 1  # the same, turned by one sample of the centre frequency
KEEP_IMAGINARY: Final = 2
TO_REAL_OF_REAL: Final = 3  # from the resonator to amplitude and phase, a matrix of two rows
TO_REAL_OF_IMAGINARY: Final = 4
TO_IMAGINARY_OF_REAL: Final = 5
TO_IMAGINARY_OF_IMAGINARY: Final = 6
N_SETTINGS: Final = 7


@kernel
def track(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    settings: NDArray[np.float64],
    settle: int,
    hop: int,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    fold: NDArray[np.float64],
    out_sample: NDArray[np.int64],
    out_time_s: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Fold samples in and write every hop they complete; return the number of hops.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    settings : ndarray of float64, shape (N_SETTINGS,)
        See the places above.
    settle : int
        So many good samples make an estimate valid.
    hop : int
        Samples from one estimate to the next.
    state : ndarray of int64, shape (N_STATE,)
        See the places above.
    clean : ndarray of int64, shape (n_channels,)
        Good samples in a row.
    fold : ndarray of float64, shape (N_FOLD, n_channels)
        See the rows above.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_hops = 0
    since_hop = state[SINCE_HOP]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            clean[:] = 0
            since_hop = 0
        _load(samples_uv[row], taint[row], columns, clean, fold)
        _turn(settings, fold[INPUT], fold[MEAN], fold[REAL], fold[IMAGINARY])
        since_hop += 1
        if since_hop == hop:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            _emit(
                taint[row],
                columns,
                settings,
                settle,
                clean,
                fold,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
            since_hop = 0
    state[SINCE_HOP] = since_hop
    return n_hops


@kernel
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    clean: NDArray[np.int64],
    fold: NDArray[np.float64],
) -> None:
    """Count a sample from the first one; whatever is bad ends the past of its channel."""
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        if taint[column] & SPOILS_WINDOW or not abs(value) <= LIMIT_UV:
            clean[channel] = 0
            value = 0.0
        else:
            clean[channel] += 1
        if clean[channel] <= 1:
            fold[REFERENCE, channel] = value
            fold[MEAN, channel] = 0.0
            fold[REAL, channel] = 0.0
            fold[IMAGINARY, channel] = 0.0
        fold[INPUT, channel] = value - fold[REFERENCE, channel]


@kernel
def _turn(
    settings: NDArray[np.float64],
    given: NDArray[np.float64],
    mean: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Take one sample into the mean, and what is left of it into the resonator."""
    gain = 1.0 - settings[KEEP]
    keep_real = settings[KEEP_REAL]
    keep_imaginary = settings[KEEP_IMAGINARY]
    for channel in range(given.size):
        level = mean[channel] + gain * (given[channel] - mean[channel])
        push = gain * (given[channel] - level)
        cosine = real[channel]
        sine = imaginary[channel]
        mean[channel] = level
        real[channel] = keep_real * cosine - keep_imaginary * sine + push
        imaginary[channel] = keep_imaginary * cosine + keep_real * sine


@kernel
def _emit(
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    settings: NDArray[np.float64],
    settle: int,
    clean: NDArray[np.int64],
    fold: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write amplitude, and phase where there is room for it, of every channel."""
    n_measures = out_values.size // columns.size
    for channel in range(columns.size):
        real = fold[REAL, channel]
        imaginary = fold[IMAGINARY, channel]
        cosine = settings[TO_REAL_OF_REAL] * real + settings[TO_REAL_OF_IMAGINARY] * imaginary
        sine = (
            settings[TO_IMAGINARY_OF_REAL] * real + settings[TO_IMAGINARY_OF_IMAGINARY] * imaginary
        )
        is_valid = clean[channel] >= settle and not taint[columns[channel]] & SPOILS_NEWEST
        at = channel * n_measures
        write_rhythm(cosine, sine, is_valid, at, n_measures, out_values, out_valid)
