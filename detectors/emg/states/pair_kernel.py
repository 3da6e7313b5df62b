"""How the envelopes of two muscles go together in a window, and which state that is."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.emg.extremes_kernel import is_clipped
from detectors.emg.states.choice_kernel import choose_state
from detectors.emg.states.guard_kernel import CONTAMINATED, FAINT, is_beating, ratio_below
from detectors.emg.states.pair_bursts_kernel import (
    BRIEF_SHARE_MIN,
    brief_share,
    count_bursts,
    is_like_heart,
)
from detectors.emg.states.state import (
    BRIEF_SHARE,
    BURST_S,
    COHERENCE,
    COHERENCE_HZ,
    COHERENCE_NULL,
    CORRECTED,
    CORRELATION,
    CYCLE_CORRELATION,
    EMG_SQUARE,
    HAS_BAD_SIGNAL,
    HAS_MOVEMENT_ARTIFACT,
    INSUFFICIENT,
    IS_CLIPPED,
    IS_CROSSTALK,
    IS_IDENTICAL,
    IS_LIKE_HEART,
    IS_NARROW,
    LAG,
    LEVEL_INDEX,
    LOW,
    MEAN,
    N_BURSTS,
    N_COLUMNS,
    NORMALISED,
    PEAK_CORRELATION,
    SHARE_0_1,
    SHARE_3_7,
    SMOOTH_MEAN,
    SMOOTH_SQUARES,
    SQUARES,
    STATE,
    TREMOR,
    State,
)
from detectors.kernels.hops import write_value
from detectors.kernels.trust import is_usable

#: EMG that is this much alike is the same signal twice.
_IDENTICAL: Final = 0.99
#: Share of its envelope at rest below which no muscle is heard, but an electrode that is off.
_OFF_SHARE: Final = 0.25
#: A mean square that is no more than this (µV²) is no EMG.
_FLAT_UV2: Final = 1e-12
#: What lies below the band of a channel.
_NOTHING: Final = 0
_HEART: Final = 1
_MOVEMENT: Final = 2
#: It would not mislead where muscles are active, but makes brief bursts where they rest.
_FAINT_HEART: Final = 3
#: A peak of coherence is narrow where it is more than this many times the median up to 20 Hz.
_NARROW: Final = 2.0


@kernel
def write_pair(hop: int, pair: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the outputs of one pair."""
    a, b = state.pairs[pair, 0], state.pairs[pair, 1]
    hops, to = state.hops, pair * N_COLUMNS
    is_bad = _is_bad(a, state) or _is_bad(b, state)
    is_valid = not is_bad and _is_usable(a, taint, state) and _is_usable(b, taint, state)
    write_value(hops, hop, to + HAS_BAD_SIGNAL, 1.0 if is_bad else 0.0, is_valid=True)
    if not is_valid:
        for column in range(HAS_BAD_SIGNAL):
            write_value(hops, hop, to + column, 0.0, is_valid=False)
        return
    crosstalk = _crosstalk(pair, a, b, state)
    is_crosstalk = abs(crosstalk) > state.settings.crosstalk_max
    identical = abs(crosstalk) > _IDENTICAL
    clipped = is_clipped(a, state.extremes) or is_clipped(b, state.extremes)
    below_a, below_b = _what_is_below(a, state), _what_is_below(b, state)
    moved = _MOVEMENT in (below_a, below_b)
    beats = _HEART in (below_a, below_b)
    faint = _FAINT_HEART in (below_a, below_b)
    beats = beats or (faint and brief_share(a, b, state) >= BRIEF_SHARE_MIN)
    like_heart = beats or is_like_heart(a, state) or is_like_heart(b, state)
    write_value(hops, hop, to + IS_CROSSTALK, 1.0 if is_crosstalk else 0.0, is_valid=True)
    write_value(hops, hop, to + IS_IDENTICAL, 1.0 if identical else 0.0, is_valid=True)
    write_value(hops, hop, to + IS_CLIPPED, 1.0 if clipped else 0.0, is_valid=True)
    write_value(hops, hop, to + IS_LIKE_HEART, 1.0 if like_heart else 0.0, is_valid=True)
    write_value(hops, hop, to + HAS_MOVEMENT_ARTIFACT, 1.0 if moved else 0.0, is_valid=True)
    is_sound = not clipped and not identical and not moved and not beats
    _write_together(hop, to, a, b, is_sound, state)
    is_known = is_sound and not is_crosstalk and not like_heart
    found = choose_state(hop, to, a, b, state) if is_known else 0.0
    write_value(hops, hop, to + STATE, found, is_known)


