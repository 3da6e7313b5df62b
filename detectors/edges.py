"""Detections of the edges that a kernel has written."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal, TypeAlias

from detectors.estimates import Detection
from detectors.kernels.edges import CUT, MOMENT, OFFSET, ONSET, Edges

_Kind: TypeAlias = Literal["onset", "offset", "moment"]
_KINDS: Final[dict[int, _Kind]] = {
    ONSET: "onset",
    OFFSET: "offset",
    CUT: "offset",
    MOMENT: "moment",
}


def take_detections(edges: Edges, detector: str, labels: Sequence[str]) -> tuple[Detection, ...]:
    """Return what a kernel has found since the last call.

    Parameters
    ----------
    edges : Edges
        Set back to none.
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
