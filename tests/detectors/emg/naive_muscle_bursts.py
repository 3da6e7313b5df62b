"""Reference of `muscle_bursts`: bursts as lists, and numpy on those of each window."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import StreamLayout
from detectors.emg.bursts.muscle_bursts import MuscleBurstsConfig
from detectors.testing.subject import Plain, StreamSamples
from tests.detectors.emg.naive_muscles import Filters, Muscle, muscle_of

N_OF_CHANNEL, N_OF_PAIR = 13, 4


class Span(NamedTuple):
    """One burst: first and highest sample, first behind it, when each edge was known, gaps."""

    start: int
    peak: int
    stop: int
    known: int
    over: int
    gaps: tuple[tuple[int, int], ...]

    def stop_by(self, newest: int) -> int:
        """Return where it ends as far as is known at a sample."""
        return next((gap for gap, until in self.gaps if gap <= newest < until), self.stop)


class Windows:
    """Lengths of a configuration at a rate, in samples."""

    def __init__(self, config: MuscleBurstsConfig, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.filters = Filters.of(config, config.envelope_hz, rate_hz)
        self.settle = self.filters.settle
        self.hop = max(1, round(config.hop_s * rate_hz))
        self.length = max(2, round(config.window_s * rate_hz / self.hop)) * self.hop
        self.least = max(1, round(config.duration_s_min * rate_hz))
        self.gap = max(1, round(config.merge_s * rate_hz))


def bursts_of(muscle: Muscle, levels: tuple[float, float], windows: Windows) -> list[Span]:
    """Return the bursts from a restart on; bad data end them."""
    found: list[Span] = []
    is_settled = muscle.n_good >= windows.settle
    edges = np.flatnonzero(np.diff(is_settled.astype(int), prepend=0, append=0))
    for first, last in edges.reshape(-1, 2):
        sample = first
        while sample < last:
            if muscle.envelope_uv[sample] <= levels[0]:
                sample += 1
                continue
            span, sample = _burst(muscle, sample, last, levels, windows)
            found += [span] if span is not None else []
    return found


def _burst(
    muscle: Muscle, start: int, last: int, levels: tuple[float, float], windows: Windows
) -> tuple[Span | None, int]:
    envelope = muscle.envelope_uv
    peak, known, sample = start, -1, start
    gaps: list[tuple[int, int]] = []
    while True:
        while sample < last and envelope[sample] >= levels[1]:
            peak = sample if envelope[sample] > envelope[peak] else peak
            if known < 0 and sample + 1 - start >= windows.least:
                known = sample
            sample += 1
        stop = sample
        while sample < last and envelope[sample] <= levels[0] and sample - stop < windows.gap:
            sample += 1
        if sample >= last or sample - stop >= windows.gap:
            break
        gaps.append((stop, sample))
    if known < 0:
        return None, sample
    return Span(start, peak, stop, known, sample, tuple(gaps)), sample


def of_channel(
    config: MuscleBurstsConfig, label: str, muscle: Muscle, newest: int, windows: Windows
) -> tuple[list[float], list[bool]]:
    """Return the outputs of one channel at a hop."""
    values, valid = [0.0] * N_OF_CHANNEL, [False] * N_OF_CHANNEL
    valid[12] = True
    n_good, is_doubtful = muscle.n_good[newest], muscle.is_doubtful[newest]
    span = windows.settle + windows.length
    if n_good < span and muscle.was_bad[newest]:
        values[12] = 1.0
    if n_good < windows.settle or is_doubtful:
        return values, valid
    spans = bursts_of(muscle, levels_of(config, label), windows)
    envelope = max(float(muscle.envelope_uv[newest]), 0.0)
    values[0], valid[0] = envelope, True
    if label in config.reference_uv:
        rest = config.rest_uv[label]
        values[1] = max(envelope - rest, 0.0) / (config.reference_uv[label] - rest)
        valid[1] = True
    values[2] = float(any(each.known <= newest < each.over for each in spans))
    valid[2] = True
    if n_good < span:
        return values, valid
    first = newest + 1 - windows.length
    whole = [each for each in spans if each.start >= first and each.over <= newest]
    values[3:6] = [
        len(whole) * windows.rate_hz / windows.length,
        on_samples(spans, first, newest).mean(),
        float(len(whole)),
    ]
    valid[3:6] = [True] * 3
    valid[11] = True
    if len(whole) >= config.n_bursts_min:
        starts = np.array([each.start for each in whole])
        intervals = np.diff(starts) / windows.rate_hz
        q75, q25 = np.percentile(np.diff(1.0 / intervals), [75, 25])
        values[6:11] = [
            float(np.median([each.stop - each.start for each in whole])) / windows.rate_hz,
            float(np.median([each.peak - each.start for each in whole])) / windows.rate_hz,
            float(intervals.std(ddof=1) / intervals.mean()),
            float(1.0 / np.median(intervals)),
            float(q75 - q25),
        ]
        valid[6:11] = [True] * 5
    return values, valid


def levels_of(config: MuscleBurstsConfig, label: str) -> tuple[float, float]:
    """Return the levels at which a burst begins and ends."""
    rest, spread = config.rest_uv[label], config.rest_sd_uv[label]
    return rest + config.onset_sd * spread, rest + config.offset_sd * spread


def on_samples(spans: list[Span], first: int, newest: int) -> NDArray[np.bool_]:
    """Return which samples of a window are in a burst, as is known at its end."""
    found = np.zeros(newest + 1 - first, dtype=np.bool_)
    for each in spans:
        if each.known <= newest:
            found[
                max(each.start - first, 0) : max(min(each.stop_by(newest), newest + 1) - first, 0)
            ] = True
    return found


def of_pair(
    config: MuscleBurstsConfig,
    labels: tuple[str, str],
    muscles: dict[str, Muscle],
    newest: int,
    windows: Windows,
) -> tuple[list[float], list[bool]]:
    """Return the outputs of one pair at a hop."""
    span = windows.settle + windows.length
    a, b = (muscles[label] for label in labels)
    if any(each.n_good[newest] < span or each.is_doubtful[newest] for each in (a, b)):
        return [0.0] * N_OF_PAIR, [False] * N_OF_PAIR
    first = newest + 1 - windows.length
    raw = [each.filtered_uv[first : newest + 1] for each in (a, b)]
    crosstalk = float(raw[0] @ raw[1] / np.sqrt((raw[0] @ raw[0]) * (raw[1] @ raw[1])))
    is_crosstalk = abs(crosstalk) > config.crosstalk_max
    spans = [bursts_of(muscles[label], levels_of(config, label), windows) for label in labels]
    on = [on_samples(each, first, newest) for each in spans]
    values = [0.0, 0.0, crosstalk, float(is_crosstalk)]
    has_overlap = not is_crosstalk and all(each.any() for each in on)
    if has_overlap:
        sparse = 0 if on[0].sum() <= on[1].sum() else 1
        share = max(on[0].mean(), on[1].mean())
        n = sum(
            each.known <= newest and min(each.stop_by(newest), newest + 1) > first
            for each in spans[sparse]
        )
        values[0] = float((on[0] & on[1]).sum() / on[sparse].sum())
        values[1] = min(float(share + 1.6448536269514722 * np.sqrt(share * (1 - share) / n)), 1.0)
    return values, [has_overlap, has_overlap, True, True]


def muscle_bursts(config: MuscleBurstsConfig, layout: StreamLayout, given: StreamSamples) -> Plain:
    """Return values and validity of every hop of a recording."""
    windows = Windows(config, layout.rate_hz)
    labels = config.channels or layout.channels
    values: list[list[float]] = []
    valid: list[list[bool]] = []
    starts = given.restarts
    for start, stop in zip(starts, [*starts[1:], given.n_samples], strict=True):
        piece = given.since(start).until(stop - start)
        muscles = {
            label: muscle_of(
                piece,
                layout.channels.index(label),
                windows.filters,
                is_energy=config.method == "teager_kaiser",
            )
            for label in labels
        }
        for newest in range(windows.hop - 1, stop - start, windows.hop):
            found = [of_channel(config, each, muscles[each], newest, windows) for each in labels]
            found += [of_pair(config, each, muscles, newest, windows) for each in config.pairs]
            values.append([value for each in found for value in each[0]])
            valid.append([value for each in found for value in each[1]])
    n_outputs = N_OF_CHANNEL * len(labels) + N_OF_PAIR * len(config.pairs)
    shape = (-1, n_outputs)
    return np.array(values).reshape(shape), np.array(valid, dtype=np.bool_).reshape(shape)
