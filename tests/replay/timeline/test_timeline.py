"""The recorder's time of every sample, whatever its stamps are."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replay import readers
from replay.recording import RecordedStream, RecordingError
from replay.timeline.filled_stamps import BLOCK_SAMPLES
from replay.timeline.timeline import Timeline
from replay.timeline.timelines import timelines
from streamer.stamp_rate import SECONDS
from tests.replay.recordings import markers, signal, times_of
from tests.replay.timeline import naive_timeline as naive
from tests.support.searching import search


def _timeline(stream: RecordedStream, block_samples: int = BLOCK_SAMPLES) -> naive.NaiveTimeline:
    """Return a whole timeline."""
    found = Timeline(stream, block_samples=block_samples)
    return naive.NaiveTimeline(*times_of(found), found.corrections)


def _regular(n_samples: int, *, start_s: float = 0.0) -> np.ndarray:
    return start_s + np.arange(n_samples) / 100.0


def test_without_offsets_the_stamps_are_the_time() -> None:
    found = _timeline(signal(_regular(50, start_s=7.0)))
    np.testing.assert_array_equal(found.times_s, _regular(50, start_s=7.0))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [(0, 0.0)]


def test_the_times_of_many_samples_are_those_of_each() -> None:
    stamps_s = _regular(100)
    stamps_s[40:] += 0.7
    found = Timeline(signal(stamps_s), block_samples=16)
    samples = [0, 3, 15, 16, 39, 40, 41, 99]
    assert found.at_many_s(samples) == [found.at_s(each) for each in samples]


def test_an_offset_holds_from_the_first_sample_that_was_sent_after_it() -> None:
    stamps_s = _regular(300, start_s=10.0)
    offsets = [(9.5, -5.0), (10.5, -5.1), (11.505, -5.2), (20.0, -5.3)]
    found = _timeline(signal(stamps_s, offsets=offsets))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [
        (0, -5.0),
        (51, -5.1),
        (151, -5.2),
    ]
    assert found.stamps_s[50] == stamps_s[50] - 5.0
    assert found.stamps_s[51] == stamps_s[51] - 5.1


def test_the_first_offset_holds_from_the_first_sample_though_it_came_later() -> None:
    found = _timeline(signal(_regular(100), offsets=[(0.5, 3.0)]))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [(0, 3.0)]
    np.testing.assert_array_equal(found.stamps_s, _regular(100) + 3.0)


@pytest.mark.parametrize("reset_s", [1000.0, 3.0, -3.0, -40.0, -99.0])
def test_a_reset_of_the_senders_clock_is_undone_at_its_very_sample(reset_s: float) -> None:
    true_s = _regular(1000, start_s=100.0)
    stamps_s = true_s.copy()
    stamps_s[500:] += reset_s
    measured_s = np.arange(100.5, 110.0, 1.0)
    offsets = [
        (time_s, 0.0) if time_s < 105.0 else (time_s + reset_s, -reset_s) for time_s in measured_s
    ]
    found = _timeline(signal(stamps_s, offsets=offsets))
    np.testing.assert_allclose(found.times_s, true_s, atol=1e-9)
    steps = [each for each in found.corrections if each.correction_s != 0.0]
    assert steps[0].first_sample == 500


def test_a_clock_that_was_reset_twice_is_followed_through_both() -> None:
    true_s = _regular(900, start_s=50.0)
    stamps_s = true_s.copy()
    stamps_s[300:600] += 1000.0
    stamps_s[600:] -= 50.0
    offsets = [(51.0, 0.0), (52.0, 0.0), (1054.0, -1000.0), (1055.0, -1000.0), (7.0, 50.0)]
    found = _timeline(signal(stamps_s, offsets=offsets))
    np.testing.assert_allclose(found.times_s, true_s, atol=1e-9)


def test_a_life_of_the_clock_without_a_sample_is_passed_over() -> None:
    true_s = _regular(600, start_s=50.0)
    stamps_s = true_s.copy()
    stamps_s[300:] -= 50.0
    offsets = [(51.0, 0.0), (9000.0, -8948.0), (4.0, 50.0)]
    np.testing.assert_allclose(_timeline(signal(stamps_s, offsets=offsets)).times_s, true_s)


def test_a_true_gap_stays_a_gap() -> None:
    stamps_s = _regular(100)
    stamps_s[40:] += 12.5
    found = _timeline(signal(stamps_s, offsets=[(0.1, 0.0), (13.0, 0.0)]))
    np.testing.assert_array_equal(found.times_s, stamps_s)


@pytest.mark.parametrize("wild_s", [1e9, -1e9, 50.0, np.nan, np.inf])
def test_wild_stamps_do_not_move_what_comes_after(wild_s: float) -> None:
    stamps_s = _regular(200)
    stamps_s[[60, 61, 120]] = wild_s
    found = _timeline(signal(stamps_s))
    others = np.setdiff1d(np.arange(200), [60, 61, 120])
    np.testing.assert_array_equal(found.times_s[others], _regular(200)[others])
    assert np.abs(found.times_s - _regular(200)).max() < 0.05


@pytest.mark.parametrize("jump_s", [-700.0, 1e6])
def test_an_unknown_reset_goes_on_in_the_order_of_the_file(jump_s: float) -> None:
    stamps_s = _regular(200, start_s=1000.0)
    stamps_s[100:] += jump_s
    found = _timeline(signal(stamps_s))
    np.testing.assert_allclose(found.times_s, _regular(200, start_s=1000.0), atol=1e-6)
    np.testing.assert_array_equal(found.stamps_s, stamps_s)


def test_no_stamp_at_all_is_the_nominal_rate() -> None:
    found = _timeline(signal(np.full(10, np.nan)))
    np.testing.assert_array_equal(found.times_s, _regular(10))


@example([1.7e308, -1.7e308, 0.0], [])
@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), max_size=40),
    st.lists(st.tuples(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9)), max_size=8),
)
def test_time_never_falls_whatever_was_stored(
    stamps_s: list[float], offsets: list[tuple[float, float]]
) -> None:
    for stream in (signal(stamps_s, offsets=offsets), markers(stamps_s, offsets=offsets)):
        found = _timeline(stream)
        assert np.isfinite(found.times_s).all()
        assert (np.diff(found.times_s) >= 0.0).all()
        firsts = [each.first_sample for each in found.corrections]
        assert firsts[0] == 0
        assert firsts == sorted(set(firsts))
        known_s = [each.time_s for each in found.corrections]
        assert known_s == sorted(known_s)


@st.composite
def _recorded(draw: st.DrawFn) -> tuple[list[float], list[tuple[float, float]]]:
    """Return stamps with jitter, gaps, resets and outliers; and clock offsets in order."""
    pieces = draw(
        st.lists(
            st.one_of(
                st.just(0.0),
                st.floats(-0.004, 0.004),
                st.sampled_from([0.75, -0.5, 1.5, -3.0, 40.0, -100.0, 1000.0, 4000.0, 1e11]),
                st.just(math.nan),
            ),
            max_size=60,
        )
    )
    at_s, stamps_s = 100.0, []
    for jump_s in pieces:
        at_s += 0.0 if math.isnan(jump_s) or jump_s == 1e11 else 0.01 + jump_s
        stamps_s.append(jump_s if math.isnan(jump_s) or jump_s == 1e11 else at_s)
    offset_s, offsets = 0.0, []
    for measured_s in sorted(draw(st.lists(st.sampled_from(stamps_s or [5.0]), max_size=6))):
        offset_s += draw(st.sampled_from([0.0, 0.001, -0.5, 40.0, -1000.0]))
        if abs(measured_s) < 1e10:
            offsets.append((measured_s + draw(st.sampled_from([-0.005, 0.0, 3.0])), offset_s))
    return stamps_s, sorted(offsets)


@given(_recorded(), st.integers(1, 20), st.booleans())
@search(300)
def test_block_by_block_is_what_all_at_once_is_bit_for_bit(
    recorded: tuple[list[float], list[tuple[float, float]]], block_samples: int, is_signal: bool
) -> None:
    stamps_s, offsets = recorded
    stream = (signal if is_signal else markers)(stamps_s, offsets=offsets)
    found, expected = _timeline(stream, block_samples), naive.timeline(stream)
    assert found.stamps_s.tobytes() == expected.stamps_s.tobytes()
    assert found.times_s.tobytes() == expected.times_s.tobytes()
    assert found.corrections == expected.corrections


@given(_recorded(), st.integers(1, 20), st.data())
@search(100)
def test_times_are_found_and_read_from_anywhere(
    recorded: tuple[list[float], list[tuple[float, float]]], block_samples: int, data: st.DataObject
) -> None:
    stream = signal(recorded[0], offsets=recorded[1])
    made, expected_s = Timeline(stream, block_samples=block_samples), _timeline(stream).times_s
    start, stop = sorted(data.draw(st.tuples(*[st.integers(0, len(expected_s))] * 2)))
    assert made.read(start, stop).times_s.tobytes() == expected_s[start:stop].tobytes()
    wanted_s = np.array([*expected_s, 99.0, 100.5, 1e12])
    for side in ("left", "right"):
        np.testing.assert_array_equal(
            made.n_before(wanted_s, side), np.searchsorted(expected_s, wanted_s, side)
        )
    assert [made.at_s(each) for each in range(stream.n_samples)] == expected_s.tolist()


def test_offsets_out_of_order_or_not_finite_do_not_move_the_stamps_twice() -> None:
    offsets = [(10.0, 0.1), (12.0, 0.2), (11.0, 0.3), (math.nan, 0.4), (12.5, math.inf)]
    found = _timeline(signal(_regular(500, start_s=9.0), offsets=offsets))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [
        (0, 0.1),
        (301, 0.3),
    ]
    assert np.isfinite(found.times_s).all()


def test_a_marker_far_off_every_signal_is_moved_near() -> None:
    made = timelines([signal(_regular(100)), markers([0.5, 1e8])])
    assert times_of(made[1]).times_s.tolist() == [0.5, 0.99 + 3600.0]


def test_signals_whose_clocks_are_not_related_are_refused() -> None:
    streams = [signal(_regular(100)), signal(_regular(100, start_s=5e5), name="EMG")]
    with pytest.raises(RecordingError, match="'LFP' and 'EMG': expected one clock, found 499999 s"):
        timelines(streams)


def test_the_recorded_drift_reset_and_gap_are_resolved(data_dir: Path) -> None:
    recording = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    lfp, force, events = timelines(recording.streams)
    assert np.flatnonzero(np.diff(times_of(lfp).times_s) > 0.5).tolist() == [11_999]
    np.testing.assert_allclose(times_of(force).times_s, 100.0 + np.arange(4751) / 250.0, atol=5e-4)
    reset = next(each for each in force.corrections if each.correction_s < -100.0)
    assert reset.first_sample == 2500
    np.testing.assert_allclose(times_of(events).times_s, [103.24, 110.202, 114.942])


def test_the_real_clock_reset_leaves_its_one_hole(data_dir: Path) -> None:
    recording = readers.open(data_dir / "xdf-real" / "clock_resets.xdf")
    marked, eeg = timelines(recording.streams)
    steps_s = np.diff(times_of(eeg).times_s)
    assert np.flatnonzero(steps_s > 1.0).tolist() == [12_875]
    assert steps_s.max() == pytest.approx(274.0, abs=1.0)
    first_s, last_s = marked.span_s or (0.0, 0.0)
    assert 0.0 < last_s - first_s < 600.0


@pytest.mark.parametrize("per_s", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("start_s", [0.0, 500.0, 1.7e9])
def test_stamps_of_another_unit_are_in_order_by_their_seconds(start_s: float, per_s: float) -> None:
    true_s = _regular(500, start_s=start_s)
    marked_s = start_s + np.array([1.005, 2.005])
    lfp, events = timelines([signal(true_s * per_s), markers(marked_s * per_s)])
    assert lfp.unit.per_s == events.unit.per_s == per_s
    np.testing.assert_allclose(times_of(lfp).times_s, true_s, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(times_of(events).times_s, marked_s, rtol=0.0, atol=1e-6)


def test_a_stream_in_milliseconds_beside_one_in_seconds_is_put_beside_it() -> None:
    true_s = _regular(500, start_s=70_000.0)
    seconds, milliseconds = timelines([signal(true_s), signal(true_s * 1e3, name="EMG")])
    assert (seconds.unit, milliseconds.unit.per_s) == (SECONDS, 1e3)
    np.testing.assert_allclose(times_of(milliseconds).times_s, true_s, rtol=0.0, atol=1e-6)


def test_a_slow_stream_that_says_it_is_fast_keeps_its_time_beside_one_that_is_right() -> None:
    right_s = _regular(40_000, start_s=70_000.0)
    slow_s = 70_000.0 + 10.0 * np.arange(40)
    _, slow = timelines([signal(right_s), signal(slow_s, name="EMG")])
    assert slow.unit == SECONDS
    np.testing.assert_array_equal(times_of(slow).times_s, slow_s)
