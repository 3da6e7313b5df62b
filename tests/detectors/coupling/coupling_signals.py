"""Signals with and without coupled bands, and the detector that tells them apart."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.coupling.phase_amplitude_coupling import (
    PhaseAmplitudeCoupling,
    PhaseAmplitudeCouplingConfig,
)
from detectors.estimates import Estimates
from tests.support.blocks import block_of

INDEX, LENGTH, NORMALISED, PREFERRED, INDEX_NULL, SHARPNESS, IS_SHARP = range(7)
N_OUTPUTS = 7


def config_of(**keys: Any) -> PhaseAmplitudeCouplingConfig:
    bands = {"phase_band_hz": (13.0, 30.0), "amplitude_band_hz": (60.0, 200.0)}
    return PhaseAmplitudeCouplingConfig(**({"id": "coupling", "stream": "LFP"} | bands | keys))


def detector_of(n_channels: int = 1, **keys: Any) -> PhaseAmplitudeCoupling:
    channels = tuple(f"C{index}" for index in range(n_channels))
    return PhaseAmplitudeCoupling(config_of(**keys), StreamLayout("LFP", 1000.0, channels))


def estimates_of(
    detector: PhaseAmplitudeCoupling, samples_uv: NDArray[np.float64], first: int = 0
) -> Estimates:
    return detector.update(block_of(samples_uv, first=first)).estimates


def apart(found: Estimates, detector: PhaseAmplitudeCoupling) -> NDArray[np.float64]:
    """Return the measures of windows without overlap, shape (n_windows, n_channels, 7)."""
    n_between = detector.window_samples // detector.hop_samples
    values = found.values[found.valid[:, 0]][::n_between]
    return values.reshape(len(values), -1, N_OUTPUTS)


def rhythm(random: np.random.Generator, n_samples: int, n_channels: int) -> NDArray[np.complex128]:
    """Return a 20 Hz oscillation of power 1 whose amplitude and phase drift."""
    noise = random.normal(0.0, 1.0, (2, n_samples, n_channels))
    step = np.exp((-5.0 + 2j * np.pi * 20.0) / 1000.0)
    made = np.zeros((n_samples, n_channels), dtype=np.complex128)
    for row in range(1, n_samples):
        made[row] = step * made[row - 1] + noise[0, row] + 1j * noise[1, row]
    normed: NDArray[np.complex128] = made / np.sqrt((np.abs(made) ** 2).mean())
    return normed


def band_noise(
    random: np.random.Generator,
    n_samples: int,
    n_channels: int,
    band_hz: tuple[float, float] = (60.0, 200.0),
    power_slope: float = 0.0,
) -> NDArray[np.float64]:
    frequency_hz = np.fft.rfftfreq(n_samples, 1e-3)
    spectrum = np.fft.rfft(random.normal(0.0, 1.0, (n_samples, n_channels)), axis=0)
    spectrum[(frequency_hz < band_hz[0]) | (frequency_hz > band_hz[1])] = 0.0
    spectrum[1:] *= frequency_hz[1:, None] ** (-power_slope / 2.0)
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, n_samples, axis=0)
    noise /= noise.std()
    return noise
