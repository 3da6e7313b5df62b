"""Complex resonators behind a high-pass, and what of their output lies outside the band."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Array2, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW
from detectors.rhythm.oscillation_kernel import OUTSIDE, write_rhythm


class Settings(Record):
    """Numbers that never change."""

    #: Samples from one estimate to the next.
    hop_samples: int
    #: Good samples that make an estimate valid, ...
    settle_samples: int
    #: ... and the share outside the band.
    settle_outside_samples: int
    #: Amplitude and phase are not valid where more than this is outside the band.
    outside_max: float
    #: Whether the share outside the band is asked for.
    has_outside: bool
    #: What is left of the past after one sample (rho), ...
    keep: float
    #: ... and the same, rotated by one sample of the centre frequency.
    keep_real: float
    keep_imaginary: float
    #: From the resonator to amplitude and phase, a matrix of two rows.
    to_real_of_real: float
    to_real_of_imaginary: float
    to_imaginary_of_real: float
    to_imaginary_of_imaginary: float
    #: What is left of a mean square after one sample.
    mean_keep: float
    #: Gain of the sharp filter.
    sharp_gain: float


class Counters(Record):
    """Where the kernel stands."""

    #: Samples since the last estimate.
    since_hop: int
    #: Row of the ring that the next power goes to.
    ring_row: int


class State(NamedTuple):
    """What a resonator reads and keeps; the first two never change.

    Each pole has two rows, of its real and its imaginary part.
    """

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Of each pole of the sharp filter what it keeps of itself, a complex number, shape
    #: (n_sharp, 2).
    sharp_poles: Array2[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The first sample, from which all are counted, shape (n_channels,).
    reference_uv: Array1[np.float64]
    #: The newest sample, so counted, shape (n_channels,).
    newest_uv: Array1[np.float64]
    #: Its running mean, shape (n_channels,).
    mean_uv: Array1[np.float64]
    #: What the resonator keeps, shape (2 * n_poles, n_channels).
    poles: Array2[np.float64]
    #: What the sharp filter keeps, shape (2 * n_sharp, n_channels).
    sharp: Array2[np.float64]
    #: Mean square of the rhythm that was found, shape (n_channels,), ...
    passed: Array1[np.float64]
    #: ... and of what is left of it behind the sharp filter.
    inside: Array1[np.float64]
    #: The last squares of the rhythm, as many as the sharp filter is late, shape
    #: (n_late, n_channels).
    ring: Array2[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its measures.
    hops: Hops = NO_HOPS


@kernel
def update(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    addresses: NDArray[np.int64],
) -> None:
    """Take a block of samples in and write every hop that it completes.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        See `detectors.block.Block`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    settings, counters, columns = state.settings, state.counters, state.columns
    hop_samples = settings.hop_samples
    since_hop = counters.since_hop
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            state.n_clean[:] = 0
            since_hop = 0
        if _load(samples_uv[row], taint[row], state) > 0:
            _begin(state)
        _drive_first(state)
        if len(state.poles) > 2:
            _drive_others(settings, state.poles)
        if settings.has_outside:
            _average_outside(state)
        since_hop += 1
        if since_hop == hop_samples:
            hop = add_hop(state.hops, first_sample + row, time_s[row])
            _write(hop, taint[row], state)
            if settings.has_outside:
                _bind(hop, taint[row], state)
            since_hop = 0
    counters.since_hop = since_hop


@kernel
def _load(sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> int:
    """Count a sample from the first one; return how many channels begin here, or are bad."""
    n_clean, columns = state.n_clean, state.columns
    reference_uv, newest_uv = state.reference_uv, state.newest_uv
    n_begun = 0
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        if taint[column] & SPOILS_WINDOW or not abs(value) <= LIMIT_UV:
            n_clean[channel] = 0
            value = 0.0
        else:
            n_clean[channel] += 1
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
def _write(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write amplitude, and phase where it is asked for, of every channel."""
    settings, columns, hops = state.settings, state.columns, state.hops
    last_real, last_imaginary = state.poles[-2], state.poles[-1]
    n_measures = hops.values.shape[1] // columns.size
    for channel in range(columns.size):
        cosine, sine = _rhythm(settings, last_real[channel], last_imaginary[channel])
        is_valid = state.n_clean[channel] >= settings.settle_samples
        is_valid = is_valid and not taint[columns[channel]] & SPOILS_NEWEST
        write_rhythm(cosine, sine, is_valid, channel * n_measures, n_measures, hop, hops)


@kernel
def _bind(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the share outside the band where it is asked for, and hold the rhythm to it."""
    settings, columns, hops = state.settings, state.columns, state.hops
    passed, inside = state.passed, state.inside
    n_measures = hops.values.shape[1] // columns.size
    for channel in range(columns.size):
        is_known = state.n_clean[channel] >= settings.settle_outside_samples
        is_known = is_known and not taint[columns[channel]] & SPOILS_NEWEST
        is_known = is_known and passed[channel] > 0.0
        share = max(0.0, 1.0 - inside[channel] / passed[channel]) if is_known else 0.0
        first = channel * n_measures
        if n_measures > OUTSIDE:
            write_value(hops, hop, first + OUTSIDE, share, is_known)
        if settings.outside_max < 1.0 and not (is_known and share <= settings.outside_max):
            for measure in range(min(n_measures, OUTSIDE)):
                write_value(hops, hop, first + measure, 0.0, is_valid=False)
