"""Samples to microvolts, judged one by one, and combined to the montage's channels."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.bundle import Array1, Array2, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.found_counter import FoundCounter
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


class Limits(Record):
    """What is judged by; never changes. Infinite where there is no limit."""

    #: Equal samples that are a frozen channel.
    n_frozen: float
    #: Samples at the rail that are saturation.
    n_rail: float
    #: Of usual amplitudes.
    sd_min_uv: float
    sd_max_uv: float
    half_range_max_uv: float
    #: Samples from one look at the amplitude to the next.
    n_look: int
    #: Samples of one stretch, a multiple.
    n_stretch: int


class Stretch(Record):
    """The samples over which an amplitude is judged."""

    #: How many there are so far.
    n_samples: int


class Judged(NamedTuple):
    """What is known of each of the stream's own channels, shapes (n_own,)."""

    #: Newest good value; zero before any.
    last_uv: Array1[np.float64]
    #: Consecutive good samples of that value.
    n_equal: Array1[np.float64]
    #: Consecutive samples at or beyond a rail.
    n_at_rail: Array1[np.float64]
    #: Taint of the newest sample, and `UNUSUAL`.
    bits: Array1[np.int64]
    #: 0 usual, 1 unusually large, 2 implausibly large; negative where it is small.
    verdict: Array1[np.float64]
    #: Good samples of this stretch.
    n_good: Array1[np.float64]
    #: First of them; the sums are of distances from it.
    origin_uv: Array1[np.float64]
    sum_uv: Array1[np.float64]
    squares_uv2: Array1[np.float64]
    #: Least and greatest of them.
    lowest_uv: Array1[np.float64]
    highest_uv: Array1[np.float64]
    #: The stretch.
    stretch: Stretch


class Found(NamedTuple):
    """What began or ended in the last call, shapes (n_rows,)."""

    #: Row of the samples.
    row: Array1[np.int64]
    #: Number of the stream's own channel.
    channel: Array1[np.int64]
    #: Of `Taint`, or `UNUSUAL`.
    bit: Array1[np.int64]
    #: Whether it begins there, or ends.
    begins: Array1[np.bool_]
    #: Standard deviation and half the range of the stretch.
    sd_uv: Array1[np.float64]
    half_range_uv: Array1[np.float64]
    #: How many of the rows are written.
    counter: FoundCounter


class State(NamedTuple):
    """What samples are judged by; the first four never change."""

    #: From the stream's unit to microvolts, shape (n_own,).
    factors: Array1[np.float64]
    #: The montage, see `detectors.conditioning.montage.Montage`.
    first_term: Array1[np.int64]
    source: Array1[np.int64]
    weight: Array1[np.float64]
    #: Samples not finite, frozen, saturated, unusual and implausible, by channel, shape (5, n_own);
    #: added to.
    n_tainted: Array2[np.int64]
    #: What is judged by.
    limits: Limits
    #: What is known of each channel.
    judged: Judged
    #: What was found.
    found: Found


@kernel
def update(
    raw: NDArray[np.float64],
    start: int,
    stamp_taint: NDArray[np.uint16],
    rails: NDArray[np.float64],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    addresses: NDArray[np.int64],
) -> int:
    """Convert, judge and combine samples, row by row.

    Parameters
    ----------
    raw : ndarray of float64, shape (n_samples, n_own)
        In the stream's own unit.
    start : int
        Row to begin with.
    stamp_taint : ndarray of uint16, shape (n_samples,)
        Taint of the stamps; a ``RESTART`` begins runs and stretches anew.
    rails : ndarray of float64, shape (2, n_own)
        Lowest and highest value of each channel, in the stream's own unit.
    samples_uv, taint : ndarray of float64 and uint16, shape (n_samples, n_channels)
        Filled: the stream's own channels, then the derived ones.
    addresses
        Of a bundle of `State`.

    Returns
    -------
    int
        The row it stopped at: the number of samples, unless as much was found as can be written.
    """
    state = opened(State, addresses)
    judged, limits, found = state.judged, state.limits, state.found
    n_own = raw.shape[1]
    found.counter.n_written = 0
    for row in range(start, raw.shape[0]):
        if found.counter.n_written + len(_JUDGED) * n_own > found.row.size:
            return row
        if stamp_taint[row] & RESTART:
            _restart(judged)
            judged.stretch.n_samples = 0
        judged.stretch.n_samples += 1
        is_last = judged.stretch.n_samples >= limits.n_stretch
        is_look = judged.stretch.n_samples % limits.n_look == 0
        for channel in range(n_own):
            bits = _judge(raw[row, channel], state.factors[channel], channel, rails, limits, judged)
            if bits == 0:
                _add_to_stretch(channel, judged)
            if is_look:
                _judge_amplitude(channel, is_last, limits, judged)
            bits |= _verdict_bits(channel, judged)
            if bits != 0 or judged.bits[channel] != 0:
                _record(row, channel, bits, state)
            samples_uv[row, channel] = judged.last_uv[channel]
            taint[row, channel] = (bits & _TAINT) | stamp_taint[row]
        if is_last:
            judged.n_good[:] = 0.0
            judged.stretch.n_samples = 0
        _combine(row, n_own, state, samples_uv, taint)
    n_samples: int = raw.shape[0]
    return n_samples


