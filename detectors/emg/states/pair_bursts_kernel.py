"""Bursts of two muscles in a window: how many, how long, and whether they beat like a heart."""

from typing import Final

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.emg.states.state import State

#: No burst of chorea or myoclonus is longer (s); a tic, a tremor below 5 Hz, a posture are.
_BRIEF_S: Final = 0.1
#: Share of the time above rest that brief bursts fill, where bursts are brief, at least.
BRIEF_SHARE_MIN: Final = 0.5
#: A heart beats so often (Hz), so regularly (variation of the intervals), and so briefly in EMG.
_HEART_HZ_MIN: Final = 0.6
_HEART_HZ_MAX: Final = 2.2
_HEART_CV_MAX: Final = 0.15
_HEART_S_MAX: Final = 0.15
_N_BEATS_MIN: Final = 5
#: What is above rest for one envelope alone (10 ms) is no burst.
_N_ENVELOPES_MIN: Final = 2


@kernel
def count_bursts(a: int, b: int, state: State) -> tuple[int, float]:
    """Return how many bursts of either muscle lie in the window whole, and their median (s)."""
    n_bursts = _take_bursts(a, 0, state)
    n_bursts = _take_bursts(b, n_bursts, state)
    if n_bursts == 0:
        return 0, 0.0
    return n_bursts, float(np.median(state.durations[:n_bursts])) / state.settings.envelope_rate_hz


@kernel
def brief_share(a: int, b: int, state: State) -> float:
    """Return which share of the time above rest brief bursts fill, of both muscles together.

    By time, and not by number: a contraction that just stays above rest is broken into many bursts.
    """
    n_bursts = _take_bursts(b, _take_bursts(a, 0, state), state)
    n_brief = int(_BRIEF_S * state.settings.envelope_rate_hz + 1e-6)
    brief = 0.0
    for number in range(n_bursts):
        brief += state.durations[number] if state.durations[number] <= n_brief else 0.0
    n_on = 0
    for number in range(state.is_on.shape[1]):
        n_on += int(state.is_on[a, number]) + int(state.is_on[b, number])
    return brief / n_on if n_on > 0 else 0.0


@kernel
def is_like_heart(channel: int, state: State) -> bool:
    """Return whether the bursts of a muscle are as brief and as regular as beats of a heart."""
    n_bursts = _take_bursts(channel, 0, state)
    if n_bursts < _N_BEATS_MIN:
        return False
    rate_hz, onsets = state.settings.envelope_rate_hz, state.onsets
    duration_s = float(np.median(state.durations[:n_bursts])) / rate_hz
    mean = (onsets[n_bursts - 1] - onsets[0]) / (n_bursts - 1)
    squares = 0.0
    for number in range(n_bursts - 1):
        squares += (onsets[number + 1] - onsets[number] - mean) ** 2
    variation = np.sqrt(squares / (n_bursts - 1)) / mean
    beats_hz = rate_hz / mean
    is_rate = _HEART_HZ_MIN <= beats_hz <= _HEART_HZ_MAX
    return bool(is_rate and variation <= _HEART_CV_MAX and duration_s <= _HEART_S_MAX)


@kernel
def longest_together(a: int, b: int, state: State) -> int:
    """Return for how many envelopes in a row both muscles are above rest at most."""
    longest = lasts = 0
    for number in range(state.is_on.shape[1]):
        lasts = lasts + 1 if state.is_on[a, number] and state.is_on[b, number] else 0
        longest = max(longest, lasts)
    return longest


@kernel
def _take_bursts(channel: int, n_before: int, state: State) -> int:
    """Write the bursts of a muscle behind those of another; return how many that makes."""
    is_on, n_bursts = state.is_on[channel], n_before
    start = -1
    for number in range(1, is_on.size):
        if is_on[number] and not is_on[number - 1]:
            start = number
        elif is_on[number - 1] and not is_on[number] and start >= 0:
            if number - start >= _N_ENVELOPES_MIN:
                state.durations[n_bursts] = number - start
                state.onsets[n_bursts] = start
                n_bursts += 1
            start = -1
    return n_bursts
