"""What the bursts of a window say: of one muscle, and of two together."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.emg.bursts.order_kernel import percentile_of, sort
from detectors.emg.bursts.state import (
    ACTIVATION,
    CROSSTALK,
    DURATION,
    ENVELOPE,
    FREQUENCY,
    HAS_BAD_SIGNAL,
    INTERVAL_CV,
    IS_CLIPPED,
    IS_CROSSTALK,
    IS_ON,
    N_BURSTS,
    N_CHANNEL_COLUMNS,
    N_PAIR_COLUMNS,
    OVERLAP,
    OVERLAP_NULL,
    RATE,
    RISE,
    SHARE_ON,
    STABILITY,
    State,
)
from detectors.emg.extremes_kernel import is_clipped
from detectors.kernels.hops import write_value
from detectors.kernels.trust import is_usable

#: Share of its envelope at rest below which no muscle is heard, but an electrode that is off.
_OFF_SHARE: Final = 0.25
#: A mean square that is no more than this (µV²) is no EMG.
_FLAT_UV2: Final = 1e-12
#: Standard deviations that one value of twenty exceeds.
_ONE_SIDED: Final = 1.6448536269514722


@kernel(inline=False)
def write_muscles(
    hop: int, sample: int, taint: NDArray[np.uint16], addresses: NDArray[np.int64]
) -> None:
    """Write the outputs of every channel and pair.

    Parameters
    ----------
    hop, sample : int
        Row that is written, and its newest sample.
    taint : ndarray of uint16
        Of that sample.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    for channel in range(state.columns.size):
        _write_channel(hop, channel, sample, taint[state.columns[channel]], addresses)
    for pair in range(len(state.pairs)):
        _write_pair(hop, pair, sample, taint, addresses)


@kernel(inline=False)
def _write_channel(
    hop: int, channel: int, sample: int, taint: int, addresses: NDArray[np.int64]
) -> None:
    """Write the outputs of one channel."""
    state = opened(State, addresses)
    settings, muscles, hops = state.settings, state.muscles, state.hops
    n_good = muscles.n_good[channel]
    is_bad = state.is_bad[channel] = _is_bad(channel, state)
    is_settled = is_usable(n_good, settings.settle_samples, taint)
    is_valid = is_usable(n_good, settings.span_samples, taint) and not is_bad
    clipped = is_clipped(channel, state.extremes)
    to = channel * N_CHANNEL_COLUMNS
    envelope_uv = max(muscles.envelope_uv[channel], 0.0)
    reference_uv, rest_uv = state.reference_uv[channel], state.rest_uv[channel]
    has_reference = not np.isnan(reference_uv)
    activation = max(envelope_uv - rest_uv, 0.0) / (reference_uv - rest_uv)
    write_value(hops, hop, to + ENVELOPE, envelope_uv, is_settled)
    write_value(hops, hop, to + ACTIVATION, activation, is_settled and has_reference)
    is_on = 1.0 if state.episodes.counts[channel] else 0.0
    write_value(hops, hop, to + IS_ON, is_on, is_settled)
    first = sample + 1 - settings.n_window
    _count_on(channel, first, sample, state)
    n_whole = _count_whole(channel, first, state)
    rate_hz = n_whole * settings.rate_hz / settings.n_window
    write_value(hops, hop, to + RATE, rate_hz, is_valid)
    write_value(hops, hop, to + SHARE_ON, state.on_samples[channel] / settings.n_window, is_valid)
    write_value(hops, hop, to + N_BURSTS, float(n_whole), is_valid)
    write_value(hops, hop, to + IS_CLIPPED, 1.0 if clipped else 0.0, is_valid)
    write_value(hops, hop, to + HAS_BAD_SIGNAL, 1.0 if is_bad else 0.0, is_valid=True)
    has_enough = is_valid and n_whole >= settings.n_bursts_min
    if has_enough:
        _write_shape(hop, to, channel, n_whole, state)
        _write_rhythm(hop, to, channel, n_whole, state)
    else:
        for column in (DURATION, RISE, INTERVAL_CV, FREQUENCY, STABILITY):
            write_value(hops, hop, to + column, 0.0, is_valid=False)


@kernel
def _is_bad(channel: int, state: State) -> bool:
    """Return whether there was bad data in the window, no signal, or less than a muscle at rest."""
    settings, n_good = state.settings, state.muscles.n_good[channel]
    if n_good < settings.span_samples:
        return bool(state.muscles.was_bad[channel])
    n_channels = state.columns.size
    is_flat = state.window[channel] / settings.n_window <= _FLAT_UV2
    mean_uv = state.window[n_channels + channel] / settings.n_window
    return bool(is_flat or mean_uv < _OFF_SHARE * state.rest_uv[channel])


@kernel
def _count_on(channel: int, first: int, newest: int, state: State) -> None:
    """Write how many samples of a window are in bursts, and in how many of these."""
    bursts = state.bursts
    n_kept = bursts.start.shape[1]
    n_all = bursts.n_over[channel] + state.episodes.counts[channel]
    total = n_bursts = 0
    for number in range(n_all - 1, max(n_all - n_kept, 0) - 1, -1):
        at = number % n_kept
        inside = min(bursts.stop[channel, at], newest + 1) - max(bursts.start[channel, at], first)
        if inside <= 0:
            break
        total += inside
        n_bursts += 1
    state.on_samples[channel] = total
    state.n_on[channel] = n_bursts


@kernel
def _count_whole(channel: int, first: int, state: State) -> int:
    """Return how many bursts lie in the window whole."""
    bursts = state.bursts
    n_kept, n_over = bursts.start.shape[1], bursts.n_over[channel]
    n_whole = 0
    while n_whole < min(n_over, n_kept - 1):
        if bursts.start[channel, (n_over - 1 - n_whole) % n_kept] < first:
            break
        n_whole += 1
    return n_whole


