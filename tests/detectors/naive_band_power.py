"""Band power, hop by hop, from scipy's periodogram of each window."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import periodogram

from detectors.band_power import BandPowerConfig
from detectors.block import NEWEST_TAINT, WINDOW_TAINT, StreamLayout
from tests.detectors.subject import Recording


def power_of(
    window_uv: NDArray[np.float64], rate_hz: float, band_hz: tuple[float, float]
) -> NDArray[np.float64]:
    """Return the power of each column of one window, shape (n_channels,)."""
    frequency_hz, density = periodogram(
        window_uv, rate_hz, window="hann", detrend="constant", scaling="density", axis=0
    )
    is_in_band = (band_hz[0] <= frequency_hz) & (frequency_hz < band_hz[1])
    power: NDArray[np.float64] = density[is_in_band].sum(axis=0) * frequency_hz[1]
    return power


def band_power(
    config: BandPowerConfig, layout: StreamLayout, given: Recording
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity of every hop of a recording."""
    window = round(config.window_s * layout.rate_hz)
    hop = max(1, round(config.hop_s * layout.rate_hz))
    used = [layout.channels.index(label) for label in config.channels or layout.channels]
    values: list[NDArray[np.float64]] = []
    valid: list[NDArray[np.bool_]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        for newest in range(start + hop - 1, stop, hop):
            values.append(np.zeros(len(used)))
            valid.append(np.zeros(len(used), dtype=np.bool_))
            first = newest + 1 - window
            if first < start:
                continue
            taint = given.taint[first : newest + 1, used]
            valid[-1] = np.logical_not((taint & int(WINDOW_TAINT)).any(axis=0))
            valid[-1] &= (taint[-1] & int(NEWEST_TAINT)) == 0
            power = power_of(
                given.samples_uv[first : newest + 1, used], layout.rate_hz, config.band_hz
            )
            values[-1] = np.where(valid[-1], power, 0.0)
    return np.array(values).reshape(-1, len(used)), np.array(valid).reshape(-1, len(used))
