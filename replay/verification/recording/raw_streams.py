"""The streams that a rig reads, in the journal and in a recorder's file."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream
from replay.verification.recording.alignment import Alignment
from replay.verification.recording.result import StreamCheck
from streamer.lsl.marker_text import marker_text
from streamer.source import StreamInfo


def check_raw(
    info: StreamInfo, journal: RecordedStream, recorded: Sequence[RecordedStream]
) -> StreamCheck:
    """Compare a stream of the rig: values bit for bit, and the raw stamps of its sender.

    Parameters
    ----------
    info : StreamInfo
        As the journal's header has it.
    journal : RecordedStream
        Its samples in the journal.
    recorded : sequence of RecordedStream
        The streams of the file.
    """
    found = _same_stream(info, recorded)
    if found is None or _differences(journal, found):
        what = "the file has no such stream" if found is None else _differences(journal, found)
        return StreamCheck(
            stream=info.name,
            of="rig",
            n_journal=journal.n_samples,
            n_missing=journal.n_samples,
            first_difference=what,
        )

    def differing(first: int, first_recorded: int, n: int) -> NDArray[np.bool_]:
        before = journal.read(first, first + n).samples
        after = found.read(first_recorded, first_recorded + n).samples
        return _differ(before, after)

    stamps_s = [each.read_stamps(0, each.n_samples) for each in (journal, found)]
    return Alignment(stamps_s[0], stamps_s[1], differing).check(info.name, "rig")


def _same_stream(info: StreamInfo, recorded: Sequence[RecordedStream]) -> RecordedStream | None:
    """Return the stream of the very outlet, or, of another one, that is called the same."""
    same = [each for each in recorded if info.uid and each.info.uid == info.uid]
    alike = [
        each
        for each in recorded
        if (each.info.lsl_name, each.info.lsl_type, each.info.source_id)
        == (info.lsl_name, info.lsl_type, info.source_id)
    ]
    return next(iter([*same, *alike]), None)


def _differences(journal: RecordedStream, recorded: RecordedStream) -> str:
    """Return how the formats differ, where their samples cannot be equal for that."""
    if not journal.is_signal:
        return ""
    before, after = (
        f"{len(each.info.channels)} channels of {each.info.dtype}" for each in (journal, recorded)
    )
    return "" if before == after else f"expected {before}, found {after}"


def _differ(before: NDArray[np.generic], after: NDArray[np.generic]) -> NDArray[np.bool_]:
    if before.dtype == object:
        texts = [marker_text(row) for row in after]
        return np.array([row[0] != text for row, text in zip(before, texts, strict=True)])
    one, other = (
        np.ascontiguousarray(each).view(np.uint8).reshape(len(each), -1) for each in (before, after)
    )
    differs: NDArray[np.bool_] = (one != other).any(axis=1)
    return differs
