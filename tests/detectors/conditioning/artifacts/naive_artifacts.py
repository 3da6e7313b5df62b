"""References of artifact steps: plain loops and library routines, one channel at a time."""

import cmath
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import signal, stats

from detectors.block import (
    STIMULATION_CHANGE,
    STIMULATION_PULSE,
    WINDOW_TAINT,
    BoundEvent,
    StreamLayout,
    Taint,
)
from detectors.testing.subject import StreamSamples

Plain = tuple[NDArray[np.float64], NDArray[np.uint16]]


def _stretches(given: StreamSamples) -> list[tuple[int, int]]:
    return list(pairwise([*sorted({0, *given.restarts}), given.n_samples]))


def _is_good(given: StreamSamples) -> NDArray[np.bool_]:
    return np.asarray((given.taint & np.uint16(WINDOW_TAINT)) == 0)


def _bound(events: Sequence[BoundEvent], kind: str, markers: Sequence[str]) -> set[int]:
    return {
        each.sample
        for each in events
        if each.kind == kind or (each.kind == "marker" and each.text in markers)
    }


def saturation(config: Any, layout: StreamLayout, given: StreamSamples, _: object) -> Plain:
    taint = given.taint.copy()
    n_after = round(config.blank_s * layout.rate_hz)
    for start, stop in _stretches(given):
        for row, channel in np.argwhere(given.taint[start:stop] & Taint.SATURATED):
            end = min(start + row + n_after + 1, stop)
            taint[start + row : end, channel] |= np.uint16(Taint.SATURATED)
    return given.samples_uv.copy(), taint


def stimulation_blanking(
    config: Any, layout: StreamLayout, given: StreamSamples, events: Sequence[BoundEvent]
) -> Plain:
    samples, taint, good = given.samples_uv.copy(), given.taint.copy(), _is_good(given)
    lengths = {
        "blank": max(1, round(config.blank_s * layout.rate_hz)),
        "settle": round(config.settle_s * layout.rate_hz),
    }
    at = {
        "blank": _bound(events, STIMULATION_PULSE, config.pulse_markers),
        "settle": _bound(events, STIMULATION_CHANGE, config.change_markers),
    }
    for start, stop in _stretches(given):
        within = {
            what: {
                row
                for begin in at[what]
                if start <= begin < stop
                for row in range(begin, min(begin + length, stop))
            }
            for what, length in lengths.items()
        }
        fit = [
            row
            for row in range(start, stop)
            if row not in within["blank"] and row not in within["settle"]
        ]
        for channel in range(samples.shape[1]):
            for row in within["blank"]:
                before = [each for each in fit if each < row and good[each, channel]]
                if before:
                    samples[row, channel] = given.samples_uv[before[-1], channel]
                    taint[row, channel] |= np.uint16(Taint.STIMULATION)
                else:
                    taint[row, channel] |= np.uint16(Taint.UNCLEANED)
            for row in within["settle"]:
                taint[row, channel] |= np.uint16(Taint.UNCLEANED)
    return samples, taint


def movement(config: Any, layout: StreamLayout, given: StreamSamples, _: object) -> Plain:
    taint, good = given.taint.copy(), _is_good(given)
    rate_hz = layout.rate_hz
    low, drift = (1.0 - math.exp(-2.0 * math.pi * f / rate_hz) for f in (config.below_hz, 0.2))
    n_learn, n_level = round(config.learn_s * rate_hz), round(config.level_s * rate_hz)
    cut_mean = stats.norm.expect(lambda x: min(abs(x), 2.0))
    for start, stop in _stretches(given):
        for channel in range(taint.shape[1]):
            rows = start + np.flatnonzero(good[start:stop, channel])
            values = given.samples_uv[rows, channel]
            if not values.size:
                continue
            slow = signal.lfilter([low], [1.0, low - 1.0], values - values[0])
            slow = signal.lfilter([low], [1.0, low - 1.0], slow)
            slow = abs(slow - signal.lfilter([drift], [1.0, drift - 1.0], slow))
            level = 0.0
            for number, (row, size) in enumerate(zip(rows, slow, strict=True), 1):
                kept = size
                if number > n_learn:
                    if size > config.sd * level / cut_mean:
                        end = min(row + round(config.hold_s * rate_hz) + 1, stop)
                        taint[row:end, channel] |= np.uint16(Taint.MOVEMENT)
                    kept = min(size, 2.0 * level / cut_mean)
                level += (kept - level) / min(number, n_level)
    return given.samples_uv.copy(), taint


