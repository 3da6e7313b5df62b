"""A loop whose detectors run ahead: over stretches of a recording, and handed out chunk by chunk.

What detectors give is the same in any chunks, and a hop, or a detection, is there with the chunk
that has its newest sample. So a whole stretch may be computed in one call of each detector, where
nothing that follows from a chunk changes what detectors see in the next: then each chunk finds its
part of the results, and all else (policies, gate, devices, journal) takes the chunk as ever, at its
own time.
"""

from bisect import bisect_left
from collections import deque
from collections.abc import Sequence
from typing import Final

from detectors.block import Block
from detectors.chain import DetectorChain
from detectors.deferral import EffectiveResult
from detectors.detector import Detector
from detectors.estimates import Estimates, Seen
from replay.ahead.ahead_conditioner import AheadConditioner
from replay.recording import Stretch
from replay.recording_source import RecordingSource
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig

#: Detectors are called once for about this time of a recording.
_AHEAD_S: Final = 1.0
#: Where fewer chunks than this are in it, nothing would be gained.
_N_CHUNKS_MIN: Final = 2

_Detected = tuple[tuple[Seen, ...], Sequence[EffectiveResult]]


class AheadLoop(ClosedLoop):
    """The loop of a recording, whose detectors run ahead where they may.

    Its results are those of `ClosedLoop`, step by step and bit for bit.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    source : RecordingSource
        Opened; gives this loop every event that it is fed.
    session : str
        Name of the session.

    Raises
    ------
    ValueError
        As `ClosedLoop`.

    Notes
    -----
    They run ahead on the samples of a stream up to the next marker or correction of any stream, at
    most a second. They do not where an artifact step of the stream reads what is bound to samples
    (markers, our own stimulation), where a detector of it reads further streams, too, where one
    reads what is bound to samples, or is of another package and may, or where chunks have random
    lengths.
    """

    def __init__(self, config: LoopConfig, source: RecordingSource, session: str) -> None:
        super().__init__(config, source.infos, session)
        self._ahead: dict[str, _Ahead] = {}
        for index, stream in enumerate(config.streams):
            if not self._may_run_ahead(source, stream.name):
                continue
            info = source.infos[index]
            stretches = _Stretches(source, index, self.chain)
            conditioner = AheadConditioner(
                stream,
                rate_hz=info.rate_hz,
                channels=info.channels,
                units=info.units,
                read=stretches.read,
            )
            self.conditioners[stream.name] = conditioner
            self._ahead[stream.name] = _Ahead(conditioner, self.chain)

    @property
    def streams_ahead(self) -> tuple[str, ...]:
        """The streams whose detectors run ahead."""
        return tuple(self._ahead)

    def detect(self, block: Block) -> _Detected:
        """Return what the detectors see in a block, and the results that take effect in it."""
        ahead = self._ahead.get(block.stream)
        return super().detect(block) if ahead is None else ahead.take(block)

    def _may_run_ahead(self, source: RecordingSource, stream: str) -> bool:
        conditioner = self.conditioners.get(stream)
        if conditioner is None or conditioner.reads_events or source.chunking.seed is not None:
            return False
        chunk, n_ahead = _lengths(source, conditioner.layout.rate_hz)
        if n_ahead < _N_CHUNKS_MIN * chunk:
            return False
        reading = [each for each in self.chain.detectors if stream in self.chain.streams_of(each)]
        return bool(reading) and all(
            len(self.chain.streams_of(name)) == 1 and _reads_no_events(self.chain.detectors[name])
            for name in reading
        )


class _Stretches:
    """The stretches of one stream that may be computed at once: each ends where a chunk ends.

    Parameters
    ----------
    source : RecordingSource
        Of the recording.
    index : int
        Of the stream.
    chain : DetectorChain
        Of the loop.
    """

    def __init__(self, source: RecordingSource, index: int, chain: DetectorChain) -> None:
        info = source.infos[index]
        self._source = source
        self._chain = chain
        self._stream = info.name
        self._chunk, self._n_ahead = _lengths(source, info.rate_hz)

    def read(self, start: int) -> Stretch:
        """Return the samples of the stretch that begins with a chunk's first sample.

        It ends before the chunk in which a result takes effect that may still be computed: the
        service waits for it before that chunk.
        """
        ends = [self._source.next_cut(self._stream, start), self._on_grid(start) + self._n_ahead]
        ends += [
            self._on_grid(each.due_sample)
            for each in self._chain.deferrals
            if self._chain.streams[each.detector] == self._stream and each.due_sample is not None
        ]
        return self._source.read(self._stream, start, min(end for end in ends if end > start))

    def _on_grid(self, sample: int) -> int:
        return sample // self._chunk * self._chunk


class _Ahead:
    """The results of one stream's detectors over the newest stretch."""

    def __init__(self, conditioner: AheadConditioner, chain: DetectorChain) -> None:
        self._conditioner = conditioner
        self._chain = chain
        self._end = 0
        self._parts: list[_Part] = []
        self._bound: deque[EffectiveResult] = deque()

    def take(self, block: Block) -> _Detected:
        """Return the part of a block, which begins a new stretch where the last one is over."""
        if block.first_sample >= self._end:
            stretch = self._conditioner.stretch
            self._end = stretch.first_sample + stretch.time_s.size
            self._parts = [_Part(each) for each in self._chain.update(stretch)]
            self._bound.extend(self._chain.take_bound())
        end = block.first_sample + block.time_s.size
        found = [seen for part in self._parts if (seen := part.until(end)) is not None]
        bound: list[EffectiveResult] = []
        while self._bound and self._bound[0].sample < end:
            bound.append(self._bound.popleft())
        return tuple(found), bound


class _Part:
    """What one call of a detector gave, handed out from its beginning to its end."""

    def __init__(self, seen: Seen) -> None:
        self._estimates = seen.estimates
        self._detections = seen.detections
        self._samples = seen.estimates.sample.tolist()
        self._confirmed = [each.confirmed_sample for each in seen.detections]
        self._n_hops = self._n_detections = 0

    def until(self, end: int) -> Seen | None:
        """Return what was there before a sample and is not handed out yet; None without any."""
        hop, detection = self._n_hops, self._n_detections
        self._n_hops = bisect_left(self._samples, end, hop)
        if self._confirmed:
            self._n_detections = bisect_left(self._confirmed, end, detection)
        hops, detections = slice(hop, self._n_hops), slice(detection, self._n_detections)
        if hop == self._n_hops and detection == self._n_detections:
            return None
        of = self._estimates
        return Seen(
            Estimates(
                of.detector,
                of.sample[hops],
                of.time_s[hops],
                of.values[hops],
                of.valid[hops],
                of.taint[hops],
            ),
            self._detections[detections],
        )


def _lengths(source: RecordingSource, rate_hz: float) -> tuple[int, int]:
    """Return the samples of a chunk, and of the longest stretch: a number of whole chunks."""
    chunk = source.chunking.longest(rate_hz)
    return chunk, round(_AHEAD_S * rate_hz) // chunk * chunk


def _reads_no_events(detector: Detector) -> bool:
    """Return whether what takes a detector's blocks is our own code, and reads no events."""
    is_ours = type(detector).update.__module__.partition(".")[0] == "detectors"
    return is_ours and not getattr(detector, "reads_events", False)
