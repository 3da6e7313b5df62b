"""`stimulation_period` finds the true rate of a stimulation and removes little but it."""

from collections import Counter
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from detectors.block import STIMULATION_CHANGE, BoundEvent, StreamLayout, Taint
from detectors.conditioning.artifacts.step import Stepped
from detectors.conditioning.artifacts.stimulation_period import (
    StimulationPeriod,
    StimulationPeriodConfig,
)

_FOLDER: Final = "dbs130-on-pyparrm"
_RATE_HZ: Final = 1000.0
#: Of the recording in which the stimulator is set to 130 Hz.
_TRUE_HZ: Final = 129.1589


def _fed(
    values_uv: NDArray[np.float64],
    rate_hz: float = _RATE_HZ,
    frequency_hz: float = 130.0,
    events: tuple[BoundEvent, ...] = (),
    **keys: Any,
) -> tuple[Stepped, StimulationPeriod, Counter[str]]:
    values_uv = np.ascontiguousarray(values_uv.reshape(len(values_uv), -1))
    layout = StreamLayout("S", rate_hz, tuple(f"c{k}" for k in range(values_uv.shape[1])))
    config = StimulationPeriodConfig(frequency_hz=frequency_hz, **keys)
    counts: Counter[str] = Counter()
    step = StimulationPeriod(config, layout, counts)
    taint = np.zeros(values_uv.shape, np.uint16)
    taint[0] = Taint.RESTART
    return step.update(values_uv, taint, events, 0), step, counts


def _pulses(n_samples: int, frequency_hz: float, rate_hz: float = _RATE_HZ) -> NDArray[np.float64]:
    """Return a train of sharp pulses behind an amplifier: eight harmonics."""
    angle = 2.0 * np.pi * frequency_hz * np.arange(n_samples) / rate_hz
    return np.asarray(sum(np.cos(k * angle + 0.4 * k) / k for k in range(1, 9)))


def _decibels(found: NDArray[np.float64], of: NDArray[np.float64]) -> float:
    return float(10.0 * np.log10(np.var(found) / np.var(of)))


def _has(found: Stepped, bit: Taint) -> NDArray[np.bool_]:
    return (found.taint[:, 0] & bit).astype(bool)


def _line_over_median(values: NDArray[np.float64], frequency_hz: float) -> float:
    """Return the height of a line over the 25 Hz around it, in dB, in a spectrum of 8 s."""
    frequencies, density = signal.welch(values, _RATE_HZ, nperseg=8000)
    at = int(np.argmin(abs(frequencies - frequency_hz)))
    highest, around = density[at - 3 : at + 4].max(), np.median(density[at - 100 : at + 100])
    return float(10.0 * np.log10(highest / around))


def test_the_recorded_stimulation_of_130_hz_runs_at_129_16(data_dir: Path) -> None:
    recorded = np.load(data_dir / _FOLDER / "ecog_lfp_data.npy").T
    _, step, _ = _fed(recorded)
    # The peak of the whole minute's spectrum, by itself; 129.12 is the bin it falls in.
    times = np.arange(len(recorded))
    window = np.hanning(len(recorded))
    tried = np.arange(129.15, 129.17, 1e-4)
    ecog = window * recorded[:, 0]
    power = [abs(np.exp(-2j * np.pi * f * times / _RATE_HZ) @ ecog) for f in tried]
    assert step.found_hz is not None
    assert abs(step.found_hz - tried[int(np.argmax(power))]) < 3e-4
    assert abs(step.found_hz - _TRUE_HZ) < 1e-4


@pytest.mark.parametrize(
    ("window_s", "left_db"), [(0.5, (5.0, 7.0)), (2.0, (17.5, 14.0))], ids=["short", "default"]
)
def test_the_recorded_line_falls_to_its_surroundings(
    data_dir: Path, window_s: float, left_db: tuple[float, float]
) -> None:
    """What remains over a long window is the slow change of the artifact itself."""
    recorded = np.load(data_dir / _FOLDER / "ecog_lfp_data.npy").T
    found, _, _ = _fed(recorded, window_s=window_s)
    for channel, (before_db, most_db) in enumerate(zip((83.0, 72.0), left_db, strict=True)):
        for harmonic in (1, 2, 3):
            line_hz = harmonic * _TRUE_HZ
            assert _line_over_median(recorded[8000:, channel], line_hz) > before_db
            assert _line_over_median(found.samples_uv[8000:, channel], line_hz) < most_db


