"""A recording as a source: the same events a network gives, in the recorder's order and time."""

import asyncio
import heapq
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from replay.choice import answering, choose, not_one_text
from replay.read_ahead import ReadAhead
from replay.recorded_events import marker_events, signal_events
from replay.recording import RecordedStream, Recording, Stretch
from replay.timeline.timeline import Timeline
from replay.timeline.timelines import timelines
from replay.unheld_source import UnheldSource
from replay.virtual_time import pass_time
from streamer.errors import StreamNotFoundError
from streamer.events import Event
from streamer.lsl.description import as_configured, asked_text, require_as_configured
from streamer.source import StreamInfo
from streamer.streams import StreamConfig

#: Many amplifiers deliver blocks of this length.
_USUAL_S = 0.01


class Chunking(msgspec.Struct, frozen=True, kw_only=True):
    """The sizes of the chunks that a recording's samples are cut into.

    Parameters
    ----------
    n_samples_max : int, optional
        Longest chunk; without, as many samples as come in 10 ms.
    seed : int, optional
        Without, all chunks have that length; with it, random lengths from one sample to that.
    """

    n_samples_max: int | None = None
    seed: int | None = None

    def __post_init__(self) -> None:
        if self.n_samples_max is not None and self.n_samples_max < 1:
            raise ValueError(f"n_samples_max: expected at least 1, found {self.n_samples_max}")

    def longest(self, rate_hz: float) -> int:
        """Return the samples of the longest chunk of a stream."""
        return self.n_samples_max or max(1, round(_USUAL_S * rate_hz))

    def edges(self, n_samples: int, rate_hz: float, stream_index: int) -> Iterator[int]:
        """Yield where the chunks of `n_samples` begin, without 0; each stream's differ."""
        longest = self.longest(rate_hz)
        if self.seed is None:
            yield from range(longest, n_samples, longest)
            return
        random = np.random.default_rng((self.seed, stream_index))
        at = int(random.integers(1, longest, endpoint=True))
        while at < n_samples:
            yield at
            at += int(random.integers(1, longest, endpoint=True))


