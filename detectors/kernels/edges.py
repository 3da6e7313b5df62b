"""Edges that kernels find: where something begins, ends or happens, on one channel."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.bundle import Array1, Record
from detectors.compiling.kernel import kernel

#: Kinds of edge; a cut is an offset because of bad data, a moment has no end.
ONSET: Final = 0
OFFSET: Final = 1
CUT: Final = 2
MOMENT: Final = 3


class EdgeCounter(Record):
    """How many there are."""

    #: Edges that are written; whoever takes them sets it back.
    n_written: int


class Edges(NamedTuple):
    """Edges in the order in which they were found, shapes (n_rows,)."""

    #: `ONSET`, `OFFSET`, `CUT` or `MOMENT`.
    kind: Array1[np.int64]
    #: Number of the channel, or of the pair.
    channel: Array1[np.int64]
    #: Index of the sample at which it was crossed, or that is nearest to the moment.
    sample: Array1[np.int64]
    #: Index of the newest sample that was needed to be sure.
    confirmed_sample: Array1[np.int64]
    #: When it happens.
    time_s: Array1[np.float64]
    #: The measure there.
    strength: Array1[np.float64]
    #: How many of the rows are written.
    counter: EdgeCounter


def empty_edges(n_rows: int) -> Edges:
    """Return memory for edges, of which there is none."""
    return Edges(
        kind=np.zeros(n_rows, dtype=np.int64),
        channel=np.zeros(n_rows, dtype=np.int64),
        sample=np.zeros(n_rows, dtype=np.int64),
        confirmed_sample=np.zeros(n_rows, dtype=np.int64),
        time_s=np.zeros(n_rows),
        strength=np.zeros(n_rows),
        counter=EdgeCounter(),
    )


@kernel
def add_edge(
    edges: Edges,
    kind: int,
    channel: int,
    sample: int,
    confirmed_sample: int,
    time_s: float,
    strength: float,
) -> None:
    """Write one edge behind the others."""
    row = edges.counter.n_written
    edges.kind[row] = kind
    edges.channel[row] = channel
    edges.sample[row] = sample
    edges.confirmed_sample[row] = confirmed_sample
    edges.time_s[row] = time_s
    edges.strength[row] = strength
    edges.counter.n_written = row + 1
