"""What a session's page computes of signals, against scipy and what was made."""

import numpy as np
import pytest
from scipy.signal import butter, coherence, hilbert, sosfiltfilt, welch

from stimloop.reporting.session.comodulogram import comodulogram
from stimloop.reporting.session.spectra import Spectra
from stimloop.reporting.session.zero_phase import ZeroPhase


def test_spectra_and_coherence_are_those_of_scipy_in_whatever_pieces() -> None:
    random = np.random.default_rng(1)
    common = random.normal(size=20_000)
    samples = np.column_stack([common + random.normal(size=20_000), common + 3.0])
    spectra = Spectra(200.0, ("a", "b"))
    for part in np.array_split(samples, 77):
        spectra.take(part, is_start=False)
    hz, density = welch(samples, 200.0, nperseg=400, axis=0)
    inner = slice(1, -1)  # at 0 and at half the rate there is one side, not two
    assert spectra.hz == pytest.approx(hz)
    assert spectra.density_uv2_per_hz[inner] == pytest.approx(density[inner])
    _, expected = coherence(*samples.T, 200.0, nperseg=400)
    assert spectra.coherences(4)[0].values[inner] == pytest.approx(expected[inner])


def test_the_coherence_of_noise_exceeds_its_null_as_rarely_as_said() -> None:
    random = np.random.default_rng(2)
    above = []
    for _ in range(40):
        spectra = Spectra(100.0, ("a", "b"))
        spectra.take(random.normal(size=(4000, 2)), is_start=True)
        values = spectra.coherences(2)[0].values[2:-2]
        above.append((values > spectra.coherence_null).mean())
    assert np.mean(above) == pytest.approx(0.05, abs=0.012)


def test_a_window_across_a_break_is_left_out() -> None:
    spectra = Spectra(100.0, ("a",))
    spectra.take(np.ones((150, 1)), is_start=True)
    spectra.take(np.ones((150, 1)), is_start=True)
    assert spectra.n_windows == 0


def test_a_band_without_delay_has_no_seams() -> None:
    random = np.random.default_rng(3)
    samples = random.normal(size=(30_000, 2))
    time_s = np.arange(30_000) / 500.0
    band = ZeroPhase((15.0, 25.0), 500.0)
    found = [
        each
        for cut in np.array_split(np.arange(30_000), 91)
        for each in band.take(time_s[cut], samples[cut], is_start=False)
    ]
    found += band.finish()
    times = np.concatenate([each for each, _ in found])
    analytic = np.concatenate([each for _, each in found])
    assert np.array_equal(times, time_s)
    sections = butter(2, (15.0, 25.0), "bandpass", fs=500.0, output="sos")
    whole = hilbert(sosfiltfilt(sections, samples - samples.mean(axis=0), axis=0), axis=0)
    inner = slice(500, -500)
    assert np.abs(analytic - whole)[inner].max() < 0.01


def test_coupling_that_was_made_is_where_it_was_made_and_nowhere_in_noise() -> None:
    time_s = np.arange(20_000) / 1000.0
    random = np.random.default_rng(4)
    # A rhythm that wanders: a steady one would be as coupled after any shift.
    sections = butter(2, (12.0, 16.0), "bandpass", fs=1000.0, output="sos")
    slow = sosfiltfilt(sections, random.normal(size=time_s.size))
    slow /= np.abs(slow).max()
    fast = 2.0 * (1.0 + slow) * np.cos(2.0 * np.pi * 100.0 * time_s)
    found = comodulogram(3.0 * slow + fast + random.normal(0.0, 1.0, time_s.size), 1000.0)
    row, column = np.unravel_index(np.nanargmax(found.modulation), found.modulation.shape)
    assert found.phase_hz[column] == 14.0
    assert found.amplitude_hz[row] == pytest.approx(100.0, abs=15.0)
    assert found.modulation[row, column] > 3.0 * found.null[row, column]
