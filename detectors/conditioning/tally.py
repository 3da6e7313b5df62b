"""What was wrong with a stream in all: how often, on which channel, since when."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec
import numpy as np
from numpy.typing import NDArray

from detectors.conditioning.findings import Finding


class Tallied(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of finding about one stream, or about one channel of it.

    Parameters
    ----------
    stream, kind : str
        As in a `Note`.
    channel : str
        Label of the channel, or what else it is about; empty where it is about the stream.
    times : int
        How often it began.
    samples : int or None
        How many samples it concerns; None where that is not counted.
    first_sample : int
        Index of the sample at which it first became known.
    first_s : float
        Seconds from the stream's first sample to that one; where the stamps cannot say, samples
        over the nominal rate.
    text : str
        What was said of it then, in one line.
    """

    stream: str
    kind: str
    channel: str
    times: int
    samples: int | None
    first_sample: int
    first_s: float
    text: str


class Tally:
    """Counts the findings of one stream by kind and channel, and keeps the first of each.

    Parameters
    ----------
    stream : str
        Name of the stream.
    rate_hz : float
        Its nominal rate.

    Notes
    -----
    Memory is bounded by kinds times channels. The same in any chunks.
    """

    def __init__(self, stream: str, rate_hz: float) -> None:
        self._stream = stream
        self._rate_hz = rate_hz
        self._start_s: float | None = None
        self._newest_s = 0.0
        self._first: dict[tuple[str, str], tuple[int, float, str]] = {}
        self._times: dict[tuple[str, str], int] = {}

    def begin(self, time_s: NDArray[np.float64], first_sample: int) -> None:
        """Note when the stream's first sample was, from the first block that has times."""
        if self._start_s is None and (rows := np.flatnonzero(time_s)).size:
            row = int(rows[0])
            self._start_s = float(time_s[row]) - (first_sample + row) / self._rate_hz

    def end(self, time_s: NDArray[np.float64]) -> None:
        """Note when the newest sample of a block was, once all that was found there is counted."""
        self._newest_s = float(time_s[-1])

    def add(self, found: Iterable[Finding], time_s: NDArray[np.float64], first_sample: int) -> None:
        """Count what was found in one block, whose samples have these times."""
        for finding in found:
            if not finding.begins:
                continue
            key = finding.kind, finding.subject
            self._times[key] = self._times.get(key, 0) + 1
            if key not in self._first:
                since_s = self._since_start_s(finding.kind, finding.sample, time_s, first_sample)
                self._first[key] = finding.sample, since_s, finding.text

    def tallied(self, n_samples: Mapping[tuple[str, str], int]) -> Iterator[Tallied]:
        """Yield every kind and channel, the earliest first.

        Parameters
        ----------
        n_samples : mapping of (str, str) to int
            How many samples a kind concerns on a channel, where that was counted.
        """
        by_first = sorted(self._first.items(), key=lambda each: (each[1][0], each[0]))
        for (kind, channel), (sample, since_s, text) in by_first:
            yield Tallied(
                stream=self._stream,
                kind=kind,
                channel=channel,
                times=self._times[kind, channel],
                samples=n_samples.get((kind, channel)),
                first_sample=sample,
                first_s=round(since_s, 6),
                text=text,
            )

    def _since_start_s(
        self, kind: str, sample: int, time_s: NDArray[np.float64], first_sample: int
    ) -> float:
        row = sample - first_sample
        if kind == "clock_correction" and row == 0 and self._newest_s != 0.0:
            # The first time after a correction may still be of the clock before it.
            time_s = np.array([self._newest_s + 1.0 / self._rate_hz])
        if self._start_s is None or not 0 <= row < time_s.size or time_s[row] == 0.0:
            return sample / self._rate_hz
        since_s = float(time_s[row]) - self._start_s
        return since_s if since_s >= 0.0 else sample / self._rate_hz
