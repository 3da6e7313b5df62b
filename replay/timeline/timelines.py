"""The timelines of all streams of a recording: one clock for all, or an error that says why not."""

from collections.abc import Sequence
from itertools import pairwise

from replay.recording import RecordedStream, RecordingError
from replay.timeline.stamp_units import stamp_units
from replay.timeline.timeline import HOLE_S_MAX, Timeline


def timelines(streams: Sequence[RecordedStream]) -> tuple[Timeline, ...]:
    """Return the timelines of streams of one recording.

    Parameters
    ----------
    streams : sequence of RecordedStream
        Those whose order matters.

    Raises
    ------
    RecordingError
        Where signals lie more than an hour apart: the clocks of their senders are not related by
        any stored offset.

    Notes
    -----
    Stamps of a signal that count milliseconds, microseconds or nanoseconds, by its nominal rate,
    are taken as such; those of markers where all signals count the same.

    A marker that lies more than an hour before or after all signals is moved to that hour's end.
    """
    units = stamp_units(streams, HOLE_S_MAX)
    made = tuple(Timeline(stream, unit) for stream, unit in zip(streams, units, strict=True))
    spans = sorted(
        (*each.span_s, stream.info.lsl_name)
        for stream, each in zip(streams, made, strict=True)
        if stream.is_signal and each.span_s is not None
    )
    for (_, end_s, name), (start_s, _, later) in pairwise(spans):
        if start_s - end_s > HOLE_S_MAX:
            raise RecordingError(
                f"streams {name!r} and {later!r}: expected one clock, found {start_s - end_s:.0f} "
                "s between them and no clock offset that says how their clocks are related"
            )
    if spans:
        first_s = spans[0][0] - HOLE_S_MAX
        last_s = max(end_s for _, end_s, _ in spans) + HOLE_S_MAX
        for each in made:
            each.keep_within(first_s, last_s)
    return made
