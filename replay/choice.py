"""Chooses the stream of a recording that a `match` means, where several have its properties."""

from collections.abc import Sequence
from typing import NamedTuple

from detectors.spelling import case_hint, normal_form
from replay.recording import RecordedStream, describe
from streamer.source import StreamInfo
from streamer.streams import Match


class Choice(NamedTuple):
    """The streams that a match chooses, and a warning for each that was left out."""

    streams: list[RecordedStream]
    remarks: list[str]


def known_as(info: StreamInfo) -> dict[str, str]:
    """Return the properties of a stream by their keys in a match."""
    return {
        "name": info.lsl_name,
        "type": info.lsl_type,
        "source_id": info.source_id,
        "hostname": info.hostname,
        "uid": info.uid,
    }


def answering(match: Match, streams: Sequence[RecordedStream]) -> list[RecordedStream]:
    """Return the streams with all properties of a match, in order; accents composed or not."""
    return [
        stream
        for stream in streams
        if all(
            normal_form(known_as(stream.info)[key]) == normal_form(value)
            for key, value in match.asked.items()
        )
    ]


def choose(match: Match, found: Sequence[RecordedStream]) -> Choice:
    """Return the streams that a match means.

    Parameters
    ----------
    match : Match
        Its ``has_samples`` and ``index`` choose. Without them a stream without any sample gives
        way to one that has some, and one that was recorded twice counts once.
    found : sequence of RecordedStream
        All that answer to the texts of the match.
    """
    left = [stream for stream in found if stream.n_samples or not match.has_samples]
    if match.index is not None:
        return Choice(left[match.index : match.index + 1], [])
    remarks: list[str] = []
    filled = [stream for stream in left if stream.n_samples]
    if filled and len(left) > len(filled):
        n_empty = len(left) - len(filled)
        are = "are" if n_empty > 1 else "is"
        remarks.append(f"{n_empty} more that answer, without any sample, {are} left out")
        left = filled
    once = [
        stream
        for index, stream in enumerate(left)
        if not any(is_same_recording(stream, other) for other in left[:index])
    ]
    if len(left) > len(once):
        remarks.append(f"it was recorded {1 + len(left) - len(once)} times, the first is taken")
    return Choice(once, remarks)


def is_same_recording(stream: RecordedStream, other: RecordedStream) -> bool:
    """Return whether two streams of a file are one, sample for sample and stamp for stamp."""
    return (
        known_as(stream.info) == known_as(other.info)
        and stream.info.dtype == other.info.dtype
        and len(stream.info.channels) == len(other.info.channels)
        and stream.n_samples == other.n_samples
        and all(
            each.timestamps_s.tobytes() == beside.timestamps_s.tobytes()
            and each.content == beside.content
            for each, beside in zip(stream.stretches(), other.stretches(), strict=True)
        )
    )


def not_one_text(
    match: Match, seen: Sequence[RecordedStream], found: Sequence[RecordedStream]
) -> str:
    """Return the end of an error about a match that does not choose exactly one stream."""
    listed = "; ".join(describe(stream.info) for stream in seen)
    if len(found) > 1 and not (match.has_samples or match.index is not None):
        last = len(found) - 1
        return f": {listed}; say which: match.index = 0 to {last}, in this order, or match.uid"
    hints = [
        f"{key}{hint}"
        for key, value in match.asked.items()
        if (hint := case_hint(value, _others(key, value, seen)))
    ]
    return f": {listed}{'; ' if hints else ''}{'; '.join(hints)}"


def _others(key: str, value: str, seen: Sequence[RecordedStream]) -> list[str]:
    return [text for each in seen if (text := known_as(each.info)[key]) != value]
