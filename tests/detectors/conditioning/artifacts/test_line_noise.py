"""`line_noise` removes mains hum of any frequency, and leaves the rest of the signal."""

from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import signal

from detectors.block import StreamLayout, Taint
from detectors.conditioning.artifacts.line_noise import LineNoise, LineNoiseConfig

_RATE_HZ = 1000.0


def _step(rate_hz: float = _RATE_HZ, **keys: float) -> LineNoise:
    config = LineNoiseConfig(**{"frequency_hz": 50.0} | keys)  # type: ignore[arg-type]
    return LineNoise(config, StreamLayout("S", rate_hz, ("a",)), Counter())


def _cleaned(step: LineNoise, values_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    taint = np.zeros((values_uv.size, 1), np.uint16)
    taint[0] = Taint.RESTART
    return step.update(values_uv[:, None], taint, (), 0).samples_uv[:, 0]


def _line(
    n_samples: int, frequency_hz: float, amplitudes: tuple[float, ...]
) -> NDArray[np.float64]:
    angle = 2.0 * np.pi * frequency_hz * np.arange(n_samples) / _RATE_HZ
    harmonics = enumerate(amplitudes, 1)
    return np.asarray(sum(a * np.cos(each * angle + each) for each, a in harmonics))


def _decibels(found: NDArray[np.float64], of: NDArray[np.float64]) -> float:
    return float(10.0 * np.log10(np.mean(found**2) / np.mean(of**2)))


@pytest.mark.parametrize("mains_hz", [50.0, 49.8, 50.1, 50.3])
def test_a_line_and_its_harmonics_go_wherever_the_mains_is(mains_hz: float) -> None:
    n_samples = 30_000
    line = _line(n_samples, mains_hz, (50.0, 10.0, 20.0))
    noise = np.random.default_rng(1).normal(0.0, 10.0, n_samples)
    step = _step()
    left = _cleaned(step, line + noise + 1e3) - noise - 1e3
    assert abs(step.mains_hz - mains_hz) < 0.01
    assert _decibels(left[20_000:], line[20_000:]) < -30.0
    assert _decibels(left[1000:2000], line[1000:2000]) < -3.0


def test_without_noise_nothing_of_a_steady_line_is_left() -> None:
    line = _line(60_000, 50.07, (50.0, 10.0, 20.0))
    left = _cleaned(_step(), line + 200.0) - 200.0
    assert _decibels(left[50_000:], line[50_000:]) < -80.0


@pytest.mark.parametrize("distance_hz", [-3.0, 0.1, 1.0 / np.pi, 1.0, 5.0, -20.0])
def test_beside_the_line_gain_and_phase_are_those_of_the_closed_form(distance_hz: float) -> None:
    n_samples, settled = 60_000, slice(20_000, None)
    angle = 2.0 * np.pi * (50.0 + distance_hz) * np.arange(n_samples) / _RATE_HZ
    # Half a millionth of a line holds the frequency where it is, as a real one does.
    step = _step(n_harmonics=1)
    step._settings.view("range_cycles")[...] = 0.0
    found = _cleaned(step, np.cos(angle))
    gain = 2.0 * np.mean((found * np.exp(-1j * angle))[settled])
    half_width_hz = 1.0 / (2.0 * np.pi * 0.5)
    expected = distance_hz / (distance_hz - 1j * half_width_hz)
    assert abs(gain - expected) < 0.01


@pytest.mark.parametrize("n_zeros", [79, 80, 500])
def test_a_line_goes_from_a_channel_that_began_as_a_constant(n_zeros: int) -> None:
    noise = np.random.default_rng(5).normal(0.0, 10.0, 30_000)
    line = _line(30_000, 50.0, (50.0, 10.0, 20.0))
    is_on = np.arange(30_000) >= n_zeros
    left = _cleaned(_step(), np.where(is_on, line + noise, 0.0)) - noise
    assert _decibels(left[20_000:], line[20_000:]) < -30.0


def test_a_step_rings_less_than_after_a_notch() -> None:
    noise = np.random.default_rng(2).normal(0.0, 10.0, 20_000)
    step_uv = np.where(np.arange(20_000) >= 10_000, 1000.0, 0.0)
    ring = _cleaned(_step(n_harmonics=1), noise + step_uv) - _cleaned(_step(n_harmonics=1), noise)
    numerator, denominator = signal.iirnotch(50.0, 30.0, _RATE_HZ)
    notched = signal.lfilter(numerator, denominator, step_uv)
    later = slice(10_000, None)
    excess, of_notch = (abs(each - step_uv)[later].max() for each in (ring, notched))
    assert excess < 0.01 * 1000.0
    assert excess < of_notch / 2.0


def test_a_spike_leaves_next_to_nothing() -> None:
    noise = np.random.default_rng(3).normal(0.0, 10.0, 20_000)
    spike = np.where(np.arange(20_000) == 10_000, 50_000.0, 0.0)
    left = _cleaned(_step(), noise + spike) - _cleaned(_step(), noise) - spike
    assert abs(left).max() < 1.0


def test_noise_without_a_line_is_left_as_it_was() -> None:
    noise = np.random.default_rng(4).normal(0.0, 10.0, 60_000)
    found = _cleaned(_step(), noise)
    assert abs(_decibels(found, noise)) < 0.1
    density_before, density = (
        signal.welch(each, _RATE_HZ, nperseg=500)[1] for each in (noise, found)
    )
    away = np.arange(0, 251) * 2.0
    away = np.min(abs(away[:, None] - [50.0, 100.0, 150.0]), axis=1) > 5.0
    assert abs(10.0 * np.log10(density / density_before))[away].max() < 0.1


def test_harmonics_that_the_rate_does_not_carry_are_left_out() -> None:
    assert _step(rate_hz=250.0).n_harmonics == 2
    assert _step(n_harmonics=20).n_harmonics == 9


def test_a_stream_too_slow_for_the_mains_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^frequency_hz: expected at most 47.5 Hz"):
        _step(rate_hz=100.0)
