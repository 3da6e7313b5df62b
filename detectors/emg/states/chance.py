"""What noise gives: the width of smoothed envelopes for it, and coherence by chance."""

import numpy as np
from scipy.signal import get_window, lfilter

from detectors.emg.filters import EmgFilters


def noise_hz(filters: EmgFilters, n_smooth: int, step: int, rate_hz: float) -> float:
    """Return the width for noise of the low-pass and a mean of envelopes behind it."""
    impulse = np.zeros(n_smooth * step + filters.settle_samples * 4)
    impulse[0] = 1.0
    b, a = filters.envelope[:3], np.insert(filters.envelope[3:], 0, 1.0)
    low_pass = lfilter(b, a, impulse)
    mean = np.zeros((n_smooth - 1) * step + 1)
    mean[::step] = 1.0 / n_smooth
    response = np.convolve(low_pass, mean)
    return rate_hz / 2.0 * float(response @ response)


def coherence_null(n_segments: int, n_segment: int, alpha: float) -> float:
    """Return the coherence that independent signals exceed with a probability."""
    hann = get_window("hann", n_segment)
    shift = n_segment - n_segment // 2
    shared = float(hann[shift:] @ hann[:-shift] / (hann @ hann)) ** 2
    n_independent = n_segments / (1.0 + 2.0 * shared * (1.0 - 1.0 / n_segments))
    return float(1.0 - alpha ** (1.0 / (n_independent - 1.0)))
