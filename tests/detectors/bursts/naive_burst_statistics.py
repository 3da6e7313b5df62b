"""Reference of `burst_statistics`: from a list of bursts, window by window."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.bursts.burst import BurstConfig
from detectors.bursts.statistics import BurstStatisticsConfig
from detectors.estimates import Estimates


class One(NamedTuple):
    """A burst: its last hop, its number of hops, its measure, and whether it was complete."""

    end: int
    n_hops: int
    mean: float
    peak: float
    is_whole: bool


def bursts(
    value: NDArray[np.float64], is_on: NDArray[np.bool_], decides: NDArray[np.bool_], lag: int
) -> list[One]:
    """Return all finished bursts of a channel; they began `lag` hops before their detection."""
    edges = np.diff(np.concatenate(([0], is_on, [0])))
    found: list[One] = []
    for start, end in zip(
        np.flatnonzero(edges == 1).tolist(), np.flatnonzero(edges == -1).tolist(), strict=True
    ):
        if end < value.size:
            measure = value[start - lag : end]
            found.append(One(end, measure.size, measure.mean(), measure.max(), bool(decides[end])))
    return found


def burst_statistics(
    config: BurstStatisticsConfig,
    below: BurstConfig,
    given: Estimates,
    *,
    hop_s: float,
    rate_hz: float,
    nulls: Sequence[NDArray[np.float64]],
    restarts: Sequence[int],
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return values and validity, thirteen outputs a channel, from the burst detector's estimates.

    `nulls` has one for each channel; of one that calibrates it is in effect `null_delay_s` after
    the first hop at which the threshold is known. At the first estimate after each of the
    `restarts` (samples) nothing but the counts is valid.
    """
    is_white = below.threshold.calibrate_s is None
    every, width = round(config.hop_s / hop_s), round(config.window_s / hop_s)
    n_hops = given.sample.size
    n_channels = given.values.shape[1] // 4
    lag = max(0, int(np.ceil(round(below.duration_s_min / hop_s, 6))) - 1)
    values = np.zeros((n_hops // every, n_channels, 13))
    valid = np.zeros(values.shape, dtype=np.bool_)
    for channel in range(n_channels):
        measure, threshold, is_on, _ = given.values[:, 4 * channel : 4 * channel + 4].T
        decides = given.valid[:, 4 * channel + 2]
        known = given.sample[given.valid[:, 4 * channel + 1]]
        due = (known[0] if known.size else n_hops) + round(config.null_delay_s * rate_hz)
        null = nulls[channel]
        all_bursts = bursts(measure, is_on > 0.0, decides, lag)
        for index in range(n_hops // every):
            newest = every * (index + 1) - 1
            oldest = max(0, newest - width + 1)
            ended = [each for each in all_bursts if oldest <= each.end <= newest]
            whole = [each for each in ended if each.is_whole]
            is_seen = decides[oldest : newest + 1]
            row, is_good = values[index, channel], valid[index, channel]
            is_good[10:] = True
            row[10:] = len(whole), is_seen.sum() * hop_s, is_white
            if 2 * is_seen.sum() >= width:
                is_good[0] = True
                row[0] = len(ended) / row[11]
            if len(whole) >= config.n_bursts_min:
                is_good[1:5] = True
                row[1] = np.mean([each.n_hops * hop_s for each in whole])
                row[2] = np.mean([each.mean for each in whole])
                row[3] = np.mean([each.peak for each in whole])
                row[4] = np.mean([each.n_hops * hop_s > config.long_s + 1e-9 for each in whole])
            if not is_seen.any() or not (is_white or given.sample[newest] >= due):
                continue
            is_above = measure[oldest : newest + 1] > threshold[oldest : newest + 1]
            share = (is_above & is_seen).sum() / is_seen.sum()
            if not null[0, 0] <= share <= null[-1, 0]:
                continue
            expected = np.array([np.interp(share, null[:, 0], column) for column in null[:, 1:].T])
            if below.hysteresis_level is None:
                expected[2:4] *= threshold[newest]
            else:
                expected[2:4] += threshold[newest]
            is_good[5:10] = is_good[:5] & np.isfinite(expected)
            row[5:10] = np.where(is_good[5:10], expected, 0.0)
    ends = given.sample[every - 1 :: every][: n_hops // every]
    after = [at for at in np.searchsorted(ends, restarts).tolist() if at < ends.size]
    valid[after, :, :10] = False
    values[after, :, :10] = 0.0
    n_outputs = 13 * n_channels
    return values.reshape(-1, n_outputs), valid.reshape(-1, n_outputs)
