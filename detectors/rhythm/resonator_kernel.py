"""Complex resonators behind a high-pass, and what of their output lies outside the band."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.hops import write_value
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_good, is_usable
from detectors.rhythm.oscillation_kernel import OUTSIDE, write_rhythm
from detectors.rhythm.resonator_state import Settings, State


@kernel
def _restart(state: State) -> None:
    """Let every channel begin anew with its next sample."""
    state.n_clean[:] = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Take one sample through the high-pass, the poles and, where asked for, the sharp filter."""
    if _load(samples_uv, taint, row, state) > 0:
        _begin(state)
    _drive_first(state)
    if len(state.poles) > 2:
        _drive_others(state.settings, state.poles)
    if state.settings.has_outside:
        _average_outside(state)


@kernel
def _load(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], row: int, state: State
) -> int:
    """Count a sample from the first one; return how many channels begin here, or are bad."""
    n_clean, columns = state.n_clean, state.columns
    reference_uv, newest_uv = state.reference_uv, state.newest_uv
    n_begun = 0
    for channel in range(columns.size):
        value = samples_uv[row, columns[channel]]
        if is_good(value, taint[row, columns[channel]]):
            n_clean[channel] += 1
        else:
            n_clean[channel] = 0
            value = 0.0
        if n_clean[channel] <= 1:
            reference_uv[channel] = value
            n_begun += 1
        newest_uv[channel] = value - reference_uv[channel]
    return n_begun


@kernel
def _begin(state: State) -> None:
    """Forget the past of the channels that have none."""
    for channel in range(state.n_clean.size):
        if state.n_clean[channel] <= 1:
            state.mean_uv[channel] = 0.0
            state.passed[channel] = 0.0
            state.inside[channel] = 0.0
            state.poles[:, channel] = 0.0
            state.sharp[:, channel] = 0.0
            state.ring[:, channel] = 0.0


@kernel
def _drive_first(state: State) -> None:
    """Take one sample into the mean, and what is left of it into the first pole."""
    newest_uv, mean_uv = state.newest_uv, state.mean_uv
    real, imaginary = state.poles[0], state.poles[1]
    gain = 1.0 - state.settings.keep
    keep_real = state.settings.keep_real
    keep_imaginary = state.settings.keep_imaginary
    for channel in range(newest_uv.size):
        level = mean_uv[channel] + gain * (newest_uv[channel] - mean_uv[channel])
        push = gain * (newest_uv[channel] - level)
        cosine = real[channel]
        sine = imaginary[channel]
        mean_uv[channel] = level
        real[channel] = keep_real * cosine - keep_imaginary * sine + push
        imaginary[channel] = keep_imaginary * cosine + keep_real * sine


@kernel
def _drive_others(settings: Settings, poles: NDArray[np.float64]) -> None:
    """Take what each pole gives into the next."""
    gain = 1.0 - settings.keep
    keep_real = settings.keep_real
    keep_imaginary = settings.keep_imaginary
    for at in range(2, poles.shape[0], 2):
        for channel in range(poles.shape[1]):
            cosine = poles[at, channel]
            sine = poles[at + 1, channel]
            poles[at, channel] = (
                keep_real * cosine - keep_imaginary * sine + gain * poles[at - 2, channel]
            )
            poles[at + 1, channel] = (
                keep_imaginary * cosine + keep_real * sine + gain * poles[at - 1, channel]
            )


@kernel
def _rhythm(settings: Settings, real: float, imaginary: float) -> tuple[float, float]:
    """Return amplitude and phase as cosine and sine, from what the last pole gives."""
    cosine = settings.to_real_of_real * real + settings.to_real_of_imaginary * imaginary
    sine = settings.to_imaginary_of_real * real + settings.to_imaginary_of_imaginary * imaginary
    return cosine, sine


@kernel
def _average_outside(state: State) -> None:
    """Take one sample of the rhythm through the sharp filter, and both into their mean squares.

    The filter is late, so the square of what goes in waits in the ring as long.
    """
    settings, sharp, ring = state.settings, state.sharp, state.ring
    passed, kept_inside, sharp_poles = state.passed, state.inside, state.sharp_poles
    last_real, last_imaginary = state.poles[-2], state.poles[-1]
    keep = settings.mean_keep
    weight = 1.0 - keep
    row = state.counters.ring_row
    for channel in range(passed.size):
        real, imaginary = _rhythm(settings, last_real[channel], last_imaginary[channel])
        square = real * real + imaginary * imaginary
        real *= settings.sharp_gain
        imaginary *= settings.sharp_gain
        for pole in range(len(sharp_poles)):
            cosine = sharp[2 * pole, channel]
            sine = sharp[2 * pole + 1, channel]
            real += sharp_poles[pole, 0] * cosine - sharp_poles[pole, 1] * sine
            imaginary += sharp_poles[pole, 1] * cosine + sharp_poles[pole, 0] * sine
            sharp[2 * pole, channel] = real
            sharp[2 * pole + 1, channel] = imaginary
        inside = real * real + imaginary * imaginary
        passed[channel] = keep * passed[channel] + weight * ring[row, channel]
        kept_inside[channel] = keep * kept_inside[channel] + weight * inside
        ring[row, channel] = square
    state.counters.ring_row = row + 1 if row + 1 < ring.shape[0] else 0


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Write what is asked for of every channel."""
    _write_rhythms(hop, taint, state)
    if state.settings.has_outside:
        _write_outside(hop, taint, state)


@kernel
def _write_rhythms(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write amplitude, and phase where it is asked for, of every channel."""
    settings, columns, hops = state.settings, state.columns, state.hops
    last_real, last_imaginary = state.poles[-2], state.poles[-1]
    n_measures = hops.values.shape[1] // columns.size
    for channel in range(columns.size):
        cosine, sine = _rhythm(settings, last_real[channel], last_imaginary[channel])
        n_clean = state.n_clean[channel]
        is_valid = is_usable(n_clean, settings.settle_samples, taint[columns[channel]])
        write_rhythm(cosine, sine, is_valid, channel * n_measures, n_measures, hop, hops)


@kernel
def _write_outside(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the share outside the band; where it is too large the rhythm is not valid."""
    settings, columns, hops = state.settings, state.columns, state.hops
    passed, inside = state.passed, state.inside
    n_measures = hops.values.shape[1] // columns.size
    for channel in range(columns.size):
        n_clean = state.n_clean[channel]
        is_known = is_usable(n_clean, settings.settle_outside_samples, taint[columns[channel]])
        is_known = is_known and passed[channel] > 0.0
        share = max(0.0, 1.0 - inside[channel] / passed[channel]) if is_known else 0.0
        first = channel * n_measures
        if n_measures > OUTSIDE:
            write_value(hops, hop, first + OUTSIDE, share, is_known)
        if settings.outside_max < 1.0 and not (is_known and share <= settings.outside_max):
            for measure in range(min(n_measures, OUTSIDE)):
                write_value(hops, hop, first + measure, 0.0, is_valid=False)


update = sample_loop(State, _restart, _take, _write)
