"""Rhythms of known phase, and the results of an oscillation detector on them."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from tests.support.blocks import block_of, layout_of

RATE_HZ = 1000.0


def rhythm(
    signal_uv: NDArray[np.float64], config: OscillationConfig, rate_hz: float = RATE_HZ
) -> NDArray[np.complex128]:
    """Return amplitude and phase of one channel as one complex number a sample, 0 where invalid."""
    found = Oscillation(config, layout_of(1, rate_hz)).update(block_of(signal_uv[:, None], rate_hz))
    values = found.estimates.values
    rhythm_uv: NDArray[np.complex128] = values[:, 0] * np.exp(1j * values[:, 1])
    return rhythm_uv


def pink(n_samples: int, random: np.random.Generator) -> NDArray[np.float64]:
    spectrum = np.fft.rfft(random.normal(size=n_samples))
    frequency = np.arange(spectrum.size, dtype=float)
    frequency[0] = np.inf
    noise = np.fft.irfft(spectrum / np.sqrt(frequency), n_samples)
    scaled: NDArray[np.float64] = noise / noise.std()
    return scaled


def circular(difference: NDArray[np.float64]) -> tuple[float, float]:
    """Return mean and standard deviation in degrees."""
    mean = np.exp(1j * difference).mean()
    return float(np.degrees(np.angle(mean))), float(np.degrees(np.sqrt(-2.0 * np.log(abs(mean)))))


def wandering(n_samples: int, seed: int) -> tuple[NDArray[np.complex128], NDArray[np.float64]]:
    """Return a rhythm of 20 Hz whose phase drifts at 5/s, alone and in pink noise."""
    random = np.random.default_rng(seed)
    pole = np.exp((-5.0 + 2j * np.pi * 20.0) / RATE_HZ)
    steps = random.normal(size=n_samples) + 1j * random.normal(size=n_samples)
    truth = lfilter([np.sqrt((1.0 - abs(pole) ** 2) / 2.0)], [1.0, -pole], steps)
    return truth, truth.real / np.sqrt(2.0) + 0.5 * pink(n_samples, random)
