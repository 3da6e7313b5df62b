"""Samples to microvolts, judged one by one, and combined to the montage's channels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import RESTART

_NOT_FINITE: Final = int(Taint.NOT_FINITE)
_FROZEN: Final = int(Taint.FROZEN)
_SATURATED: Final = int(Taint.SATURATED)
_IMPLAUSIBLE: Final = int(Taint.IMPLAUSIBLE)
#: Not a taint: the amplitude is worth a word, but the samples are used.
UNUSUAL: Final = 1 << 15
_JUDGED: Final = (_NOT_FINITE, _FROZEN, _SATURATED, UNUSUAL, _IMPLAUSIBLE)
_TAINT: Final = _NOT_FINITE | _FROZEN | _SATURATED | _IMPLAUSIBLE

#: No electrode gives so many microvolts; squares and sums of smaller ones stay finite.
VALUE_UV_MAX: Final = 1e12
#: Half of a factor of a thousand: what is further from the usual than this has another unit.
_WRONG_UNIT: Final = 1000.0**0.5

# Rows of the state, a float64 matrix with a column a channel.
LAST = 0  # newest good value, microvolts; zero before any
N_EQUAL = 1  # consecutive good samples of that value
N_AT_RAIL = 2  # consecutive samples at or beyond a rail
BITS = 3  # taint of the newest sample, and UNUSUAL
VERDICT = 4  # 0 usual, 1 unusually large, 2 implausibly large; negative where it is small
N_GOOD = 5  # good samples of this stretch
ORIGIN = 6  # first of them; the sums are of distances from it
SUM = 7
SQUARES = 8
LOWEST = 9
HIGHEST = 10
N_STATE = 11

# Places in the limits, a float64 vector.
N_FROZEN = 0  # equal samples that are a frozen channel
N_RAIL = 1  # samples at the rail that are saturation
SD_MIN = 2  # of usual amplitudes, microvolts
SD_MAX = 3
HALF_RANGE_MAX = 4
N_LOOK = 5  # samples from one look at the amplitude to the next
N_STRETCH = 6  # samples of one stretch, a multiple
N_LIMITS = 7


@kernel
def judge_samples(
    raw: NDArray[np.float64],
    start: int,
    stamp_taint: NDArray[np.uint16],
    factors: NDArray[np.float64],
    rails: NDArray[np.float64],
    limits: NDArray[np.float64],
    first_term: NDArray[np.int64],
    source: NDArray[np.int64],
    weight: NDArray[np.float64],
    state: NDArray[np.float64],
    n_in_stretch: NDArray[np.int64],
    n_tainted: NDArray[np.int64],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    events: NDArray[np.int64],
    values: NDArray[np.float64],
) -> tuple[int, int]:
    """Convert, judge and combine samples, row by row.

    Parameters
    ----------
    raw : ndarray of float64, shape (n_samples, n_own)
        In the stream's own unit.
    start : int
        Row to begin with.
    stamp_taint : ndarray of uint16, shape (n_samples,)
        Taint of the stamps; a ``RESTART`` begins runs and stretches anew.
    factors : ndarray of float64, shape (n_own,)
        From the stream's unit to microvolts.
    rails : ndarray of float64, shape (2, n_own)
        Lowest and highest value of each channel, in the stream's own unit.
    limits : ndarray of float64, shape (N_LIMITS,)
        Places as above.
    first_term, source, weight : ndarray
        The montage, see `detectors.montage.Montage`.
    state : ndarray of float64, shape (N_STATE, n_own)
        Rows as above; carried on.
    n_in_stretch : ndarray of int64, shape (1,)
        Samples of the present stretch; carried on.
    n_tainted : ndarray of int64, shape (5, n_own)
        Samples not finite, frozen, saturated, unusual and implausible, by channel; added to.
    samples_uv, taint : ndarray of float64 and uint16, shape (n_samples, n_channels)
        Filled: the stream's own channels, then the derived ones.
    events, values : ndarray, shape (n_events_max, 4) and (n_events_max, 2)
        Filled with (row, channel, bit, 1 where it begins or 0 where it ends), and with
        standard deviation and half the range of the stretch, in microvolts.

    Returns
    -------
    tuple of int
        The row it stopped at (the number of samples, unless the events filled their array), and
        the number of events.
    """
    n_own = raw.shape[1]
    n_events = 0
    for row in range(start, raw.shape[0]):
        if n_events + 5 * n_own > events.shape[0]:
            return row, n_events
        if stamp_taint[row] & RESTART:
            _restart(state)
            n_in_stretch[0] = 0
        n_in_stretch[0] += 1
        is_last = n_in_stretch[0] >= limits[N_STRETCH]
        is_look = n_in_stretch[0] % int(limits[N_LOOK]) == 0
        for channel in range(n_own):
            bits = _judge(raw[row, channel], factors[channel], channel, rails, limits, state)
            if bits == 0:
                _gather(channel, state)
            if is_look:
                _weigh(channel, is_last, limits, state)
            bits |= _verdict_bits(channel, state)
            if bits != 0 or state[BITS, channel] != 0.0:
                n_events = _record(row, channel, bits, state, n_tainted, events, values, n_events)
            samples_uv[row, channel] = state[LAST, channel]
            taint[row, channel] = (bits & _TAINT) | stamp_taint[row]
        if is_last:
            state[N_GOOD] = 0.0
            n_in_stretch[0] = 0
        _combine(row, n_own, first_term, source, weight, samples_uv, taint)
    return raw.shape[0], n_events


@kernel
def _record(
    row: int,
    channel: int,
    bits: int,
    state: NDArray[np.float64],
    n_tainted: NDArray[np.int64],
    events: NDArray[np.int64],
    values: NDArray[np.float64],
    n_events: int,
) -> int:
    """Count a sample's taint and record what begins or ends with it."""
    changed = bits ^ int(state[BITS, channel])
    for place, bit in enumerate(_JUDGED):
        if bits & bit:
            n_tainted[place, channel] += 1
        if changed & bit:
            events[n_events, 0] = row
            events[n_events, 1] = channel
            events[n_events, 2] = bit
            events[n_events, 3] = 1 if bits & bit else 0
            values[n_events, 0] = _deviation(channel, state)
            values[n_events, 1] = _half_range(channel, state)
            n_events += 1
    state[BITS, channel] = bits
    return n_events


