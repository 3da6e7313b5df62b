"""The measure of a calibration: band power of one channel over a recording, and its bursts."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, StreamLayout
from detectors.bursts.burst import BurstConfig, BurstThreshold
from detectors.power.band_power import BandPowerConfig
from replay.calibration.kept_channel import detect

#: Ids of the two detectors, here and wherever no name of a band is better.
_POWER: Final = "power"
_BURST: Final = "burst"


class MeasureSettings(NamedTuple):
    """How the power is measured.

    Parameters
    ----------
    window_s, hop_s : float
        Of the detector ``band_power``.
    """

    window_s: float
    hop_s: float


class Measured(NamedTuple):
    """A measure over a recording.

    Parameters
    ----------
    unit : str
        Of its values.
    time_s, values : ndarray of float64, shape (n_hops,)
        Every hop; values that are not valid are 0.
    valid : ndarray of bool, shape (n_hops,)
        Which may be used.
    """

    unit: str
    time_s: NDArray[np.float64]
    values: NDArray[np.float64]
    valid: NDArray[np.bool_]

    @property
    def valid_values(self) -> NDArray[np.float64]:
        """Values that may be used."""
        return self.values[self.valid]


class BurstTimes(NamedTuple):
    """Onset and offset of each burst, shapes (n_bursts,)."""

    onset_s: NDArray[np.float64]
    offset_s: NDArray[np.float64]

    @property
    def duration_s(self) -> NDArray[np.float64]:
        """How long each lasts."""
        return self.offset_s - self.onset_s


def power_config(
    stream: str, channel: str, band_hz: tuple[float, float], settings: MeasureSettings
) -> BandPowerConfig:
    """Return the table of the measure."""
    return BandPowerConfig(
        id=_POWER,
        stream=stream,
        channels=(channel,),
        band_hz=band_hz,
        window_s=settings.window_s,
        hop_s=settings.hop_s,
    )


def measured(block: Block, layout: StreamLayout, config: BandPowerConfig) -> Measured:
    """Return the measure over a kept channel."""
    found = detect(block, layout, (config,))[config.id]
    estimates = found.estimates
    return Measured(
        found.detector.outputs[0].unit,
        estimates.time_s,
        estimates.values[:, 0],
        estimates.valid[:, 0],
    )


def bursts_over(
    block: Block, layout: StreamLayout, config: BandPowerConfig, level: float
) -> BurstTimes:
    """Return the bursts of a kept channel over a level; without an end, until the last hop."""
    burst = BurstConfig(id=_BURST, of=config.id, threshold=BurstThreshold(level=level))
    found = detect(block, layout, (config, burst))
    edges = [(each.kind, each.onset_s) for each in found[_BURST].detections]
    onsets_s = [at_s for kind, at_s in edges if kind == "onset"]
    offsets_s = [at_s for kind, at_s in edges if kind == "offset"]
    if len(offsets_s) < len(onsets_s):
        offsets_s.append(float(found[config.id].estimates.time_s[-1]))
    return BurstTimes(np.array(onsets_s), np.array(offsets_s))


def share_within(bursts: BurstTimes, others: BurstTimes, time_s: NDArray[np.float64]) -> float:
    """Return the share of the time of bursts in which other bursts last, too; NaN without any."""
    of_bursts = is_within(bursts, time_s)
    if not of_bursts.any():
        return float("nan")
    return float((of_bursts & is_within(others, time_s)).sum() / of_bursts.sum())


def is_within(bursts: BurstTimes, time_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return at which times a burst lasts."""
    number = np.searchsorted(bursts.onset_s, time_s, side="right") - 1
    if not bursts.onset_s.size:
        return np.zeros(time_s.shape, np.bool_)
    found: NDArray[np.bool_] = (number >= 0) & (time_s < bursts.offset_s[np.maximum(number, 0)])
    return found


def band_around(
    centre_hz: float, window_s: float, rate_hz: float, half_width_hz: float
) -> tuple[float, float]:
    """Return a band around a centre that a window can measure: a cycle of its low edge fits in."""
    low_hz = max(centre_hz - half_width_hz, 1.0 / window_s)
    high_hz = min(centre_hz + half_width_hz, 0.49 * rate_hz)
    return round(low_hz, 2), round(high_hz, 2)


def log_correlation(first: Measured, second: Measured) -> float:
    """Return the correlation of the logarithms of two measures at the hops of both."""
    both = first.valid & second.valid & (first.values > 0.0) & (second.values > 0.0)
    if both.sum() < 3:
        return float("nan")
    logs = np.log10(np.stack((first.values[both], second.values[both])))
    logs -= logs.mean(axis=1, keepdims=True)
    own = np.sqrt((logs**2).sum(axis=1))
    return float((logs[0] @ logs[1]) / (own[0] * own[1]))
