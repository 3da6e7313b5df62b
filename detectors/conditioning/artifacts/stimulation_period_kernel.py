"""What a periodic artifact was at the same phase of the samples before, taken off."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import SPOILS_WINDOW

# Rows of the fold, one place a channel.
N_KNOWN: Final = 0  # samples since the window was last in doubt, up to its length
N_BAD: Final = 1  # consecutive tainted samples
EXPECTED: Final = 2  # of this sample
MEAN: Final = 3  # running mean, of that, and of that again
N_MEANS: Final = 3
LEVEL: Final = MEAN + N_MEANS - 1
N_FOLD: Final = MEAN + N_MEANS

#: Highest power of the phase that is followed across the lags, and the lower ones to fall back on.
_ORDERS: Final = (4, 2, 0)
#: The noise that comes in must stay under this share of the signal's own.
_NOISE_MAX: Final = 0.5
_TINY: Final = 1e-9

_STIMULATION: Final = int(Taint.STIMULATION)
_UNCLEANED: Final = int(Taint.UNCLEANED)


@kernel
def weigh_lags(
    cycles_per_sample: float,
    half_width: float,
    lags: NDArray[np.int64],
    weights: NDArray[np.float64],
) -> int:
    """Write the lags that have nearly the phase of lag 0, and what they weigh; return how many.

    Parameters
    ----------
    cycles_per_sample : float
        Of the stimulation.
    half_width : float
        So near, in periods, a phase must be.
    lags, weights : ndarray, shape (n_window,)
        Filled. The weights are those of the intercept of a polynomial in the phase that is fitted
        to the samples by least squares: they sum to one, and powers of the phase to zero.
    """
    n_lags = 0
    phase = np.empty(lags.size)
    for lag in range(1, lags.size + 1):
        cycles = lag * cycles_per_sample
        away = (cycles - math.floor(cycles + 0.5)) / half_width
        if abs(away) <= 1.0:
            lags[n_lags] = lag
            phase[n_lags] = away
            n_lags += 1
    for order in _ORDERS:
        total = _residue(phase[:n_lags], order, weights)
        # The weights' squares sum to the inverse of the residue's sum.
        if total * _NOISE_MAX >= 1.0 or order == 0:
            for place in range(n_lags):
                weights[place] /= total
            break
    return n_lags


@kernel
def _residue(phase: NDArray[np.float64], order: int, residue: NDArray[np.float64]) -> float:
    """Write what of a constant no power of the phase up to `order` explains; return its sum."""
    basis = np.empty((order, phase.size))
    n_basis = 0
    for power in range(1, order + 1):
        row = basis[n_basis]
        row[:] = phase**power
        before = _squares(row)
        _take_off(row, basis[:n_basis])
        after = _squares(row)
        if after > _TINY * before:
            row /= math.sqrt(after)
            n_basis += 1
    rest = residue[: phase.size]
    rest[:] = 1.0
    _take_off(rest, basis[:n_basis])
    # The residue is a projection of the constant: its sum is that of its squares.
    return _squares(rest)


@kernel
def _squares(row: NDArray[np.float64]) -> float:
    total = 0.0
    for place in range(row.size):
        total += row[place] * row[place]
    return total


@kernel
def _take_off(row: NDArray[np.float64], units: NDArray[np.float64]) -> None:
    """Make `row` orthogonal to rows of length one that are so to each other; twice, to be sure."""
    for _ in range(2):
        for each in range(units.shape[0]):
            along = 0.0
            for place in range(row.size):
                along += row[place] * units[each, place]
            for place in range(row.size):
                row[place] -= along * units[each, place]


@kernel
def clean(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    start: int,
    stop: int,
    lags: NDArray[np.int64],
    weights: NDArray[np.float64],
    otherwise: int,
    past: NDArray[np.float64],
    newest: int,
    fold: NDArray[np.float64],
    n_done: NDArray[np.int64],
) -> int:
    """Take the artifact off rows, in place; return where the newest sample stands in the past.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        Changed in place.
    start, stop : int
        The rows.
    lags, weights : ndarray, shape (n_lags,)
        See `weigh_lags`; empty where nothing is to be taken off.
    otherwise : int
        Taint of samples from which nothing is taken off.
    past : ndarray of float64, shape (n_window, n_channels)
        A ring of samples; carried on.
    newest : int
        Where in it the sample before `start` stands.
    fold : ndarray of float64, shape (N_FOLD, n_channels)
        Rows as above; carried on.
    n_done : ndarray of int64, shape (2,)
        Samples, of all channels, that were cleaned, and that could not be; added to.
    """
    n_window, n_channels = past.shape
    for row in range(start, stop):
        fold[EXPECTED] = 0.0
        for place in range(lags.size):
            at = newest + 1 - lags[place]
            if at < 0:
                at += n_window
            for channel in range(n_channels):
                fold[EXPECTED, channel] += weights[place] * past[at, channel]
        newest += 1
        if newest == n_window:
            newest = 0
        for channel in range(n_channels):
            value = samples_uv[row, channel]
            is_bad = taint[row, channel] & SPOILS_WINDOW != 0
            is_ready = lags.size > 0 and fold[N_KNOWN, channel] >= n_window
            past[newest, channel] = fold[EXPECTED, channel] if is_bad and is_ready else value
            if is_ready:
                samples_uv[row, channel] = value - (fold[EXPECTED, channel] - fold[LEVEL, channel])
                taint[row, channel] |= _STIMULATION
                n_done[0] += 1
            else:
                taint[row, channel] |= otherwise
                n_done[1] += otherwise & _UNCLEANED != 0
            _remember(value, channel, n_window, is_bad, is_ready, fold)
    return newest


@kernel
def _remember(
    value: float,
    channel: int,
    n_window: int,
    is_bad: bool,
    is_ready: bool,
    fold: NDArray[np.float64],
) -> None:
    """Count a sample; a tainted one is stood in for while the artifact is known, for a while."""
    if is_bad:
        fold[N_BAD, channel] += 1.0
        if not is_ready or 2.0 * fold[N_BAD, channel] > n_window:
            fold[N_KNOWN, channel] = 0.0
        return
    fold[N_BAD, channel] = 0.0
    if fold[N_KNOWN, channel] == 0.0:
        fold[MEAN:, channel] = value
    fold[N_KNOWN, channel] = min(fold[N_KNOWN, channel] + 1.0, float(n_window))
    # Together as late as the mean of the window, and without a trace of the artifact.
    n_memory = max(1.0, min(fold[N_KNOWN, channel], n_window / (2.0 * N_MEANS)))
    for place in range(MEAN, MEAN + N_MEANS):
        fold[place, channel] += (value - fold[place, channel]) / n_memory
        value = fold[place, channel]
