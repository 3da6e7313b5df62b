"""Peaks over the 1/f line: found where they are, with intervals that hold, and none in noise."""

import numpy as np
import pytest
from scipy.stats import binomtest

from replay.inspection.one_over_f import leakage, worth_of
from tests.replay.inspection.noise import decomposed, one_over_f, rhythm

_RATE_HZ = 250.0


@pytest.mark.parametrize("exponent", [0.5, 1.0, 2.0])
def test_the_exponent_of_noise_is_found(exponent: float) -> None:
    noise_uv = one_over_f(5, n_samples=30_000, rate_hz=_RATE_HZ, exponent=exponent, n_channels=8)
    found = [each.line for each in decomposed(noise_uv, _RATE_HZ)]
    assert np.mean([each.exponent for each in found]) == pytest.approx(exponent, abs=0.04)
    assert np.mean([each.offset for each in found]) == pytest.approx(0.0, abs=0.05)
    assert sum(each.exponent_low < exponent < each.exponent_high for each in found) >= 6


@pytest.mark.parametrize("centre_hz", [9.0, 18.3, 27.0])
def test_a_rhythm_is_found_with_its_frequency_height_and_width(centre_hz: float) -> None:
    size = {"n_samples": 30_000, "rate_hz": _RATE_HZ}
    noise_uv = one_over_f(1, exponent=1.0, **size)  # type: ignore[arg-type]
    rhythm_uv = rhythm(2, centre_hz=centre_hz, sd_uv=1.0, **size)  # type: ignore[arg-type]
    (found,) = decomposed(noise_uv + rhythm_uv, _RATE_HZ)
    peak = found.peaks[0]
    assert peak.frequency_hz == pytest.approx(centre_hz, abs=0.4)
    assert peak.low_hz <= peak.frequency_hz <= peak.high_hz
    assert peak.high_hz - peak.low_hz < 2.0
    # A resonance of 1 Hz to either side has a density of variance / pi at its top.
    top_db = 10.0 * np.log10(1.0 + centre_hz / np.pi)
    assert peak.height_db == pytest.approx(top_db, abs=2.5)
    assert 1.5 < peak.width_hz < 4.5
    assert peak.p == pytest.approx(1 / 5000)
    assert found.line.exponent == pytest.approx(1.0, abs=0.12)


def test_noise_seldom_has_a_peak() -> None:
    noise_uv = one_over_f(9, n_samples=2000, rate_hz=_RATE_HZ, exponent=1.0, n_channels=40)
    n_found = sum(bool(each.peaks) for each in decomposed(noise_uv, _RATE_HZ))
    assert binomtest(n_found, 40, 0.05, alternative="greater").pvalue > 0.01


def test_segments_that_overlap_are_worth_less_than_their_number() -> None:
    assert worth_of(1) == 1.0
    assert worth_of(1000) == pytest.approx(947.4, abs=0.1)


def test_a_hann_segment_shows_a_slope_as_the_series_says() -> None:
    # The periodogram of many segments of noise at 3 cycles, over its density.
    noise_uv = one_over_f(4, n_samples=100_000, rate_hz=50.0, exponent=2.0, n_channels=4)
    segments = noise_uv[: 100_000 // 100 * 100].reshape(-1, 100, 4)
    window = np.hanning(101)[:-1, None]
    parts = np.fft.rfft((segments - segments.mean(axis=1, keepdims=True)) * window, axis=1)[:, 3]
    density = 2.0 * (np.abs(parts) ** 2).mean() / (50.0 * (window**2).sum())
    expected = 1.5**-2.0 * leakage(np.array([2.0]), np.array([3.0]))[0]
    assert density == pytest.approx(expected, rel=0.05)