@kernel
def _record(row: int, channel: int, bits: int, state: State) -> None:
    """Count a sample's taint and record what begins or ends with it."""
    judged, found = state.judged, state.found
    changed = bits ^ judged.bits[channel]
    for kind, bit in enumerate(_JUDGED):
        if bits & bit:
            state.n_tainted[kind, channel] += 1
        if changed & bit:
            to = found.counter.n_written
            found.row[to] = row
            found.channel[to] = channel
            found.bit[to] = bit
            found.begins[to] = bits & bit != 0
            found.sd_uv[to] = _deviation(channel, judged)
            found.half_range_uv[to] = _half_range(channel, judged)
            found.counter.n_written = to + 1
    judged.bits[channel] = bits


@kernel
def _restart(judged: Judged) -> None:
    """Forget the runs and the stretch; a verdict stands until there is a better one."""
    judged.last_uv[:] = 0.0
    judged.n_equal[:] = 0.0
    judged.n_at_rail[:] = 0.0
    judged.n_good[:] = 0.0


@kernel
def _judge(
    value: float,
    factor: float,
    channel: int,
    rails: NDArray[np.float64],
    limits: Limits,
    judged: Judged,
) -> int:
    """Take one value into the runs and return the taint that follows from them."""
    value_uv = value * factor
    bits = 0
    if not abs(value_uv) <= VALUE_UV_MAX:
        bits |= _NOT_FINITE
    elif value_uv == judged.last_uv[channel]:
        judged.n_equal[channel] += 1.0
    else:
        judged.last_uv[channel] = value_uv
        judged.n_equal[channel] = 1.0
    if judged.n_equal[channel] >= limits.n_frozen:
        bits |= _FROZEN
    if value <= rails[0, channel] or value >= rails[1, channel]:
        judged.n_at_rail[channel] += 1.0
    elif bits & _NOT_FINITE == 0:
        judged.n_at_rail[channel] = 0.0
    if judged.n_at_rail[channel] >= limits.n_rail:
        bits |= _SATURATED
    return bits


@kernel
def _combine(
    row: int,
    n_own: int,
    state: State,
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
) -> None:
    """Write the derived channels, which carry the taint of all that they are made of."""
    first_term, source, weight = state.first_term, state.source, state.weight
    for derived in range(first_term.size - 1):
        total = 0.0
        bits = 0
        for term in range(first_term[derived], first_term[derived + 1]):
            total += weight[term] * samples_uv[row, source[term]]
            bits |= taint[row, source[term]]
        samples_uv[row, n_own + derived] = total
        taint[row, n_own + derived] = bits


@kernel
def _add_to_stretch(channel: int, judged: Judged) -> None:
    """Take the newest value into its stretch."""
    value_uv = judged.last_uv[channel]
    if judged.n_good[channel] == 0.0:
        judged.origin_uv[channel] = value_uv
        judged.sum_uv[channel] = 0.0
        judged.squares_uv2[channel] = 0.0
        judged.lowest_uv[channel] = value_uv
        judged.highest_uv[channel] = value_uv
    distance = value_uv - judged.origin_uv[channel]
    judged.n_good[channel] += 1.0
    judged.sum_uv[channel] += distance
    judged.squares_uv2[channel] += distance * distance
    judged.lowest_uv[channel] = min(judged.lowest_uv[channel], value_uv)
    judged.highest_uv[channel] = max(judged.highest_uv[channel], value_uv)


@kernel
def _judge_amplitude(channel: int, is_last: bool, limits: Limits, judged: Judged) -> None:
    """Judge the amplitude of the stretch so far, where enough of it is good."""
    n_good = judged.n_good[channel]
    if 2.0 * n_good < limits.n_look:
        return
    level = _level(channel, limits, judged)
    if is_last and 2.0 * n_good >= limits.n_stretch:
        judged.verdict[channel] = level
    elif level > 0.0:  # what is small may still grow within its stretch
        judged.verdict[channel] = max(judged.verdict[channel], level)


@kernel
def _verdict_bits(channel: int, judged: Judged) -> int:
    size = abs(judged.verdict[channel])
    if size >= 2.0:
        return _IMPLAUSIBLE | UNUSUAL
    return UNUSUAL if size >= 1.0 else 0


@kernel
def _level(channel: int, limits: Limits, judged: Judged) -> float:
    """Return the verdict on the amplitude of the stretch so far."""
    reach = _half_range(channel, judged)
    if _is_wider(limits.sd_max_uv, channel, judged) or reach > limits.half_range_max_uv:
        is_wrong = (
            _is_wider(limits.sd_max_uv * _WRONG_UNIT, channel, judged)
            or reach > limits.half_range_max_uv * _WRONG_UNIT
        )
        return 2.0 if is_wrong else 1.0
    if _is_wider(limits.sd_min_uv, channel, judged):
        return 0.0
    return -1.0 if _is_wider(limits.sd_min_uv / _WRONG_UNIT, channel, judged) else -2.0


@kernel
def _is_wider(deviation_uv: float, channel: int, judged: Judged) -> bool:
    """Return whether the standard deviation of the stretch is at least so large."""
    n_good = judged.n_good[channel]
    total = judged.sum_uv[channel]
    spread = max(0.0, n_good * judged.squares_uv2[channel] - total * total)
    return bool(spread >= (n_good * deviation_uv) * (n_good * deviation_uv))


@kernel
def _deviation(channel: int, judged: Judged) -> float:
    n_good = judged.n_good[channel]
    if n_good == 0.0:
        return 0.0
    mean = judged.sum_uv[channel] / n_good
    return float(np.sqrt(max(0.0, judged.squares_uv2[channel] / n_good - mean * mean)))


@kernel
def _half_range(channel: int, judged: Judged) -> float:
    if judged.n_good[channel] == 0.0:
        return 0.0
    return float(0.5 * (judged.highest_uv[channel] - judged.lowest_uv[channel]))
