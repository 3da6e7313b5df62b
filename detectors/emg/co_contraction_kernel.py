"""Co-contraction: envelopes summed over a sliding window, and what they say of each pair."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.emg.co_contraction_state import (
    CORRECTED,
    CORRELATION,
    CORRELATION_NULL,
    CROSSTALK,
    EMG_SQUARE,
    EMGS,
    ENVELOPE,
    ENVELOPE_SQUARE,
    ENVELOPES,
    HAS_BAD_SIGNAL,
    INSUFFICIENT,
    IS_AT_REST,
    IS_CLIPPED,
    IS_CROSSTALK,
    IS_IDENTICAL,
    LAGS,
    LEVEL_INDEX,
    LOWER,
    N_COLUMNS,
    N_PAIR_SUMS,
    NORMALISED,
    State,
)
from detectors.emg.config import ACTIVE_SD
from detectors.emg.extremes_kernel import begin_hop, is_clipped, take_extremes
from detectors.emg.muscles_kernel import restart_muscles, take_muscles
from detectors.kernels.hops import write_value
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_usable
from detectors.kernels.window_sums import add_part

#: EMG that is this much alike is the same signal twice.
_IDENTICAL: Final = 0.99
#: Share of its envelope at rest below which no muscle is heard, but an electrode that is off.
_OFF_SHARE: Final = 0.25
#: A mean square that is no more than this (µV²) is no EMG.
_FLAT_UV2: Final = 1e-12
#: Independent samples that are taken off by Fisher's transform; and how much more independent than
#: white a signal may look, whose correlation with its past is negative.
_FISHER: Final = 3.0
_SHARE_MIN: Final = 0.5


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    counters = state.counters
    restart_muscles(state.muscles)
    state.past_uv[:] = 0.0
    state.ring[:] = 0.0
    state.newest[:] = 0.0
    state.extremes.before_uv[:] = np.nan
    for hop in range(state.settings.n_hops):
        begin_hop(hop, state.extremes)
    counters.n_samples = counters.hop = counters.newest = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Take one sample of all channels into the sums of this hop."""
    muscles, counters, settings = state.muscles, state.counters, state.settings
    take_muscles(samples_uv, taint, row, muscles)
    counters.n_samples += 1
    sums = state.ring[counters.hop]
    n_channels = muscles.columns.size
    n_sums = LAGS + 2 * (settings.n_lags + 1)
    for channel in range(n_channels):
        envelope, filtered = muscles.envelope_uv[channel], muscles.filtered_uv[channel]
        rest = state.rest_uv[channel]
        share = max(envelope - rest, 0.0) / (state.reference_uv[channel] - rest)
        state.normalised[channel] = share
        own = sums[channel * n_sums : (channel + 1) * n_sums]
        own[ENVELOPE] += envelope
        own[ENVELOPE_SQUARE] += envelope * envelope
        own[EMG_SQUARE] += filtered * filtered
        own[NORMALISED] += share
        take_extremes(counters.hop, channel, muscles.raw_uv[channel], state.extremes)
    _take_pairs(sums[n_channels * n_sums :], state)
    if counters.n_samples % settings.step_samples == 0:
        _take_lags(sums, n_sums, state)


@kernel
def _take_pairs(sums: NDArray[np.float64], state: State) -> None:
    """Take the newest sample of every pair into sums."""
    muscles, normalised = state.muscles, state.normalised
    for pair in range(len(state.pairs)):
        a, b = state.pairs[pair, 0], state.pairs[pair, 1]
        both = sums[pair * N_PAIR_SUMS : (pair + 1) * N_PAIR_SUMS]
        both[ENVELOPES] += muscles.envelope_uv[a] * muscles.envelope_uv[b]
        both[EMGS] += muscles.filtered_uv[a] * muscles.filtered_uv[b]
        both[LOWER] += min(normalised[a], normalised[b])