def test_what_is_not_stimulation_stays_in_the_recording(data_dir: Path) -> None:
    recorded = np.load(data_dir / _FOLDER / "ecog_lfp_data.npy").T
    found, _, _ = _fed(recorded)
    folds = [abs(k * _TRUE_HZ - round(k * _TRUE_HZ / 1000.0) * 1000.0) for k in range(1, 25)]
    for channel in (0, 1):
        frequencies, before = signal.welch(recorded[8000:, channel], _RATE_HZ, nperseg=1000)
        _, after = signal.welch(found.samples_uv[8000:, channel], _RATE_HZ, nperseg=1000)
        away = abs(frequencies[:, None] - folds).min(axis=1) > 2.5
        looked_at = away & (frequencies >= 4.0) & (frequencies < 90.0)
        assert looked_at.sum() > 50
        change_db = 10.0 * np.log10(after / before)[looked_at]
        assert abs(change_db).max() < 1.0
        assert abs(np.mean(change_db)) < 0.2


@pytest.mark.parametrize(
    ("window_s", "learn_s", "most_db"), [(2.0, 5.0, -33.5), (10.0, 20.0, -40.0)]
)
def test_against_the_truth_of_the_simulated_artifact(
    data_dir: Path, window_s: float, learn_s: float, most_db: float
) -> None:
    given, truth, reference = (
        np.load(data_dir / _FOLDER / name).ravel()
        for name in ("example_data.npy", "example_data_artefact_free.npy", "matlab_filtered.npy")
    )
    found, step, _ = _fed(given, 200.0, 150.0, window_s=window_s, learn_s=learn_s)
    later = slice(round(200.0 * max(window_s, learn_s)) + 200, None)
    artifact = (given - truth)[later]
    assert step.found_hz == pytest.approx(150.25, abs=5e-4)
    assert _decibels((found.samples_uv[:, 0] - truth)[later], artifact) < most_db
    # The reference takes 10 s of past and future; the causal half of it comes within 2 dB.
    assert -42.5 < _decibels((reference - truth)[later], artifact) < -42.0


@pytest.mark.parametrize(
    ("true_hz", "nominal_hz", "rate_hz"),
    [(129.16, 130.0, 1000.0), (150.25, 150.0, 200.0), (130.4, 130.0, 250.0), (181.1, 180.0, 418.4)],
)
def test_the_rate_is_found_however_it_folds(
    true_hz: float, nominal_hz: float, rate_hz: float
) -> None:
    n_samples = round(31.0 * rate_hz)
    noise = np.random.default_rng(7).normal(0.0, 10.0, n_samples)
    values = noise + 50.0 * np.cos(2.0 * np.pi * true_hz * np.arange(n_samples) / rate_hz)
    _, step, _ = _fed(values, rate_hz, nominal_hz)
    assert step.found_hz is not None
    assert abs(step.found_hz - true_hz) < 0.005


def test_without_noise_the_rate_is_exact_and_the_artifact_goes() -> None:
    artifact = 100.0 * _pulses(40_000, 129.1589)
    rhythm = 5.0 * np.sin(2.0 * np.pi * 20.0 * np.arange(40_000) / _RATE_HZ)
    found, step, _ = _fed(artifact + rhythm + 300.0)
    later = slice(10_000, None)
    assert step.found_hz == pytest.approx(129.1589, abs=1e-5)
    assert _decibels((found.samples_uv[:, 0] - rhythm)[later], artifact[later]) < -45.0
    assert np.mean(found.samples_uv[later]) == pytest.approx(300.0, abs=0.01)


def test_a_rate_that_changes_is_found_again() -> None:
    artifact = 100.0 * np.concatenate((_pulses(30_000, 129.2), _pulses(30_000, 130.7)))
    found, step, _ = _fed(artifact + np.random.default_rng(8).normal(0.0, 10.0, 60_000))
    assert step.found_hz == pytest.approx(130.7, abs=1e-3)
    assert _decibels(found.samples_uv[40_000:, 0], artifact[40_000:]) < -15.0
    texts = [each.text for each in found.findings]
    assert texts[0].startswith("pulses at 129.")
    assert texts[-1].startswith("pulses at 130.")


