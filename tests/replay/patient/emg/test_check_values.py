"""The simulated muscles against closed forms and the check values of each class of activity.

Measured by numpy and scipy on a minute, with envelopes up to 20 Hz unless it says otherwise.
"""

import functools

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.patient.emg.arm import generate_emg
from replay.patient.emg.artifacts import ArtifactConfig
from replay.patient.emg.drives import (
    HEALTHY_OVERFLOW,
    AlternatingTremor,
    AnyActivity,
    Chorea,
    DystonicTremor,
    IndependentTonic,
    Myoclonus,
    Overflow,
    ReciprocalVoluntary,
    Rest,
    SpasticStretches,
    SynchronousTremor,
    TonicCoContraction,
)
from replay.patient.emg.drives.drive import Randoms
from replay.patient.emg.generated_emg import GeneratedEmg
from tests.replay.patient.emg import measures
from tests.replay.patient.emg.measures import RATE_HZ


@functools.cache
def _envelopes(activity: AnyActivity) -> NDArray[np.float64]:
    emg = generate_emg(activity, duration_s=60.0, rate_hz=RATE_HZ)
    return measures.envelope(emg.samples, 20.0)


def _slow(activity: AnyActivity) -> NDArray[np.float64]:
    return _envelopes(activity)[::10]


def _active(activity: AnyActivity) -> NDArray[np.bool_]:
    return measures.active(_envelopes(activity), _envelopes(Rest()))


def _median_ms(activity: AnyActivity) -> float:
    return float(np.median(measures.burst_lengths_s(_active(activity)[:, 0]))) * 1000.0


@functools.cache
def _steady() -> GeneratedEmg:
    return generate_emg(TonicCoContraction(modulation=0.0), duration_s=200.0, rate_hz=RATE_HZ)


@functools.cache
def _noise_cv2(low_pass_hz: float) -> float:
    found = measures.envelope(_steady().samples, low_pass_hz)
    return float(np.mean((found.std(axis=0) / found.mean(axis=0)) ** 2))


@pytest.mark.parametrize(("low_pass_hz", "cv"), [(2.5, 0.059), (6.0, 0.093), (20.0, 0.170)])
def test_the_envelope_of_a_constant_contraction_varies_as_the_closed_form_says(
    low_pass_hz: float, cv: float
) -> None:
    found = _noise_cv2(low_pass_hz) ** 0.5
    assert found == pytest.approx(cv, abs=0.005)
    assert found == pytest.approx(measures.envelope_cv2(low_pass_hz) ** 0.5, abs=0.005)


@pytest.mark.parametrize("modulation", [0.25, 0.10])
def test_envelope_noise_attenuates_the_correlation_as_the_closed_form_says(
    modulation: float,
) -> None:
    emg = generate_emg(
        TonicCoContraction(modulation=modulation),
        duration_s=150.0,
        rate_hz=RATE_HZ,
        channels=tuple("abcdefgh"),
        base_uv=1e-6,
    )
    pairs = np.triu_indices(8, 1)
    true = emg.drive_correlation()[pairs]
    squared = (emg.drive_uv.std(axis=0) / emg.drive_uv.mean(axis=0)) ** 2
    for low_pass_hz in (2.5, 6.0, 20.0):
        cv2 = _noise_cv2(low_pass_hz)
        kept = np.sqrt(squared / (squared + cv2 * (1.0 + squared)))
        found = np.asarray(np.corrcoef(measures.envelope(emg.samples, low_pass_hz).T))[pairs]
        expected = true * kept[pairs[0]] * kept[pairs[1]]
        assert found.mean() == pytest.approx(expected.mean(), abs=0.01)


@pytest.mark.parametrize("share", [0.0, 0.6, 0.9, 1.0])
def test_tonic_drives_correlate_by_the_square_of_the_common_share(share: float) -> None:
    activity = TonicCoContraction(common_share=share)
    process = activity.start(Randoms(3, 0), rate_hz=20.0, n_muscles=2)
    found = measures.correlation(process.next(40_000).dystonic)
    assert activity.drive_correlation == pytest.approx(share**2)
    assert found == pytest.approx(share**2, abs=0.05)


