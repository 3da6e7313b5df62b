"""Order statistics of few values: numpy's take longer to compile than all the rest."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel


@kernel(inline=False)
def sort(values: NDArray[np.float64]) -> None:
    """Put values in ascending order, in place (Shell's method)."""
    gap = values.size // 2
    while gap > 0:
        for at in range(gap, values.size):
            value = values[at]
            to = at
            while to >= gap and values[to - gap] > value:
                values[to] = values[to - gap]
                to -= gap
            values[to] = value
        gap //= 2


@kernel(inline=False)
def percentile_of(ordered: NDArray[np.float64], percentile: float) -> float:
    """Return a percentile of ascending values, as `numpy.percentile` with its default method."""
    at = percentile / 100.0 * (ordered.size - 1)
    below = min(int(at), ordered.size - 1)
    above = min(below + 1, ordered.size - 1)
    return float(ordered[below] + (ordered[above] - ordered[below]) * (at - below))