class RecordingSource(UnheldSource):
    """The configured streams of one recording; a `Source`.

    Parameters
    ----------
    recording : Recording
        The file.
    configs : sequence of StreamConfig
        The streams, each of which exactly one recorded stream must answer to: see `replay.choice`.
    chunking : Chunking
        How samples are cut. What is detected does not depend on it.

    Notes
    -----
    A chunk comes when the running loop's time is the recorder's time of its last sample, so the
    loop's time has to be the recorder's: see `replay.virtual_time`. Where two things happen at
    one time, samples come before markers, and streams in the order of the configuration.

    Clock corrections come from the stored offsets, each before the first sample that was sent
    after it was measured, the first of each life of the sender's clock before that life's first
    sample. A stream without any gets a correction of 0: its stamps are the recorder's. The
    recorder stores no uncertainty; 1 ms is given.

    Markers and corrections cut the chunks of all streams where they fall, so they are bound to the
    same samples in whatever chunks the rest is cut. Gaps, jitter, NaN and repeated stamps are as
    recorded.
    """

    def __init__(
        self,
        recording: Recording,
        configs: Sequence[StreamConfig],
        chunking: Chunking = Chunking(),  # noqa: B008 frozen
    ) -> None:
        self._recording = recording
        self._configs = tuple(configs)
        self._chunking = chunking
        self._streams: tuple[RecordedStream, ...] = ()
        self._timelines: tuple[Timeline, ...] = ()
        self._infos: tuple[StreamInfo, ...] = ()
        self._remarks: list[str] = []
        self._cuts: dict[str, NDArray[np.int64]] = {}
        self._samples: dict[str, ReadAhead] = {}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What of the recording was left out, one line each; known once opened."""
        return tuple(self._remarks)

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """The streams in the order of the configuration, known once opened."""
        return self._infos

    @property
    def streams(self) -> tuple[RecordedStream, ...]:
        """The recorded streams in the order of the configuration, known once opened."""
        return self._streams

    @property
    def chunking(self) -> Chunking:
        """How samples are cut."""
        return self._chunking

    @property
    def span_s(self) -> tuple[float, float]:
        """Recorder's time of the first and the last sample; both 0 without any."""
        spans_s = [each.span_s for each in self._timelines if each.span_s is not None]
        if not spans_s:
            return 0.0, 0.0
        return min(start_s for start_s, _ in spans_s), max(end_s for _, end_s in spans_s)

    @property
    def n_samples(self) -> int:
        """Samples of all signals."""
        return sum(each.n_samples for each in self._streams if each.is_signal)

    @property
    def unused(self) -> tuple[RecordedStream, ...]:
        """The recorded streams that the configuration does not read, known once opened."""
        return tuple(
            each
            for each in self._recording.streams
            if not any(each is used for used in self._streams)
        )

    def open(self) -> None:
        """Find and check the streams; entering does it too.

        Raises
        ------
        StreamNotFoundError
            Where none or several answer to a `match`; the text lists what was recorded.
        StreamFormatError
            Where a stream is not what the configuration says.
        RecordingError
            Where the streams' clocks have nothing to do with each other.
        """
        streams = tuple(self._find(config) for config in self._configs)
        infos = tuple(
            as_configured(config, stream.info)
            for config, stream in zip(self._configs, streams, strict=True)
        )
        for config, info in zip(self._configs, infos, strict=True):
            require_as_configured(config, info)
        self._timelines = timelines(streams)
        self._streams, self._infos = streams, infos

    async def __aenter__(self) -> Self:
        """Open it."""
        if not self._infos:
            self.open()
        return self

    async def feed(self, emit: Callable[[Event], None]) -> None:
        """Hand every event to `emit` at its time, until the recording ends."""
        loop = asyncio.get_running_loop()
        for time_s, event in self.events():
            wait_s = time_s - loop.time()
            if wait_s > 0.0:
                await pass_time(wait_s)
            emit(event)

    def events(self) -> Iterator[tuple[float, Event]]:
        """Yield every event with its time on the recorder's clock, in order."""
        signals: list[Iterator[tuple[float, Event]]] = []
        markers: list[Iterator[tuple[float, Event]]] = []
        named = zip(self._infos, self._streams, self._timelines, strict=True)
        marked_s = [
            each.read(0, stream.n_samples).times_s
            for stream, each in zip(self._streams, self._timelines, strict=True)
            if not stream.is_signal
        ]
        cuts_s = np.concatenate([np.empty(0), *marked_s])
        for stream_index, (info, stream, times) in enumerate(named):
            if stream.is_signal:
                self._cuts[info.name] = self._cuts_of(times, cuts_s)
                edges = self._edges(stream_index, info, times.n_samples)
                samples = self._samples[info.name] = ReadAhead(stream)
                signals.append(signal_events(info.name, samples, times, edges))
            else:
                markers.append(marker_events(info.name, stream, times))
        # Equal times keep the order of the streams, and each stream its own order.
        return heapq.merge(*signals, *markers, key=itemgetter(0))

    def read(self, name: str, start: int, stop: int) -> Stretch:
        """Return samples of a signal, the first of which is that of the newest chunk, or later."""
        return self._samples[name].read(start, stop)

    def next_cut(self, name: str, sample: int) -> int:
        """Return up to which sample nothing but samples can come, from one on that was given.

        There a marker or a correction of any stream follows, or the stream `name` ends.
        """
        cuts = self._cuts[name]
        return int(cuts[np.searchsorted(cuts, sample, "right")])

    def _cuts_of(self, times: Timeline, cuts_s: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return where markers and corrections, and the end, cut a signal."""
        corrected = [each.first_sample for each in times.corrections]
        others_s = [
            each.time_s
            for other in self._timelines
            if other is not times
            for each in other.corrections
        ]
        cuts_s = np.concatenate([cuts_s, others_s])
        # On both sides of samples of that very time, for those may come before it or after it.
        cuts = [times.n_before(cuts_s, side) for side in ("left", "right")]
        return np.unique(np.concatenate([corrected, *cuts, [times.n_samples]]).astype(np.int64))

    def _edges(self, stream_index: int, info: StreamInfo, n_samples: int) -> Iterator[int]:
        """Yield where each chunk of a signal ends."""
        regular = self._chunking.edges(n_samples, info.rate_hz, stream_index)
        edges = heapq.merge(regular, self._cuts[info.name].tolist())
        yield from (edge for edge, _ in groupby(edges) if edge > 0)

    def _find(self, config: StreamConfig) -> RecordedStream:
        found = answering(config.match, self._recording.streams)
        chosen = choose(config.match, found)
        if len(chosen.streams) == 1:
            self._remarks += [f"stream {config.name}: {each}" for each in chosen.remarks]
            return chosen.streams[0]
        raise StreamNotFoundError(
            f"stream {config.name}: expected one stream with {asked_text(config.match)}, found "
            f"{len(chosen.streams) or 'none'} in {self._recording.path.name}"
            f"{not_one_text(config.match, found or self._recording.streams, found)}"
        )