@kernel
def _write_together(hop: int, to: int, a: int, b: int, is_sound: bool, state: State) -> None:
    """Write all that two sound envelopes show together."""
    hops = state.hops
    one, other = state.found[a], state.found[b]
    modulated = is_sound and one[SQUARES] > 0.0 and other[SQUARES] > 0.0
    at = _write_coherence(hop, to, a, b, modulated, state)
    _write_lag(hop, to, a, b, modulated, state)
    cycle = min(_at_a_cycle(a, at, state), _at_a_cycle(b, at, state)) if modulated else 0.0
    write_value(hops, hop, to + CYCLE_CORRELATION, cycle, modulated)
    _write_posture(hop, to, a, b, modulated, state)
    write_value(hops, hop, to + SHARE_0_1, min(one[LOW], other[LOW]), modulated)
    write_value(hops, hop, to + SHARE_3_7, min(one[TREMOR], other[TREMOR]), modulated)
    n_bursts, burst_s = count_bursts(a, b, state)
    write_value(hops, hop, to + N_BURSTS, float(n_bursts), is_sound)
    write_value(hops, hop, to + BURST_S, burst_s, is_sound and n_bursts > 0)
    brief = brief_share(a, b, state) if is_sound else 0.0
    write_value(hops, hop, to + BRIEF_SHARE, brief, is_sound)


@kernel
def _write_lag(hop: int, to: int, a: int, b: int, modulated: bool, state: State) -> None:
    """Write how envelopes correlate, and by which lag most: within a cycle of their rhythm."""
    settings, hops = state.settings, state.hops
    norm = np.sqrt(state.found[a, SQUARES] * state.found[b, SQUARES]) if modulated else 1.0
    correlation = _product(a, b, 0, state) / norm
    peak, lag = correlation, 0
    if modulated:
        cycle = int(settings.envelope_rate_hz / hops.values[hop, to + COHERENCE_HZ])
        for number in range(1, min(settings.n_lags, cycle) + 1):
            for sign in (1, -1):
                shifted = _product(a, b, sign * number, state) / norm
                if shifted > peak:
                    peak, lag = shifted, sign * number
    write_value(hops, hop, to + CORRELATION, correlation, modulated)
    write_value(hops, hop, to + PEAK_CORRELATION, peak, modulated)
    write_value(hops, hop, to + LAG, lag / settings.envelope_rate_hz, modulated)


@kernel
def _write_posture(hop: int, to: int, a: int, b: int, modulated: bool, state: State) -> None:
    """Write how moving means go together, without the noise of envelopes, and the level index."""
    hops = state.hops
    one, other = state.found[a], state.found[b]
    n_means = state.past_uv.shape[1] - state.settings.n_smooth + 1
    together = 0.0
    for number in range(n_means):
        together += state.smooth_uv[a, number] * state.smooth_uv[b, number]
    true_a = _true_share(one[SMOOTH_SQUARES], one[SMOOTH_MEAN], state.settings.noise_cv2)
    true_b = _true_share(other[SMOOTH_SQUARES], other[SMOOTH_MEAN], state.settings.noise_cv2)
    is_insufficient = min(true_a, true_b) <= 0.0
    can_correct = modulated and not is_insufficient
    corrected = 0.0
    if can_correct:
        spread = np.sqrt(one[SMOOTH_SQUARES] * other[SMOOTH_SQUARES])
        corrected = together / n_means / spread / np.sqrt(true_a * true_b)
    write_value(hops, hop, to + CORRECTED, max(-1.0, min(corrected, 1.0)), can_correct)
    write_value(hops, hop, to + INSUFFICIENT, 1.0 if is_insufficient else 0.0, modulated)
    total, lower = one[NORMALISED] + other[NORMALISED], 0.0
    rest_a, rest_b = state.rest_uv[a], state.rest_uv[b]
    range_a, range_b = state.reference_uv[a] - rest_a, state.reference_uv[b] - rest_b
    for number in range(state.past_uv.shape[1]):
        share_a = max(state.past_uv[a, number] - rest_a, 0.0) / range_a
        share_b = max(state.past_uv[b, number] - rest_b, 0.0) / range_b
        lower += min(share_a, share_b)
    has_level = modulated and total > 0.0
    level_index = min(2.0 * lower / total, 1.0) if has_level else 0.0
    write_value(hops, hop, to + LEVEL_INDEX, level_index, has_level)


