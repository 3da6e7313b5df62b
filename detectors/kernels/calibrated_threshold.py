"""A threshold of each channel: fixed, or a percentile of its first valid hops and then frozen."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record


class Calibration(Record):
    """How the threshold is found; never changes."""

    #: Valid hops that it is taken from; 0 where it is fixed.
    n_hops: int
    #: From 0 to 100.
    percentile: float


class CalibratedThreshold(NamedTuple):
    """Thresholds, and what they are taken from."""

    #: The threshold of each channel, once it is known, shape (n_channels,).
    level: Array1[np.float64]
    #: Valid hops so far, shape (n_channels,).
    n_collected: Array1[np.int64]
    #: Their values, shape (n_channels, n_hops).
    collected: Array2[np.float64]
    #: How it is found.
    calibration: Calibration


def uncalibrated(
    n_channels: int, n_hops: int, percentile: float, level: float
) -> CalibratedThreshold:
    """Return thresholds before their calibration, or at a fixed level."""
    return CalibratedThreshold(
        np.full(n_channels, level),
        np.zeros(n_channels, dtype=np.int64),
        np.zeros((n_channels, n_hops)),
        Calibration(n_hops=n_hops, percentile=percentile),
    )


@kernel
def is_calibrating(threshold: CalibratedThreshold, channel: int) -> bool:
    """Return whether the threshold of a channel is not known yet."""
    return bool(threshold.n_collected[channel] < threshold.calibration.n_hops)


@kernel
def calibrate(threshold: CalibratedThreshold, channel: int, value: float) -> None:
    """Take one valid value; the last one of the stretch freezes the threshold."""
    n_collected = threshold.n_collected
    threshold.collected[channel, n_collected[channel]] = value
    n_collected[channel] += 1
    if n_collected[channel] == threshold.calibration.n_hops:
        threshold.level[channel] = percentile_of(
            threshold.collected[channel], threshold.calibration.percentile
        )


@kernel
def percentile_of(values: NDArray[np.float64], percentile: float) -> float:
    """Return the percentile between the two nearest order statistics, by straight line.

    As `numpy.percentile` with its default method; partial sorting, whose result does not depend
    on how it is done.
    """
    at = percentile / 100.0 * (values.size - 1)
    below = min(int(at), values.size - 1)
    fraction = at - below
    ordered = np.partition(values, below)
    low: float = ordered[below]
    high: float = low
    if below + 1 < values.size:
        high = ordered[below + 1 :].min()
    if fraction < 0.5:
        return low + (high - low) * fraction
    return high - (high - low) * (1.0 - fraction)
