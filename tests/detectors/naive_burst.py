"""Bursts by plain loops over a list of hops."""

import numpy as np
from numpy.typing import NDArray

from detectors.burst import BurstConfig
from detectors.estimates import Estimates


def thresholds(config: BurstConfig, hop_s: float, power: NDArray[np.float64]) -> tuple[int, float]:
    """Return after how many of these valid hops the threshold is known, and what it is."""
    wanted = config.threshold
    if wanted.level is not None:
        return 0, wanted.level
    assert wanted.calibrate_s is not None
    assert wanted.percentile is not None
    n_hops = max(1, round(wanted.calibrate_s / hop_s))
    if len(power) < n_hops:
        return n_hops, 0.0
    return n_hops, float(np.percentile(power[:n_hops], wanted.percentile))


def end_level(config: BurstConfig, threshold: float) -> float:
    """Return what a burst ends below."""
    if config.hysteresis_level is not None:
        return threshold - config.hysteresis_level
    return threshold * (1.0 - (0.1 if config.hysteresis is None else config.hysteresis))


def burst(
    config: BurstConfig, below: Estimates, hop_samples: int, rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity: value, threshold, on, calibrating, channel by channel."""
    n_hops, n_channels = below.values.shape
    values = np.zeros((n_hops, n_channels, 4))
    valid = np.zeros((n_hops, n_channels, 4), dtype=np.bool_)
    for channel in range(n_channels):
        is_good = below.valid[:, channel]
        power = below.values[:, channel]
        n_calibrate, threshold = thresholds(config, hop_samples / rate_hz, power[is_good])
        good_before = np.concatenate(([0], np.cumsum(is_good)))[:-1]
        episode: int | None = None
        for hop in range(n_hops):
            is_calibrating = bool(good_before[hop] < n_calibrate)
            if not is_good[hop] or is_calibrating or power[hop] < end_level(config, threshold):
                episode = None
            elif episode is None and power[hop] > threshold:
                episode = hop
            lasted = -1 if episode is None else below.sample[hop] - below.sample[episode]
            is_on = lasted >= round(config.duration_s_min * rate_hz)
            values[hop, channel] = (
                power[hop] if is_good[hop] else 0.0,
                0.0 if is_calibrating else threshold,
                float(is_on),
                float(is_calibrating),
            )
            decides = bool(is_good[hop]) and not is_calibrating
            valid[hop, channel] = (is_good[hop], not is_calibrating, decides, True)
    return values.reshape(n_hops, 4 * n_channels), valid.reshape(n_hops, 4 * n_channels)
