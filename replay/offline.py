"""A recording through the steps of the loop, without a session: the results of its detectors.

No device, no journal and no virtual time: the events of the recording are fed to the loop one after
the other, so what is detected is the same, bit for bit, as in a session of the same recording.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from detectors import offline
from detectors.block import Block
from detectors.conditioning.conditioner import Conditioner, Note
from detectors.offline import DetectorResult
from replay.recording_source import Chunking, RecordingSource
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Chunk, ClockCorrection
from streamer.watching.summary import Summary

#: Chunks for speed: their length changes nothing that is detected.
LONG_CHUNKS: Final = Chunking(n_samples_max=2**14)


class OfflineResult(NamedTuple):
    """The results of a recording.

    Parameters
    ----------
    detectors : dict of str to DetectorResult
        The results of each detector, by id.
    summary : dict
        Counts of samples, hops, detections and flaws, as `summary.json` of a session has them.
    """

    detectors: dict[str, DetectorResult]
    summary: dict[str, Any]


def detect(source: RecordingSource, loop: ClosedLoop) -> OfflineResult:
    """Feed all events of an opened recording to a new loop; return the detectors' results."""
    summary = Summary(loop, is_timed=False)
    outcomes: list[Outcome] = []
    for time_s, event in source.events():
        if isinstance(event, Chunk):
            summary.n_samples += len(event.timestamps_s)
            summary.streams.add(event)
        outcome = loop.step(event, time_s)
        for each in outcome.seen:
            summary.hops.add(each)
        if outcome.seen:
            outcomes.append(outcome)
    seen = (each for outcome in outcomes for each in outcome.seen)
    return OfflineResult(offline.gather(loop.chain.detectors, seen), summary.as_dict())


def conditioned(
    source: RecordingSource, conditioners: Mapping[str, Conditioner]
) -> Iterator[tuple[Chunk, Block, tuple[Note, ...]]]:
    """Yield each chunk of an opened recording, the block made of it, and the notes on it."""
    for _, event in source.events():
        if isinstance(event, ClockCorrection) and event.stream in conditioners:
            conditioners[event.stream].correct(event.correction_s)
        elif isinstance(event, Chunk) and event.stream in conditioners:
            conditioner = conditioners[event.stream]
            block, notes = conditioner.update(event.first_sample, event.samples, event.timestamps_s)
            yield event, block, notes
