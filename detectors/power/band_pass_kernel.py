"""Band-pass sections and the mean of their squares, over a tile of samples of many channels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Channels of a group, which lie side by side: the inner loops are of fixed length and become
#: vector instructions without a remainder.
LANES: Final = 16
#: Samples of a tile at most. A sample's arithmetic does not depend on how many there are.
ROWS: Final = 20
#: Values of one group of channels in a tile, and in the memory of one section.
TILE: Final = ROWS * LANES
MEMORY: Final = 2 * LANES

#: Samples that are squared in one pass over the means.
_PASS: Final = 5


@kernel
def filter_tile(
    n_rows: int,
    sections: NDArray[np.float64],
    memory: NDArray[np.float64],
    tile: NDArray[np.float64],
) -> None:
    """Put the samples of a tile through the sections, two at a time, in place.

    Parameters
    ----------
    n_rows : int
        Samples in the tile.
    sections : ndarray of float64, shape (2 * n_sections,)
        Of each section ``(1 - 1/z²) / (1 + a/z + b/z²)``: a and b.
    memory : ndarray of float64, shape (n_groups * n_sections * MEMORY,)
        What the sections keep.
    tile : ndarray of float64, shape (n_groups * TILE,)
        Sample after sample, group after group.
    """
    n_sections = sections.size // 2
    for group in range(tile.size // TILE):
        first = group * n_sections
        for section in range(0, n_sections - 1, 2):
            a, b, c, d = sections[2 * section : 2 * section + 4]
            kept = memory[(first + section) * MEMORY : (first + section + 2) * MEMORY]
            for row in range(n_rows):
                at = group * TILE + row * LANES
                for lane in range(LANES):
                    given = tile[at + lane]
                    between = given - kept[lane]
                    made = between - kept[MEMORY + lane]
                    kept[lane] = a * between + kept[LANES + lane]
                    kept[LANES + lane] = given + b * between
                    kept[MEMORY + lane] = c * made + kept[MEMORY + LANES + lane]
                    kept[MEMORY + LANES + lane] = between + d * made
                    tile[at + lane] = made
        if n_sections % 2:
            a, b = sections[2 * n_sections - 2 :]
            kept = memory[(first + n_sections - 1) * MEMORY : (first + n_sections) * MEMORY]
            for row in range(n_rows):
                at = group * TILE + row * LANES
                for lane in range(LANES):
                    given = tile[at + lane]
                    made = given - kept[lane]
                    kept[lane] = a * made + kept[LANES + lane]
                    kept[LANES + lane] = given + b * made
                    tile[at + lane] = made


@kernel
def average_squares(
    n_rows: int, keep: float, weight: float, tile: NDArray[np.float64], mean: NDArray[np.float64]
) -> None:
    """Let every square of a tile make ``keep * mean + weight * square`` of the mean.

    Parameters
    ----------
    n_rows : int
        Samples in the tile.
    keep, weight : float
        They add up to 1 for an exponential mean; both are 1 for a sum.
    tile : ndarray of float64, shape (n_groups * TILE,)
        What the sections made.
    mean : ndarray of float64, shape (n_groups * LANES,)
        The means or sums.
    """
    n_in_passes = n_rows // _PASS * _PASS
    for group in range(tile.size // TILE):
        means = mean[group * LANES : (group + 1) * LANES]
        for row in range(0, n_in_passes, _PASS):
            rows = tile[group * TILE + row * LANES : group * TILE + (row + _PASS) * LANES]
            for lane in range(LANES):
                now = means[lane]
                now = keep * now + weight * rows[lane] ** 2
                now = keep * now + weight * rows[LANES + lane] ** 2
                now = keep * now + weight * rows[2 * LANES + lane] ** 2
                now = keep * now + weight * rows[3 * LANES + lane] ** 2
                means[lane] = keep * now + weight * rows[4 * LANES + lane] ** 2
        for row in range(n_in_passes, n_rows):
            at = group * TILE + row * LANES
            for lane in range(LANES):
                means[lane] = keep * means[lane] + weight * tile[at + lane] ** 2
