"""Conditioned samples of one channel, kept on disk, and the pieces that follow without a break."""

from collections.abc import Iterator
from tempfile import TemporaryFile
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import WINDOW_TAINT, Block, Taint

#: Samples that are handled at once: some megabytes.
PIECE_SAMPLES: Final = 1 << 17


class Piece(NamedTuple):
    """Good samples that follow each other, some of them beside what is meant.

    Parameters
    ----------
    time_s : ndarray of float64, shape (n_samples,)
        Smoothed time of each sample.
    samples_uv : ndarray of float64, shape (n_samples,)
        Conditioned samples.
    own : slice
        The samples that no other piece has; the rest are margins for a filter.
    is_first, is_last : bool
        Whether the good samples begin, and end, with this piece.
    """

    time_s: NDArray[np.float64]
    samples_uv: NDArray[np.float64]
    own: slice
    is_first: bool
    is_last: bool


class KeptSignal:
    """The samples of some channels of one stream, as a file without a name.

    Parameters
    ----------
    n_samples : int
        Samples of the stream.
    columns : dict of str to int
        The channels that are kept, and their columns in a block.
    rate_hz : float
        Nominal rate.

    Notes
    -----
    What is in memory does not grow with the recording: the operating system writes and forgets
    pages of the file as it sees fit.
    """

    def __init__(self, n_samples: int, columns: dict[str, int], rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.channels = tuple(columns)
        self._columns = list(columns.values())
        shape = (len(columns), max(n_samples, 1))
        self._time_s: NDArray[np.float64] = _on_disk((shape[1],), np.float64)
        self._samples_uv: NDArray[np.float32] = _on_disk(shape, np.float32)
        self._taint: NDArray[np.uint16] = _on_disk(shape, np.uint16)
        self.n_samples = 0

    def take(self, block: Block) -> None:
        """Keep the samples of a block."""
        first, stop = block.first_sample, block.first_sample + len(block.time_s)
        self._time_s[first:stop] = block.time_s
        self._samples_uv[:, first:stop] = block.samples_uv[:, self._columns].T
        self._taint[:, first:stop] = block.taint[:, self._columns].T
        self.n_samples = max(self.n_samples, stop)

    def samples(self, channel: str, start: int, stop: int) -> Piece:
        """Return samples as they are, good or not."""
        row = self.channels.index(channel)
        return Piece(
            np.array(self._time_s[start:stop]),
            np.array(self._samples_uv[row, start:stop], np.float64),
            slice(None),
            is_first=True,
            is_last=True,
        )

    def index_at(self, time_s: float) -> int:
        """Return the first sample that is not before a moment."""
        return int(np.searchsorted(self._time_s[: self.n_samples], time_s))

    def stretches(self, channel: str) -> Iterator[tuple[int, int]]:
        """Yield where good samples begin and end that follow each other without a gap."""
        taint = self._taint[self.channels.index(channel), : self.n_samples]
        good = (taint & int(WINDOW_TAINT)) == 0
        restarts = np.flatnonzero(taint & int(Taint.RESTART))
        for restart in restarts.tolist():
            # Stamps were doubtful from the first sample after the gap on, until it was confirmed.
            before = restart - 1
            while before >= 0 and taint[before] & int(Taint.SUSPECT_STAMP):
                good[before] = False
                before -= 1
        edges = np.flatnonzero(np.diff(np.concatenate([[False], good, [False]]).astype(np.int8)))
        for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            inner = restarts[(restarts > start) & (restarts < stop)].tolist()
            yield from zip([start, *inner], [*inner, stop], strict=True)

    def pieces(self, channel: str, margin_samples: int) -> Iterator[Piece]:
        """Yield the good samples of a channel in pieces, with margins where more are there."""
        for start, stop in self.stretches(channel):
            for first in range(start, stop, PIECE_SAMPLES):
                last = min(first + PIECE_SAMPLES, stop)
                low, high = max(start, first - margin_samples), min(stop, last + margin_samples)
                found = self.samples(channel, low, high)
                yield Piece(
                    found.time_s,
                    found.samples_uv,
                    slice(first - low, last - low),
                    is_first=first == start,
                    is_last=last == stop,
                )


def _on_disk(shape: tuple[int, ...], dtype: Any) -> NDArray[Any]:  # noqa: ANN401 of numbers
    with TemporaryFile(prefix="stimloop-") as file:
        # The mapping keeps the file's content after its name and handle are gone.
        return np.memmap(file, dtype, "w+", shape=shape)