@kernel
def _take_lags(sums: NDArray[np.float64], n_sums: int, state: State) -> None:
    """Take the products of each newest envelope and those before it into sums."""
    counters, n_kept = state.counters, state.settings.n_lags + 1
    counters.newest = (counters.newest + 1) % n_kept
    sums[-1] += 1.0
    for channel in range(state.columns.size):
        past = state.past_uv[channel]
        now = state.muscles.envelope_uv[channel]
        past[counters.newest] = now
        products = sums[channel * n_sums + LAGS : channel * n_sums + LAGS + n_kept]
        earlier = sums[channel * n_sums + LAGS + n_kept : (channel + 1) * n_sums]
        for lag in range(n_kept):
            at = counters.newest - lag
            value = past[at if at >= 0 else at + n_kept]
            products[lag] += now * value
            earlier[lag] += value


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Write the outputs of every pair, and begin the next hop."""
    counters, settings = state.counters, state.settings
    add_part(counters.hop, state.ring, state.newest, state.window)
    counters.hop = (counters.hop + 1) % settings.n_hops
    for channel in range(state.columns.size):
        _correlate_with_past(channel, state)
    for pair in range(len(state.pairs)):
        _write_pair(hop, pair, taint, state)
    state.ring[counters.hop] = 0.0
    begin_hop(counters.hop, state.extremes)


@kernel
def _correlate_with_past(channel: int, state: State) -> None:
    """Write the autocorrelation of a channel's envelope."""
    n_kept = state.settings.n_lags + 1
    n_sums = LAGS + 2 * n_kept
    products = state.window[channel * n_sums + LAGS : channel * n_sums + LAGS + n_kept]
    earlier = state.window[channel * n_sums + LAGS + n_kept : (channel + 1) * n_sums]
    n_envelopes = state.window[-1]
    mean = earlier[0] / n_envelopes
    variance = products[0] - mean * earlier[0]
    for lag in range(n_kept):
        state.own_correlation[channel, lag] = (products[lag] - mean * earlier[lag]) / variance


