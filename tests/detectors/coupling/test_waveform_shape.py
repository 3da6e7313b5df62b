"""Sharp peaks or troughs are told from round ones, and coupling by shape from true coupling."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binom

from detectors.coupling.filters import sharpness_taps
from tests.detectors.coupling.coupling_signals import (
    INDEX,
    INDEX_NULL,
    IS_SHARP,
    SHARPNESS,
    apart,
    band_noise,
    detector_of,
    estimates_of,
    rhythm,
)


def gain(frequency_hz: float) -> float:
    taps = sharpness_taps((13.0, 30.0), 1000.0)
    angle = 2.0 * np.pi * frequency_hz * np.arange(1, taps.size) / 1000.0
    return float(taps[0] + 2.0 * (taps[1:] * np.cos(angle)).sum())


def last(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    found = estimates_of(detector_of(window_s=2.0), samples_uv[:, None])
    assert found.valid[-1].all()
    values: NDArray[np.float64] = found.values[-1]
    return values


def spiky(slow: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return a rhythm with peaks far sharper than its troughs, and no second rhythm."""
    shape: NDArray[np.float64] = np.abs(slow) * np.exp(6.0 * (np.cos(np.angle(slow)) - 1.0))
    return shape


@pytest.mark.parametrize("second", [-0.3, -0.1, 0.05, 0.2, 0.33])
def test_a_second_harmonic_gives_its_closed_form(second: float) -> None:
    """Peak and trough of ``cos p + a cos 2p`` have ``g(f) +- a g(2f)``, g the gain of the taps."""
    angle = 2.0 * np.pi * 20.0 * np.arange(6000) / 1000.0
    found = last(10.0 * (np.cos(angle) + second * np.cos(2.0 * angle)) + 500.0)
    plain, twice = gain(20.0), second * gain(40.0)
    assert found[SHARPNESS] == pytest.approx(np.log((plain + twice) / (plain - twice)), abs=1e-6)
    assert found[IS_SHARP] == 1.0


def test_where_one_side_is_flat_the_ratio_stays_bounded() -> None:
    angle = 2.0 * np.pi * 20.0 * np.arange(6000) / 1000.0
    for second in (-0.8, 0.8):
        found = last(np.cos(angle) + second * np.cos(2.0 * angle))
        assert found[SHARPNESS] == pytest.approx(np.sign(second) * np.log(0.99 / 0.01))
        assert found[IS_SHARP] == 1.0


@pytest.mark.parametrize("frequency_hz", [14.0, 17.3, 20.0, 23.456, 27.7])
def test_a_sinusoid_is_not_sharp_wherever_its_samples_fall(frequency_hz: float) -> None:
    samples_uv = 10.0 * np.cos(2.0 * np.pi * frequency_hz * np.arange(6000) / 1000.0 + 0.4)
    found = last(samples_uv)
    assert abs(found[SHARPNESS]) < 0.01
    assert found[IS_SHARP] == 0.0


def test_upside_down_peaks_are_troughs() -> None:
    random = np.random.default_rng(21)
    samples_uv = band_noise(random, 6000, 1, (0.5, 500.0), 1.0)[:, 0]
    upright, turned = last(samples_uv), last(-samples_uv)
    assert upright[SHARPNESS] == pytest.approx(-turned[SHARPNESS], abs=0.2)
    assert upright[SHARPNESS] != 0.0


@pytest.mark.parametrize(
    ("name", "power_slope"), [("white", 0.0), ("pink", 1.0), ("brown", 2.0), ("rhythm", 1.0)]
)
def test_noise_is_called_sharp_as_often_as_stated(name: str, power_slope: float) -> None:
    """Windows of 2 s: 5 %, within the binomial interval of 99 %."""
    random = np.random.default_rng(22)
    n_samples, n_channels = 100_400, 8
    samples_uv = band_noise(random, n_samples, n_channels, (0.5, 500.0), power_slope)
    if name == "rhythm":
        samples_uv += 3.0 * rhythm(random, n_samples, n_channels).real
    detector = detector_of(n_channels, window_s=2.0)
    found = apart(estimates_of(detector, samples_uv), detector)
    n_windows = found[:, :, IS_SHARP].size
    assert n_windows >= 390
    low, high = binom.interval(0.99, n_windows, 0.05)
    assert low <= found[:, :, IS_SHARP].sum() <= high
    assert abs(np.median(found[:, :, SHARPNESS])) < 0.05


def test_a_sharp_wave_couples_the_bands_and_is_found_out() -> None:
    """The index exceeds chance though nothing modulates the noise: the flag says why."""
    random = np.random.default_rng(23)
    slow = rhythm(random, 62_000, 2)
    noise = band_noise(random, 62_000, 2, (0.5, 500.0), 1.0)
    samples_uv = 30.0 * spiky(slow) * [1.0, -1.0] + noise
    detector = detector_of(2)
    found = apart(estimates_of(detector, samples_uv), detector)
    assert (found[:, :, INDEX] > 3.0 * found[:, :, INDEX_NULL]).all()
    assert (found[:, :, IS_SHARP] == 1.0).all()
    assert (found[:, 0, SHARPNESS] > 1.0).all()
    assert (found[:, 1, SHARPNESS] < -1.0).all()


def test_a_coupling_of_round_waves_is_not_called_sharp() -> None:
    random = np.random.default_rng(24)
    n_samples, n_channels = 100_400, 4
    slow = rhythm(random, n_samples, n_channels)
    swell = 1.0 + np.cos(np.angle(slow))
    samples_uv = 10.0 * slow.real + band_noise(random, n_samples, n_channels) * swell
    samples_uv += band_noise(random, n_samples, n_channels, (0.5, 500.0), 1.0)
    detector = detector_of(n_channels, window_s=2.0)
    found = apart(estimates_of(detector, samples_uv), detector)
    assert (found[:, :, INDEX] > found[:, :, INDEX_NULL]).mean() > 0.95
    sharp = found[:, :, IS_SHARP]
    assert sharp.sum() <= binom.ppf(0.995, sharp.size, 0.05)


@pytest.mark.filterwarnings("ignore:Reading `.npy`")
def test_the_recording_of_sharp_beta_is_coupled_and_sharp(data_dir: Path) -> None:
    """Motor cortex in Parkinson's disease: its troughs are the sharp ones, for 75 s."""
    stored = np.load(data_dir / "m1-ecog-pd-cole2017" / "exampledata.npy").reshape(-1, 1)
    detector = detector_of()
    found = apart(estimates_of(detector, stored[:75_000].astype(np.float64)), detector)[:, 0]
    assert (found[:, INDEX] > 5.0 * found[:, INDEX_NULL]).all()
    assert (found[:, SHARPNESS] < -0.4).all()
    assert (found[:, IS_SHARP] == 1.0).all()
