"""Reference of waveform shape: the sharpness of each peak and trough of a stretch."""

import numpy as np
from numpy.typing import NDArray


def mean_and_distance(phase_band_hz: tuple[float, float], rate_hz: float) -> tuple[int, int]:
    """Return half the samples of the mean, and the distance to the points of comparison."""
    cycle = rate_hz / np.mean(phase_band_hz)
    return max(1, round(cycle / 6.0)), max(1, round(cycle / 8.0))


def sharpness_uv(
    samples_uv: NDArray[np.float64], phase_band_hz: tuple[float, float], rate_hz: float, at: int
) -> float:
    """Return the sharpness of an extremum of the smoothed signal."""
    half, away = mean_and_distance(phase_band_hz, rate_hz)
    weights = 1.0 + np.cos(np.pi * np.arange(-half, half + 1) / half)

    def smooth(position: int) -> float:
        return float(np.average(samples_uv[position - half : position + half + 1], weights=weights))

    return smooth(at) - (smooth(at - away) + smooth(at + away)) / 2.0


def pairs(
    samples_uv: NDArray[np.float64],
    slow: NDArray[np.complex128],
    grid: NDArray[np.int64],
    phase_band_hz: tuple[float, float],
    rate_hz: float,
) -> list[tuple[int, float, float]]:
    """Return the index of each trough that follows a peak, with the sharpness of both.

    Parameters
    ----------
    samples_uv : ndarray of float64, shape (n_samples,)
        A stretch of a channel.
    slow : ndarray of complex128, shape (n_samples,)
        Its slow oscillation.
    grid : ndarray of int64, shape (n_grid,)
        The samples that are looked at.
    phase_band_hz : tuple of float
        Low and high edge.
    rate_hz : float
        Sampling rate.
    """
    step = int(grid[1] - grid[0])
    longest = round(rate_hz / phase_band_hz[0] / step)
    found: list[tuple[int, float, float]] = []
    peak = (-longest - 1, 0.0)
    for position in range(1, len(grid)):
        was, now = slow[grid[position - 1]].imag, slow[grid[position]].imag
        is_ahead = slow[grid[position]].real > 0.0
        is_peak = was < 0.0 <= now and is_ahead
        is_trough = was > 0.0 >= now and not is_ahead
        if not is_peak and not is_trough:
            continue
        at = int(grid[position]) - int(np.floor(step * now / (now - was) + 0.5))
        sharp_uv = sharpness_uv(samples_uv, phase_band_hz, rate_hz, at)
        if is_peak:
            peak = (position, sharp_uv)
        elif position - peak[0] <= longest:
            found.append((position, peak[1], -sharp_uv))
            peak = (position - longest - 1, 0.0)
    return found


def shape(found: list[tuple[int, float, float]]) -> list[float]:
    """Return the logarithm of the ratio and whether there is one; 0 where there is none."""
    peaks, troughs = (np.array([each[side] for each in found]) for side in (1, 2))
    both = peaks.sum() + troughs.sum()
    if not found or not both > 0.0:
        return []
    ratio = np.log(np.divide(*np.clip([peaks.sum() / both, troughs.sum() / both], 0.01, 0.99)))
    deviations = (peaks - troughs).sum() / np.sqrt(((peaks - troughs) ** 2).sum())
    return [float(ratio), float(abs(deviations) > 2.0 and abs(ratio) >= 0.1)]