def test_tonic_contraction_is_at_one_level_with_or_without_a_common_drive() -> None:
    assert measures.level_index(_envelopes(TonicCoContraction())) == pytest.approx(0.88, abs=0.05)
    assert measures.level_index(_envelopes(IndependentTonic())) == pytest.approx(0.80, abs=0.05)
    assert abs(measures.correlation(_slow(IndependentTonic()))) < 0.2
    assert measures.correlation(_slow(TonicCoContraction())) > 0.4


def test_reciprocal_movement_has_its_check_values() -> None:
    activity = ReciprocalVoluntary()
    assert measures.correlation(_slow(activity)) == pytest.approx(-0.65, abs=0.05)
    assert measures.level_index(_envelopes(activity)) == pytest.approx(0.14, abs=0.04)
    assert _median_ms(activity) == pytest.approx(600.0, abs=40.0)


def test_alternating_tremor_has_its_check_values() -> None:
    slow = _slow(AlternatingTremor())
    lag, peak = measures.best_lag(slow, 50)
    assert measures.correlation(slow) == pytest.approx(-0.62, abs=0.05)
    assert abs(lag - 10) <= 1
    assert peak == pytest.approx(0.87, abs=0.05)
    highest, median = measures.coherence(slow)
    assert highest == pytest.approx(0.98, abs=0.06)
    assert highest > 2.0 * median
    assert measures.tremor_share(slow) == pytest.approx(0.79, abs=0.05)


def test_synchronous_tremor_has_its_check_values() -> None:
    slow = _slow(SynchronousTremor())
    lag, peak = measures.best_lag(slow, 50)
    assert lag == 0
    assert peak == pytest.approx(0.86, abs=0.05)
    assert measures.coherence(slow)[0] == pytest.approx(0.97, abs=0.06)


def test_dystonic_tremor_is_tremor_on_co_contraction() -> None:
    slow = _slow(DystonicTremor())
    highest, median = measures.coherence(slow)
    assert highest > max(0.5, 2.0 * median)
    assert measures.tremor_share(slow) > 0.3
    assert measures.level_index(slow) > 0.4


def test_chorea_has_its_check_values() -> None:
    activity = Chorea()
    assert measures.correlation(_slow(activity)) == pytest.approx(-0.08, abs=0.05)
    assert measures.coherence(_slow(activity))[0] < 0.12
    assert measures.level_index(_envelopes(activity)) == pytest.approx(0.44, abs=0.06)
    assert 50.0 <= _median_ms(activity) <= 100.0
    assert measures.overlap(_active(activity)) < 0.1
    assert _median_ms(Chorea(length_s=(0.06, 0.06))) == pytest.approx(62.0, abs=4.0)


def test_myoclonus_has_its_check_values() -> None:
    activity = Myoclonus()
    assert measures.correlation(_slow(activity)) == pytest.approx(0.95, abs=0.03)
    highest, median = measures.coherence(_slow(activity))
    assert highest == pytest.approx(0.95, abs=0.05)
    assert highest < 2.0 * median  # coherent at every frequency, which tells it from tremor
    assert _median_ms(activity) == pytest.approx(46.0, abs=5.0)
    assert measures.overlap(_active(activity)) > 0.7