@kernel
def _write_shape(hop: int, to: int, channel: int, n_whole: int, state: State) -> None:
    """Write the medians of durations and rises."""
    bursts, rate_hz = state.bursts, state.settings.rate_hz
    n_kept, n_over = bursts.start.shape[1], bursts.n_over[channel]
    found = state.scratch[:n_whole]
    for number in range(n_whole):
        at = (n_over - n_whole + number) % n_kept
        found[number] = bursts.stop[channel, at] - bursts.start[channel, at]
    sort(found)
    write_value(state.hops, hop, to + DURATION, percentile_of(found, 50.0) / rate_hz, is_valid=True)
    for number in range(n_whole):
        at = (n_over - n_whole + number) % n_kept
        found[number] = bursts.peak[channel, at] - bursts.start[channel, at]
    sort(found)
    write_value(state.hops, hop, to + RISE, percentile_of(found, 50.0) / rate_hz, is_valid=True)


@kernel
def _write_rhythm(hop: int, to: int, channel: int, n_whole: int, state: State) -> None:
    """Write how regular the intervals from onset to onset are."""
    rate_hz = state.settings.rate_hz
    n_intervals = n_whole - 1
    found = state.scratch[:n_intervals]
    total = 0.0
    for number in range(n_intervals):
        found[number] = _interval(channel, n_intervals - number, state)
        total += found[number]
    mean = total / n_intervals
    squares = 0.0
    for number in range(n_intervals):
        squares += (found[number] - mean) ** 2
    variation = np.sqrt(squares / (n_intervals - 1)) / mean
    write_value(state.hops, hop, to + INTERVAL_CV, variation, is_valid=True)
    changes = state.changes[: n_intervals - 1]
    for number in range(n_intervals - 1):
        changes[number] = rate_hz / found[number + 1] - rate_hz / found[number]
    sort(found)
    frequency_hz = rate_hz / percentile_of(found, 50.0)
    write_value(state.hops, hop, to + FREQUENCY, frequency_hz, is_valid=True)
    sort(changes)
    stability_hz = percentile_of(changes, 75.0) - percentile_of(changes, 25.0)
    write_value(state.hops, hop, to + STABILITY, stability_hz, is_valid=True)


@kernel
def _interval(channel: int, back: int, state: State) -> int:
    """Return the samples from an onset to the next one, counted back from the newest burst."""
    bursts = state.bursts
    n_kept, newest = bursts.start.shape[1], bursts.n_over[channel] - 1
    before = bursts.start[channel, (newest - back) % n_kept]
    return int(bursts.start[channel, (newest - back + 1) % n_kept] - before)


@kernel(inline=False)
def _write_pair(
    hop: int,
    pair: int,
    sample: int,
    taint: NDArray[np.uint16],
    addresses: NDArray[np.int64],
) -> None:
    """Write the outputs of one pair."""
    state = opened(State, addresses)
    settings, muscles, hops = state.settings, state.muscles, state.hops
    n_channels = state.columns.size
    a, b = state.pairs[pair, 0], state.pairs[pair, 1]
    is_valid = not (state.is_bad[a] or state.is_bad[b])
    for channel in (a, b):
        bits = taint[state.columns[channel]]
        n_good = muscles.n_good[channel]
        is_valid = is_valid and is_usable(n_good, settings.span_samples, bits)
    power = np.sqrt(state.window[a] * state.window[b])
    crosstalk = state.window[2 * n_channels + pair] / power
    is_crosstalk = abs(crosstalk) > settings.crosstalk_max
    to = n_channels * N_CHANNEL_COLUMNS + pair * N_PAIR_COLUMNS
    write_value(hops, hop, to + CROSSTALK, crosstalk, is_valid)
    write_value(hops, hop, to + IS_CROSSTALK, 1.0 if is_crosstalk else 0.0, is_valid)
    first = sample + 1 - settings.n_window
    on_a, on_b = state.on_samples[a], state.on_samples[b]
    has_overlap = is_valid and not is_crosstalk and min(on_a, on_b) > 0
    overlap = null = 0.0
    if has_overlap:
        overlap = _shared_samples(a, b, first, sample, state) / min(on_a, on_b)
        share = max(on_a, on_b) / settings.n_window
        n_bursts = state.n_on[a if on_a <= on_b else b]
        null = min(share + _ONE_SIDED * np.sqrt(share * (1.0 - share) / n_bursts), 1.0)
    write_value(hops, hop, to + OVERLAP, overlap, has_overlap)
    write_value(hops, hop, to + OVERLAP_NULL, null, has_overlap)


@kernel
def _shared_samples(a: int, b: int, first: int, newest: int, state: State) -> int:
    """Return the samples of a window that are in a burst of both channels."""
    bursts, counts = state.bursts, state.episodes.counts
    n_kept = bursts.start.shape[1]
    number_a = bursts.n_over[a] + counts[a] - 1
    number_b = bursts.n_over[b] + counts[b] - 1
    last_a = max(number_a + 1 - n_kept, 0)
    last_b = max(number_b + 1 - n_kept, 0)
    total = 0
    while number_a >= last_a and number_b >= last_b:
        at_a, at_b = number_a % n_kept, number_b % n_kept
        start_a, start_b = bursts.start[a, at_a], bursts.start[b, at_b]
        start = max(start_a, start_b, first)
        stop = min(bursts.stop[a, at_a], bursts.stop[b, at_b], newest + 1)
        total += max(stop - start, 0)
        if start_a >= start_b:
            number_a -= 1
        else:
            number_b -= 1
    return total