@kernel
def _write_pair(hop: int, pair: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the outputs of one pair."""
    settings = state.settings
    a, b = state.pairs[pair, 0], state.pairs[pair, 1]
    n_channels, n_sums = state.columns.size, LAGS + 2 * (settings.n_lags + 1)
    first = n_channels * n_sums + pair * N_PAIR_SUMS
    both = state.window[first : first + N_PAIR_SUMS]
    one, other = state.window[a * n_sums : (a + 1) * n_sums], state.window[b * n_sums :]
    n_window = settings.n_window
    is_bad = _is_bad(a, one, state) or _is_bad(b, other, state)
    is_valid = (
        not is_bad
        and is_usable(state.muscles.n_good[a], settings.span_samples, taint[state.columns[a]])
        and is_usable(state.muscles.n_good[b], settings.span_samples, taint[state.columns[b]])
    )
    clipped = is_clipped(a, state.extremes) or is_clipped(b, state.extremes)
    crosstalk = both[EMGS] / np.sqrt(one[EMG_SQUARE] * other[EMG_SQUARE])
    is_crosstalk = abs(crosstalk) > settings.crosstalk_max
    is_identical = abs(crosstalk) > _IDENTICAL
    to = pair * N_COLUMNS
    hops = state.hops
    write_value(hops, hop, to + CROSSTALK, crosstalk, is_valid)
    write_value(hops, hop, to + IS_CROSSTALK, 1.0 if is_crosstalk else 0.0, is_valid)
    write_value(hops, hop, to + IS_IDENTICAL, 1.0 if is_identical else 0.0, is_valid)
    write_value(hops, hop, to + IS_CLIPPED, 1.0 if clipped else 0.0, is_valid)
    write_value(hops, hop, to + HAS_BAD_SIGNAL, 1.0 if is_bad else 0.0, is_valid=True)
    variance_a = one[ENVELOPE_SQUARE] - one[ENVELOPE] ** 2 / n_window
    variance_b = other[ENVELOPE_SQUARE] - other[ENVELOPE] ** 2 / n_window
    is_sound = is_valid and not clipped and not is_identical
    is_sound = is_sound and variance_a > 0.0 and variance_b > 0.0
    covariance = both[ENVELOPES] - one[ENVELOPE] * other[ENVELOPE] / n_window
    correlation = covariance / np.sqrt(variance_a * variance_b)
    write_value(hops, hop, to + CORRELATION, correlation, is_sound)
    write_value(hops, hop, to + CORRELATION_NULL, _null(a, b, state), is_sound)
    true_a = _true_share(variance_a, one[ENVELOPE], settings.noise_cv2, n_window)
    true_b = _true_share(variance_b, other[ENVELOPE], settings.noise_cv2, n_window)
    is_insufficient = min(true_a, true_b) <= 0.0
    write_value(hops, hop, to + INSUFFICIENT, 1.0 if is_insufficient else 0.0, is_valid)
    can_correct = is_sound and not is_insufficient and not is_crosstalk
    corrected = correlation / np.sqrt(true_a * true_b) if can_correct else 0.0
    write_value(hops, hop, to + CORRECTED, max(-1.0, min(corrected, 1.0)), can_correct)
    is_at_rest = _is_at_rest(a, one, state) and _is_at_rest(b, other, state)
    has_rest = not np.isnan(state.rest_uv[a] + state.rest_uv[b])
    write_value(hops, hop, to + IS_AT_REST, 1.0 if is_at_rest else 0.0, is_valid and has_rest)
    total = one[NORMALISED] + other[NORMALISED]
    has_level = is_valid and not clipped and not is_identical and not is_at_rest and total > 0.0
    level_index = min(2.0 * both[LOWER] / total, 1.0) if has_level else 0.0
    write_value(hops, hop, to + LEVEL_INDEX, level_index, has_level)


@kernel
def _is_bad(channel: int, own: NDArray[np.float64], state: State) -> bool:
    """Return whether there was bad data in the window, no signal, or less than a muscle at rest."""
    settings, n_good = state.settings, state.muscles.n_good[channel]
    if n_good < settings.span_samples:
        return bool(state.muscles.was_bad[channel])
    is_flat = own[EMG_SQUARE] / settings.n_window <= _FLAT_UV2
    is_off = own[ENVELOPE] / settings.n_window < _OFF_SHARE * state.rest_uv[channel]
    return bool(is_flat or is_off)


@kernel
def _is_at_rest(channel: int, own: NDArray[np.float64], state: State) -> bool:
    """Return whether the mean of a muscle's envelope is no higher than at rest."""
    active_uv = state.rest_uv[channel] + ACTIVE_SD * state.rest_sd_uv[channel]
    return bool(own[ENVELOPE] / state.settings.n_window <= active_uv)


@kernel
def _true_share(variance: float, total: float, noise_cv2: float, n_window: int) -> float:
    """Return the share of an envelope's variance that is modulation; 0 where noise is more.

    ``u = v² + c² (1 + v²)``: squares of the variation of the envelope, the drive, the noise.
    """
    mean = total / n_window
    found = variance / n_window / (mean * mean)
    drive = (found - noise_cv2) / (1.0 + noise_cv2)
    return drive / found if drive >= noise_cv2 else 0.0


@kernel
def _null(a: int, b: int, state: State) -> float:
    """Return what the correlation of two such envelopes exceeds by chance."""
    own_a, own_b = state.own_correlation[a], state.own_correlation[b]
    n_envelopes = state.window[-1]
    shared = 1.0
    for lag in range(1, own_a.size):
        shared += 2.0 * (1.0 - lag / n_envelopes) * own_a[lag] * own_b[lag]
    n_independent = n_envelopes / max(shared, _SHARE_MIN)
    return float(np.tanh(state.settings.null_sd / np.sqrt(max(n_independent - _FISHER, 1.0))))


update = sample_loop(State, _restart, _take, _write)
