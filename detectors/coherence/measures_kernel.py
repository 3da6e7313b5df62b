"""Coherence and its kin of a tile of pairs, averaged over the bins of a band."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.state import State
from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused

#: Measures, rows of `State.measures`.
COHERENCE: Final = 0
IMAGINARY: Final = 1
PHASE_LOCKING: Final = 2
PHASE_LAG: Final = 3
PHASE_LAG_DEBIASED: Final = 4
N_MEASURES: Final = 5

#: Windows of up to this number of segments are summed at every hop.
N_DIRECT: Final = 3
#: A bin with no more than this, or less than so much of the energy, is dead: there is no phase
#: to compare. The second is what rounding leaves of a bin without power.
_DEAD: Final = 1e-24
_DEAD_SHARE: Final = 1e-27
#: Imaginary parts of no more than this beside the magnitudes are no lag: rounding of sums, of which
#: squares are told apart to the root of what numbers are, could be taken for one.
_NO_LAG: Final = 1e-5


@kernel
def invert(state: State) -> None:
    """Write one over the root of each channel's power, zero where that is, and who is alive.

    A channel is alive where no bin of it is dead.
    """
    power, inverse, alive = state.total, state.inverse, state.alive
    n_channels = state.columns.size
    n_bins = power.shape[0] - 1
    alive[:] = True
    for k in range(n_bins):
        for lane in range(n_channels):
            given = power[k, lane]
            is_alive = given > max(_DEAD, _DEAD_SHARE * power[n_bins, lane])
            inverse[k, lane] = (1.0 if is_alive else 0.0) / np.sqrt(given if is_alive else 1.0)
            alive[lane] = alive[lane] and is_alive
        for lane in range(n_channels, inverse.shape[1]):
            inverse[k, lane] = inverse[k, lane - n_channels]


@kernel(inline=False)
def average_coherence_of_segments(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    one: int,
    others: int,
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Average over the bins the imaginary part of coherency and the squares of both parts.

    Parameters
    ----------
    spectra, slots
        `State.spectra`, and in it the three segments of the window; the slot of zeros where there
        are less.
    one, others : int
        The channel of the tile, and the first of the others.
    inverse, weights, measures
        Of `State`.
    """
    s0, s1, s2 = slots[0], slots[1], slots[2]
    measures[COHERENCE] = 0.0
    measures[IMAGINARY] = 0.0
    width = np.uint64(measures.shape[1])  # a length the compiler does not know, so it makes vectors
    for k in range(len(inverse)):
        re0, im0 = spectra[s0, 0, k, one], spectra[s0, 1, k, one]
        re1, im1 = spectra[s1, 0, k, one], spectra[s1, 1, k, one]
        re2, im2 = spectra[s2, 0, k, one], spectra[s2, 1, k, one]
        own = inverse[k, one]
        weight = weights[k]
        for lane in range(width):
            at = others + lane
            a0, b0 = spectra[s0, 0, k, at], spectra[s0, 1, k, at]
            a1, b1 = spectra[s1, 0, k, at], spectra[s1, 1, k, at]
            a2, b2 = spectra[s2, 0, k, at], spectra[s2, 1, k, at]
            scale = own * inverse[k, at]
            # Each part is two sums that change places, or sign, with the pair's channels.
            re = fused(re2, a2, fused(re1, a1, re0 * a0)) + fused(im2, b2, fused(im1, b1, im0 * b0))
            im = fused(im2, a2, fused(im1, a1, im0 * a0)) - fused(re2, b2, fused(re1, b1, re0 * b0))
            re *= scale
            im *= scale
            measures[COHERENCE, lane] += weight * fused(re, re, im * im)
            measures[IMAGINARY, lane] += weight * im


