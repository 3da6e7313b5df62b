"""Onsets and offsets of a bound over a threshold, hop by hop."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Kinds of edge.
ONSET: Final = 0
OFFSET: Final = 1
CUT: Final = 2

#: Columns of `edges`: kind, pair, hop.
N_EDGE: Final = 3


@kernel
def find_edges(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    first_column: int,
    n_columns: int,
    threshold: float,
    keep: float,
    is_on: NDArray[np.bool_],
    last: NDArray[np.float64],
    edges: NDArray[np.int64],
    strength: NDArray[np.float64],
) -> int:
    """Write the edges of these hops, in order; return how many.

    Parameters
    ----------
    values, valid
        See `detectors.estimates.Estimates`.
    first_column, n_columns : int
        Column of the first pair's bound, and columns of a pair.
    threshold, keep : float
        Above the first it begins; below the second fraction of that it ends.
    is_on, last : ndarray, shape (n_pairs,)
        What is kept between calls: whether it goes on, and the last good bound.
    edges, strength : ndarray, shape (at least n_hops * n_pairs, 3), (at least n_hops * n_pairs,)
        Room for the edges, and the bound at each: the last good one where bad data cut it.
    """
    n_edges = 0
    for hop in range(len(values)):
        for pair in range(is_on.size):
            column = first_column + pair * n_columns
            bound = values[hop, column]
            kind = -1
            if not valid[hop, column]:
                if is_on[pair]:
                    kind = CUT
            else:
                last[pair] = bound
                if is_on[pair] and bound < keep * threshold:
                    kind = OFFSET
                elif not is_on[pair] and bound > threshold:
                    kind = ONSET
            if kind >= 0:
                is_on[pair] = kind == ONSET
                edges[n_edges, 0] = kind
                edges[n_edges, 1] = pair
                edges[n_edges, 2] = hop
                strength[n_edges] = last[pair]
                n_edges += 1
    return n_edges
