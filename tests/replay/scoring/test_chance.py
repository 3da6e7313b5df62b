"""Surrogates and the healthy patient: what they keep of a recording, and what not."""

import numpy as np
import pytest
from scipy.signal import coherence, welch

from replay.scoring.chance.healthy import healthy_stream
from replay.scoring.chance.surrogates import randomised, surrogate
from tests.replay.recordings import signal, whole


def test_a_surrogate_has_the_spectrum_and_the_coherence_and_other_samples() -> None:
    random = np.random.default_rng(1)
    common = random.normal(size=20_000)
    samples = np.column_stack([common + random.normal(size=20_000), common])
    made = randomised(samples, np.random.default_rng(2))
    assert np.abs(np.fft.rfft(made, axis=0)) == pytest.approx(
        np.abs(np.fft.rfft(samples, axis=0)), abs=1e-6
    )
    assert made.mean(axis=0) == pytest.approx(samples.mean(axis=0))
    _, before = coherence(*samples.T, nperseg=200)
    _, after = coherence(*made.T, nperseg=200)
    assert after.mean() == pytest.approx(before.mean(), abs=0.02)
    assert abs(np.corrcoef(made[:, 1], samples[:, 1])[0, 1]) < 0.05


def test_gaps_and_what_is_not_finite_stay_where_they_were() -> None:
    stamps_s = np.concatenate([np.arange(400), np.arange(600, 1000)]) / 100.0
    samples = np.random.default_rng(1).normal(size=(800, 1)).astype(np.float32)
    samples[100:110] = np.nan
    made = surrogate(
        signal(stamps_s, samples=samples), length_s=100.0, random=np.random.default_rng(2)
    )
    found = whole(made)
    assert np.array_equal(found.timestamps_s, stamps_s)
    assert np.array_equal(np.isnan(found.samples), np.isnan(samples))
    # Each side of the gap has its own spectrum still.
    after = np.abs(np.fft.rfft(found.samples[400:, 0]))
    assert after == pytest.approx(np.abs(np.fft.rfft(samples[400:, 0])), rel=1e-3)


def test_the_healthy_patient_is_as_loud_beside_the_band_and_has_no_peak_in_it() -> None:
    random = np.random.default_rng(3)
    stamps_s = np.arange(60_000) / 1000.0
    beta = 40.0 * np.sin(2.0 * np.pi * 20.0 * stamps_s)
    samples = np.column_stack([random.normal(0.0, 30.0, 60_000) + beta, random.normal(size=60_000)])
    made = healthy_stream(
        signal(stamps_s, rate_hz=1000.0, samples=samples), (17.0, 23.0), 60.0, seed=1
    )
    assert made is not None
    hz, before = welch(samples, 1000.0, nperseg=2000, axis=0)
    _, after = welch(whole(made).samples, 1000.0, nperseg=2000, axis=0)
    beside = ((hz >= 9.0) & (hz <= 15.0)) | ((hz >= 25.5) & (hz <= 34.0))
    ratio = np.median(after[beside], axis=0) / np.median(before[beside], axis=0)
    assert ratio == pytest.approx([1.0, 1.0], rel=0.15)
    inside = (hz >= 18.0) & (hz <= 22.0)
    assert (after[inside].max(axis=0) < 3.0 * np.median(after[beside], axis=0)).all()
    assert before[inside, 0].max() > 100.0 * np.median(before[beside, 0])


def test_a_rate_that_no_patient_has_gives_none() -> None:
    slow = signal(np.arange(100) / 2.0, rate_hz=2.0)
    assert healthy_stream(slow, (0.2, 0.5), 10.0, seed=1) is None