@kernel(inline=False)
def average_coherence(
    sums: NDArray[np.float64],
    tile: int,
    one: int,
    others: int,
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Average the same, of products that are summed over the window.

    Parameters
    ----------
    sums : ndarray of float64, shape (n_tiles, n_rows, 2, n_bins, WIDTH)
        See `detectors.coherence.sums_kernel.tile_sums`; of which `tile`.
    tile : int
        Which of them.
    one, others, inverse, weights, measures
        See `average_coherence_of_segments`.
    """
    measures[COHERENCE] = 0.0
    measures[IMAGINARY] = 0.0
    width = np.uint64(measures.shape[1])
    for k in range(len(inverse)):
        own = inverse[k, one]
        weight = weights[k]
        for lane in range(width):
            scale = own * inverse[k, others + lane]
            re = sums[tile, 0, 0, k, lane] * scale
            im = sums[tile, 0, 1, k, lane] * scale
            measures[COHERENCE, lane] += weight * (re * re + im * im)
            measures[IMAGINARY, lane] += weight * im


@kernel(inline=False)
def average_locking(
    sums: NDArray[np.float64],
    tile: int,
    row: int,
    weights: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Average the magnitudes of summed unit phasors; see `average_coherence`."""
    measures[PHASE_LOCKING] = 0.0
    width = np.uint64(measures.shape[1])
    for k in range(sums.shape[3]):
        weight = weights[k]
        for lane in range(width):
            re = sums[tile, row, 0, k, lane]
            im = sums[tile, row, 1, k, lane]
            measures[PHASE_LOCKING, lane] += weight * np.sqrt(re * re + im * im)


@kernel(inline=False)
def average_lag(
    sums: NDArray[np.float64],
    tile: int,
    row: int,
    one: int,
    others: int,
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Average the weighted phase lag and its debiased square; see `average_coherence`."""
    measures[PHASE_LAG] = 0.0
    measures[PHASE_LAG_DEBIASED] = 0.0
    width = np.uint64(measures.shape[1])
    for k in range(len(inverse)):
        own = inverse[k, one]
        weight = weights[k]
        for lane in range(width):
            scale = own * inverse[k, others + lane]
            im = sums[tile, 0, 1, k, lane] * scale
            size = sums[tile, row, 0, k, lane] * scale
            square = sums[tile, row, 1, k, lane] * scale * scale
            between = size * size - square
            is_lag = size > _NO_LAG
            is_between = between > _NO_LAG * _NO_LAG
            index = (abs(im) if is_lag else 0.0) / (size if is_lag else 1.0)
            debiased = ((im * im - square) if is_between else 0.0) / (
                between if is_between else 1.0
            )
            measures[PHASE_LAG, lane] += weight * index
            measures[PHASE_LAG_DEBIASED, lane] += weight * debiased


@kernel(inline=False)
def average_lag_of_segments(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    one: int,
    others: int,
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    measures: NDArray[np.float64],
) -> None:
    """Average the same lags of the segments themselves; see `average_coherence_of_segments`.

    Of two or three segments one is often all there is of a lag: the square of the sum and the sum
    of squares are then the same but for rounding, and their difference is that. So what lies
    between them, the products of every two segments, is summed as it is: of two segments each
    bin's debiased square is 1 or -1, as the formula says.
    """
    s0, s1, s2 = slots[0], slots[1], slots[2]
    measures[PHASE_LAG] = 0.0
    measures[PHASE_LAG_DEBIASED] = 0.0
    width = np.uint64(measures.shape[1])
    for k in range(len(inverse)):
        re0, im0 = spectra[s0, 0, k, one], spectra[s0, 1, k, one]
        re1, im1 = spectra[s1, 0, k, one], spectra[s1, 1, k, one]
        re2, im2 = spectra[s2, 0, k, one], spectra[s2, 1, k, one]
        own = inverse[k, one]
        weight = weights[k]
        for lane in range(width):
            at = others + lane
            scale = own * inverse[k, at]
            i0 = scale * (im0 * spectra[s0, 0, k, at] - re0 * spectra[s0, 1, k, at])
            i1 = scale * (im1 * spectra[s1, 0, k, at] - re1 * spectra[s1, 1, k, at])
            i2 = scale * (im2 * spectra[s2, 0, k, at] - re2 * spectra[s2, 1, k, at])
            size = abs(i0) + abs(i1) + abs(i2)
            between = abs(i0 * i1) + abs(i0 * i2) + abs(i1 * i2)
            is_lag = size > _NO_LAG
            is_between = 2.0 * between > _NO_LAG * _NO_LAG
            index = (abs(i0 + i1 + i2) if is_lag else 0.0) / (size if is_lag else 1.0)
            debiased = ((i0 * i1 + i0 * i2 + i1 * i2) if is_between else 0.0) / (
                between if is_between else 1.0
            )
            measures[PHASE_LAG, lane] += weight * index
            measures[PHASE_LAG_DEBIASED, lane] += weight * debiased


@kernel
def lower_bound(bounds: NDArray[np.float64], null: float, coherence: float) -> float:
    """Return the lower bound of a coherence, by straight line between two rows of a table.

    It is 0 up to the null, also where that lies between two rows.
    """
    if coherence <= null:
        return 0.0
    at = np.sqrt(coherence) * (bounds.size - 1)
    below = min(int(at), bounds.size - 2)
    part = at - below
    interpolated: float = (1.0 - part) * bounds[below] + part * bounds[below + 1]
    return interpolated
