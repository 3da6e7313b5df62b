"""The recorder's time of everything, whatever the stamps say."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from replay import xdf
from replay.recording import RecordingError
from replay.timeline import timeline, timelines
from streamer.stamp_rate import SECONDS
from tests.replay.recordings import markers, signal


def _regular(n_samples: int, *, start_s: float = 0.0) -> np.ndarray:
    return start_s + np.arange(n_samples) / 100.0


def test_without_offsets_the_stamps_are_the_time() -> None:
    found = timeline(signal(_regular(50, start_s=7.0)))
    np.testing.assert_array_equal(found.times_s, _regular(50, start_s=7.0))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [(0, 0.0)]


def test_an_offset_holds_from_the_first_sample_that_was_sent_after_it() -> None:
    stamps_s = _regular(300, start_s=10.0)
    offsets = [(9.5, -5.0), (10.5, -5.1), (11.505, -5.2), (20.0, -5.3)]
    found = timeline(signal(stamps_s, offsets=offsets))
    assert [(each.first_sample, each.correction_s) for each in found.corrections] == [
        (0, -5.0),
        (51, -5.1),
        (151, -5.2),
    ]
    assert found.stamps_s[50] == stamps_s[50] - 5.0
    assert found.stamps_s[51] == stamps_s[51] - 5.1


def test_the_first_offset_holds_from_the_first_sample_though_it_came_later() -> None:
    found = timeline(signal(_regular(100), offsets=[(0.5, 3.0)]))
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
    found = timeline(signal(stamps_s, offsets=offsets))
    np.testing.assert_allclose(found.times_s, true_s, atol=1e-9)
    steps = [each for each in found.corrections if each.correction_s != 0.0]
    assert steps[0].first_sample == 500


def test_a_clock_that_was_reset_twice_is_followed_through_both() -> None:
    true_s = _regular(900, start_s=50.0)
    stamps_s = true_s.copy()
    stamps_s[300:600] += 1000.0
    stamps_s[600:] -= 50.0
    offsets = [(51.0, 0.0), (52.0, 0.0), (1054.0, -1000.0), (1055.0, -1000.0), (7.0, 50.0)]
    found = timeline(signal(stamps_s, offsets=offsets))
    np.testing.assert_allclose(found.times_s, true_s, atol=1e-9)


def test_a_life_of_the_clock_without_a_sample_is_passed_over() -> None:
    true_s = _regular(600, start_s=50.0)
    stamps_s = true_s.copy()
    stamps_s[300:] -= 50.0
    offsets = [(51.0, 0.0), (9000.0, -8948.0), (4.0, 50.0)]
    np.testing.assert_allclose(timeline(signal(stamps_s, offsets=offsets)).times_s, true_s)


def test_a_true_gap_stays_a_gap() -> None:
    stamps_s = _regular(100)
    stamps_s[40:] += 12.5
    found = timeline(signal(stamps_s, offsets=[(0.1, 0.0), (13.0, 0.0)]))
    np.testing.assert_array_equal(found.times_s, stamps_s)


@pytest.mark.parametrize("wild_s", [1e9, -1e9, 50.0, np.nan, np.inf])
def test_wild_stamps_do_not_move_what_comes_after(wild_s: float) -> None:
    stamps_s = _regular(200)
    stamps_s[[60, 61, 120]] = wild_s
    found = timeline(signal(stamps_s))
    others = np.setdiff1d(np.arange(200), [60, 61, 120])
    np.testing.assert_array_equal(found.times_s[others], _regular(200)[others])
    assert np.abs(found.times_s - _regular(200)).max() < 0.05


@pytest.mark.parametrize("jump_s", [-700.0, 1e6])
def test_an_unknown_reset_goes_on_in_the_order_of_the_file(jump_s: float) -> None:
    stamps_s = _regular(200, start_s=1000.0)
    stamps_s[100:] += jump_s
    found = timeline(signal(stamps_s))
    np.testing.assert_allclose(found.times_s, _regular(200, start_s=1000.0), atol=1e-6)
    np.testing.assert_array_equal(found.stamps_s, stamps_s)


def test_no_stamp_at_all_is_the_nominal_rate() -> None:
    found = timeline(signal(np.full(10, np.nan)))
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
        found = timeline(stream)
        assert np.isfinite(found.times_s).all()
        assert (np.diff(found.times_s) >= 0.0).all()
        firsts = [each.first_sample for each in found.corrections]
        assert firsts[0] == 0
        assert firsts == sorted(set(firsts))
        known_s = [each.time_s for each in found.corrections]
        assert known_s == sorted(known_s)


def test_a_marker_far_off_every_signal_is_moved_near() -> None:
    made = timelines([signal(_regular(100)), markers([0.5, 1e8])])
    assert made[1].times_s.tolist() == [0.5, 0.99 + 3600.0]


def test_signals_whose_clocks_are_not_related_are_refused() -> None:
    streams = [signal(_regular(100)), signal(_regular(100, start_s=5e5), name="EMG")]
    with pytest.raises(RecordingError, match="'LFP' and 'EMG': expected one clock, found 499999 s"):
        timelines(streams)


def test_the_recorded_drift_reset_and_gap_are_resolved(data_dir: Path) -> None:
    recording = xdf.load(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    lfp, force, events = timelines(recording.streams)
    assert np.flatnonzero(np.diff(lfp.times_s) > 0.5).tolist() == [11_999]
    np.testing.assert_allclose(force.times_s, 100.0 + np.arange(4751) / 250.0, atol=5e-4)
    reset = next(each for each in force.corrections if each.correction_s < -100.0)
    assert reset.first_sample == 2500
    np.testing.assert_allclose(events.times_s, [103.24, 110.202, 114.942])


def test_the_real_clock_reset_leaves_its_one_hole(data_dir: Path) -> None:
    recording = xdf.load(data_dir / "xdf-real" / "clock_resets.xdf")
    marked, eeg = timelines(recording.streams)
    steps_s = np.diff(eeg.times_s)
    assert np.flatnonzero(steps_s > 1.0).tolist() == [12_875]
    assert steps_s.max() == pytest.approx(274.0, abs=1.0)
    assert 0.0 < marked.times_s[-1] - marked.times_s[0] < 600.0


@pytest.mark.parametrize("per_s", [1e3, 1e6, 1e9])
@pytest.mark.parametrize("start_s", [0.0, 500.0, 1.7e9])
def test_stamps_of_another_unit_are_in_order_by_their_seconds(start_s: float, per_s: float) -> None:
    true_s = _regular(500, start_s=start_s)
    marked_s = start_s + np.array([1.005, 2.005])
    lfp, events = timelines([signal(true_s * per_s), markers(marked_s * per_s)])
    assert lfp.unit.per_s == events.unit.per_s == per_s
    np.testing.assert_allclose(lfp.times_s, true_s, rtol=0.0, atol=1e-6)
    np.testing.assert_allclose(events.times_s, marked_s, rtol=0.0, atol=1e-6)


def test_a_stream_in_milliseconds_beside_one_in_seconds_is_put_beside_it() -> None:
    true_s = _regular(500, start_s=70_000.0)
    seconds, milliseconds = timelines([signal(true_s), signal(true_s * 1e3, name="EMG")])
    assert (seconds.unit, milliseconds.unit.per_s) == (SECONDS, 1e3)
    np.testing.assert_allclose(milliseconds.times_s, true_s, rtol=0.0, atol=1e-6)


def test_a_slow_stream_that_says_it_is_fast_keeps_its_time_beside_one_that_is_right() -> None:
    right_s = _regular(40_000, start_s=70_000.0)
    slow_s = 70_000.0 + 10.0 * np.arange(40)
    _, slow = timelines([signal(right_s), signal(slow_s, name="EMG")])
    assert slow.unit == SECONDS
    np.testing.assert_array_equal(slow.times_s, slow_s)