def test_noise_is_not_taken_for_stimulation_nor_changed() -> None:
    noise = np.random.default_rng(9).normal(0.0, 10.0, (200_000, 5))
    drift = np.random.default_rng(10).normal(0.0, 1.0, (200_000, 5)).cumsum(axis=0)
    mains = 200.0 * np.sin(2.0 * np.pi * 50.0 * np.arange(200_000) / _RATE_HZ)[:, None]
    found, step, counts = _fed(noise + drift + mains, learn_s=4.0)
    assert not step.is_found
    assert [each.text for each in found.findings] == ["none within 2 Hz of 130 Hz"]
    assert found.samples_uv.tobytes() == (noise + drift + mains).tobytes()
    # From the first of fifty stretches on nothing is marked.
    assert counts["stimulation_uncleaned"] == 5 * np.flatnonzero(_has(found, Taint.UNCLEANED)).size
    assert np.flatnonzero(_has(found, Taint.UNCLEANED))[-1] < 4100


def test_until_it_knows_nothing_is_to_be_used_and_after_that_it_says_so() -> None:
    values = 100.0 * _pulses(20_000, 129.2) + np.random.default_rng(11).normal(0.0, 10.0, 20_000)
    found, _, _ = _fed(values)
    uncleaned, marked = _has(found, Taint.UNCLEANED), _has(found, Taint.STIMULATION)
    n_learn = int(uncleaned.sum())
    assert 4900 < n_learn < 5100
    assert uncleaned[:n_learn].all()
    assert marked[n_learn:].all()
    assert not marked[:n_learn].any()
    assert found.samples_uv[:n_learn, 0].tobytes() == values[:n_learn].tobytes()


def test_after_a_change_the_window_fills_anew() -> None:
    level = np.where(np.arange(30_000) < 20_000, 100.0, 40.0)
    noise = np.random.default_rng(12).normal(0.0, 10.0, 30_000)
    artifact = level * _pulses(30_000, 129.2)
    change = (BoundEvent(20_000, STIMULATION_CHANGE, "stn 9 1 mA"),)
    found, step, _ = _fed(artifact + noise, events=change, window_s=1.0)
    after = np.flatnonzero(_has(found, Taint.UNCLEANED)[10_000:]) + 10_000
    assert after.tolist() == list(range(20_000, 21_000))
    left = (found.samples_uv[:, 0] - noise)[21_000:]
    assert _decibels(left, artifact[21_000:]) < -20.0
    assert step.is_found
    soft, _, _ = _fed(artifact + noise, events=change, window_s=1.0, resets_on_change=False)
    assert not _has(soft, Taint.UNCLEANED)[10_000:].any()
    assert _has(soft, Taint.STIMULATION)[10_000:].all()


def test_stimulation_that_begins_is_in_doubt_until_it_is_found_where_it_is_told() -> None:
    artifact = np.where(np.arange(40_000) < 20_700, 0.0, 100.0 * _pulses(40_000, 129.2))
    values = artifact + np.random.default_rng(13).normal(0.0, 10.0, 40_000)
    change = (BoundEvent(20_700, STIMULATION_CHANGE, "stn 1 2 mA"),)
    found, _, _ = _fed(values, events=change)
    uncleaned = np.flatnonzero(_has(found, Taint.UNCLEANED)[10_000:]) + 10_000
    assert uncleaned[0] == 20_700
    assert uncleaned[-1] < 20_700 + 5100
    soft, _, _ = _fed(values, events=change, resets_on_change=False)
    assert not _has(soft, Taint.UNCLEANED)[10_000:].any()
    assert _has(soft, Taint.STIMULATION)[20_700:].all()
    assert not _has(soft, Taint.STIMULATION)[:20_700].any()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"search_hz": 0.5}, r"^learn_s: expected at least 8 / search_hz \(16\), found 5"),
        ({"learn_s": 26.0}, r"^learn_s: expected at most 50 / search_hz \(25\), found 26"),
        ({"search_hz": 10.0, "learn_s": 10.0}, r"^learn_s: expected at most 50 / search_hz \(5\)"),
        ({"search_hz": 19.0, "frequency_hz": 60.0}, r"^search_hz: expected at most a quarter"),
        ({"window_s": 0.05}, r"^window_s: expected at least 0.1 s"),
        ({"frequency_hz": 499.0}, r"^frequency_hz: expected to fold at least 4 Hz"),
        ({"frequency_hz": 1002.0}, r"^frequency_hz: expected to fold at least 4 Hz"),
    ],
)
def test_what_does_not_fit_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        _fed(np.zeros(10), **keys)
