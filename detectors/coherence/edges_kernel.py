"""Onsets and offsets of a bound over a threshold, hop by hop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.edges import CUT, OFFSET, ONSET, Edges, add_edge


class Rule(Record):
    """What makes an edge; never changes."""

    #: Column of the first pair's bound.
    first_column: int
    #: Columns of a pair.
    n_columns: int
    #: Above it coherence begins.
    threshold: float
    #: Below this fraction of it coherence ends.
    keep: float


class State(NamedTuple):
    """What edges are found by, shapes (n_pairs,)."""

    #: Whether it goes on.
    is_on: Array1[np.bool_]
    #: The last good bound: that of the edge where bad data cut it.
    last: Array1[np.float64]
    #: What makes an edge.
    rule: Rule
    #: Onsets, offsets and cuts.
    edges: Edges


@kernel
def update(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    addresses: NDArray[np.int64],
) -> None:
    """Write the edges of these hops, in order.

    Parameters
    ----------
    values, valid, sample, time_s
        See `detectors.estimates.Estimates`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    rule, is_on, last = state.rule, state.is_on, state.last
    for hop in range(len(values)):
        for pair in range(is_on.size):
            column = rule.first_column + pair * rule.n_columns
            bound = values[hop, column]
            kind = -1
            if not valid[hop, column]:
                if is_on[pair]:
                    kind = CUT
            else:
                last[pair] = bound
                if is_on[pair] and bound < rule.keep * rule.threshold:
                    kind = OFFSET
                elif not is_on[pair] and bound > rule.threshold:
                    kind = ONSET
            if kind >= 0:
                is_on[pair] = kind == ONSET
                add_edge(state.edges, kind, pair, sample[hop], sample[hop], time_s[hop], last[pair])
