"""The rhythm of two muscles: coherence, lag, and how well each repeats itself after a cycle."""

from typing import Final

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.emg.states.state import (
    COHERENCE,
    COHERENCE_HZ,
    COHERENCE_NULL,
    CORRELATION,
    CYCLE_CORRELATION,
    IS_NARROW,
    LAG,
    PEAK_CORRELATION,
    SQUARES,
    State,
)
from detectors.kernels.hops import write_value

#: A peak of coherence is narrow where it is more than this many times the median up to 20 Hz.
_NARROW: Final = 2.0


@kernel
def write_rhythm(hop: int, to: int, a: int, b: int, modulated: bool, state: State) -> None:
    """Write what two envelopes show of a rhythm, where both vary."""
    at = _write_coherence(hop, to, a, b, modulated, state)
    _write_lag(hop, to, a, b, modulated, state)
    cycle = min(_at_a_cycle(a, at, state), _at_a_cycle(b, at, state)) if modulated else 0.0
    write_value(state.hops, hop, to + CYCLE_CORRELATION, cycle, modulated)


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
def _at_a_cycle(channel: int, at: int, state: State) -> float:
    """Return how well a muscle repeats itself after a cycle of a bin or of those beside it."""
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