@kernel
def _restart(state: NDArray[np.float64]) -> None:
    """Forget the runs and the stretch; a verdict stands until there is a better one."""
    state[LAST] = 0.0
    state[N_EQUAL] = 0.0
    state[N_AT_RAIL] = 0.0
    state[N_GOOD] = 0.0


@kernel
def _judge(
    value: float,
    factor: float,
    channel: int,
    rails: NDArray[np.float64],
    limits: NDArray[np.float64],
    state: NDArray[np.float64],
) -> int:
    """Take one value into the runs and return the taint that follows from them."""
    value_uv = value * factor
    bits = 0
    if not abs(value_uv) <= VALUE_UV_MAX:
        bits |= _NOT_FINITE
    elif value_uv == state[LAST, channel]:
        state[N_EQUAL, channel] += 1.0
    else:
        state[LAST, channel] = value_uv
        state[N_EQUAL, channel] = 1.0
    if state[N_EQUAL, channel] >= limits[N_FROZEN]:
        bits |= _FROZEN
    if value <= rails[0, channel] or value >= rails[1, channel]:
        state[N_AT_RAIL, channel] += 1.0
    elif bits & _NOT_FINITE == 0:
        state[N_AT_RAIL, channel] = 0.0
    if state[N_AT_RAIL, channel] >= limits[N_RAIL]:
        bits |= _SATURATED
    return bits


