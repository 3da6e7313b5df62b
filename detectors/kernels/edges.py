"""Edges that kernels find: where something begins, ends or happens, on one channel."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple, TypeAlias

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.estimates import Detection

#: Kinds of edge: a cut is an offset because of bad data; a phase event, the moment at which a
#: rhythm reaches a phase, has no end.
ONSET: Final = 0
OFFSET: Final = 1
CUT: Final = 2
PHASE_EVENT: Final = 3

_Kind: TypeAlias = Literal["onset", "offset", "moment"]
_KINDS: Final[dict[int, _Kind]] = {
    ONSET: "onset",
    OFFSET: "offset",
    CUT: "offset",
    PHASE_EVENT: "moment",
}


class EdgeCounter(Record):
    """How many edges there are."""

    #: Edges that are written; whoever takes them sets it back.
    n_written: int


class Edges(NamedTuple):
    """Edges in the order in which they were found, shapes (n_rows,)."""

    #: `ONSET`, `OFFSET`, `CUT` or `PHASE_EVENT`.
    kind: Array1[np.int64]
    #: Number of the channel, or of the pair.
    channel: Array1[np.int64]
    #: Index of the sample at which it was crossed, or that is nearest to the phase event.
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
    """Return memory for edges, with none written."""
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


def take_detections(edges: Edges, detector: str, labels: Sequence[str]) -> tuple[Detection, ...]:
    """Return the detections of the edges that a kernel has written since the last call.

    Parameters
    ----------
    edges : Edges
        None is left.
    detector : str
        Id of the detector.
    labels : sequence of str
        Of each channel or pair.
    """
    n_written = edges.counter.view("n_written")
    if not n_written:
        return ()
    found = tuple(_detections(edges, int(n_written), detector, labels))
    n_written[...] = 0
    return found


def _detections(
    edges: Edges, n_edges: int, detector: str, labels: Sequence[str]
) -> Iterator[Detection]:
    columns = [each[:n_edges].tolist() for each in edges[:-1]]
    for kind, channel, sample, confirmed_sample, time_s, strength in zip(*columns, strict=True):
        yield Detection(
            detector=detector,
            channel=labels[channel],
            kind=_KINDS[kind],
            sample=sample,
            confirmed_sample=confirmed_sample,
            onset_s=time_s,
            strength=strength,
            complete=kind != CUT,
        )
