"""The events of one recorded stream, each with its time on the recorder's clock."""

from collections.abc import Iterator
from itertools import islice

from replay.read_ahead import ReadAhead
from replay.recording import RecordedStream
from replay.timeline.timeline import Correction, Timeline
from streamer.events import Chunk, ClockCorrection, Event, Marker
from streamer.lsl.marker_text import marker_text

#: Recorders store offsets without their round trips; on a wired network those are shorter.
_UNCERTAINTY_S = 0.001
#: Chunks whose times are looked up together.
_N_ENDS = 64


def signal_events(
    name: str, samples: ReadAhead, times: Timeline, edges: Iterator[int]
) -> Iterator[tuple[float, Event]]:
    """Yield the chunks of a signal, each up to the next of `edges`, and its corrections.

    Parameters
    ----------
    name : str
        Name of the stream in the configuration.
    samples : ReadAhead
        Its samples.
    times : Timeline
        When they were there, and the corrections of the sender's clock.
    edges : iterator of int
        The sample after each chunk's last.

    Yields
    ------
    float, Event
        Recorder's time of the chunk's last sample, and the chunk; in order.
    """
    corrections = {each.first_sample: each for each in times.corrections}
    if not times.n_samples:
        yield _correction_event(name, corrections[0])
    start = 0
    while ends := list(islice(edges, _N_ENDS)):
        times_s = times.at_many_s([end - 1 for end in ends])
        for end, time_s in zip(ends, times_s, strict=True):
            if start in corrections:
                yield _correction_event(name, corrections[start])
            yield time_s, Chunk(name, start, *samples.read(start, end))
            start = end


def marker_events(
    name: str, stream: RecordedStream, times: Timeline
) -> Iterator[tuple[float, Event]]:
    """Yield the markers of a stream, each with its time, and its corrections."""
    corrections = {each.first_sample: each for each in times.corrections}
    ahead = ReadAhead(stream)
    for sample in range(stream.n_samples):
        if sample in corrections:
            yield _correction_event(name, corrections[sample])
        texts, stamps_s = ahead.read(sample, sample + 1)
        yield times.at_s(sample), Marker(name, float(stamps_s[0]), marker_text(texts[0]))


def _correction_event(name: str, correction: Correction) -> tuple[float, Event]:
    event = ClockCorrection(name, correction.correction_s, _UNCERTAINTY_S)
    return correction.time_s, event
