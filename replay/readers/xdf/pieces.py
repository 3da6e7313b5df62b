"""The index of one stream of an XDF file: where each piece of it lies, and the stamp before it."""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.xdf.file_bytes import FileBytes
from replay.readers.xdf.layouts import Layout, Stamping, Whole
from replay.recording import ClockOffsets, RecordedStream, Stretch
from streamer.source import StreamInfo

#: A piece is as long at most, but for one sample that is longer.
_PIECE_BYTES = 2**18


class Piece(NamedTuple):
    """Samples that follow each other in the file without anything between them."""

    first_sample: int
    start: int
    whole: Whole
    before_s: float


class Pieces:
    """Where the samples of one stream lie, 33 bytes a piece, filled in the order of the file.

    Parameters
    ----------
    layout : Layout
        The form of its samples.
    """

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.n_samples = 0
        self.n_stamps_not_finite = 0
        self._last_s = 0.0
        self._firsts = array("q")
        self._starts = array("q")
        self._n_bytes = array("q")
        self._stampings = array("b")
        self._before_s = array("d")

    def take(self, file: FileBytes, start: int, end: int, n_samples: int) -> bool:
        """Index the samples of a chunk, which lie between two offsets of the file.

        Returns
        -------
        bool
            Whether they are as many as the chunk says. Else nothing is taken.
        """
        found: list[Piece] = []
        at, last_s, n_left, n_not_finite = start, self._last_s, n_samples, 0
        length = _PIECE_BYTES
        while n_left > 0:
            content = file.read(at, min(at + length, end))
            whole = self.layout.whole(content, n_left)
            if not whole.n_samples:
                if at + length >= end:
                    return False
                length *= 2  # a sample longer than a piece
                continue
            stamps_s = self.layout.stamps(content, whole, last_s)
            found.append(Piece(self.n_samples + n_samples - n_left, at, whole, last_s))
            n_not_finite += int(np.count_nonzero(~np.isfinite(stamps_s)))
            at, last_s, n_left = at + whole.n_bytes, float(stamps_s[-1]), n_left - whole.n_samples
            length = _PIECE_BYTES
        if at != end:
            return False
        for piece in found:
            self._add(piece)
        self._last_s = last_s
        self.n_samples += n_samples
        self.n_stamps_not_finite += n_not_finite
        return True

    def between(self, start: int, stop: int) -> Iterator[Piece]:
        """Yield the pieces that hold the samples from `start` up to, and without, `stop`."""
        number = bisect_right(self._firsts, start) - 1
        while start < stop:
            following = number + 1
            is_last = following == len(self._firsts)
            end = self.n_samples if is_last else self._firsts[following]
            first = self._firsts[number]
            whole = Whole(end - first, self._n_bytes[number], Stamping(self._stampings[number]))
            yield Piece(first, self._starts[number], whole, self._before_s[number])
            start, number = end, following

    def _add(self, piece: Piece) -> None:
        self._firsts.append(piece.first_sample)
        self._starts.append(piece.start)
        self._n_bytes.append(piece.whole.n_bytes)
        self._stampings.append(piece.whole.stamping)
        self._before_s.append(piece.before_s)


class XdfStream(RecordedStream):
    """One stream of an XDF file.

    Parameters
    ----------
    info : StreamInfo
        What its header says.
    clock : ClockOffsets
        What the file holds of its sender's clock.
    file : FileBytes
        The file.
    pieces : Pieces
        Where in it the samples lie.
    """

    def __init__(
        self, info: StreamInfo, clock: ClockOffsets, file: FileBytes, pieces: Pieces
    ) -> None:
        super().__init__(info, pieces.n_samples, clock)
        self._file = file
        self._pieces = pieces

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps, as stored; a stamp that is not stored is deduced."""
        dtype = object if self.info.dtype == "string" else self.info.dtype
        samples = np.empty((stop - start, self._pieces.layout.n_channels), dtype)
        stamps_s = np.empty(stop - start)
        for piece in self._pieces.between(start, stop):
            part, skipped, content, whole = self._part(piece, start, stop)
            found = self._pieces.layout.decode(content, whole, piece.before_s)
            samples[part] = found.samples[skipped:]
            stamps_s[part] = found.timestamps_s[skipped:]
        return Stretch(samples, stamps_s)

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        stamps_s = np.empty(stop - start)
        for piece in self._pieces.between(start, stop):
            part, skipped, content, whole = self._part(piece, start, stop)
            stamps_s[part] = self._pieces.layout.stamps(content, whole, piece.before_s)[skipped:]
        return stamps_s

    def _part(self, piece: Piece, start: int, stop: int) -> tuple[slice, int, bytes, Whole]:
        """Return where a piece belongs in what is read, what of it comes before, and its bytes."""
        first, whole = piece.first_sample, piece.whole
        n_samples = min(stop - first, whole.n_samples)
        skipped = max(start - first, 0)
        part = slice(first + skipped - start, first + n_samples - start)
        row_bytes = self._pieces.layout.row_bytes(whole.stamping)
        n_bytes = n_samples * row_bytes if row_bytes else whole.n_bytes
        at = piece.start
        if whole.stamping is Stamping.ALL:  # then what comes before is not needed
            at += skipped * row_bytes
            n_samples, n_bytes, skipped = n_samples - skipped, n_bytes - skipped * row_bytes, 0
        part_of_it = Whole(n_samples, n_bytes, whole.stamping)
        return part, skipped, self._file.read(at, at + n_bytes), part_of_it
