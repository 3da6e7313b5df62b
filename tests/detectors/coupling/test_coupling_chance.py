"""How often noise exceeds the null of coupling."""

import numpy as np
import pytest
from scipy.stats import binom

from detectors.block import StreamLayout
from detectors.coupling.phase_amplitude_coupling import PhaseAmplitudeCoupling
from tests.detectors.coupling.coupling_signals import (
    INDEX,
    INDEX_NULL,
    apart,
    band_noise,
    config_of,
    detector_of,
    estimates_of,
    rhythm,
)


@pytest.mark.parametrize("name", ["white", "pink", "rhythm"])
def test_chance_is_exceeded_as_often_as_stated(name: str) -> None:
    """Windows of 2 s of noise: 5 %, within the binomial interval of 99 %."""
    random = np.random.default_rng(12)
    n_samples, n_channels = 100_200, 8
    samples_uv = band_noise(
        random, n_samples, n_channels, (0.5, 500.0), 1.0 if name == "pink" else 0.0
    )
    if name == "rhythm":
        samples_uv += 10.0 * rhythm(random, n_samples, n_channels).real
    detector = detector_of(n_channels, window_s=2.0)
    found = apart(estimates_of(detector, samples_uv), detector)
    index = found[:, :, INDEX]
    assert (found[:, :, INDEX_NULL] == detector.chance.index_null).all()
    assert index.size >= 390
    low, high = binom.interval(0.99, index.size, 0.05)
    assert low <= (index > detector.chance.index_null).sum() <= high
    assert index.mean() == pytest.approx(detector.chance.mean, rel=0.1)


def test_a_steep_spectrum_exceeds_chance_somewhat_more_often() -> None:
    samples_uv = band_noise(np.random.default_rng(19), 100_200, 8, (0.5, 500.0), 2.0)
    detector = detector_of(8, window_s=2.0)
    index = apart(estimates_of(detector, samples_uv), detector)[:, :, INDEX]
    assert 0.05 <= (index > detector.chance.index_null).mean() <= 0.12


def test_chance_does_not_depend_on_the_rate() -> None:
    """At 30 kHz a filter of a narrow band has a quarter of a million taps."""
    config = config_of(phase_band_hz=(1.0, 1.25), window_s=60.0)
    slow, fast = (
        PhaseAmplitudeCoupling(config, StreamLayout("LFP", rate_hz, ("C0",))).chance
        for rate_hz in (1000.0, 30_000.0)
    )
    assert fast == pytest.approx(slow, rel=0.01)


def test_chance_falls_with_the_length_of_the_window() -> None:
    levels = [detector_of(window_s=window_s).chance for window_s in (2.0, 10.0, 50.0)]
    assert levels[0].mean / levels[1].mean == pytest.approx(5.0, rel=0.01)
    assert levels[1].mean / levels[2].mean == pytest.approx(5.0, rel=0.01)
    # The handbook formula is for rectangular filters, and nearly right for Kaiser windows.
    rectangular = 0.273 * (1.0 - 21.5 / 140.0) / (140.0 * 10.0 * np.log(18.0))
    assert rectangular < levels[1].mean < 4.0 * rectangular
