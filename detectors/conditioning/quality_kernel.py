"""Samples to microvolts, judged one by one, and combined to the montage's channels."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.conditioning.amplitude_kernel import (
    add_to_stretch,
    deviation,
    half_range,
    judge_amplitude,
    verdict_bits,
)
from detectors.conditioning.quality_state import UNUSUAL, Judged, QualityLimits, State
from detectors.kernels.trust import RESTART, is_voltage

_NOT_FINITE: Final = int(Taint.NOT_FINITE)
_FROZEN: Final = int(Taint.FROZEN)
_SATURATED: Final = int(Taint.SATURATED)
_IMPLAUSIBLE: Final = int(Taint.IMPLAUSIBLE)
_JUDGED: Final = (_NOT_FINITE, _FROZEN, _SATURATED, UNUSUAL, _IMPLAUSIBLE)
_TAINT: Final = _NOT_FINITE | _FROZEN | _SATURATED | _IMPLAUSIBLE


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
    judged, limits, changes = state.judged, state.limits, state.changes
    n_own = raw.shape[1]
    changes.counter.n_written = 0
    for row in range(start, raw.shape[0]):
        if changes.counter.n_written + len(_JUDGED) * n_own > changes.row.size:
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
                add_to_stretch(channel, judged)
            if is_look:
                judge_amplitude(channel, is_last, limits, judged)
            bits |= verdict_bits(channel, judged)
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
    judged, changes = state.judged, state.changes
    changed = bits ^ judged.bits[channel]
    for kind, bit in enumerate(_JUDGED):
        if bits & bit:
            state.n_tainted[kind, channel] += 1
        if changed & bit:
            to = changes.counter.n_written
            changes.row[to] = row
            changes.channel[to] = channel
            changes.bit[to] = bit
            changes.begins[to] = bits & bit != 0
            changes.sd_uv[to] = deviation(channel, judged)
            changes.half_range_uv[to] = half_range(channel, judged)
            changes.counter.n_written = to + 1
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
    limits: QualityLimits,
    judged: Judged,
) -> int:
    """Take one value into the runs and return the taint that follows from them."""
    value_uv = value * factor
    bits = 0
    if not is_voltage(value_uv):
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