def test_bursts_come_at_the_times_that_are_told() -> None:
    for activity in (Chorea(), Myoclonus()):
        emg = generate_emg(activity, duration_s=120.0, rate_hz=RATE_HZ)
        bursts_s = np.concatenate([emg.bursts_s(0), emg.bursts_s(1)])
        lengths_s = np.diff(bursts_s[bursts_s[:, 1] < 120.0])
        shortest_s, longest_s = activity.length_s
        assert shortest_s - 0.002 <= lengths_s.min() < lengths_s.max() <= longest_s + 0.001
        intervals_s = np.diff(np.sort(emg.bursts_s(0)[:, 0]))
        assert np.std(intervals_s) / np.mean(intervals_s) > 0.7
    together = generate_emg(Myoclonus(), duration_s=60.0, rate_hz=RATE_HZ)
    np.testing.assert_array_equal(together.bursts_s(0), together.bursts_s(1))
    apart = generate_emg(Chorea(), duration_s=60.0, rate_hz=RATE_HZ)
    assert not (apart.drive_uv > apart.base_uv).all(axis=1).any()


@pytest.mark.parametrize(
    ("activity", "gain", "offset", "peak"),
    [(Overflow(), 0.4, 0.2, 0.6), (HEALTHY_OVERFLOW, 0.1, 0.4, 0.0)],
)
def test_overflow_follows_its_model(
    activity: Overflow, gain: float, offset: float, peak: float
) -> None:
    emg = generate_emg(activity, duration_s=24.0, rate_hz=RATE_HZ, active_uv=100.0)
    task, other = ((emg.drive_uv - emg.base_uv) / 100.0).T
    np.testing.assert_allclose(other, np.maximum(0.0, gain * task - offset), atol=1e-12)
    assert activity.offset == pytest.approx(offset)
    assert other.max() == pytest.approx(peak, abs=0.001)
    assert emg.marks[1:] == tuple(
        (round(at_s * RATE_HZ), text)
        for at_s, text in ((0.0, "task"), (8.0, "pause"), (12.0, "task"), (20.0, "pause"))
    )
    during = task[: round(8.0 * RATE_HZ)]
    shares = np.histogram(during, bins=4, range=(0.0, 2.0))[0] / len(during)
    np.testing.assert_allclose(shares, 0.25, atol=0.01)


def test_a_spastic_muscle_answers_in_proportion_to_the_speed_of_a_stretch() -> None:
    activity = SpasticStretches()
    emg = generate_emg(activity, duration_s=120.0, rate_hz=RATE_HZ, active_uv=100.0)
    bursts_s = emg.bursts_s(0)
    assert len(bursts_s) == 30
    assert emg.bursts_s(1).size == 0
    for onset_s, offset_s in bursts_s:
        drive_uv = emg.drive_uv[round(onset_s * RATE_HZ), 0] - emg.base_uv
        assert drive_uv == pytest.approx(60.0 / (offset_s - onset_s) - 10.0, rel=0.01)


def test_crosstalk_correlates_raw_signals_by_the_closed_form() -> None:
    emg = generate_emg(
        TonicCoContraction(modulation=0.0),
        duration_s=30.0,
        rate_hz=RATE_HZ,
        artifacts=ArtifactConfig(crosstalk=0.3),
    )
    assert measures.correlation(emg.muscle_uv) == pytest.approx(0.0, abs=0.03)
    assert measures.correlation(emg.samples) == pytest.approx(0.6 / 1.09, abs=0.03)


def test_heart_and_mains_are_as_stated() -> None:
    artifacts = ArtifactConfig(ecg_uv=300.0, heart_rate_bpm=75.0, line_uv=20.0)
    emg = generate_emg(Rest(), duration_s=64.0, rate_hz=RATE_HZ, artifacts=artifacts)
    beats = np.array([each.sample for each in emg.heartbeats])
    assert len(beats) == pytest.approx(80, abs=2)
    peaks_uv = emg.artifact_uv[np.round(beats).astype(int), 0]
    np.testing.assert_allclose(peaks_uv, 300.0, atol=40.0)
    tone = np.exp(-2j * np.pi * 50.0 * np.arange(64_000) / RATE_HZ)
    assert 2.0 * abs(np.mean(emg.artifact_uv[:, 0] * tone)) == pytest.approx(20.0, abs=1.0)
    assert generate_emg(Rest(), duration_s=5.0).heartbeats == ()
