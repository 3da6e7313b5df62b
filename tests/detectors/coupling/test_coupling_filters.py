"""The filters of phase-amplitude coupling, and the rate at which they are computed."""

import numpy as np
import pytest

from detectors.coupling.filters import amplitude_taps, grid_step, phase_taps, sharpness_taps
from tests.detectors.coupling.coupling_signals import config_of
from tests.detectors.coupling.naive_phase_amplitude_coupling import demodulated, filters


def test_the_filters_are_those_of_the_formulas() -> None:
    samples_uv = np.random.default_rng(13).normal(0.0, 1.0, 500)
    config = config_of()
    slow, fast = filters(config, 1000.0)
    for low_pass, band_hz, taps in (
        (slow, config.phase_band_hz, phase_taps(config.phase_band_hz, 1000.0)),
        (fast, config.amplitude_band_hz, amplitude_taps(config.amplitude_band_hz, 30.0, 1000.0)),
    ):
        late = taps[0] + 1j * taps[1]
        whole = np.concatenate((late[:0:-1].conj(), late))
        plain = demodulated(samples_uv, low_pass, band_hz, 1000.0)
        given_uv = np.convolve(samples_uv, whole[::-1], mode="valid")
        assert given_uv == pytest.approx(plain[whole.size // 2 : -(whole.size // 2)], abs=1e-12)
        assert abs(whole.sum()) < 1e-12


def test_the_slow_band_does_not_reach_the_amplitude() -> None:
    taps = amplitude_taps((60.0, 200.0), 30.0, 1000.0)
    late = taps[0] + 1j * taps[1]
    whole = np.concatenate((late[:0:-1].conj(), late))
    lag = np.arange(whole.size) - taps.shape[1] + 1
    for frequency_hz in (0.0, 5.0, 13.0, 20.0, 29.0):
        for sign in (-1.0, 1.0):
            turn = np.exp(2j * np.pi * sign * frequency_hz * lag / 1000.0)
            assert abs((whole * turn).sum()) < 2.5e-3


@pytest.mark.parametrize(
    ("band_hz", "phase_high_hz", "rate_hz"),
    [
        ((77.0, 93.0), 8.0, 200.0),
        ((150.0, 210.0), 30.0, 1000.0),
        ((60.0, 200.0), 30.0, 1000.0),
        ((38.5, 110.0), 30.0, 250.0),
    ],
)
def test_the_gain_is_a_half_at_the_edges_however_far_the_slow_band_is(
    band_hz: tuple[float, float], phase_high_hz: float, rate_hz: float
) -> None:
    taps = amplitude_taps(band_hz, phase_high_hz, rate_hz)
    late = taps[0] + 1j * taps[1]
    whole = np.concatenate((late[:0:-1].conj(), late))
    lag = np.arange(whole.size) - taps.shape[1] + 1

    def gain(frequency_hz: float) -> float:
        turn = np.exp(2j * np.pi * frequency_hz * lag / rate_hz)
        # Twice, since a real oscillation is half of what turns forwards.
        return float(abs((whole * turn).sum())) / 2.0

    low_hz, high_hz = band_hz
    quarter_hz = (high_hz - low_hz) / 4.0
    assert [gain(low_hz), gain(high_hz)] == pytest.approx([0.5, 0.5], abs=5e-3)
    assert gain((low_hz + high_hz) / 2.0) == pytest.approx(1.0, abs=2e-3)
    assert gain(low_hz + quarter_hz) == pytest.approx(1.0, abs=3e-3)
    assert gain(low_hz - quarter_hz) < 3e-3


@pytest.mark.parametrize(
    ("rate_hz", "hop_samples", "step"),
    [(1000.0, 100, 2), (1000.0, 25, 1), (2048.0, 102, 3), (4096.0, 410, 5), (418.4, 42, 1)],
)
def test_the_grid_divides_the_hop_and_keeps_rate_enough(
    rate_hz: float, hop_samples: int, step: int
) -> None:
    """Three times the 140 Hz of the amplitude band: 420 Hz."""
    assert grid_step((13.0, 30.0), (60.0, 200.0), hop_samples, rate_hz) == step


def test_a_fast_phase_is_met_often_enough() -> None:
    """Eighteen times the 50 Hz of the phase, which is more than three times the 100 Hz."""
    assert grid_step((45.0, 55.0), (120.0, 230.0), 100, 2000.0) == 2


@pytest.mark.parametrize(
    ("rate_hz", "at_middle"), [(250.0, 0.13), (418.4, 0.19), (1000.0, 0.29), (30_000.0, 0.27)]
)
def test_sharpness_is_a_curvature_that_sees_no_offset(rate_hz: float, at_middle: float) -> None:
    """At few samples a cycle, an eighth of one is rounded."""
    taps = sharpness_taps((13.0, 30.0), rate_hz)
    lag = np.arange(1, taps.size) / rate_hz

    def gain(frequency_hz: float) -> float:
        return float(taps[0] + 2.0 * (taps[1:] * np.cos(2.0 * np.pi * frequency_hz * lag)).sum())

    assert gain(0.0) == pytest.approx(0.0, abs=1e-12)
    assert gain(21.5) == pytest.approx(at_middle, abs=0.01)
    assert gain(43.0) > 2.0 * gain(21.5)
