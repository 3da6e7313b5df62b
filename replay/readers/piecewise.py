"""Streams of a file: signals in continuous pieces that count at their rate, and markers."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, Stretch
from streamer.source import StreamInfo


class Piece(NamedTuple):
    """Samples that follow each other without a gap.

    Parameters
    ----------
    first_sample : int
        Index, within the stream, of its first sample.
    start_s : float
        Stamp of that sample; the others count on from it at the stream's rate.
    first_in_file : int
        Index of that sample within what the file holds, where some of it is left out.

    Examples
    --------
    >>> Piece(1000, start_s=1.5, first_in_file=1000).start_s
    1.5
    """

    first_sample: int
    start_s: float
    first_in_file: int


#: A whole file without a gap, from 0 s.
WITHOUT_GAP: Final = (Piece(0, 0.0, 0),)


class PiecewiseStream(RecordedStream):
    """A signal whose stamps count from the beginning of each piece.

    Parameters
    ----------
    info : StreamInfo
        What the file says of it.
    n_samples : int
        Number of samples of all pieces.
    load : callable
        Given the indices of two samples within the file, returns the samples from the first up to,
        and without, the second, shape (n_samples, n_channels), in arrays that nobody else holds.
    pieces : sequence of Piece
        In their order; the first begins with sample 0.

    Examples
    --------
    >>> info = StreamInfo(
    ...     name="LFP", rate_hz=10.0, channels=("ch1",), units=("uV",), dtype="float64"
    ... )
    >>> pieces = (Piece(0, 0.0, 0), Piece(2, 5.0, 4))
    >>> stream = PiecewiseStream(info, 4, lambda a, b: np.arange(a, b)[:, None] * 1.0, pieces)
    >>> samples, stamps_s = stream.read(1, 4)
    >>> samples[:, 0].tolist(), stamps_s.tolist()
    ([1.0, 4.0, 5.0], [0.1, 5.0, 5.1])
    """

    def __init__(
        self,
        info: StreamInfo,
        n_samples: int,
        load: Callable[[int, int], NDArray[np.generic]],
        pieces: Sequence[Piece] = WITHOUT_GAP,
    ) -> None:
        super().__init__(info, n_samples)
        self._load: Final = load
        self._first: Final = np.array([each.first_sample for each in pieces], np.int64)
        self._start_s: Final = np.array([each.start_s for each in pieces], np.float64)
        self._in_file: Final = np.array([each.first_in_file for each in pieces], np.int64)

    def decode(self, start: int, stop: int) -> Stretch:
        """Return samples and stamps."""
        parts = [self._load(first, last) for first, last in self._in_file_between(start, stop)]
        samples = parts[0] if len(parts) == 1 else np.concatenate(parts)
        return Stretch(samples, self.decode_stamps(start, stop))

    def decode_stamps(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps alone."""
        number = np.arange(start, stop)
        piece = np.searchsorted(self._first, number, side="right") - 1
        stamps_s: NDArray[np.float64] = (
            self._start_s[piece] + (number - self._first[piece]) / self.info.rate_hz
        )
        return stamps_s

    def _in_file_between(self, start: int, stop: int) -> Iterator[tuple[int, int]]:
        """Yield where each part of a range lies in the file; parts that touch are one."""
        piece = max(int(np.searchsorted(self._first, start, side="right")) - 1, 0)
        begin = end = int(self._in_file[piece]) + start - int(self._first[piece])
        while start < stop:
            is_last = piece + 1 == len(self._first)
            until = stop if is_last else min(stop, int(self._first[piece + 1]))
            at = int(self._in_file[piece]) + start - int(self._first[piece])
            if at != end:
                yield begin, end
                begin = at
            end = at + until - start
            start, piece = until, piece + 1
        yield begin, end


class Marker(NamedTuple):
    """Something that happened, by its time and its text."""

    time_s: float
    text: str


class MarkerStream(RecordedStream):
    """Markers in memory, in the order of their times.

    Parameters
    ----------
    markers : sequence of Marker
        As the file has them, in any order.
    name : str
        What the stream is called.

    Examples
    --------
    >>> stream = MarkerStream([Marker(2.0, "grip"), Marker(1.0, "cue")])
    >>> samples, stamps_s = stream.read(0, 2)
    >>> samples.tolist(), stamps_s.tolist()
    ([['cue'], ['grip']], [1.0, 2.0])
    """

    def __init__(self, markers: Sequence[Marker], name: str = "Markers") -> None:
        info = StreamInfo(
            name=name,
            rate_hz=0.0,
            channels=("label",),
            units=("",),
            dtype="string",
            lsl_name=name,
            lsl_type="Markers",
        )
        super().__init__(info, len(markers))
        ordered = sorted(markers, key=lambda each: each.time_s)
        rows = np.empty((len(ordered), 1), object)
        rows[:, 0] = [each.text for each in ordered]
        self._held: Final = Stretch(rows, np.array([each.time_s for each in ordered], np.float64))

    def decode(self, start: int, stop: int) -> Stretch:
        """Return texts and stamps."""
        rows, stamps_s = self._held
        return Stretch(rows[start:stop].copy(), stamps_s[start:stop].copy())
