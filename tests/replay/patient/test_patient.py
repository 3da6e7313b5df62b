"""The simulated patient against closed forms, generated in pieces of any length."""

from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import signal

from replay.patient.patient import Patient, PatientConfig
from tests.replay.patient.pure_patient import RATE_HZ, pure_patient
from tests.support.searching import search


def _pure(**keys: Any) -> Patient:
    """Return a patient with an oscillation alone, at rest."""
    return pure_patient(**({"drive_sd": 0.0} | keys))


def _steady(patient: Patient, length_s: float, current_ma: float) -> NDArray[np.float64]:
    patient.generate(round(5.0 * RATE_HZ), current_ma)
    samples_uv = patient.generate(round(length_s * RATE_HZ), current_ma)
    return samples_uv[:, 0].astype(np.float64)


@pytest.mark.parametrize("current_ma", [0.0, 1.5, 2.0, 3.0])
def test_steady_stimulation_leaves_the_share_of_power_that_the_damping_says(
    current_ma: float,
) -> None:
    patient = _pure()
    added_per_s = patient.config.damping_added_per_s(current_ma)
    expected = 0.5 * 5.0 / (5.0 + added_per_s)
    found = float(np.mean(_steady(patient, 6000.0, current_ma) ** 2))
    assert found == pytest.approx(expected, rel=0.03)


def test_two_milliampere_add_half_of_what_stimulation_can() -> None:
    assert PatientConfig().damping_added_per_s(2.0) == 10.0
    assert PatientConfig().damping_added_per_s(-2.0) == 10.0
    assert PatientConfig().damping_added_per_s(0.0) == 0.0


def test_the_share_does_not_depend_on_how_the_drive_varies() -> None:
    shares = []
    for drive_sd in (0.0, 0.6):
        off, on = (
            float(np.mean(_steady(_pure(drive_sd=drive_sd, seed=seed), 8000.0, current_ma) ** 2))
            for seed, current_ma in ((1, 0.0), (2, 2.0))
        )
        shares.append(on / off)
    assert shares == pytest.approx([5.0 / 15.0, 5.0 / 15.0], rel=0.05)


@pytest.mark.parametrize("current_ma", [0.0, 2.0])
def test_half_of_the_power_lies_within_the_line_width(current_ma: float) -> None:
    patient = _pure()
    width_hz = (5.0 + patient.config.damping_added_per_s(current_ma)) / np.pi
    samples = _steady(patient, 6000.0, current_ma)
    frequencies_hz, density = signal.welch(samples, RATE_HZ, nperseg=round(50.0 * RATE_HZ))
    within = np.abs(frequencies_hz - 20.0) <= width_hz / 2.0
    assert density[within].sum() / density.sum() == pytest.approx(0.5, abs=0.02)


@pytest.mark.parametrize("current_ma", [0.0, 2.0])
def test_the_autocorrelation_falls_with_the_damping(current_ma: float) -> None:
    patient = _pure(beta_hz=25.0)
    damping_per_s = 5.0 + patient.config.damping_added_per_s(current_ma)
    samples = _steady(patient, 6000.0, current_ma)
    lags = 10 * np.arange(1, 6)  # whole cycles of 25 Hz
    found = [np.mean(samples[:-lag] * samples[lag:]) / np.mean(samples**2) for lag in lags]
    np.testing.assert_allclose(found, np.exp(-damping_per_s * lags / RATE_HZ), atol=0.03)


def test_the_effect_comes_and_goes_with_its_time_constants() -> None:
    patient = _pure()
    patient.generate(round(0.1 * RATE_HZ), 2.0)
    assert patient.current_felt_ma == pytest.approx(2.0 * (1.0 - np.exp(-1.0)))
    patient.generate(round(10.0 * RATE_HZ), 2.0)
    patient.generate(round(0.25 * RATE_HZ), 0.0)
    assert patient.current_felt_ma == pytest.approx(2.0 * np.exp(-round(0.25 * RATE_HZ) / 62.5))


def test_the_drive_makes_bursts_heavier_than_noise() -> None:
    def kurtosis(drive_sd: float) -> float:
        samples = _steady(_pure(drive_sd=drive_sd), 2000.0, 0.0)
        return float(np.mean(samples**4) / np.mean(samples**2) ** 2)

    assert kurtosis(0.0) == pytest.approx(3.0, abs=0.2)
    assert kurtosis(0.6) > 4.0