def line_noise(config: Any, layout: StreamLayout, given: StreamSamples, _: object) -> Plain:
    samples, good = given.samples_uv.copy(), _is_good(given)
    rate_hz = layout.rate_hz
    n_memory = config.time_constant_s * rate_hz
    n_begin = 4.0 * rate_hz / config.frequency_hz
    harmonics = [
        each
        for each in range(1, config.n_harmonics + 1)
        if each * config.frequency_hz <= 0.95 * rate_hz / 2.0
    ]
    n_channels = samples.shape[1]
    for start, stop in _stretches(given):
        cycles, frequency_hz = 0.0, config.frequency_hz
        phasors = np.zeros((len(harmonics), n_channels), complex)
        before = np.zeros(n_channels, complex)
        mean, size, n_good = np.zeros(n_channels), np.zeros(n_channels), np.zeros(n_channels, int)
        for row in range(start, stop):
            turned = [cmath.exp(2j * math.pi * each * cycles) for each in harmonics]
            cycles += frequency_hz / rate_hz
            for channel in range(n_channels):
                line = sum(
                    (phasor * turn).real
                    for phasor, turn in zip(phasors[:, channel], turned, strict=True)
                )
                rest = samples[row, channel] = given.samples_uv[row, channel] - line
                if not good[row, channel]:
                    continue
                n = n_good[channel]
                mean[channel] = rest if n == 0 else mean[channel]
                error = rest - mean[channel]
                if n >= n_begin and size[channel] > 0.0:
                    most = 4.0 * size[channel] * math.sqrt(math.pi / 2.0)
                    error = min(max(error, -most), most)
                size[channel] += (abs(error) - size[channel]) / min(n + 1, n_memory)
                step = error / min(n + n_begin, n_memory)
                mean[channel] += step
                phasors[:, channel] += [2.0 * step * turn.conjugate() for turn in turned]
                n_good[channel] += 1
            if (row - start + 1) % max(1, round(n_memory)) == 0:
                turn = cmath.phase(np.sum(phasors[0] * before.conj())) / (2.0 * math.pi)
                frequency_hz += 0.25 * turn * rate_hz / max(1, round(n_memory))
                nominal = config.frequency_hz
                frequency_hz = min(max(frequency_hz, nominal - 0.5), nominal + 0.5)
                before = phasors[0].copy()
    return samples, given.taint.copy()


class _Period:
    """`stimulation_period` after one restart: earlier samples are taken from the whole signal."""

    def __init__(self, config: Any, rate_hz: float, n_channels: int) -> None:
        self.config, self.rate_hz = config, rate_hz
        self.n_window = round(config.window_s * rate_hz)
        self.n_piece = max(2, round(0.125 * rate_hz / config.search_hz))
        self.n_stretch = max(2, round(config.learn_s * rate_hz / self.n_piece)) * self.n_piece
        self.found_hz: float | None = None
        self.n_agreeing = 0
        self.is_found, self.is_learned, self.is_in_doubt = False, False, False
        self.known = np.zeros(n_channels, int)
        self.bad = np.zeros(n_channels, int)

    def agree(self, found_hz: float) -> None:
        """Add a rate to the mean of those that agree, at most eight of them."""
        if self.found_hz is None or abs(found_hz - self.found_hz) > 0.01:
            self.n_agreeing, self.found_hz = 0, found_hz
        self.n_agreeing = min(self.n_agreeing + 1, 8)
        self.found_hz += (found_hz - self.found_hz) / self.n_agreeing
        self.weigh()

    def weigh(self) -> None:
        """Return lags and weights: a polynomial fitted by least squares, evaluated at 0."""
        assert self.found_hz is not None
        lags = np.arange(1, self.n_window + 1)
        phases = lags * self.found_hz / self.rate_hz
        phases -= np.round(phases)
        near = abs(phases) <= self.config.half_width_periods
        lags, phases = lags[near], phases[near] / self.config.half_width_periods
        for order in (4, 2, 0):
            weights = np.linalg.pinv(np.vander(phases, order + 1, increasing=True))[0]
            if np.sum(weights**2) <= 0.5 or order == 0:
                break
        self.lags, self.weights = lags, weights


