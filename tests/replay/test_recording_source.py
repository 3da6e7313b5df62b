"""A recording as a source: in the recorder's order and time, whatever the chunks."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import readers
from replay.recording import Recording
from replay.recording_source import Chunking, RecordingSource
from replay.virtual_time import run_virtually
from streamer.errors import StreamFormatError, StreamNotFoundError
from streamer.events import Chunk, ClockCorrection, Event, Marker
from streamer.streams import Match, StreamConfig
from tests.replay.recordings import markers, recording, signal, whole
from tests.support.searching import search

_DEFAULT = Chunking()


def _config(name: str = "LFP", **keys: Any) -> StreamConfig:
    kind = "markers" if name == "Events" else "lfp"
    table = {"name": name, "kind": kind, "match": {"name": name}, **keys}
    return msgspec.convert(table, StreamConfig)


def _fed(
    made: Recording, configs: Sequence[StreamConfig], chunking: Chunking = _DEFAULT
) -> list[tuple[float, Event]]:
    """Return every event with the loop's time at its arrival."""

    async def main() -> list[tuple[float, Event]]:
        loop = asyncio.get_running_loop()
        found: list[tuple[float, Event]] = []
        async with RecordingSource(made, configs, chunking) as source:
            await source.feed(lambda event: found.append((loop.time(), event)))
        return found

    return run_virtually(main())


def _bound(
    events: Sequence[tuple[float, Event]],
) -> list[tuple[str, int, Marker | ClockCorrection]]:
    """Return each event that is no chunk, with the number of samples of each stream before it."""
    n_before: dict[str, int] = {}
    found: list[tuple[str, int, Marker | ClockCorrection]] = []
    for _, event in events:
        if isinstance(event, Chunk):
            assert event.first_sample == n_before.get(event.stream, 0)
            n_before[event.stream] = event.first_sample + len(event.samples)
        elif isinstance(event, Marker | ClockCorrection):
            found += [(stream, n_before[stream], event) for stream in sorted(n_before)]
    return found


def _chunks(events: Sequence[tuple[float, Event]], stream: str) -> list[tuple[float, Chunk]]:
    return [
        (time_s, event)
        for time_s, event in events
        if isinstance(event, Chunk) and event.stream == stream
    ]


def _made() -> Recording:
    lfp_s = 100.0 + np.arange(500) / 100.0
    lfp_s[250:] += 0.75
    emg_s = 1105.0 + np.arange(1250) / 250.0
    emg_s[600:] -= 1100.0
    return recording(
        signal(lfp_s, offsets=[(100.5, 0.0), (102.0, 0.001), (104.0, 0.002)]),
        signal(
            emg_s,
            name="EMG",
            rate_hz=250.0,
            offsets=[(1106.0, -1005.0), (1107.0, -1005.01), (8.0, 95.0), (9.0, 95.01)],
        ),
        markers([101.234, 103.0, 104.5]),
    )


_CONFIGS = (_config("LFP"), _config("EMG"), _config("Events"))


def test_a_chunk_comes_when_its_last_sample_was_there() -> None:
    stamps_s = 5.0 + np.arange(60) / 100.0
    made = recording(signal(stamps_s, offsets=[(5.1, 2.0)]))
    events = _fed(made, [_config()], Chunking(n_samples_max=20))
    assert isinstance(events[0][1], ClockCorrection)
    assert events[0][1].correction_s == 2.0
    chunks = _chunks(events, "LFP")
    assert [len(chunk.samples) for _, chunk in chunks] == [20, 20, 20]
    for time_s, chunk in chunks:
        assert time_s == pytest.approx(chunk.timestamps_s[-1] + 2.0, abs=1e-8)


def test_samples_and_raw_stamps_come_as_recorded_and_read_only() -> None:
    made = _made()
    events = _fed(made, _CONFIGS)
    for stream in made.streams[:2]:
        chunks = [chunk for _, chunk in _chunks(events, stream.info.lsl_name)]
        np.testing.assert_array_equal(
            np.concatenate([chunk.samples for chunk in chunks]), whole(stream).samples
        )
        np.testing.assert_array_equal(
            np.concatenate([chunk.timestamps_s for chunk in chunks]),
            whole(stream).timestamps_s,
        )
        assert not any(chunk.samples.flags.writeable for chunk in chunks)
        assert not any(chunk.timestamps_s.flags.writeable for chunk in chunks)
        assert chunks[0].samples.dtype == np.dtype(stream.info.dtype)


def test_streams_are_interleaved_in_the_recorders_time_through_gap_and_reset() -> None:
    events = _fed(_made(), _CONFIGS)
    times_s = [time_s for time_s, _ in events]
    assert times_s == sorted(times_s)
    assert 100.0 <= times_s[0] <= 100.2
    assert times_s[-1] == pytest.approx(105.742, abs=0.01)
    marked = [(time_s, event) for time_s, event in events if isinstance(event, Marker)]
    assert [event.text for _, event in marked] == ["0", "1", "2"]
    assert [time_s for time_s, _ in marked] == pytest.approx([101.234, 103.0, 104.5], abs=1e-8)


def test_a_marker_falls_between_the_samples_it_fell_between() -> None:
    bound = _bound(_fed(_made(), _CONFIGS))
    found = {
        (stream, event.text): n_before
        for stream, n_before, event in bound
        if isinstance(event, Marker)
    }
    assert found["LFP", "0"] == 124
    assert found["EMG", "0"] == 309
    assert found["LFP", "1"] == 250
    assert found["LFP", "2"] == 375


