"""The samples of a stream, read from its journal piece by piece, each with its position."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, ranges
from stimloop.sharing.file_time import FileTime


class Piece(NamedTuple):
    """Samples that follow each other, shape (n_samples, n_channels), from a position on."""

    position: int
    samples: NDArray[np.generic]


class Samples:
    """What a journal has of one stream.

    Parameters
    ----------
    stream : RecordedStream
        As our own reader opens it.
    file_time : FileTime
        Where its samples stand.
    """

    def __init__(self, stream: RecordedStream, file_time: FileTime) -> None:
        self._stream = stream
        self.file_time = file_time
        self.dtype = np.dtype(stream.info.dtype)

    def pieces(self) -> Iterator[Piece]:
        """Yield all samples in order, in pieces that no gap divides."""
        n_samples = min(self.file_time.n_samples, self._stream.n_samples)
        for start, stop in ranges(n_samples, self._stream.n_samples_at_once):
            stretch = self._stream.read(start, stop)
            for begin, end, position in self.file_time.stretches(start, stop):
                yield Piece(position, stretch.samples[begin - start : end - start])

    def single(self, factors: NDArray[np.float64]) -> Iterator[NDArray[np.float32]]:
        """Yield what a file of single precision has: gaps are NaN.

        Numbers of a channel with the factor 1 are converted and nothing else, so that those of
        float32, and whole ones below 2**24, keep every bit.
        """
        position = 0
        for piece in self.pieces():
            if piece.position > position:
                n_missing = piece.position - position
                for start, stop in ranges(n_missing, self._stream.n_samples_at_once):
                    yield np.full((stop - start, factors.size), np.nan, np.float32)
            with np.errstate(over="ignore"):
                if (factors == 1.0).all():
                    yield piece.samples.astype(np.float32)
                else:
                    yield (piece.samples.astype(np.float64) * factors).astype(np.float32)
            position = piece.position + len(piece.samples)