@kernel
def _write_coherence(hop: int, to: int, a: int, b: int, modulated: bool, state: State) -> int:
    """Write the highest coherence at 3-7 Hz, and if it is narrow; return the bin of the rhythm.

    A rhythm is as coherent in the bins beside its own, where its power leaks to: it is in the bin
    with the most power in common.
    """
    settings, hops = state.settings, state.hops
    coherence, in_order = state.coherence, state.sorted_coherence
    highest, most, at = 0.0, -1.0, settings.first_bin
    for k in range(coherence.size):
        real = imaginary = power_a = power_b = 0.0
        for segment in range(settings.n_segments):
            a_real, a_imaginary = state.real[a, segment, k], state.imaginary[a, segment, k]
            b_real, b_imaginary = state.real[b, segment, k], state.imaginary[b, segment, k]
            real += a_real * b_real + a_imaginary * b_imaginary
            imaginary += a_imaginary * b_real - a_real * b_imaginary
            power_a += a_real * a_real + a_imaginary * a_imaginary
            power_b += b_real * b_real + b_imaginary * b_imaginary
        both, common = power_a * power_b, real * real + imaginary * imaginary
        coherence[k] = common / both if both > 0.0 else 0.0
        in_order[k] = coherence[k]
        if settings.first_bin <= k < settings.stop_bin:
            highest = max(highest, coherence[k])
            if common > most:
                most, at = common, k
    # The mean of each segment is taken off: nothing is left at 0 Hz.
    median = float(np.median(in_order[1:]))
    at_hz = at * settings.envelope_rate_hz / settings.n_segment
    write_value(hops, hop, to + COHERENCE, highest, modulated)
    write_value(hops, hop, to + COHERENCE_NULL, settings.coherence_null, modulated)
    write_value(hops, hop, to + COHERENCE_HZ, at_hz, modulated)
    write_value(hops, hop, to + IS_NARROW, 1.0 if highest > _NARROW * median else 0.0, modulated)
    return at


@kernel
def _at_a_cycle(channel: int, at: int, state: State) -> float:
    """Return how well a muscle repeats itself after a cycle of the rhythm of a bin."""
    settings = state.settings
    first = max(settings.n_segment // (at + 1), 1)
    last = settings.n_segment // (at - 1) if at > 1 else settings.n_lags
    highest = -state.found[channel, SQUARES]
    for lag in range(first, min(last, settings.n_lags) + 1):
        highest = max(highest, _product(channel, channel, lag, state))
    return float(highest / state.found[channel, SQUARES])


@kernel
def _product(a: int, b: int, lag: int, state: State) -> float:
    """Return the sum of products of one muscle's envelopes and later ones of the other."""
    one, other = state.centred_uv[a], state.centred_uv[b]
    first, stop = max(0, -lag), min(one.size, one.size - lag)
    total = 0.0
    for number in range(first, stop):
        total += one[number] * other[number + lag]
    return total


@kernel
def _true_share(variance: float, mean: float, noise_cv2: float) -> float:
    """Return the share of a variance that is modulation of the drive; 0 where noise is more."""
    found = variance / (mean * mean)
    drive = (found - noise_cv2) / (1.0 + noise_cv2)
    return drive / found if drive >= noise_cv2 else 0.0


@kernel
def _crosstalk(pair: int, a: int, b: int, state: State) -> float:
    """Return the correlation of the EMG itself."""
    total = 0.0
    for hop in range(state.settings.n_hops):
        total += state.sums[hop, state.columns.size + pair]
    squares = state.found[a, EMG_SQUARE] * state.found[b, EMG_SQUARE]
    return float(total / state.settings.n_emg / np.sqrt(squares))


@kernel
def _what_is_below(channel: int, state: State) -> int:
    """Return what lies below the band: nothing that matters, the heart, or movement."""
    guard, oldest = state.guard, state.counters.oldest
    ratio = ratio_below(channel, state.found[channel, EMG_SQUARE], guard)
    if ratio <= FAINT:
        return _NOTHING
    is_heart = is_beating(channel, oldest, state.settings.envelope_rate_hz, guard)
    if ratio <= CONTAMINATED:
        return _FAINT_HEART if is_heart else _NOTHING
    return _HEART if is_heart else _MOVEMENT


@kernel
def _is_usable(channel: int, taint: NDArray[np.uint16], state: State) -> bool:
    n_good = state.muscles.n_good[channel]
    return bool(is_usable(n_good, state.settings.span_samples, taint[state.columns[channel]]))


@kernel
def _is_bad(channel: int, state: State) -> bool:
    """Return whether there was bad data in the window, no signal, or less than a muscle at rest."""
    if state.muscles.n_good[channel] < state.settings.span_samples:
        return bool(state.muscles.was_bad[channel])
    is_flat = state.found[channel, EMG_SQUARE] <= _FLAT_UV2
    is_off = state.found[channel, MEAN] < _OFF_SHARE * state.rest_uv[channel]
    return bool(is_flat or is_off)
