"""Filters of phase-amplitude coupling, of finite memory, and the grid they are computed on."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import firwin, kaiser_beta, kaiserord

#: How far the amplitude filter holds down what the phase is taken from.
_STOPBAND_DB: Final = 60.0
#: Its gain falls within at most this share of the width of its band.
_TRANSITION: Final = 0.5
#: The rate of the grid over the width of the amplitude band, at least: the complex oscillation
#: needs one, ...
_WIDTHS: Final = 3.0
#: ... and the phases of the middle of the slow band that it meets.
_PHASES: Final = 18.0
#: Sharpness is how far an extremum stands out of what is this share of a cycle away, ...
_SHARP_CYCLES: Final = 1.0 / 8.0
#: ... below this multiple of the frequency: the second harmonic is what makes the difference.
_HARMONICS: Final = 3.0


def grid_step(
    phase_band_hz: tuple[float, float],
    amplitude_band_hz: tuple[float, float],
    hop_samples: int,
    rate_hz: float,
) -> int:
    """Return from how many samples one is needed: the others would tell nothing new.

    Parameters
    ----------
    phase_band_hz, amplitude_band_hz : tuple of float
        Low and high edges.
    hop_samples : int
        Samples of a hop; the step divides it.
    rate_hz : float
        Sampling rate.
    """
    width_hz = amplitude_band_hz[1] - amplitude_band_hz[0]
    needed_hz = max(_WIDTHS * width_hz, _PHASES * sum(phase_band_hz) / 2.0)
    largest = max(1, int(rate_hz / needed_hz))
    return max(step for step in range(1, largest + 1) if hop_samples % step == 0)


def sharpness_taps(phase_band_hz: tuple[float, float], rate_hz: float) -> NDArray[np.float64]:
    """Return the taps that give how sharp an extremum is, from the middle outwards.

    A Hann-weighted mean, less the mean of those an eighth of a cycle before and after. For a
    cosine of amplitude `A` at the middle of the band this is about ``0.27 A`` at a peak, and as
    much below zero at a trough.

    Parameters
    ----------
    phase_band_hz : tuple of float
        Low and high edge of the band whose extrema are looked at.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    ndarray of float64, shape (n_half + 1,)
        Taps, by the distance from the middle; they sum to zero.
    """
    middle_hz = sum(phase_band_hz) / 2.0
    n_mean = max(1, round(rate_hz / (2.0 * _HARMONICS * middle_hz)))
    away = max(1, round(_SHARP_CYCLES * rate_hz / middle_hz))
    mean = np.hanning(2 * n_mean + 1)[1:-1]
    taps = np.zeros(mean.size + 2 * away)
    taps[away:-away] += mean
    taps[: mean.size] -= 0.5 * mean
    taps[-mean.size :] -= 0.5 * mean
    half: NDArray[np.float64] = taps[taps.size // 2 :] / mean.sum()
    return half


def phase_taps(band_hz: tuple[float, float], rate_hz: float) -> NDArray[np.float64]:
    """Return the taps that give the complex oscillation of a band, from the middle outwards.

    Heterodyne to 0 Hz from the middle of the band, a Hann-weighted mean, and back. The gain is a
    half at the edges of the band and zero one half width beyond them; the weights span
    ``2 / (high - low)`` seconds.

    Parameters
    ----------
    band_hz : tuple of float
        Low and high edge.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    ndarray of float64, shape (2, n_half + 1)
        Real and imaginary part of the factor of each sample after the middle one, by its distance;
        that of the sample as far before is its conjugate. They sum to zero, and ``A cos`` at the
        middle of the band gives ``A exp(1j phase)``.
    """
    low_hz, high_hz = band_hz
    n_half = max(1, round(rate_hz / (high_hz - low_hz)) - 1)
    weights = 0.5 + 0.5 * np.cos(np.pi * np.arange(n_half + 1) / (n_half + 1))
    return _modulated(weights, (low_hz + high_hz) / 2.0, rate_hz)


def amplitude_taps(
    band_hz: tuple[float, float], phase_high_hz: float, rate_hz: float
) -> NDArray[np.float64]:
    """Return the taps that give the complex oscillation of the faster band.

    Heterodyne, a Kaiser-windowed low-pass, and back. The gain is a half at the edges of the band,
    one or nothing a quarter of its width within or beyond them, or nearer: it is under a
    thousandth below `phase_high_hz`, since what leaked from there would be an amplitude locked to
    the phase.

    Parameters
    ----------
    band_hz : tuple of float
        Low and high edge; the low one above `phase_high_hz`.
    phase_high_hz : float
        Highest frequency of the band the phase is taken from.
    rate_hz : float
        Sampling rate.

    Returns
    -------
    ndarray of float64, shape (2, n_half + 1)
        As `phase_taps` gives them.
    """
    low_hz, high_hz = band_hz
    transition_hz = min(2.0 * (low_hz - phase_high_hz), _TRANSITION * (high_hz - low_hz))
    n_half = -(-kaiserord(_STOPBAND_DB, 2.0 * transition_hz / rate_hz)[0] // 2)
    window = ("kaiser", kaiser_beta(_STOPBAND_DB))
    half_width_hz = (high_hz - low_hz) / 2.0
    weights = firwin(2 * n_half + 1, half_width_hz, window=window, fs=rate_hz)[n_half:]
    return _modulated(weights, (low_hz + high_hz) / 2.0, rate_hz)


def _modulated(
    weights: NDArray[np.float64], middle_hz: float, rate_hz: float
) -> NDArray[np.float64]:
    """Return weights turned to the middle of the band, less what lets a constant through."""
    n_all = 2.0 * weights.sum() - weights[0]
    angle = 2.0 * np.pi * middle_hz * np.arange(weights.size) / rate_hz
    real = weights * np.cos(angle)
    real -= weights * (2.0 * real.sum() - real[0]) / n_all
    taps: NDArray[np.float64] = 2.0 / n_all * np.stack((real, -weights * np.sin(angle)))
    return taps
