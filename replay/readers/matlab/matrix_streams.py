"""Streams of matrices of channels by samples that follow each other in time."""

from collections.abc import Sequence
from functools import partial
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.channels import Channel, groups_of
from replay.readers.matlab.contents import Matrix
from replay.readers.piecewise import Piece, PiecewiseStream
from replay.recording import RecordedStream


class Part(NamedTuple):
    """A matrix of channels by samples, and the stamp of its first sample."""

    matrix: Matrix
    start_s: float


class _Parts:
    """The samples of parts, counted through."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._parts: Final = parts
        sizes = [part.matrix.shape[1] for part in parts]
        #: Where each part begins, and where the last one ends.
        self.edges: Final = [0, *np.cumsum(sizes).tolist()]

    def load(
        self, columns: Sequence[int], factors: Sequence[float], start: int, stop: int
    ) -> NDArray[np.float64]:
        """Return samples of some channels, each times its factor."""
        found = np.empty((stop - start, len(columns)))
        first = max(int(np.searchsorted(self.edges, start, side="right")) - 1, 0)
        for number in range(first, len(self._parts)):
            begin, end = max(start, self.edges[number]), min(stop, self.edges[number + 1])
            if begin >= stop:
                break
            shift = self.edges[number]
            held = self._parts[number].matrix.columns(begin - shift, end - shift)
            found[begin - start : end - start] = held[:, columns] * np.array(factors)
        return found


def matrix_streams(
    channels: Sequence[Channel], parts: Sequence[Part]
) -> tuple[RecordedStream, ...]:
    """Return the streams (see `groups_of`) of matrices whose rows are these channels."""
    held = _Parts(parts)
    pieces = [
        Piece(first, part.start_s, first) for first, part in zip(held.edges, parts, strict=False)
    ]
    return tuple(
        PiecewiseStream(
            info,
            held.edges[-1],
            partial(held.load, columns, [channels[each].to_microvolts for each in columns]),
            pieces,
        )
        for info, columns in groups_of(channels)
    )
