"""Welch spectra over a sliding window, summed without subtracting, and a line through them."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Array2, Array3, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.hops import NO_HOPS, Hops, add_hop
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: A bin with no more than this (µV²/Hz) is dead: it has no logarithm worth a line.
_DEAD: Final = 1e-24
#: Reweightings of the line: this many leave less than a thousandth to those that would follow.
N_REWEIGHTINGS: Final = 20

#: Columns of a channel in the output.
EXPONENT: Final = 0
OFFSET: Final = 1
OVER_DB: Final = 2
LEVEL_DB: Final = 3
MISFIT: Final = 4
N_COLUMNS: Final = 5


class Settings(Record):
    """Numbers that never change."""

    #: Samples from one segment to the next.
    step_samples: int
    #: Samples from one estimate to the next: whole steps.
    hop_samples: int
    #: The first bins, which make the line; the others are those of the band.
    n_line: int
    #: From a sum of squares over the window to a density.
    scale: float
    #: What the mean of the decadic logarithm of an estimate is too low by.
    log_bias: float
    #: Huber's constant: a bin this far from the line, or farther, pulls no harder.
    huber_constant: float
    #: Root mean square distance of the bins from the line that chance gives.
    expected_rms: float
    #: Of the band over the line, in dB.
    level_db: float


class Counters(Record):
    """Where the kernel stands since the restart."""

    #: Samples.
    n_samples: int
    #: Whole segments.
    n_segments: int


class State(NamedTuple):
    """What the aperiodic part reads and keeps; the first five never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Window times cosine and minus sine of each bin, from a segment's second sample to its middle,
    #: shape (n_segment // 2, 2, n_bins).
    table: Array3[np.float64]
    #: Decadic logarithm of each bin's frequency: of the line first, then of the band.
    log_frequency: Array1[np.float64]
    #: ``1 / (frequency * length of a segment) ** 2`` of each bin.
    smearing: Array1[np.float64]
    #: How much of each bin of the band lies in it, shape (n_bins - n_line,).
    parts: Array1[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The newest segment, written in turn, shape (n_channels, n_segment).
    ring: Array2[np.float64]
    #: Powers of each segment of the window, shape (n_segments, n_channels, n_bins): of the newest
    #: group of them each, of the group before it from there to its end.
    powers: Array3[np.float64]
    #: Sum over the newest group, shape (n_channels, n_bins).
    newest: Array2[np.float64]
    #: One channel's newest segment, shape (n_segment,); overwritten, as all below.
    segment: Array1[np.float64]
    #: Its spectrum, shape (2, n_bins).
    spectrum: Array2[np.float64]
    #: Power of each bin over the window, shape (n_bins,).
    power: Array1[np.float64]
    #: Its decadic logarithm, of the line, shape (n_line,).
    log_power: Array1[np.float64]
    #: By which a segment shows the line too high, shape (n_line,).
    leakage_bias: Array1[np.float64]
    #: Distance from the line, shape (n_line,).
    distance: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its columns.
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

    Notes
    -----
    Segments are counted in groups of a window. The window is what is there of the newest group
    and the last segments of the group before it, whose sums are made when it is whole and stand
    where its segments stood until those of the next group take their places. Nothing is ever
    subtracted: no drift, and what has left the window has left every sum.
    """
    state = opened(State, addresses)
    counters, settings, powers = state.counters, state.settings, state.powers
    n_segment = state.ring.shape[1]
    n_samples = counters.n_samples
    for row in range(samples_uv.shape[0]):
        if taint[row, state.columns[0]] & RESTART:
            state.n_clean[:] = 0
            state.newest[:] = 0.0
            n_samples = counters.n_segments = 0
        _load(samples_uv[row], taint[row], n_samples, state)
        n_samples += 1
        if n_samples % settings.step_samples != 0:
            continue
        if n_samples >= n_segment:
            number = counters.n_segments % len(powers)
            _transform(
                state.ring,
                n_samples % n_segment,
                state.table,
                state.segment,
                state.spectrum,
                powers[number],
            )
            _add_segment(powers, number, state.newest)
            counters.n_segments += 1
        if n_samples % settings.hop_samples == 0:
            _write(add_hop(state.hops, first_sample + row, time_s[row]), taint[row], state)
    counters.n_samples = n_samples


@kernel
def _load(
    sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], n_samples: int, state: State
) -> None:
    """Put a sample into the ring, the last good value in the place of what is no voltage."""
    n_clean, ring, columns = state.n_clean, state.ring, state.columns
    n_segment = ring.shape[1]
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        n_clean[channel] += 1
        if taint[column] & SPOILS_WINDOW:
            n_clean[channel] = 0
        if not abs(value) <= LIMIT_UV:
            n_clean[channel] = 0
            value = ring[channel, (n_samples - 1) % n_segment] if n_samples > 0 else 0.0
        ring[channel, n_samples % n_segment] = value


@kernel
def _transform(
    ring: NDArray[np.float64],
    start: int,
    table: NDArray[np.float64],
    segment: NDArray[np.float64],
    spectrum: NDArray[np.float64],
    powers: NDArray[np.float64],
) -> None:
    """Compute the windowed power of the newest segment of every channel, its mean removed.

    Window and cosine are even and the sine is odd about the segment's first sample, which itself
    has no weight, so sums and differences of mirrored samples take half the products.
    """
    n_segment = segment.size
    for channel in range(ring.shape[0]):
        # Counted from the segment's first sample, so an offset costs no precision.
        origin = ring[channel, start]
        total = 0.0
        at = start
        for number in range(n_segment):
            segment[number] = ring[channel, at] - origin
            total += segment[number]
            at = at + 1 if at + 1 < n_segment else 0
        mean = total / n_segment
        spectrum[:] = 0.0
        for number in range(1, table.shape[0] + 1):
            early = segment[number] - mean
            late = segment[n_segment - number] - mean if 2 * number < n_segment else 0.0
            cosines = table[number - 1, 0]
            sines = table[number - 1, 1]
            for k in range(cosines.size):
                spectrum[0, k] += (early + late) * cosines[k]
                spectrum[1, k] += (early - late) * sines[k]
        for k in range(table.shape[2]):
            powers[channel, k] = spectrum[0, k] ** 2 + spectrum[1, k] ** 2


@kernel
def _add_segment(powers: NDArray[np.float64], number: int, newest: NDArray[np.float64]) -> None:
    """Add a segment to the newest group; make sums from each to the last of a whole one."""
    if number == 0:
        newest[:] = 0.0
    newest += powers[number]
    if number == powers.shape[0] - 1:
        for earlier in range(number - 1, -1, -1):
            powers[earlier] += powers[earlier + 1]


@kernel
def _write(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the outputs of every channel."""
    powers, settings = state.powers, state.settings
    next_segment = state.counters.n_segments % len(powers)
    n_window = (len(powers) - 1) * settings.step_samples + state.ring.shape[1]
    for channel in range(state.columns.size):
        is_valid = state.n_clean[channel] >= n_window
        is_valid = is_valid and not taint[state.columns[channel]] & SPOILS_NEWEST
        first = channel * N_COLUMNS
        values = state.hops.values[hop, first : first + N_COLUMNS]
        if is_valid:
            state.power[:] = state.newest[channel]
            if next_segment > 0:
                state.power[:] += powers[next_segment, channel]
            is_valid = _measure(state, values)
        if not is_valid:
            values[:] = 0.0
        state.hops.valid[hop, first : first + N_COLUMNS] = is_valid


@kernel
def _measure(state: State, values: NDArray[np.float64]) -> bool:
    """Write the outputs of one channel; return whether it has any."""
    settings, power, parts = state.settings, state.power, state.parts
    n_line = settings.n_line
    for k in range(power.size):
        power[k] *= settings.scale
        if not power[k] > _DEAD:
            return False
    for k in range(n_line):
        state.log_power[k] = np.log10(power[k]) + settings.log_bias
    offset, exponent, rms = _fit_line(state)
    found = aperiodic = 0.0
    for k in range(n_line, power.size):
        found += parts[k - n_line] * power[k]
        line = offset - exponent * state.log_frequency[k]
        aperiodic += parts[k - n_line] * 10.0**line * smear(exponent, state.smearing[k])
    values[EXPONENT] = exponent
    values[OFFSET] = offset
    values[OVER_DB] = 10.0 * np.log10(found / aperiodic)
    values[LEVEL_DB] = settings.level_db
    values[MISFIT] = rms / settings.expected_rms
    return bool(np.isfinite(values).all())


@kernel
def _fit_line(state: State) -> tuple[float, float, float]:
    """Return offset and exponent of the line, and the root mean square distance of the bins."""
    log_frequency, smearing = state.log_frequency, state.smearing
    log_power, leakage_bias, distances = state.log_power, state.leakage_bias, state.distance
    huber_constant = state.settings.huber_constant
    n_line = log_power.size
    distances[:] = 0.0
    leakage_bias[:] = 0.0
    offset = exponent = total = 0.0
    for _ in range(N_REWEIGHTINGS):
        weights = x_sum = y_sum = xx_sum = xy_sum = 0.0
        for k in range(n_line):
            size = abs(distances[k])
            weight = 1.0 if size <= huber_constant else huber_constant / size
            x = log_frequency[k]
            y = log_power[k] - leakage_bias[k]
            weights += weight
            x_sum += weight * x
            y_sum += weight * y
            xx_sum += weight * x * x
            xy_sum += weight * x * y
        exponent = (x_sum * y_sum - weights * xy_sum) / (weights * xx_sum - x_sum * x_sum)
        offset = (y_sum + exponent * x_sum) / weights
        total = 0.0
        for k in range(n_line):
            leakage_bias[k] = np.log10(smear(exponent, smearing[k]))
            line = offset - exponent * log_frequency[k]
            distance = log_power[k] - leakage_bias[k] - line
            distances[k] = distance
            total += distance * distance
    return offset, exponent, np.sqrt(total / n_line)


@kernel
def smear(exponent: float, smearing: float) -> float:
    """Return how much higher a Hann segment shows ``f ** -exponent`` than it is.

    The first two terms of a series: the square of a Hann segment's transform has the mean square
    width 1/3 and the mean fourth power 1/3, in bins.
    """
    second = exponent * (exponent + 1.0)
    fourth = second * (exponent + 2.0) * (exponent + 3.0)
    return 1.0 + smearing * second / 6.0 + smearing * smearing * fourth / 72.0
