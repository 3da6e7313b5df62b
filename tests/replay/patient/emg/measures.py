"""What the handbook measures of EMG, by numpy and scipy alone: no detector of ours is asked."""

import numpy as np
from numpy.typing import NDArray
from scipy import signal

RATE_HZ = 1000.0
#: What is left out at the start, until every filter has settled.
SETTLED = 2000
#: Samples a second of decimated envelopes.
SLOW_HZ = 100.0


def envelope(samples_uv: NDArray[np.float64], low_pass_hz: float) -> NDArray[np.float64]:
    """Return the low-passed absolute value of band-passed EMG."""
    band = signal.butter(2, (20.0, 450.0), "bandpass", fs=RATE_HZ, output="sos")
    smooth = signal.butter(2, low_pass_hz, fs=RATE_HZ, output="sos")
    rectified = np.abs(signal.sosfilt(band, samples_uv, axis=0))
    found: NDArray[np.float64] = signal.sosfilt(smooth, rectified, axis=0)[SETTLED:]
    return found


def envelope_cv2(low_pass_hz: float) -> float:
    """Return the closed form of an envelope's squared CV, of constant EMG of 430 Hz bandwidth."""
    return (np.pi / 2.0 - 1.0) * 1.11 * low_pass_hz / 430.0


def correlation(envelopes: NDArray[np.float64], lag: int = 0) -> float:
    """Return the correlation of two columns, the second later by a lag."""
    first, second = envelopes[: len(envelopes) - lag, 0], envelopes[lag:, 1]
    return float(np.corrcoef(first, second)[0, 1])


def best_lag(envelopes: NDArray[np.float64], lag_max: int) -> tuple[int, float]:
    """Return the lag of the highest correlation, and that correlation."""
    found = [correlation(envelopes, lag) for lag in range(lag_max + 1)]
    return int(np.argmax(found)), max(found)


def level_index(envelopes: NDArray[np.float64]) -> float:
    """Return the co-contraction index of envelopes over their 95th percentile."""
    scaled = envelopes / np.percentile(envelopes, 95.0, axis=0)
    return float(2.0 * scaled.min(axis=1).sum() / scaled.sum())


def coherence(slow: NDArray[np.float64]) -> tuple[float, float]:
    """Return the highest coherence at 3-7 Hz, and the median up to 20 Hz; segments of 1 s."""
    frequencies_hz, found = signal.coherence(slow[:, 0], slow[:, 1], fs=SLOW_HZ, nperseg=100)
    within = (frequencies_hz >= 3.0) & (frequencies_hz <= 7.0)
    return float(found[within].max()), float(np.median(found[frequencies_hz <= 20.0]))


def tremor_share(slow: NDArray[np.float64]) -> float:
    """Return the share of the first envelope's power up to 20 Hz that lies at 3-7 Hz."""
    power = np.abs(np.fft.rfft(slow[:, 0] - slow[:, 0].mean())) ** 2
    frequencies_hz = np.fft.rfftfreq(len(slow), 1.0 / SLOW_HZ)
    within = (frequencies_hz >= 3.0) & (frequencies_hz <= 7.0)
    return float(power[within].sum() / power[frequencies_hz <= 20.0].sum())


def active(envelopes: NDArray[np.float64], resting: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where envelopes are more than 3 SD over rest."""
    level = resting.mean(axis=0) + 3.0 * resting.std(axis=0)
    found: NDArray[np.bool_] = envelopes > level
    return found


def burst_lengths_s(is_active: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return the lengths of stretches, those under 15 ms left out and gaps under 20 ms closed."""
    edges = np.diff(np.concatenate(([0], is_active.astype(int), [0])))
    onsets, offsets = np.flatnonzero(edges > 0), np.flatnonzero(edges < 0)
    is_gap = onsets[1:] - offsets[:-1] >= 0.02 * RATE_HZ
    onsets = onsets[np.concatenate(([True], is_gap))]
    offsets = offsets[np.concatenate((is_gap, [True]))]
    lengths_s: NDArray[np.float64] = (offsets - onsets) / RATE_HZ
    return lengths_s[lengths_s >= 0.015]


def overlap(is_active: NDArray[np.bool_]) -> float:
    """Return the time that both are active over that of the one that is active less."""
    return float(is_active.all(axis=1).sum() / is_active.sum(axis=0).min())
