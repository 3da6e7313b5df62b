"""Which state two muscles are in, by what was measured of them."""

from typing import Final

from detectors.compiling.kernel import kernel
from detectors.emg.states.pair_bursts_kernel import BRIEF_SHARE_MIN, longest_together
from detectors.emg.states.state import (
    BRIEF_SHARE,
    COHERENCE,
    COHERENCE_HZ,
    COHERENCE_NULL,
    CORRECTED,
    CORRELATION,
    CYCLE_CORRELATION,
    INSUFFICIENT,
    IS_NARROW,
    LAG,
    LEVEL_INDEX,
    N_BURSTS,
    PEAK_CORRELATION,
    SHARE_3_7,
    SHARE_ON,
    State,
)

#: The states, as they are on the wire.
REST: Final = 0.0
TONIC: Final = 1.0
ALTERNATING: Final = 2.0
SYNCHRONOUS: Final = 3.0
BURST: Final = 4.0
INDETERMINATE: Final = 5.0

#: Share of the time that a muscle at rest is above three standard deviations, at most: the envelope
#: of noise is skew, and more often high than a normal distribution.
_REST_SHARE: Final = 0.02
#: Share of the envelope's power up to 20 Hz that a tremor has at 3-7 Hz, at least.
_TREMOR_SHARE: Final = 0.3
#: How well one muscle repeats the other within a cycle, at least.
_PEAK_CORRELATION: Final = 0.4
#: How well each muscle repeats itself a cycle later, at least: bursts at random times do not.
_CYCLE_CORRELATION: Final = 0.35
#: How far from half a cycle the lag of muscles in turn may be, in cycles.
_HALF_CYCLE: Final = 0.1
#: How long both muscles of a posture are above rest in one go.
_TOGETHER_S: Final = 1.0
#: Level index and corrected correlation of a posture, at least.
_LEVEL_INDEX: Final = 0.4
_CORRELATION: Final = 0.5
#: Bursts that make a state, at least.
_N_BURSTS: Final = 5.0


@kernel
def choose_state(hop: int, to: int, a: int, b: int, state: State) -> float:
    """Return the state of a pair whose other outputs are written; the first that fits."""
    values, valid = state.hops.values[hop], state.hops.valid[hop]
    is_still = max(state.found[a, SHARE_ON], state.found[b, SHARE_ON]) < _REST_SHARE
    if is_still and values[to + N_BURSTS] < _N_BURSTS:
        return REST
    correlation = values[to + CORRELATION]
    if _is_tremor(hop, to, state):
        at_hz, lag_s = values[to + COHERENCE_HZ], values[to + LAG]
        is_half = abs(abs(lag_s) - 0.5 / at_hz) <= _HALF_CYCLE / at_hz
        if correlation < 0.0 and is_half:
            return ALTERNATING
        if correlation > 0.0:
            return SYNCHRONOUS
    together_s = longest_together(a, b, state) / state.settings.envelope_rate_hz
    is_held = together_s >= _TOGETHER_S and values[to + LEVEL_INDEX] >= _LEVEL_INDEX
    is_common = valid[to + CORRECTED] and values[to + CORRECTED] >= _CORRELATION
    if is_held and (is_common or values[to + INSUFFICIENT] > 0.0):
        return TONIC
    if values[to + N_BURSTS] >= _N_BURSTS and values[to + BRIEF_SHARE] >= BRIEF_SHARE_MIN:
        return BURST
    return INDETERMINATE


@kernel
def _is_tremor(hop: int, to: int, state: State) -> bool:
    """Return whether both muscles have a rhythm of 3-7 Hz, the same in both.

    Coherence alone says little: rare bursts in both muscles are coherent at all frequencies.
    """
    values = state.hops.values[hop]
    if values[to + SHARE_3_7] <= _TREMOR_SHARE:
        return False
    if values[to + CYCLE_CORRELATION] < _CYCLE_CORRELATION:
        return False
    if values[to + PEAK_CORRELATION] < _PEAK_CORRELATION:
        return False
    is_coherent = values[to + COHERENCE] > values[to + COHERENCE_NULL]
    is_narrow = values[to + IS_NARROW] > 0.0
    return bool(is_coherent and is_narrow)
