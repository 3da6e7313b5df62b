"""How the samples of one stream lie in a chunk of an XDF file: numbers, or text."""

from abc import ABC, abstractmethod
from enum import IntEnum
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.readers.xdf.chunks import read_length
from replay.recording import Stretch

#: A sample begins with a byte that says whether a stamp of eight bytes follows.
_FLAG_BYTES = 1
_STAMP_BYTES = 8


class Stamping(IntEnum):
    """Which samples of a piece have a stamp of their own; of the others it is deduced."""

    NONE = 0
    ALL = 1
    SOME = 2


class Whole(NamedTuple):
    """How many complete samples some bytes begin with, and where they end."""

    n_samples: int
    n_bytes: int
    stamping: Stamping


class Layout(ABC):
    """The form of one stream's samples.

    Parameters
    ----------
    n_channels : int
        Values of a sample.
    rate_hz : float
        Nominal rate. A sample without a stamp came one interval after the one before; at no rate,
        with it.

    References
    ----------
    XDF specification 1.0, samples chunk, https://github.com/sccn/xdf/wiki/Specifications
    """

    def __init__(self, n_channels: int, rate_hz: float) -> None:
        self.n_channels = n_channels
        self._interval_s = 1.0 / rate_hz if rate_hz > 0.0 else 0.0

    @abstractmethod
    def whole(self, content: bytes, n_samples_max: int) -> Whole:
        """Return how many complete samples `content` begins with."""

    @abstractmethod
    def decode(self, content: bytes, whole: Whole, before_s: float) -> Stretch:
        """Return samples and stamps of the complete samples in `content`.

        `before_s` is the stamp of the sample before it.
        """

    @abstractmethod
    def stamps(self, content: bytes, whole: Whole, before_s: float) -> NDArray[np.float64]:
        """Return the stamps alone."""

    def row_bytes(self, stamping: Stamping) -> int:  # noqa: ARG002 where all lengths differ
        """Return the length of every sample of a piece, 0 where they differ."""
        return 0

    def _deduced(
        self, content: bytes, starts: list[int], before_s: float
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """Return the stamps of samples that start at `starts`, and which are stored."""
        at = np.array(starts, np.int64)
        raw = np.frombuffer(content, np.uint8)
        is_stored = raw[at] != 0
        stamps_s = np.empty(len(starts))
        columns = at[is_stored, None] + np.arange(_FLAG_BYTES, _FLAG_BYTES + _STAMP_BYTES)
        stamps_s[is_stored] = raw[columns].reshape(-1).view("<f8")
        stored = np.flatnonzero(is_stored)
        # One addition after the other: the stamps of a file are the same in whatever pieces.
        edges = [0, *stored.tolist(), len(starts)]
        for first, end in pairwise(edges):
            if first < end and not is_stored[first]:
                stamps_s[first:end] = self._after(before_s, end - first)
            elif first + 1 < end:
                stamps_s[first + 1 : end] = self._after(float(stamps_s[first]), end - first - 1)
        return stamps_s, is_stored

    def _after(self, before_s: float, n_samples: int) -> NDArray[np.float64]:
        steps_s = np.full(n_samples + 1, self._interval_s)
        steps_s[0] = before_s
        after_s: NDArray[np.float64] = np.add.accumulate(steps_s)[1:]
        return after_s


class NumberLayout(Layout):
    """Samples of numbers, each as long as the others but for its stamp."""

    def __init__(self, n_channels: int, rate_hz: float, dtype: str) -> None:
        super().__init__(n_channels, rate_hz)
        self._dtype = np.dtype(dtype)
        values = ("values", self._dtype.newbyteorder("<"), (n_channels,))
        self._rows = {
            Stamping.NONE: np.dtype([("flag", "u1"), values]),
            Stamping.ALL: np.dtype([("flag", "u1"), ("stamp_s", "<f8"), values]),
        }

    def row_bytes(self, stamping: Stamping) -> int:
        """Return the length of every sample of a piece, 0 where they differ."""
        return self._rows[stamping].itemsize if stamping in self._rows else 0

    def whole(self, content: bytes, n_samples_max: int) -> Whole:
        """Return how many complete samples `content` begins with."""
        if not content:
            return Whole(0, 0, Stamping.NONE)
        stamping = Stamping.ALL if content[0] else Stamping.NONE
        row_bytes = self.row_bytes(stamping)
        n_rows = min(n_samples_max, len(content) // row_bytes)
        flags = np.frombuffer(content, np.uint8, n_rows * row_bytes)[::row_bytes]
        if ((flags != 0) == bool(content[0])).all():
            return Whole(n_rows, n_rows * row_bytes, stamping)
        starts = self._starts(content, n_samples_max)
        return Whole(len(starts) - 1, starts[-1], Stamping.SOME)

    def decode(self, content: bytes, whole: Whole, before_s: float) -> Stretch:
        """Return samples and stamps of the complete samples in `content`."""
        if whole.stamping is not Stamping.SOME:
            rows = np.frombuffer(content, self._rows[whole.stamping], whole.n_samples)
            values = rows["values"].astype(self._dtype)
            return Stretch(values, self.stamps(content, whole, before_s))
        starts = self._starts(content, whole.n_samples)[:-1]
        stamps_s, is_stored = self._deduced(content, starts, before_s)
        value_bytes = self.n_channels * self._dtype.itemsize
        within = np.lib.stride_tricks.sliding_window_view(
            np.frombuffer(content, np.uint8), value_bytes
        )
        rows_bytes = within[np.array(starts) + _FLAG_BYTES + _STAMP_BYTES * is_stored]
        values = rows_bytes.view(self._dtype.newbyteorder("<")).astype(self._dtype)
        return Stretch(values, stamps_s)

    def stamps(self, content: bytes, whole: Whole, before_s: float) -> NDArray[np.float64]:
        """Return the stamps alone."""
        if whole.stamping is Stamping.ALL:
            rows = np.frombuffer(content, self._rows[Stamping.ALL], whole.n_samples)
            return rows["stamp_s"].astype(np.float64)
        if whole.stamping is Stamping.NONE:
            return self._after(before_s, whole.n_samples)
        return self._deduced(content, self._starts(content, whole.n_samples)[:-1], before_s)[0]

    def _starts(self, content: bytes, n_samples_max: int) -> list[int]:
        """Return where the samples begin that lie whole in `content`, and where the last ends."""
        lengths = (self.row_bytes(Stamping.NONE), self.row_bytes(Stamping.ALL))
        at, starts = 0, [0]
        while len(starts) <= n_samples_max and at < len(content):
            at += lengths[content[at] != 0]
            if at > len(content):
                break
            starts.append(at)
        return starts


class TextLayout(Layout):
    """Samples of text, each value with its own length."""

    def whole(self, content: bytes, n_samples_max: int) -> Whole:
        """Return how many complete samples `content` begins with."""
        n_samples, end = 0, 0
        while n_samples < n_samples_max:
            following = self._texts(content, end)
            if following is None:
                break
            n_samples, end = n_samples + 1, following[-1].stop
        return Whole(n_samples, end, Stamping.SOME)

    def decode(self, content: bytes, whole: Whole, before_s: float) -> Stretch:
        """Return samples and stamps of the complete samples in `content`."""
        rows = self._rows(content, whole.n_samples)
        samples = np.empty((len(rows), self.n_channels), object)
        for number, (_, texts) in enumerate(rows):
            samples[number] = [content[each].decode(errors="replace") for each in texts]
        return Stretch(samples, self._deduced(content, [at for at, _ in rows], before_s)[0])

    def stamps(self, content: bytes, whole: Whole, before_s: float) -> NDArray[np.float64]:
        """Return the stamps alone."""
        starts = [at for at, _ in self._rows(content, whole.n_samples)]
        return self._deduced(content, starts, before_s)[0]

    def _rows(self, content: bytes, n_samples: int) -> list[tuple[int, list[slice]]]:
        """Return where each sample begins, and where its texts lie."""
        rows: list[tuple[int, list[slice]]] = []
        at = 0
        for _ in range(n_samples):
            texts = self._texts(content, at) or []
            rows.append((at, texts))
            at = texts[-1].stop
        return rows

    def _texts(self, content: bytes, at: int) -> list[slice] | None:
        """Return where the texts of the sample at `at` lie; None where it is not whole."""
        if at >= len(content):
            return None
        at += _FLAG_BYTES + (_STAMP_BYTES if content[at] else 0)
        texts: list[slice] = []
        for _ in range(self.n_channels):
            length, at = read_length(content, at, len(content))
            if length < 0 or at + length > len(content):
                return None
            texts.append(slice(at, at + length))
            at += length
        return texts
