"""What a periodic artifact was at the same phase of earlier samples, subtracted."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record
from detectors.compiling.opened import opened
from detectors.kernels.trust import SPOILS_WINDOW

#: Running means, each of the one before: together they are as late as the mean of the window.
N_MEANS: Final = 3

#: Highest power of the phase that is followed across the lags, and the lower ones to fall back on.
_ORDERS: Final = (4, 2, 0)
#: The noise that comes in must stay under this share of the signal's own.
_NOISE_MAX: Final = 0.5
_TINY: Final = 1e-9

_STIMULATION: Final = int(Taint.STIMULATION)
_UNCLEANED: Final = int(Taint.UNCLEANED)


class Counters(Record):
    """Where the kernel stands, and what it did in the last call."""

    #: Row of the past that the newest sample was written to.
    newest: int
    #: Samples of single channels that were cleaned, and that could not be.
    n_cleaned: int
    n_uncleaned: int


class State(NamedTuple):
    """What is known of the artifact, shapes (n_channels,) where none is given."""

    #: Earlier samples of nearly the same phase, and their weights, shapes (n_lags,): see
    #: `weigh_lags`.
    lags: Array1[np.int64]
    weights: Array1[np.float64]
    #: A ring of the samples of the window, shape (n_window, n_channels).
    past: Array2[np.float64]
    #: Samples since the window was last in doubt, up to its length.
    n_known: Array1[np.int64]
    #: Tainted samples in a row.
    n_bad: Array1[np.int64]
    #: What this sample is expected to be; overwritten.
    expected: Array1[np.float64]
    #: Running mean of the samples, of that, and of that again, shape (N_MEANS, n_channels).
    means: Array2[np.float64]
    #: Where the kernel stands.
    counters: Counters


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
            for lag in range(n_lags):
                weights[lag] /= total
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
        _make_orthogonal(row, basis[:n_basis])
        after = _squares(row)
        if after > _TINY * before:
            row /= math.sqrt(after)
            n_basis += 1
    rest = residue[: phase.size]
    rest[:] = 1.0
    _make_orthogonal(rest, basis[:n_basis])
    # The residue is a projection of the constant: its sum is that of its squares.
    return _squares(rest)


@kernel
def _squares(row: NDArray[np.float64]) -> float:
    """Return the sum of the squares of a row."""
    total = 0.0
    for value in row:
        total += value * value
    return total


@kernel
def _make_orthogonal(row: NDArray[np.float64], units: NDArray[np.float64]) -> None:
    """Subtract from a row what it shares with each of some unit vectors, orthogonal to each other.

    Twice: rounding leaves a part of it at the first time.
    """
    for _ in range(2):
        for each in range(units.shape[0]):
            along = 0.0
            for at in range(row.size):
                along += row[at] * units[each, at]
            for at in range(row.size):
                row[at] -= along * units[each, at]


@kernel
def update(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    otherwise: int,
    is_running: bool,
    addresses: NDArray[np.int64],
) -> None:
    """Subtract the artifact from samples, in place.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        Changed in place.
    otherwise : int
        Taint of samples from which nothing is subtracted.
    is_running : bool
        Whether there is a stimulation to subtract.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters, past, expected = state.counters, state.past, state.expected
    level = state.means[N_MEANS - 1]
    n_window, n_channels = past.shape
    n_lags = state.lags.size if is_running else 0
    counters.n_cleaned = counters.n_uncleaned = 0
    for row in range(samples_uv.shape[0]):
        _expect(n_lags, state)
        counters.newest += 1
        if counters.newest == n_window:
            counters.newest = 0
        for channel in range(n_channels):
            value = samples_uv[row, channel]
            is_bad = taint[row, channel] & SPOILS_WINDOW != 0
            is_ready = n_lags > 0 and state.n_known[channel] >= n_window
            past[counters.newest, channel] = expected[channel] if is_bad and is_ready else value
            if is_ready:
                samples_uv[row, channel] = value - (expected[channel] - level[channel])
                taint[row, channel] |= _STIMULATION
                counters.n_cleaned += 1
            else:
                taint[row, channel] |= otherwise
                counters.n_uncleaned += otherwise & _UNCLEANED != 0
            _remember(value, channel, is_bad, is_ready, state)


@kernel
def _expect(n_lags: int, state: State) -> None:
    """Write what the next sample is expected to be, from the past at the same phase."""
    past, expected = state.past, state.expected
    n_window, n_channels = past.shape
    expected[:] = 0.0
    for lag in range(n_lags):
        at = state.counters.newest + 1 - state.lags[lag]
        if at < 0:
            at += n_window
        for channel in range(n_channels):
            expected[channel] += state.weights[lag] * past[at, channel]


@kernel
def _remember(value: float, channel: int, is_bad: bool, is_ready: bool, state: State) -> None:
    """Take a sample into the means.

    For a tainted one the expected sample stands in while the artifact is known, up to half a
    window; after that the window is in doubt.
    """
    n_known, n_bad, means = state.n_known, state.n_bad, state.means
    n_window = state.past.shape[0]
    if is_bad:
        n_bad[channel] += 1
        if not is_ready or 2 * n_bad[channel] > n_window:
            n_known[channel] = 0
        return
    n_bad[channel] = 0
    if n_known[channel] == 0:
        means[:, channel] = value
    n_known[channel] = min(n_known[channel] + 1, n_window)
    # Together as late as the mean of the window, and without a trace of the artifact.
    n_memory = max(1.0, min(float(n_known[channel]), n_window / (2.0 * N_MEANS)))
    for number in range(N_MEANS):
        means[number, channel] += (value - means[number, channel]) / n_memory
        value = means[number, channel]
