"""Products of the spectra of a tile of pairs: of a new segment, less those of the oldest one."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Pairs of a tile: one channel beside this number that follow each other.
WIDTH: Final = 16
#: The same, unsigned: of an index that is counted with it the compiler knows that it does not
#: count from the end, and makes vectors.
LANES: Final = np.uint64(WIDTH)


@kernel(inline=False)
def update_products(
    spectra: NDArray[np.float64],
    came: np.uint64,
    left: np.uint64,
    one: int,
    others: int,
    sums: NDArray[np.float64],
    tile: int,
    row: int,
) -> None:
    """Add the products of one channel with the conjugates of a tile, and take others off.

    Parameters
    ----------
    spectra : ndarray of float64, shape (n_slots, 2, n_bins, n_around)
        See `detectors.coherence.state.State`; or phasors.
    came, left : int
        Slots of the segments.
    one, others : int
        The channel of the tile, and the first of the others.
    sums : ndarray of float64, shape (n_tiles, n_rows, 2, n_bins, WIDTH)
        At `tile` and `row`: all real parts, then all imaginary ones.
    """
    width = np.uint64(sums.shape[4])  # a length the compiler does not know, so it makes vectors
    for k in range(sums.shape[3]):
        re0, im0 = spectra[came, 0, k, one], spectra[came, 1, k, one]
        re1, im1 = spectra[left, 0, k, one], spectra[left, 1, k, one]
        for lane in range(width):
            at = others + lane
            a0, b0 = spectra[came, 0, k, at], spectra[came, 1, k, at]
            a1, b1 = spectra[left, 0, k, at], spectra[left, 1, k, at]
            sums[tile, row, 0, k, lane] += (re0 * a0 + im0 * b0) - (re1 * a1 + im1 * b1)
            sums[tile, row, 1, k, lane] += (im0 * a0 - re0 * b0) - (im1 * a1 - re1 * b1)


@kernel(inline=False)
def update_lags(
    spectra: NDArray[np.float64],
    came: np.uint64,
    left: np.uint64,
    one: int,
    others: int,
    sums: NDArray[np.float64],
    tile: int,
    row: int,
) -> None:
    """Do the same with the magnitudes of the products' imaginary parts, and with their squares.

    Parameters
    ----------
    spectra, came, left, one, others, sums, tile, row
        See `update_products`.
    """
    width = np.uint64(sums.shape[4])
    for k in range(sums.shape[3]):
        re0, im0 = spectra[came, 0, k, one], spectra[came, 1, k, one]
        re1, im1 = spectra[left, 0, k, one], spectra[left, 1, k, one]
        for lane in range(width):
            at = others + lane
            i0 = im0 * spectra[came, 0, k, at] - re0 * spectra[came, 1, k, at]
            i1 = im1 * spectra[left, 0, k, at] - re1 * spectra[left, 1, k, at]
            sums[tile, row, 0, k, lane] += abs(i0) - abs(i1)
            sums[tile, row, 1, k, lane] += i0 * i0 - i1 * i1