def test_the_noise_falls_as_one_over_f() -> None:
    config = PatientConfig(channels=("z",), gains=(0.0,), line_uv=0.0)
    samples_uv = Patient(config).generate(1_000_000, 0.0)[:, 0].astype(np.float64)
    frequencies_hz, density = signal.welch(samples_uv, 1000.0, nperseg=4000)
    fitted = (frequencies_hz >= 1.0) & (frequencies_hz <= 100.0)
    slope, _ = np.polyfit(np.log(frequencies_hz[fitted]), np.log(density[fitted]), 1)
    assert slope == pytest.approx(-1.0, abs=0.05)
    assert np.std(samples_uv) == pytest.approx(config.pink_uv, rel=0.05)


def test_without_stimulation_beta_stands_6_to_12_db_over_the_noise() -> None:
    config = PatientConfig()
    samples_uv = Patient(config).generate(300_000, 0.0).astype(np.float64)
    columns = [config.channels.index(label) for label in ("STN_L_1", "STN_L_3")]
    bipolar_uv = samples_uv[:, columns[0]] - samples_uv[:, columns[1]]
    for channel_uv in (samples_uv[:, columns[0]], bipolar_uv):
        frequencies_hz, density = signal.welch(channel_uv, 1000.0, nperseg=1000)
        around = ((frequencies_hz >= 4) & (frequencies_hz <= 9)) | (
            (frequencies_hz >= 60) & (frequencies_hz <= 95)
        )
        slope, height = np.polyfit(np.log(frequencies_hz[around]), np.log(density[around]), 1)
        peak = np.argmax(np.where((frequencies_hz > 13) & (frequencies_hz < 30), density, 0.0))
        assert abs(frequencies_hz[peak] - 20.0) <= 1.0
        floor = np.exp(height + slope * np.log(frequencies_hz[peak]))
        assert 6.0 <= 10.0 * np.log10(density[peak] / floor) <= 12.0


def test_the_default_patient_visibly_loses_beta_at_the_default_amplitude() -> None:
    def beta_uv2(current_ma: float) -> float:
        samples_uv = Patient(PatientConfig()).generate(120_000, current_ma).astype(np.float64)
        bipolar_uv = samples_uv[:, 0] - samples_uv[:, 2]
        frequencies_hz, density = signal.welch(bipolar_uv, 1000.0, nperseg=1000)
        return float(density[(frequencies_hz >= 13) & (frequencies_hz < 30)].sum())

    assert beta_uv2(2.5) < 0.6 * beta_uv2(0.0)


@given(cuts=st.lists(st.integers(0, 400), max_size=12), seed=st.integers(0, 1000))
@search(30)
def test_the_same_samples_come_in_any_pieces(cuts: list[int], seed: int) -> None:
    config = PatientConfig(seed=seed)
    whole, cut = Patient(config), Patient(config)
    expected = np.concatenate([whole.generate(200, 0.0), whole.generate(200, 2.5)])
    edges = sorted({0, 200, 400, *cuts})
    pieces = [
        cut.generate(end - start, 0.0 if start < 200 else 2.5) for start, end in pairwise(edges)
    ]
    np.testing.assert_array_equal(np.concatenate(pieces), expected)


def test_another_seed_is_another_patient() -> None:
    first, second = (Patient(PatientConfig(seed=seed)).generate(10, 0.0) for seed in (1, 2))
    assert not np.array_equal(first, second)


def test_the_stream_says_what_it_is() -> None:
    info = PatientConfig().info("LFP")
    assert (info.name, info.lsl_type, info.source_id) == ("LFP", "LFP", "simulated-patient")
    assert info.rate_hz == 1000.0
    assert len(info.channels) == len(info.units) == 8
    assert set(info.units) == {"microvolts"}
    assert Patient(PatientConfig()).generate(3, 0.0).dtype == np.dtype(info.dtype)


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("channels = []\ngains = []", "channels: expected unique labels"),
        ('channels = ["a", "a"]\ngains = [1.0, 1.0]', "channels: expected unique labels"),
        ("gains = [1.0]", "gains: expected one for each of 8 channels, found 1"),
        ('channels = ["a"]\ngains = [nan]', "gains: expected finite numbers"),
        ("beta_hz = 500.0", "beta_hz: expected below half of 1000 Hz, found 500"),
        ("rate_hz = 100.0", "line_hz: expected below half of 100 Hz, found 50"),
        ("rate_hz = inf", "rate_hz"),
        ("beta = 20.0", "unknown field `beta`"),
    ],
)
def test_an_impossible_patient_is_refused_by_its_key(table: str, problem: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="(?i)" + problem.replace("[", r"\[")):
        msgspec.toml.decode(table, type=PatientConfig)
