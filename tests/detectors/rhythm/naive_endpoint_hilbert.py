"""Reference of the endpoint-corrected Hilbert transform: one transform for each estimate."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from detectors.rhythm.oscillation import OscillationConfig


def band_pass(
    frequency_hz: NDArray[np.floating[Any]],
    band_hz: tuple[float, float],
    rate_hz: float,
    order: int,
) -> NDArray[np.complex128]:
    """Return the response of scipy's Butterworth band-pass, by the bilinear rule."""
    low, high = np.tan(np.pi * np.array(band_hz) / rate_hz)
    s = 1j * np.tan(np.pi * frequency_hz / rate_hz)
    # The low-pass prototype at (s² + low high) / (s (high - low)), numerator and denominator.
    top, bottom = s**2 + low * high, s * (high - low)
    response = np.ones(s.shape, dtype=complex)
    for pole in range(order):
        angle = np.pi * (2.0 * pole + order + 1.0) / (2.0 * order)
        response = response * bottom / (top - np.exp(1j * angle) * bottom)
    return response


def endpoint(
    window_uv: NDArray[np.float64], band_hz: tuple[float, float], rate_hz: float, order: int
) -> complex:
    """Return the last value of the filtered analytic signal, uncalibrated."""
    n_samples = len(window_uv)
    frequency_hz = np.fft.fftfreq(n_samples, 1.0 / rate_hz)
    filtered = np.fft.fft(window_uv) * band_pass(frequency_hz, band_hz, rate_hz, order)
    filtered[frequency_hz > 0.0] *= 2.0
    filtered[frequency_hz <= 0.0] = 0.0
    return complex(np.fft.ifft(filtered)[-1])


def window_samples(config: OscillationConfig, rate_hz: float) -> int:
    return round((0.5 if config.window_s is None else config.window_s) * rate_hz)


def newest(signal_uv: NDArray[np.float64], config: OscillationConfig, rate_hz: float) -> complex:
    """Return amplitude and phase at the end of a signal, as one complex number."""
    band_hz = (config.centre_hz - config.half_width_hz, config.centre_hz + config.half_width_hz)
    n_samples = window_samples(config, rate_hz)
    angle = 2.0 * np.pi * config.centre_hz * np.arange(1 - n_samples, 1) / rate_hz
    found, of_cosine, of_sine = (
        endpoint(each, band_hz, rate_hz, config.order)
        for each in (signal_uv[-n_samples:], np.cos(angle), np.sin(angle))
    )
    # a cos(angle) - b sin(angle) has the amplitude and the phase of a + ib at its end.
    both = [[of_cosine.real, -of_sine.real], [of_cosine.imag, -of_sine.imag]]
    cosine, sine = np.linalg.solve(both, [found.real, found.imag])
    return complex((cosine + 1j * sine) * np.exp(2j * np.pi * config.centre_hz * config.lead_s))
