"""Which stream of a recording a `match` means, where streams are alike, empty or misspelt."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.choice import answering, choose
from replay.recording import RecordedStream
from replay.recording_source import RecordingSource
from streamer.errors import StreamNotFoundError
from streamer.streams import Match, StreamConfig
from tests.replay.recordings import recording, signal

_EMPTY = np.empty((0, 1), np.float32)


def _column(*values: float) -> NDArray[np.float32]:
    return np.array(values, np.float32)[:, None]


def _chosen(match: Match, *streams: RecordedStream) -> tuple[int, tuple[str, ...]]:
    """Return the index of the chosen stream, and the remarks about it."""
    config = StreamConfig(name="LFP", kind="lfp", match=match)
    source = RecordingSource(recording(*streams), [config])
    source.open()
    uids = [stream.info.uid for stream in streams]
    return uids.index(source.infos[0].uid), source.remarks


def _twins() -> list[RecordedStream]:
    return [signal([0.0, 0.01 + number], uid=f"u{number}") for number in range(3)]


def test_equal_streams_are_told_apart_by_index_or_uid() -> None:
    twins = _twins()
    with pytest.raises(StreamNotFoundError, match=r"found 3 .*; say which: match\.index = 0 to 2"):
        _chosen(Match(name="LFP"), *twins)
    for number in range(3):
        assert _chosen(Match(name="LFP", index=number), *twins) == (number, ())
        assert _chosen(Match(uid=f"u{number}"), *twins) == (number, ())
    assert _chosen(Match(index=1), *twins) == (1, ())
    with pytest.raises(StreamNotFoundError, match="index = 3, found none in"):
        _chosen(Match(name="LFP", index=3), *twins)


def test_the_one_with_samples_is_taken_asked_for_or_not() -> None:
    streams = [
        signal([], samples=_EMPTY, uid="empty"),
        signal([0.0, 0.01], uid="full"),
        signal([], samples=_EMPTY, uid="empty too"),
    ]
    assert _chosen(Match(name="LFP", has_samples=True), *streams) == (1, ())
    told = ("stream LFP: 2 more that answer, without any sample, are left out",)
    assert _chosen(Match(name="LFP"), *streams) == (1, told)
    assert _chosen(Match(name="LFP", index=2), *streams) == (2, ())


def test_an_empty_stream_alone_is_taken_as_it_is() -> None:
    assert _chosen(Match(name="LFP"), signal([], samples=_EMPTY, uid="empty")) == (0, ())


def test_a_stream_that_was_recorded_twice_counts_once() -> None:
    once = signal([0.0, 0.01, np.nan], samples=_column(1.0, np.nan, 3.0), uid="same")
    again = signal([0.0, 0.01, np.nan], samples=_column(1.0, np.nan, 3.0), uid="same")
    told = ("stream LFP: it was recorded 2 times, the first is taken",)
    assert _chosen(Match(name="LFP"), once, again) == (0, told)
    other = signal([0.0, 0.01, np.nan], samples=_column(1.0, np.nan, 4.0), uid="same")
    assert len(choose(Match(name="LFP"), [once, other]).streams) == 2


def test_a_name_answers_composed_and_decomposed_and_capitals_are_hinted() -> None:
    stream = signal([0.0, 0.01], name="Mu\u0308ller")
    assert answering(Match(name="M\u00fcller"), [stream]) == [stream]
    with pytest.raises(StreamNotFoundError, match=r"; name \(there is 'LFP': capital and small"):
        _chosen(Match(name="lfp"), signal([0.0], uid="u"))
