"""What a law of detectors of several streams is tried on: samples of each, in any order."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Break, StreamLayout, Taint
from detectors.chain import DetectorChain
from detectors.detector import DetectorConfig
from detectors.offline import detect
from detectors.testing.subject import ComparableResult, Plain, StreamSamples, stream_samples

#: A restart of a stream: the sample, and the seconds by which later times are moved.
Restart = tuple[int, float]


@dataclass(frozen=True)
class Streams:
    """Samples of several streams, with the breaks between them in order."""

    by_stream: Mapping[str, StreamSamples] = field(repr=False)
    breaks: tuple[Break, ...] = ()

    def after(self, stream: str) -> dict[int, Break]:
        """Return for each sample of a stream the newest break before it."""
        n_samples = self.by_stream[stream].n_samples
        return {
            each.next_sample[stream]: each
            for each in self.breaks
            if each.next_sample[stream] < n_samples
        }

    def epochs(self, stream: str) -> NDArray[np.int64]:
        """Return for each sample of a stream the number of breaks before it."""
        starts = np.array([each.next_sample[stream] for each in self.breaks], np.int64)
        indices = np.arange(self.by_stream[stream].n_samples)
        return np.searchsorted(starts, indices, side="right").astype(np.int64)

    def silent_at(self, stream: str, sample: int) -> frozenset[str]:
        """Return which streams are silent after the newest break before a sample."""
        known = [each for each in self.breaks if each.next_sample[stream] <= sample]
        return known[-1].silent if known else frozenset()

    def settled(self, stream: str) -> int:
        """Return the newest break that some stream has passed and this one has reached."""
        n_samples = self.by_stream[stream].n_samples
        known = [
            sum(each.n_breaks.values())
            for name in self.by_stream
            for each in self.after(name).values()
            if each.next_sample[stream] <= n_samples
        ]
        return max(known, default=0)

    def until(self, ends: Mapping[str, int]) -> "Streams":
        return replace(
            self,
            by_stream={name: each.until(ends[name]) for name, each in self.by_stream.items()},
        )

    def changed(self, stream: str, made: StreamSamples) -> "Streams":
        return replace(self, by_stream={**self.by_stream, stream: made})

    def tainted(self, stream: str, sample: int, channel: int, taint: Taint) -> "Streams":
        return self.changed(stream, self.by_stream[stream].tainted(sample, channel, taint))

    def blocks(self, stream: str, cuts: Sequence[int]) -> Iterator[Block]:
        """Yield a stream as blocks that begin at these samples and at breaks, in own memory."""
        given = self.by_stream[stream]
        after = self.after(stream)
        inner = {cut for cut in (*cuts, *after) if 0 < cut < given.n_samples}
        for start, stop in pairwise(sorted({0, given.n_samples, *inner})):
            yield Block(
                stream,
                start,
                given.samples_uv[start:stop].copy(),
                given.time_s[start:stop].copy(),
                given.taint[start:stop].copy(),
                after=after.get(start),
            )

    def fed(self, cuts: Mapping[str, Sequence[int]], turns: Sequence[int]) -> Iterator[Block]:
        """Yield all blocks, the streams in turns; the rest of the longest stream comes last."""
        waiting = [list(self.blocks(name, cuts[name])) for name in self.by_stream]
        for turn in turns:
            if waiting[turn % len(waiting)]:
                yield waiting[turn % len(waiting)].pop(0)
        for rest in waiting:
            yield from rest


@dataclass(frozen=True)
class CrossExample:
    """One way to configure a detector that reads several streams.

    Parameters
    ----------
    name : str
        For the report of the tests.
    config : DetectorConfig
        The detector.
    layouts : sequence of StreamLayout
        The streams it reads, in the order of its configuration.
    true_hz : mapping of str to float
        Their true rates.
    naive : callable
        The same thing computed plainly: the sample of each hop, values, validity.
    columns : callable
        The outputs of a channel of a stream.
    window_samples : int
        An estimate depends on so many rows of the grid.
    tolerance_absolute : array of float64, shape (n_outputs,)
        Between `naive` and the detector, what rounding leaves.
    """

    name: str
    config: DetectorConfig
    layouts: Sequence[StreamLayout]
    true_hz: Mapping[str, float]
    naive: Callable[[Streams], tuple[NDArray[np.int64], Plain]]
    columns: Callable[[str, int], list[int]]
    window_samples: int
    tolerance_absolute: NDArray[np.float64]

    @property
    def reference(self) -> StreamLayout:
        return min(self.layouts, key=lambda layout: layout.rate_hz)

    def chain(self) -> DetectorChain:
        return DetectorChain((self.config,), {each.name: each for each in self.layouts})

    def streams(
        self,
        seed: int,
        length_s: float,
        restarts: Mapping[str, Sequence[Restart]] = {},
        starts_s: Sequence[float] = (100.0, 99.913),
    ) -> Streams:
        """Return noise with a shared rhythm, on clocks whose rates differ a little."""
        made: dict[str, StreamSamples] = {}
        for index, layout in enumerate(self.layouts):
            n_samples = round(length_s * layout.rate_hz)
            plain = stream_samples(layout, seed + index, n_samples, ())
            taint = plain.taint.copy()
            time_s = starts_s[index] + np.arange(n_samples) / self.true_hz[layout.name]
            for sample, moved_s in restarts.get(layout.name, ()):
                taint[sample] |= np.uint16(Taint.RESTART)
                time_s[sample:] += moved_s
            made[layout.name] = StreamSamples(plain.samples_uv, time_s, taint)
        return Streams(made)


def result_of(
    example: CrossExample,
    given: Streams,
    cuts: Mapping[str, Sequence[int]] | None = None,
    turns: Sequence[int] = (),
    chain: DetectorChain | None = None,
) -> ComparableResult:
    """Return the result of the example's detector on the streams."""
    chain = chain or example.chain()
    cuts = cuts or dict.fromkeys(given.by_stream, ())
    return ComparableResult.of(detect(chain, given.fed(cuts, turns))[example.config.id])
