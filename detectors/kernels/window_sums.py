"""Sums over the newest parts of a window, from which nothing is ever subtracted."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel


@kernel
def add_part(
    row: int, ring: NDArray[np.float64], newest: NDArray[np.float64], window: NDArray[np.float64]
) -> None:
    """Write the sum of the newest parts: the one that is new, and those before it.

    Parts are counted in groups as long as a window. A window is what there is of the newest group,
    and the end of the group before it. When a group is whole, each of its rows becomes the sum
    from there to its end; the next group takes their places. So a window is one sum plus another:
    no rounding gathers, and what has left the window has left every sum.

    Parameters
    ----------
    row : int
        Number of the part in its group.
    ring : ndarray of float64, shape (n_parts, n_values)
        The new part stands at `row`; changed where the group becomes whole.
    newest : ndarray of float64, shape (n_values,)
        The sum of the group so far; kept between calls, zero after a restart.
    window : ndarray of float64, shape (n_values,)
        What is written.
    """
    n_values = window.size
    for value in range(n_values):
        newest[value] += ring[row, value]
        window[value] = newest[value]
    if row + 1 < len(ring):
        for value in range(n_values):
            window[value] += ring[row + 1, value]
        return
    for earlier in range(len(ring) - 2, -1, -1):
        for value in range(n_values):
            ring[earlier, value] += ring[earlier + 1, value]
    newest[:] = 0.0
