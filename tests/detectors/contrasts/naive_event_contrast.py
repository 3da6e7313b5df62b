"""An event contrast from its definition: every hop anew, with scipy's intervals."""

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import numpy as np
from scipy import stats

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, BoundEvent, StreamLayout, Taint
from detectors.contrasts.config import EventContrastConfig
from detectors.testing.subject import Plain, StreamSamples

_SPOILT = int(WINDOW_TAINT | NEWEST_TAINT)


def event_contrast(
    config: EventContrastConfig,
    layout: StreamLayout,
    events: Sequence[BoundEvent],
    given: StreamSamples,
) -> Plain:
    """Return differences of peak-to-peak amplitudes around markers that bind where they arrive."""
    rate = layout.rate_hz
    hop = round(config.hop_s * rate)
    starts = given.restarts
    hops = [
        sample
        for begin, end in zip(starts, [*starts[1:], given.n_samples], strict=True)
        for sample in range(begin + hop - 1, end, hop)
    ]
    values, valid = [], []
    before = -1
    for sample in hops:
        is_cut = any(before < start <= sample for start in starts)
        row, is_valid = [], []
        for channel in range(len(layout.channels)):
            found = _epochs(config, rate, events, given, sample, channel)
            counts = [len(found[0]), len(found[1]), found[2], 0, 0, 0]
            reasons = 16 * (found[2] > 0)
            n_kept = counts[0] + counts[1]
            is_lost = found[2] > config.lost_share_max * (n_kept + found[2])
            is_few = min(counts[:2]) < config.n_min
            is_missing = min(counts[:2]) == 0 and max(counts[:2]) >= config.n_min
            reasons += is_few + 2 * is_missing + 32 * is_lost
            is_known = not (is_few or is_lost or is_cut)
            row += _contrast(config, found) if is_known else [0.0] * 7
            row += [*map(float, counts), float(reasons)]
            is_valid += [is_known] * 7 + [True] * 7
        values.append(row)
        valid.append(is_valid)
        before = sample
    n_outputs = 14 * len(layout.channels)
    return np.reshape(values, (-1, n_outputs)), np.reshape(valid, (-1, n_outputs)).astype(bool)


def _epochs(  # noqa: PLR0917 a definition, all of it
    config: EventContrastConfig,
    rate: float,
    events: Sequence[BoundEvent],
    given: StreamSamples,
    until: int,
    channel: int,
) -> tuple[list[float], list[float], int]:
    found: tuple[list[float], list[float]] = ([], [])
    n_rejected = 0
    for event in events:
        for number, condition in enumerate((config.first, config.second)):
            if event.text not in condition.markers:
                continue
            start, stop = (event.sample + round(each * rate) for each in condition.window_s)
            if max(stop, event.sample) + round(config.wait_s * rate) > until:
                continue
            rest, rest_end = (event.sample + round(s * rate) for s in config.rest.window_s)
            used = [*range(rest, rest_end), *range(start, stop)]
            begin, end = min(start, event.sample), max(stop, event.sample + 1)
            is_bad = (
                min(used) < 0
                or any(begin < each < end for each in given.restarts)
                or (given.taint[used, channel] & _SPOILT).any()
                or (given.taint[event.sample] & int(Taint.SUSPECT_STAMP)).any()
                or np.std(given.samples_uv[rest:rest_end, channel]) > config.rest.rms_uv_max
            )
            if is_bad:
                n_rejected += 1
            else:
                found[number].append(float(np.ptp(given.samples_uv[start:stop, channel])))
    return found[0], found[1], n_rejected


def _contrast(config: EventContrastConfig, found: tuple[Any, ...]) -> list[float]:
    first, second = np.array(found[0]), np.array(found[1])
    result = stats.ttest_ind(first, second, equal_var=False)
    interval = result.confidence_interval(config.confidence)
    everything = np.concatenate((first, second))
    distances = []
    for chosen in combinations(range(everything.size), first.size):
        is_chosen = np.isin(np.arange(everything.size), chosen)
        distances.append(abs(everything[is_chosen].mean() - everything[~is_chosen].mean()))
    distance = first.mean() - second.mean()
    p = np.mean(np.array(distances) >= abs(distance) - 1e-9)
    null = np.quantile(distances, config.confidence, method="inverted_cdf")
    means = [first.mean(), second.mean()]
    return [float(x) for x in (distance, null, interval.low, interval.high, p, *means)]