def test_the_correction_of_a_reset_comes_right_before_its_first_sample() -> None:
    bound = _bound(_fed(_made(), _CONFIGS))
    found = [
        (n_before, event.correction_s)
        for stream, n_before, event in bound
        if stream == "EMG" and isinstance(event, ClockCorrection) and event.stream == "EMG"
    ]
    assert found == [(501, -1005.01), (600, 95.0), (1001, 95.01)]


@given(n_samples_max=st.integers(1, 700), seed=st.none() | st.integers(0, 2**32))
@search(25)
def test_events_are_bound_to_the_same_samples_in_any_chunks(
    n_samples_max: int, seed: int | None
) -> None:
    chunking = Chunking(n_samples_max=n_samples_max, seed=seed)
    events = _fed(_made(), _CONFIGS, chunking)
    assert _bound(events) == _bound(_fed(_made(), _CONFIGS, Chunking(n_samples_max=1)))
    assert max(len(chunk.samples) for _, chunk in _chunks(events, "LFP")) <= n_samples_max
    for stream in _made().streams[:2]:
        name = stream.info.lsl_name
        n_samples = sum(len(chunk.samples) for _, chunk in _chunks(events, name))
        assert n_samples == stream.n_samples


def test_random_chunks_are_of_all_lengths_and_the_same_for_the_same_seed() -> None:
    def lengths(seed: int) -> list[int]:
        chunking = Chunking(n_samples_max=9, seed=seed)
        made = recording(signal(np.arange(2000) / 100.0))
        return [
            len(chunk.samples) for _, chunk in _chunks(_fed(made, [_config()], chunking), "LFP")
        ]

    assert lengths(1) == lengths(1)
    assert lengths(1) != lengths(2)
    assert set(lengths(1)) == set(range(1, 10))


def test_chunks_are_10_ms_long_unless_told_otherwise() -> None:
    made = recording(signal(np.arange(300) / 1000.0, rate_hz=1000.0))
    assert {len(chunk.samples) for _, chunk in _chunks(_fed(made, [_config()]), "LFP")} == {10}
    made = recording(signal(np.arange(30) / 10.0, rate_hz=10.0))
    assert {len(chunk.samples) for _, chunk in _chunks(_fed(made, [_config()]), "LFP")} == {1}


def test_no_chunk_length_below_one_is_taken() -> None:
    with pytest.raises(ValueError, match="n_samples_max: expected at least 1, found 0"):
        Chunking(n_samples_max=0)


def test_an_empty_stream_gives_its_correction_and_ends() -> None:
    made = recording(signal([], offsets=[(1.0, 0.5), (2.0, 0.6)]), markers([]))
    events = [event for _, event in _fed(made, [_config(), _config("Events")])]
    assert events == [ClockCorrection("LFP", 0.6, 0.001)]


def test_numbers_at_no_rate_are_markers() -> None:
    made = recording(signal([1.0, 2.0], rate_hz=0.0))
    events = _fed(made, [_config(kind="other")])
    assert [event.text for _, event in events if isinstance(event, Marker)] == ["0.0", "1.0"]


def test_a_stream_nobody_recorded_is_told_with_what_was() -> None:
    with pytest.raises(StreamNotFoundError) as told:
        _fed(_made(), [_config("LFP", match={"type": "EEG"})])
    assert str(told.value).startswith(
        "stream LFP: expected one stream with type = 'EEG', found none in made.xdf: 'LFP' (type"
    )
    assert "'EMG'" in str(told.value)


def test_two_streams_that_answer_are_told() -> None:
    with pytest.raises(StreamNotFoundError, match=r"found 2 in made\.xdf: 'LFP' .*; 'EMG' "):
        _fed(_made(), [_config("LFP", match={"type": "LFP"})])


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"rate_hz": 200.0}, "stream LFP: rate_hz: expected 200 Hz, found 100.0 Hz"),
        ({"channels": ("STN",)}, "stream LFP: channels: expected STN, found ch1"),
        ({"kind": "markers"}, "stream LFP: kind: expected markers, found float32 samples"),
    ],
)
def test_a_stream_that_is_not_as_configured_is_refused(keys: dict[str, Any], problem: str) -> None:
    with pytest.raises(StreamFormatError) as told:
        _fed(_made(), [_config(**keys)])
    assert str(told.value).startswith(problem)


def test_the_source_names_its_streams_as_the_configuration_does() -> None:
    config = StreamConfig(name="brain", kind="lfp", match=Match(name="LFP"))

    async def main() -> tuple[list[str], tuple[float, float]]:
        source = RecordingSource(_made(), [config])
        assert not source.infos
        assert source.span_s == (0.0, 0.0)
        async with source:
            return [info.name for info in source.infos], source.span_s

    names, span_s = run_virtually(main())
    assert names == ["brain"]
    assert span_s == pytest.approx((100.0, 105.742))


def test_the_real_recording_comes_whole(data_dir: Path) -> None:
    made = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    configs = [
        _config("STN_ECOG"),
        _config("Force", kind="other"),
        _config("Events"),
    ]
    events = _fed(made, configs, Chunking(n_samples_max=100, seed=3))
    counts = {
        name: sum(len(chunk.samples) for _, chunk in _chunks(events, name))
        for name in ("STN_ECOG", "Force")
    }
    assert counts == {"STN_ECOG": 18_251, "Force": 4751}
    marked_s = [time_s for time_s, event in events if isinstance(event, Marker)]
    assert marked_s == pytest.approx([103.24, 110.202, 114.942])
    assert events[0][0] == pytest.approx(100.0, abs=0.01)
    assert events[-1][0] == pytest.approx(119.0, abs=0.01)