@kernel
def _combine(
    row: int,
    n_own: int,
    first_term: NDArray[np.int64],
    source: NDArray[np.int64],
    weight: NDArray[np.float64],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
) -> None:
    for derived in range(first_term.size - 1):
        total = 0.0
        bits = 0
        for term in range(first_term[derived], first_term[derived + 1]):
            total += weight[term] * samples_uv[row, source[term]]
            bits |= taint[row, source[term]]
        samples_uv[row, n_own + derived] = total
        taint[row, n_own + derived] = bits


@kernel
def _gather(channel: int, state: NDArray[np.float64]) -> None:
    """Take the newest value into its stretch."""
    value_uv = state[LAST, channel]
    if state[N_GOOD, channel] == 0.0:
        state[ORIGIN, channel] = value_uv
        state[SUM, channel] = 0.0
        state[SQUARES, channel] = 0.0
        state[LOWEST, channel] = value_uv
        state[HIGHEST, channel] = value_uv
    distance = value_uv - state[ORIGIN, channel]
    state[N_GOOD, channel] += 1.0
    state[SUM, channel] += distance
    state[SQUARES, channel] += distance * distance
    state[LOWEST, channel] = min(state[LOWEST, channel], value_uv)
    state[HIGHEST, channel] = max(state[HIGHEST, channel], value_uv)


@kernel
def _weigh(
    channel: int, is_last: bool, limits: NDArray[np.float64], state: NDArray[np.float64]
) -> None:
    """Judge the amplitude of the stretch so far, where enough of it is good."""
    n_good = state[N_GOOD, channel]
    if 2.0 * n_good < limits[N_LOOK]:
        return
    level = _level(channel, limits, state)
    if is_last and 2.0 * n_good >= limits[N_STRETCH]:
        state[VERDICT, channel] = level
    elif level > 0.0:  # what is small may still grow within its stretch
        state[VERDICT, channel] = max(state[VERDICT, channel], level)


@kernel
def _verdict_bits(channel: int, state: NDArray[np.float64]) -> int:
    size = abs(state[VERDICT, channel])
    if size >= 2.0:
        return _IMPLAUSIBLE | UNUSUAL
    return UNUSUAL if size >= 1.0 else 0


@kernel
def _level(channel: int, limits: NDArray[np.float64], state: NDArray[np.float64]) -> float:
    """Return the verdict on the amplitude of the stretch so far."""
    reach = _half_range(channel, state)
    if _is_wider(limits[SD_MAX], channel, state) or reach > limits[HALF_RANGE_MAX]:
        is_wrong = (
            _is_wider(limits[SD_MAX] * _WRONG_UNIT, channel, state)
            or reach > limits[HALF_RANGE_MAX] * _WRONG_UNIT
        )
        return 2.0 if is_wrong else 1.0
    if _is_wider(limits[SD_MIN], channel, state):
        return 0.0
    return -1.0 if _is_wider(limits[SD_MIN] / _WRONG_UNIT, channel, state) else -2.0


@kernel
def _is_wider(deviation_uv: float, channel: int, state: NDArray[np.float64]) -> bool:
    """Return whether the standard deviation of the stretch is at least so large."""
    n_good = state[N_GOOD, channel]
    total = state[SUM, channel]
    spread = max(0.0, n_good * state[SQUARES, channel] - total * total)
    return bool(spread >= (n_good * deviation_uv) * (n_good * deviation_uv))


@kernel
def _deviation(channel: int, state: NDArray[np.float64]) -> float:
    n_good = state[N_GOOD, channel]
    if n_good == 0.0:
        return 0.0
    mean = state[SUM, channel] / n_good
    return float(np.sqrt(max(0.0, state[SQUARES, channel] / n_good - mean * mean)))


@kernel
def _half_range(channel: int, state: NDArray[np.float64]) -> float:
    if state[N_GOOD, channel] == 0.0:
        return 0.0
    return float(0.5 * (state[HIGHEST, channel] - state[LOWEST, channel]))