def _rate(
    config: Any, rate_hz: float, samples: NDArray[np.float64], good: NDArray[np.bool_], n_piece: int
) -> float | None:
    """Return the pulse rate of a stretch, by a fine search over its spectrum."""
    times = np.arange(len(samples))
    taper = np.sin(np.pi * (np.arange(2 * n_piece) + 0.5) / (2 * n_piece)) ** 2
    shifted = np.exp(-2j * np.pi * config.frequency_hz * times / rate_hz)
    starts = range(0, len(samples) - n_piece, n_piece)
    hann = np.sin(np.pi * np.arange(1, len(starts) + 1) / (len(starts) + 1)) ** 2
    pieces = np.zeros((len(starts), samples.shape[1]), complex)
    for channel in range(samples.shape[1]):
        at = np.flatnonzero(good[:, channel])
        if at.size * 2 > len(samples):
            value = np.where(good[:, channel], samples[:, channel] - samples[at[0], channel], 0.0)
            for index, start in enumerate(starts):
                piece = slice(start, start + 2 * n_piece)
                pieces[index, channel] = hann[index] * np.sum(taper * (value * shifted)[piece])
    reach = config.search_hz * n_piece / rate_hz
    n_side = math.ceil(4 * len(starts) * reach)
    offsets = np.linspace(-reach, reach, 2 * n_side + 1)

    def power(tried: NDArray[np.float64]) -> NDArray[np.float64]:
        turned = np.exp(-2j * np.pi * np.outer(tried, np.arange(len(starts))))
        return np.asarray(abs(turned @ pieces) ** 2)

    spectrum = power(offsets)
    median = np.median(spectrum, axis=0)
    weight = np.divide(1.0, median, out=np.zeros_like(median), where=median > 0.0)
    best = int(np.argmax(spectrum @ weight))
    if not (spectrum[best] * weight >= 100.0).any() or best in {0, offsets.size - 1}:
        return None
    found, step = offsets[best], (offsets[1] - offsets[0]) / 2.0
    while step > 1e-9:
        tried = found + step * np.linspace(-2.0, 2.0, 41)
        found = tried[np.argmax(power(tried) @ weight)]
        step /= 10.0
    return float(config.frequency_hz + found * rate_hz / n_piece)


def stimulation_period(
    config: Any, layout: StreamLayout, given: StreamSamples, events: Sequence[BoundEvent]
) -> Plain:
    samples, taint, good = given.samples_uv.copy(), given.taint.copy(), _is_good(given)
    changes = _bound(events, STIMULATION_CHANGE, config.change_markers)
    # Values that replace tainted samples in the past of later ones.
    past = given.samples_uv.copy()
    for start, stop in _stretches(given):
        state = _Period(config, layout.rate_hz, samples.shape[1])
        work = _Work(given, good, past, np.zeros((3, samples.shape[1])), samples, taint)
        began = start
        for row in range(start, stop):
            if row in changes:
                if config.resets_on_change:
                    began = row
                    state.known[:] = 0
                    state.is_learned = state.found_hz is not None
                    state.is_found = state.found_hz is not None
                else:
                    state.is_in_doubt = state.is_learned and not state.is_found
            _clean_row(state, row, work)
            if row - began + 1 == state.n_stretch:
                stretch = slice(began, row + 1)
                found = _rate(
                    config,
                    layout.rate_hz,
                    given.samples_uv[stretch],
                    good[stretch],
                    state.n_piece,
                )
                began = row + 1
                state.is_learned, state.is_in_doubt = True, False
                state.is_found = found is not None
                if found is not None:
                    state.agree(found)
    return samples, taint


class _Work(NamedTuple):
    """The samples of a step: its input, its past as later samples use it, and its output."""

    given: StreamSamples
    good: NDArray[np.bool_]
    past: NDArray[np.float64]
    means: NDArray[np.float64]
    samples: NDArray[np.float64]
    taint: NDArray[np.uint16]


def _clean_row(state: _Period, row: int, work: _Work) -> None:
    given, good, past, means, samples, taint = work
    is_on = state.is_found or not state.is_learned
    otherwise = Taint.UNCLEANED if is_on else Taint.NONE
    otherwise = Taint.STIMULATION if state.is_in_doubt else otherwise
    has_lags = is_on and state.found_hz is not None
    for channel in range(samples.shape[1]):
        is_ready = has_lags and state.known[channel] >= state.n_window
        value = given.samples_uv[row, channel]
        if is_ready:
            expected = float(state.weights @ past[row - state.lags, channel])
            samples[row, channel] = value - expected + means[2, channel]
            if not good[row, channel]:
                past[row, channel] = expected
        taint[row, channel] |= np.uint16(Taint.STIMULATION if is_ready else otherwise)
        if not good[row, channel]:
            state.bad[channel] += 1
            if not is_ready or 2 * state.bad[channel] > state.n_window:
                state.known[channel] = 0
            continue
        state.bad[channel] = 0
        if state.known[channel] == 0:
            means[:, channel] = value
        state.known[channel] = min(state.known[channel] + 1, state.n_window)
        memory = max(1.0, min(float(state.known[channel]), state.n_window / 6.0))
        for index in range(3):
            means[index, channel] += (value - means[index, channel]) / memory
            value = means[index, channel]
