"""Gaussian noise with a spectrum that is known exactly."""

import numpy as np
from numpy.typing import NDArray

#: The noise has no power below this, so that it is stationary for any exponent.
_LOWEST_HZ = 0.02


def power_law(
    exponent: float, n_samples: int, rate_hz: float, n_channels: int, seed: int
) -> NDArray[np.float64]:
    """Return noise whose one-sided density is ``f ** -exponent`` µV²/Hz, independent channels."""
    random = np.random.default_rng(seed)
    frequency_hz = np.fft.rfftfreq(n_samples, 1.0 / rate_hz)
    density = np.zeros(frequency_hz.size)
    is_kept = frequency_hz >= _LOWEST_HZ
    density[is_kept] = frequency_hz[is_kept] ** -exponent
    shape = (frequency_hz.size, n_channels)
    normal = random.normal(size=shape) + 1j * random.normal(size=shape)
    spectrum = np.sqrt(density * rate_hz * n_samples / 4.0)[:, None] * normal
    return np.ascontiguousarray(np.fft.irfft(spectrum, n_samples, axis=0))
