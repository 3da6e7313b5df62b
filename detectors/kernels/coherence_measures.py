"""Coherence and its kin of pairs, from sums over a window, averaged over the bins of a band."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_spectra import LANES
from detectors.kernels.coherence_sums import WIDTH

#: Measures, rows of `totals`. While they are summed the first two have two places a lane: that of
#: the real parts and that of the imaginary ones.
COHERENCE: Final = 0
IMAGINARY: Final = 1
PHASE_LOCKING: Final = 2
PHASE_LAG: Final = 3
PHASE_LAG_DEBIASED: Final = 4
N_MEASURES: Final = 5

#: A bin with no more than this, or less than so much of the energy, is dead: there is no phase
#: to compare. The second is what rounding leaves of a bin without power.
_DEAD: Final = 1e-24
_DEAD_SHARE: Final = 1e-27
#: Imaginary parts of no more than this beside the magnitudes are rounding, and no lag.
_NO_LAG: Final = 1e-12


@njit(cache=True, nogil=True, error_model="numpy")
def invert(
    power: NDArray[np.float64],
    n_channels: int,
    inverse: NDArray[np.float64],
    alive: NDArray[np.bool_],
) -> None:
    """Write one over the root of each channel's power, and whether no bin of it is dead.

    Parameters
    ----------
    power : ndarray of float64, shape (n_bins + 1, n_lanes)
        Summed over the window; behind the bins stands the energy.
    inverse : ndarray of float64, shape (n_groups, n_bins made even, 16)
        Twice for each lane; zero where the power is.
    alive : ndarray of bool, shape (n_channels,)
        Channel by channel.
    """
    n_bins = power.shape[0] - 1
    for at in range(n_channels):
        floor = max(_DEAD, _DEAD_SHARE * power[n_bins, at])
        alive[at] = True
        for k in range(n_bins):
            is_alive = power[k, at] > floor
            alive[at] = alive[at] and is_alive
            root = 1.0 / np.sqrt(power[k, at]) if is_alive else 0.0
            inverse[at // LANES, k, at % LANES] = root
            inverse[at // LANES, k, LANES + at % LANES] = root


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def measure(
    sums: NDArray[np.float64],
    rows: NDArray[np.int64],
    inverse: NDArray[np.float64],
    tiles: NDArray[np.int64],
    tile: int,
    n_segments: int,
    n_bins: int,
    totals: NDArray[np.float64],
) -> None:
    """Average the measures of every pair of a tile over the bins.

    Parameters
    ----------
    sums : ndarray of float64, shape (1, n_bins made even, n_rows, 16)
        See `detectors.kernels.coherence_sums.add`, and there for `rows` and `tiles`.
    inverse
        See `invert`.
    totals : ndarray of float64, shape (5, 16)
        Measures by lane, the first eight of a row.
    """
    first = tiles[tile, 0]
    one = tiles[tile, 1]
    group = tiles[tile, 2]
    _cohere(sums, inverse, first, one, group, totals)
    if rows[0] >= 0:
        _lock(sums, rows[0], rows[2], totals)
    if rows[1] >= 0:
        _lag(sums, rows[1], rows[2], inverse, first, one, group, totals)
    scale = 1.0 / n_bins
    for lane in range(LANES):
        coherence = totals[COHERENCE, lane] + totals[COHERENCE, LANES + lane]
        totals[COHERENCE, lane] = min(coherence * scale, 1.0)
        totals[IMAGINARY, lane] = totals[IMAGINARY, LANES + lane] * scale
    if rows[0] >= 0:
        for lane in range(LANES):
            totals[PHASE_LOCKING, lane] *= scale / n_segments
    if rows[1] >= 0:
        for lane in range(LANES):
            totals[PHASE_LAG, lane] *= scale
            totals[PHASE_LAG_DEBIASED, lane] *= scale


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _cohere(
    sums: NDArray[np.float64],
    inverse: NDArray[np.float64],
    first: int,
    one: int,
    group: int,
    totals: NDArray[np.float64],
) -> None:
    """Sum both parts of coherency, and their squares."""
    for at in range(WIDTH):
        totals[COHERENCE, at] = 0.0
        totals[IMAGINARY, at] = 0.0
    for two in range(sums.shape[1] // 2):
        k = 2 * two
        own = inverse[first, k, one]
        next_own = inverse[first, k + 1, one]
        for at in range(WIDTH):
            part = sums[0, k, 0, at] * (own * inverse[group, k, at])
            next_part = sums[0, k + 1, 0, at] * (next_own * inverse[group, k + 1, at])
            totals[COHERENCE, at] += part * part + next_part * next_part
            totals[IMAGINARY, at] += part + next_part


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _lock(sums: NDArray[np.float64], row: int, n_lanes: int, totals: NDArray[np.float64]) -> None:
    """Sum the magnitudes of summed unit phases."""
    for lane in range(LANES):
        totals[PHASE_LOCKING, lane] = 0.0
    for k in range(sums.shape[1]):
        for lane in range(n_lanes):
            re = sums[0, k, row, lane]
            im = sums[0, k, row, LANES + lane]
            totals[PHASE_LOCKING, lane] += np.sqrt(re * re + im * im)


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _lag(
    sums: NDArray[np.float64],
    row: int,
    n_lanes: int,
    inverse: NDArray[np.float64],
    first: int,
    one: int,
    group: int,
    totals: NDArray[np.float64],
) -> None:
    """Sum the weighted phase lag and its debiased square."""
    for lane in range(LANES):
        totals[PHASE_LAG, lane] = 0.0
        totals[PHASE_LAG_DEBIASED, lane] = 0.0
    for k in range(sums.shape[1]):
        own = inverse[first, k, one]
        for lane in range(n_lanes):
            scale = own * inverse[group, k, lane]
            im = sums[0, k, 0, LANES + lane] * scale
            size = sums[0, k, row, lane] * scale
            square = sums[0, k, row, LANES + lane] * scale * scale
            between = size * size - square
            is_lag = size > _NO_LAG
            is_between = between > _NO_LAG * _NO_LAG
            totals[PHASE_LAG, lane] += (abs(im) if is_lag else 0.0) / (size if is_lag else 1.0)
            totals[PHASE_LAG_DEBIASED, lane] += ((im * im - square) if is_between else 0.0) / (
                between if is_between else 1.0
            )


@njit(cache=True, nogil=True, error_model="numpy")
def bound(bounds: NDArray[np.float64], level: float, coherence: float) -> float:
    """Return the lower bound of a coherence, by straight line between the places of a table.

    It is 0 up to the level, also where that lies between two places.
    """
    if coherence <= level:
        return 0.0
    place = np.sqrt(coherence) * (bounds.size - 1)
    below = min(int(place), bounds.size - 2)
    part = place - below
    made: float = (1.0 - part) * bounds[below] + part * bounds[below + 1]
    return made
