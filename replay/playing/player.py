"""A recording played onto LSL, in its own time, as if its amplifiers were there."""

import asyncio
import heapq
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

import pylsl

from replay.read_ahead import ReadAhead
from replay.recording import RecordedStream, Recording, RecordingError, describe, ranges
from replay.timeline.timeline import Timeline
from replay.timeline.timelines import timelines
from streamer.clock import now_s
from streamer.lsl.outlet import open_outlet

#: How often is looked whether anybody listens.
_LOOK_S = 0.05
#: How long the other streams wait, once one is listened to, for somebody to listen to them too;
#: less than after what time a receiver calls a stream silent.
_OTHERS_S = 0.4
#: From the first consumer to the first sample.
_LEAD_S = 0.1
#: What was pushed last is still on its way when the recording is over.
_FAREWELL_S = 0.5


@dataclass(frozen=True, slots=True)
class _SentStream:
    """One stream on the network."""

    recorded: RecordedStream
    ahead: ReadAhead
    times: Timeline
    outlet: pylsl.StreamOutlet

    def push(self, start: int, end: int, to_local_s: Callable[[float], float]) -> None:
        stamps_s = [to_local_s(each) for each in self.times.read(start, end).stamps_s.tolist()]
        samples = self.ahead.read(start, end).samples
        if self.recorded.info.dtype != "string":
            self.outlet.push_chunk(samples, stamps_s)
            return
        for row, stamp_s in zip(samples, stamps_s, strict=True):
            self.outlet.push_sample([str(each) for each in row], stamp_s)


async def play(
    recording: Recording,
    *,
    speed: float = 1.0,
    loop: bool = False,
    chunk_samples: int = 10,
    streams: Collection[str] = (),
    report: Callable[[str], None] = lambda _: None,
) -> int:
    """Play all streams of a recording until it ends, or for ever.

    Parameters
    ----------
    recording : Recording
        The file.
    speed : float
        Recorded seconds to a second. The stamps are drawn together with it, the nominal rate is
        not: another speed than 1 is for trying out load.
    loop : bool
        Whether to begin again at the end, one sampling interval later, the stamps going on.
    chunk_samples : int
        Samples of a signal that are pushed at once, when the last of them is due.
    streams : collection of str
        Names of the streams to play; empty plays all but logs of other days.
    report : callable, optional
        Takes a line for the operator.

    Returns
    -------
    int
        Samples and markers that were pushed.

    Raises
    ------
    RecordingError
        Where there is no such stream, or nothing in any of them.
    ValueError
        Where speed or chunk length are not above 0.

    Notes
    -----
    Nothing is sent before anybody listens to any of the streams; from then on the others are
    waited for 0.4 s. Stamps are computed, never read from a clock: the recorder's time is
    laid onto this machine's LSL clock once, so jitter, gaps and drift come out as they went in, a
    gap takes its time, and a reset of a sender's clock is undone by the stored offsets. A stamp
    that is not finite is put between its neighbours: LSL knows no such stamp. Liblsl is
    configured by the caller, before.
    """
    if not (speed > 0.0 and chunk_samples > 0):
        raise ValueError(
            f"speed and chunk_samples: expected above 0, found {speed:g} and {chunk_samples}"
        )
    chosen = _chosen(recording, streams)
    times = timelines(chosen)
    spans_s = [each.span_s for each in times if each.span_s is not None]
    if not spans_s:
        raise RecordingError(f"{recording.path}: expected samples, found none in any stream")
    first_s = min(start_s for start_s, _ in spans_s)
    round_s = max(end_s for _, end_s in spans_s) - first_s + _interval_s(chosen)
    sent = [
        _SentStream(recorded, ReadAhead(recorded), each, open_outlet(recorded.info))
        for recorded, each in zip(chosen, times, strict=True)
    ]
    report("waiting for a consumer of " + "; ".join(describe(each.info) for each in chosen))
    await _listened_to(sent)
    report("playing")
    started_s = now_s() + _LEAD_S
    n_pushed = 0
    while True:
        n_pushed += await _play_once(sent, first_s, started_s, speed, chunk_samples)
        if not loop:
            break
        started_s += round_s / speed
    await asyncio.sleep(_FAREWELL_S)
    return n_pushed


async def _play_once(
    sent: Sequence[_SentStream], first_s: float, started_s: float, speed: float, chunk_samples: int
) -> int:
    def to_local_s(time_s: float) -> float:
        return started_s + (time_s - first_s) / speed

    n_pushed = 0
    for time_s, stream, start, end in _pieces(sent, chunk_samples):
        # Yields even when late, so that whoever cancels is heard.
        await asyncio.sleep(max(0.0, to_local_s(time_s) - now_s()))
        stream.push(start, end, to_local_s)
        n_pushed += end - start
    return n_pushed


def _pieces(
    sent: Sequence[_SentStream], chunk_samples: int
) -> Iterator[tuple[float, _SentStream, int, int]]:
    """Yield what to push at what recorder's time, in order."""

    def of_stream(stream: _SentStream) -> Iterator[tuple[float, _SentStream, int, int]]:
        step = chunk_samples if stream.recorded.is_signal else 1
        for start, end in ranges(stream.recorded.n_samples, step):
            yield stream.times.at_s(end - 1), stream, start, end

    return heapq.merge(*(of_stream(each) for each in sent), key=itemgetter(0))


async def _listened_to(sent: Sequence[_SentStream]) -> None:
    while not any(each.outlet.have_consumers() for each in sent):  # noqa: ASYNC110 nobody tells
        await asyncio.sleep(_LOOK_S)
    for _ in range(round(_OTHERS_S / _LOOK_S)):
        if all(each.outlet.have_consumers() for each in sent):
            return
        await asyncio.sleep(_LOOK_S)


def _chosen(recording: Recording, names: Collection[str]) -> tuple[RecordedStream, ...]:
    present = [stream.info.lsl_name for stream in recording.streams]
    for name in names:
        if name not in present:
            raise RecordingError(
                f"{recording.path}: expected one of its streams ({', '.join(present)}), "
                f"found {name!r}"
            )
    return tuple(
        stream
        for stream in recording.streams
        if stream.info.lsl_name in names or not (names or stream.is_log)
    )


def _interval_s(streams: Sequence[RecordedStream]) -> float:
    """Return the longest sampling interval: after it, a recording that loops goes on."""
    return max((1.0 / each.info.rate_hz for each in streams if each.is_signal), default=1.0)
