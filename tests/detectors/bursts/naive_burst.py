"""Reference of `burst`: plain loops over a list of hops."""

import numpy as np
from numpy.typing import NDArray

from detectors.bursts.burst import BurstConfig
from detectors.estimates import Estimates


def thresholds(config: BurstConfig, hop_s: float, power: NDArray[np.float64]) -> tuple[int, float]:
    """Return after how many of these valid hops the threshold is known, and its value."""
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
    """Return the value below which a burst ends."""
    if config.hysteresis_level is not None:
        return threshold - config.hysteresis_level
    return threshold * (1.0 - (0.1 if config.hysteresis is None else config.hysteresis))


def smoothed(
    config: BurstConfig, below: Estimates, hop_s: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the mean of each hop and those before it, and whether all were valid."""
    n_mean = max(1, round(config.smoothing_s / hop_s))
    values = np.zeros(below.values.shape)
    valid = np.zeros(values.shape, dtype=np.bool_)
    for hop in range(n_mean - 1, len(values)):
        newest = slice(hop - n_mean + 1, hop + 1)
        valid[hop] = below.valid[newest].all(axis=0)
        values[hop] = np.where(valid[hop], below.values[newest].mean(axis=0), 0.0)
    return values, valid


def burst(
    config: BurstConfig, below: Estimates, hop_samples: int, rate_hz: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity: value, threshold, on, calibrating, channel by channel."""
    n_hops, n_channels = below.values.shape
    values = np.zeros((n_hops, n_channels, 4))
    valid = np.zeros((n_hops, n_channels, 4), dtype=np.bool_)
    measure, is_measured = smoothed(config, below, hop_samples / rate_hz)
    for channel in range(n_channels):
        is_good = is_measured[:, channel]
        power = measure[:, channel]
        n_calibrate, threshold = thresholds(config, hop_samples / rate_hz, power[is_good])
        good_before = np.concatenate(([0], np.cumsum(is_good)))[:-1]
        episode: int | None = None
        for hop in range(n_hops):
            is_calibrating = bool(good_before[hop] < n_calibrate)
            if not is_good[hop] or is_calibrating or power[hop] < end_level(config, threshold):
                episode = None
            elif episode is None and power[hop] > threshold:
                episode = hop
            # What is not over yet is over at the next hop at the earliest.
            shortest = round(config.duration_s_min * rate_hz)
            is_on = episode is not None and (
                below.sample[hop] + hop_samples - below.sample[episode] >= shortest
            )
            values[hop, channel] = (
                power[hop] if is_good[hop] else 0.0,
                0.0 if is_calibrating else threshold,
                float(is_on),
                float(is_calibrating),
            )
            decides = bool(is_good[hop]) and not is_calibrating
            valid[hop, channel] = (is_good[hop], not is_calibrating, decides, True)
    return values.reshape(n_hops, 4 * n_channels), valid.reshape(n_hops, 4 * n_channels)
