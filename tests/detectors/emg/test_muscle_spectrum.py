"""Spectra of EMG: drives that are known, what steady contraction gives, and electrodes."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import welch
from scipy.stats import binom

from detectors.block import StreamLayout
from detectors.emg.spectrum.fourier_kernel import transform, twiddle_factors
from detectors.emg.spectrum.muscle_spectrum import MuscleSpectrum, MuscleSpectrumConfig
from detectors.outputs import column_of
from tests.detectors.emg.muscle_signals import RATE_HZ, Signal, noise_of
from tests.support.blocks import block_of

_N_OUTPUTS = 11


class Found:
    """Estimates of muscles A, B, ... by measure."""

    def __init__(self, samples_uv: Signal, **keys: Any) -> None:
        labels = tuple("ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]])
        config = MuscleSpectrumConfig(id="drive", stream="EMG", **keys)
        self.detector = MuscleSpectrum(config, StreamLayout("EMG", RATE_HZ, labels))
        self.estimates = self.detector.update(block_of(samples_uv, RATE_HZ, stream="EMG")).estimates

    def last(self, measure: str, channel: str = "A") -> float:
        """Return the last value; NaN where it is not valid."""
        column = column_of(self.detector.outputs, channel, measure)
        is_valid = self.estimates.valid[-1, column]
        return float(self.estimates.values[-1, column]) if is_valid else np.nan

    def apart(self, measure: str) -> Signal:
        """Return the values of windows that share nothing, where valid."""
        column = column_of(self.detector.outputs, "A", measure)
        every = slice(None, None, 2)
        values = self.estimates.values[every, column::_N_OUTPUTS]
        return np.asarray(values[self.estimates.valid[every, column::_N_OUTPUTS]])


def is_chance(n_over: int, n_windows: int, least: float = 0.03, most: float = 0.06) -> bool:
    """Return whether so many windows may be over a null that is exceeded by such a share."""
    low, high = binom.ppf(0.001, n_windows, least), binom.ppf(0.999, n_windows, most)
    return n_windows > 200 and bool(low <= n_over <= high)


def driven(frequency_hz: float, depth: float = 0.3) -> Signal:
    """Return EMG whose drive is a sine around a steady level."""
    time_s = np.arange(30_000) / RATE_HZ
    drive = 1.0 + depth * np.sin(2.0 * np.pi * frequency_hz * time_s)
    return np.asarray(50.0 * drive[:, None] * noise_of(np.random.default_rng(1), (30_000, 1)))


def test_the_transform_is_numpys() -> None:
    random = np.random.default_rng(1)
    for n_samples in (2, 8, 1024):
        real, imaginary = random.normal(size=(2, n_samples))
        expected = np.fft.fft(real + 1j * imaginary)
        transform(real, imaginary, twiddle_factors(n_samples))
        np.testing.assert_allclose(real + 1j * imaginary, expected, rtol=1e-12, atol=1e-12)


def test_a_slow_drive_is_low_frequency_drive_and_no_peak() -> None:
    found = Found(driven(5.0))
    assert found.last("low_frequency_drive") > 2.0 * found.last("low_frequency_drive_null")
    assert found.last("has_peak_8_14") == 0.0


def test_a_drive_of_11_hz_is_a_peak_and_no_low_frequency_drive() -> None:
    found = Found(driven(11.0))
    assert found.last("low_frequency_drive") < found.last("low_frequency_drive_null")
    assert found.last("has_peak_8_14") == 1.0
    assert found.last("peak_8_14_db") > 2.0 * found.last("peak_8_14_db_null")
    assert found.last("peak_8_14_hz") == pytest.approx(11.0, abs=0.5)


def test_the_peak_is_as_high_as_the_closed_form_says() -> None:
    """A sine of depth d has d² / 2 of the squared mean, in a Hann window over 1.5 bins."""
    found = Found(driven(11.0), window_s=25.0, segment_s=1.024)
    density = welch(np.abs(noise_of(np.random.default_rng(2), (400_000,))), RATE_HZ, nperseg=1024)
    over = 0.3**2 / 2.0 / 1.5 * 1.024 * (2.0 / np.pi) / density[1][17:31].mean()
    assert found.last("peak_8_14_db") == pytest.approx(10.0 * np.log10(over), abs=1.5)


def test_steady_noise_exceeds_the_nulls_as_rarely_as_is_said() -> None:
    white = np.random.default_rng(3).normal(0.0, 30.0, (205_000, 16))
    found = Found(white, hop_s=5.0)
    drive, null = found.apart("low_frequency_drive"), found.apart("low_frequency_drive_null")
    assert is_chance(int((drive > null).sum()), drive.size)
    assert is_chance(int(found.apart("has_peak_8_14").sum()), drive.size)
    median, lowest = found.apart("median_frequency_hz"), found.apart("median_frequency_hz_null")
    assert is_chance(int((median < lowest).sum()), drive.size)
    assert drive.mean() == pytest.approx(7.0 / 27.0, abs=0.01)


def test_noise_of_the_spectra_of_walking_muscles_exceeds_them_as_rarely(data_dir: Path) -> None:
    """It is far from white: a null of white EMG would be exceeded more often than is said."""
    file = data_dir / "emg-walk-13muscles" / "emg_13muscles.csv"
    recorded = np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:13]
    random = np.random.default_rng(4)
    size = np.abs(np.fft.rfft(recorded - recorded.mean(axis=0), axis=0))
    pieces = [
        np.fft.irfft(size * np.exp(2j * np.pi * random.random(size.shape)), axis=0)
        for _ in range(32)
    ]
    found = Found(np.concatenate(pieces), hop_s=5.0)
    drive, null = found.apart("low_frequency_drive"), found.apart("low_frequency_drive_null")
    assert is_chance(int((drive > null).sum()), drive.size)
    assert is_chance(int(found.apart("has_peak_8_14").sum()), drive.size)
    assert drive.mean() > 7.0 / 27.0 + 0.01
    # The spectrum of muscle lies far below that of white noise.
    assert found.apart("median_frequency_hz").max() < 0.7 * found.last("median_frequency_hz_null")


def test_electrodes_that_are_off_clipped_or_at_rest_have_no_drive() -> None:
    clean = driven(5.0)
    flat, clipped = np.full(clean.shape, 5.0), np.clip(clean, -80.0, 80.0)
    rest: dict[str, Any] = {"rest_uv": {"A": 40.0}, "rest_sd_uv": {"A": 5.0}}
    for found, flag in (
        (Found(flat), "has_bad_signal"),
        (Found(0.1 * clean, **rest), "has_bad_signal"),
        (Found(clipped), "is_clipped"),
        (Found(clean, **rest), "is_at_rest"),
    ):
        assert found.last(flag) == 1.0
        assert np.isnan(found.last("low_frequency_drive"))
        assert np.isnan(found.last("has_peak_8_14"))
    assert np.isfinite(Found(clean, **rest).last("median_frequency_hz"))


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"window_s": 1.2}, r"window_s: expected at least two segments \(1\.5 s\), found 1\.2"),
        ({"hop_s": 0.7}, r"hop_s: expected a multiple of half a segment \(0\.5 s\), found 0\.7"),
        ({"hop_s": 20.0}, r"window_s: expected more than one hop \(20 s\), found 10"),
        ({"rest_uv": {"A": 1.0}}, r"rest_sd_uv\.A: expected one, as rest_uv has, found none"),
    ],
)
def test_what_cannot_be_is_refused_with_the_key(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Found(np.zeros((10, 1)), **keys)
