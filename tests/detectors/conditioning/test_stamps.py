"""Jittered stamps become smooth times; gaps and clock resets are found, and nothing else."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.conditioning.conditioner import Conditioner, ConditioningConfig
from detectors.conditioning.quality import QualityConfig
from replay import readers
from replay.recording import RecordedStream
from tests.detectors.conditioning import naive_conditioning
from tests.detectors.streams import Calls, Conditioned, conditioner, feed, noise, regular_stamps
from tests.support.searching import search

_MOVED = ("gap", "clock_reset")


def _stamps(
    n_samples: int,
    *,
    rate_hz: float = 1000.0,
    rate_error: float = 0.0,
    n_alike: int = 1,
    seed: int = 0,
    lost: dict[int, int] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return stamps with 1 ms of jitter, equal in groups of `n_alike`, and the true times."""
    indices = np.arange(float(n_samples))
    for sample, n_lost in (lost or {}).items():
        indices[sample:] += n_lost
    true_s = 5000.0 + indices / (rate_hz * (1.0 + rate_error))
    jitter_s = np.random.default_rng(seed).normal(0.0, 1e-3, n_samples // n_alike + 1)
    return true_s + np.repeat(jitter_s, n_alike)[:n_samples], true_s


def _smoothed(
    stamps_s: NDArray[np.float64],
    *,
    rate_hz: float = 1000.0,
    calls: Calls | None = None,
    gap_delay_s: float = 0.1,
) -> Conditioned:
    made = conditioner(rate_hz=rate_hz, quality=QualityConfig(gap_delay_s=gap_delay_s))
    return feed(made, noise(len(stamps_s)), stamps_s, calls=calls)


@search(20)
@given(st.integers(0, 1000), st.floats(-0.05, 0.05))
def test_time_is_least_squares_over_all_stamps_so_far(seed: int, rate_error: float) -> None:
    stamps_s, _ = _stamps(120, rate_hz=20.0, rate_error=rate_error, seed=seed)
    expected = naive_conditioning.smoothed(
        stamps_s, rate_hz=20.0, n_memory=100, period_variance=(0.05 / 20.0) ** 2 / 20e-6
    )
    assert _smoothed(stamps_s, rate_hz=20.0).time_s == pytest.approx(expected, abs=1e-9, rel=0.0)


@pytest.mark.parametrize("n_alike", [1, 20])
@pytest.mark.parametrize("rate_error", [0.0, 200e-6, 0.03, -0.03])
@pytest.mark.parametrize("rate_hz", [10.0, 250.0, 418.4, 1000.0, 2048.0, 30_000.0])
def test_jitter_of_a_millisecond_is_no_gap_at_any_rate(
    rate_hz: float, rate_error: float, n_alike: int
) -> None:
    n_samples = max(200, round(12.0 * rate_hz))
    for seed in range(3):
        stamps_s, true_s = _stamps(
            n_samples, rate_hz=rate_hz, rate_error=rate_error, n_alike=n_alike, seed=seed
        )
        found = _smoothed(stamps_s, rate_hz=rate_hz)
        assert not {note.kind for note in found.notes} - {"rate"}
        assert not found.taint[1:].any()
        assert (np.diff(found.time_s) >= 0.0).all()
        settled = slice(n_samples // 2, None)
        assert np.abs(found.time_s - true_s)[settled].max() < 2e-3


def test_times_are_far_smoother_than_stamps() -> None:
    stamps_s, true_s = _stamps(20_000, n_alike=20)
    found = _smoothed(stamps_s)
    assert np.std((found.time_s - true_s)[5000:]) < 0.2e-3
    assert np.std(np.diff(found.time_s)[5000:]) < 1e-6


@pytest.mark.parametrize("n_alike", [1, 20])
@pytest.mark.parametrize("rate_error", [0.0, 200e-6, 0.03, -0.03])
@pytest.mark.parametrize("n_lost", [20, 100, 1000])
@pytest.mark.parametrize("sample", [400, 5010])
def test_each_loss_is_found_with_its_size(
    sample: int, n_lost: int, rate_error: float, n_alike: int
) -> None:
    for seed in range(3):
        stamps_s, true_s = _stamps(
            9000, rate_error=rate_error, n_alike=n_alike, seed=seed, lost={sample: n_lost}
        )
        found = _smoothed(stamps_s)
        (note,) = found.kinds(*_MOVED)
        assert note.kind == "gap"
        assert note.sample == sample + 99
        assert note.text.endswith(f"are missing before sample {sample}")
        assert found.counts["gaps"] == 1
        assert found.counts["gap_samples"] == pytest.approx(n_lost, abs=2.0)
        assert np.flatnonzero(found.has(Taint.RESTART)).tolist() == [0, note.sample]
        suspect = np.flatnonzero(found.has(Taint.SUSPECT_STAMP))
        assert suspect.tolist() == list(range(sample, note.sample))
        assert np.abs(found.time_s - true_s)[note.sample :].max() < 2e-3


def test_losses_one_after_the_other_are_all_found() -> None:
    lost = {3000: 20, 5000: 1000, 5500: 100, 8000: 20}
    stamps_s, _ = _stamps(10_000, n_alike=20, lost=lost)
    found = _smoothed(stamps_s)
    assert [note.sample - 99 for note in found.kinds("gap")] == list(lost)


def test_the_delay_of_confirming_a_gap_is_declared_and_can_be_set() -> None:
    stamps_s, _ = _stamps(3000, lost={2000: 500})
    assert conditioner(quality=QualityConfig(gap_delay_s=0.3)).gap_delay_s == 0.299
    (note,) = _smoothed(stamps_s, gap_delay_s=0.3).kinds("gap")
    assert note.sample == 2299


def test_a_block_that_is_only_late_is_suspect_but_no_gap() -> None:
    stamps_s, true_s = _stamps(3000)
    stamps_s[2000:2050] += 0.03
    found = _smoothed(stamps_s)
    assert np.flatnonzero(found.has(Taint.SUSPECT_STAMP)).tolist() == list(range(2000, 2050))
    (note,) = found.notes
    assert (note.sample, note.kind) == (2050, "late")
    assert np.abs(found.time_s - true_s)[2000:].max() < 1e-3


def test_stamps_that_go_back_are_told_and_times_do_not() -> None:
    stamps_s, _ = _stamps(3000)
    stamps_s[1500:1510] -= 1.0
    found = _smoothed(stamps_s)
    assert [(note.sample, note.kind) for note in found.notes] == [(1510, "backwards")]
    assert found.counts["backwards"] == 1
    assert (np.diff(found.time_s) >= 0.0).all()


@pytest.mark.parametrize("step_s", [-1.0, -1000.0, 1000.0])
def test_stamps_that_step_back_or_far_for_good_are_a_clock_reset(step_s: float) -> None:
    stamps_s, _ = _stamps(3000)
    stamps_s[1500:] += step_s
    found = _smoothed(stamps_s)
    assert [(note.sample, note.kind) for note in found.notes] == [(1599, "clock_reset")]
    assert found.time_s[1599:] == pytest.approx(stamps_s[1599:], abs=5e-3)


def test_a_stream_that_jitters_more_is_understood_after_some_seconds() -> None:
    jitter_s = np.random.default_rng(0).normal(0.0, 0.02, 60_000)
    found = _smoothed(regular_stamps(60_000) + jitter_s)
    assert not found.taint[15_000:].any()
    assert found.kinds(*_MOVED) == []


def test_a_stream_whose_stamps_scatter_over_a_second_is_never_trusted_for_long() -> None:
    scatter_s = np.random.default_rng(0).normal(0.0, 0.5, 60_000)
    found = _smoothed(regular_stamps(60_000) + scatter_s)
    assert found.has(Taint.SUSPECT_STAMP)[30_000:].mean() > 0.5


def test_a_gap_confirmed_on_biased_stamps_is_corrected_soon_after() -> None:
    stamps_s, true_s = _stamps(4000, lost={2000: 500})
    stamps_s[2000:2100] += 4e-3
    found = _smoothed(stamps_s)
    assert found.counts["gaps"] == 1
    assert np.abs(found.time_s - true_s)[3100:].max() < 1e-3


def test_a_rate_far_from_the_nominal_one_is_told_once() -> None:
    stamps_s, _ = _stamps(20_000, rate_error=0.03)
    (note,) = _smoothed(stamps_s).notes
    assert note.kind == "rate"
    assert note.text == "expected 1000 Hz, found 1030 Hz"


@pytest.mark.parametrize("stamp", [math.nan, math.inf, -math.inf, 1e300])
def test_stamps_that_are_not_finite_are_passed_over(stamp: float) -> None:
    stamps_s, true_s = _stamps(3000)
    stamps_s[1000:1500] = stamp
    found = _smoothed(stamps_s)
    assert np.flatnonzero(found.has(Taint.SUSPECT_STAMP)).tolist() == list(range(1000, 1500))
    assert [(note.sample, note.kind) for note in found.notes] == [
        (1000, "not_finite_stamp"),
        (1500, "not_finite_stamp"),
    ]
    assert found.counts == {"not_finite_stamps": 500}
    assert np.abs(found.time_s - true_s)[500:].max() < 2e-3


def test_a_stream_that_begins_without_stamps_restarts_at_its_first_one() -> None:
    stamps_s, _ = _stamps(300)
    stamps_s[:100] = math.nan
    found = _smoothed(stamps_s)
    assert (found.time_s[:100] == 0.0).all()
    assert np.flatnonzero(found.has(Taint.RESTART)).tolist() == [0, 100]
    assert found.has(Taint.SUSPECT_STAMP)[:100].all()


@pytest.mark.parametrize("stamp", [0.0, 7.5, math.nan])
def test_stamps_that_never_say_anything_are_suspect_and_do_not_flood_the_journal(
    stamp: float,
) -> None:
    found = _smoothed(np.full(60_000, stamp))
    assert found.has(int(Taint.SUSPECT_STAMP | Taint.RESTART)).mean() > 0.8
    assert len(found.notes) <= 61
    assert np.isfinite(found.time_s).all()


def test_a_clock_correction_moves_time_from_the_next_sample_on_and_is_no_gap() -> None:
    stamps_s, true_s = _stamps(4000)
    calls: Calls = {
        0: [lambda made: made.correct(-4990.0)],
        1000: [lambda made: made.correct(-4990.0 + 0.5e-3)],
        2500: [lambda made: made.correct(-4990.0 - 2e-3)],
    }
    found = _smoothed(stamps_s, calls=calls)
    assert found.notes == ()
    assert (np.diff(found.time_s) >= 0.0).all()
    steps_s = found.time_s - _smoothed(stamps_s).time_s
    assert steps_s[999] == pytest.approx(-4990.0, abs=1e-9)
    assert steps_s[1000] == pytest.approx(-4990.0 + 0.5e-3, abs=1e-9)
    assert steps_s[2510] == pytest.approx(-4990.0 - 2e-3, abs=1e-9)
    assert np.abs(found.time_s - true_s + 4990.0).max() < 5e-3


def test_a_correction_that_steps_far_restarts_so_that_time_can_go_back() -> None:
    calls: Calls = {500: [lambda made: made.correct(-5.0)]}
    found = _smoothed(regular_stamps(1000), calls=calls)
    assert [(note.sample, note.kind) for note in found.notes] == [(500, "clock_correction")]
    assert np.flatnonzero(found.has(Taint.RESTART)).tolist() == [0, 500]
    assert found.time_s[500] == pytest.approx(95.5)


def test_a_correction_that_is_no_number_is_left_out_and_told() -> None:
    calls: Calls = {500: [lambda made: made.correct(math.nan)]}
    found = _smoothed(regular_stamps(1000), calls=calls)
    assert [(note.sample, note.kind) for note in found.notes] == [(500, "clock_correction")]
    assert found.time_s == pytest.approx(regular_stamps(1000))


def _correct(made: Conditioner, correction_s: float) -> None:
    made.correct(correction_s)


def _recorded(stream: RecordedStream, *, corrected: bool) -> Conditioned:
    """Condition a recorded stream, its stored clock offsets arriving where they were measured."""
    config = ConditioningConfig(name=stream.info.lsl_name, kind="other")
    made = Conditioner(
        config,
        rate_hz=stream.info.rate_hz,
        channels=stream.info.channels,
        units=stream.info.units,
    )
    samples, stamps_s = stream.read(0, stream.n_samples)
    calls: Calls = {}
    if corrected:
        at = 0
        for time_s, offset_s in zip(*stream.clock, strict=True):
            near = np.flatnonzero(np.abs(stamps_s - time_s) < 0.5)
            at = int(near[0]) if near.size else at
            calls.setdefault(at, []).append(partial(_correct, correction_s=float(offset_s)))
    return feed(made, samples, stamps_s, calls=calls)


@pytest.mark.parametrize("corrected", [False, True])
def test_the_three_streams_have_their_one_gap_and_their_one_reset(
    data_dir: Path, *, corrected: bool
) -> None:
    path = data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf"
    signals = {
        stream.info.lsl_name: stream for stream in readers.open(path).streams if stream.is_signal
    }
    found = _recorded(signals["STN_ECOG"], corrected=corrected)
    assert found.counts == {"gaps": 1, "gap_samples": 750}
    assert found.kinds("gap")[0].text == "750 samples (0.750 s) are missing before sample 12000"
    found = _recorded(signals["Force"], corrected=corrected)
    (note,) = found.kinds(*_MOVED)
    assert (note.kind, note.sample - 24) == ("clock_reset", 2500)
    assert not {"gaps", "late", "backwards"} & set(found.counts)


@pytest.mark.parametrize("corrected", [False, True])
def test_the_recording_of_a_reset_clock_has_that_reset_only(
    data_dir: Path, *, corrected: bool
) -> None:
    (stream,) = (
        stream
        for stream in readers.open(data_dir / "xdf-real" / "clock_resets.xdf").streams
        if stream.is_signal
    )
    found = _recorded(stream, corrected=corrected)
    (note,) = found.kinds(*_MOVED)
    assert (note.kind, note.sample - 9) == ("clock_reset", 12_876)
    assert not {"gaps", "late", "backwards"} & set(found.counts)
    if corrected:
        n_after = len(found.time_s) - 12_876
        hole_s = found.time_s[-1] - found.time_s[12_875] - n_after / 92.67
        assert hole_s == pytest.approx(274.0, abs=1.0)
