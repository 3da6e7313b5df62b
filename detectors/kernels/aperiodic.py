"""Welch spectra over a sliding window, summed without subtracting, and a line through them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: A bin with no more than this (µV²/Hz) is dead: it has no logarithm worth a line.
_DEAD: Final = 1e-24
#: Turns of the line's reweighting: so many leave less than a thousandth to the turns to come.
N_TURNS: Final = 20

#: Places in the `state` array: samples and whole segments since the restart.
SAMPLES: Final = 0
SEGMENTS: Final = 1
N_STATE: Final = 2

#: Rows of `bins`, one place a bin: those of the line first, then those of the band.
LOG_FREQUENCY: Final = 0  # decadic
SMEARING: Final = 1  # 1 / (frequency * length of a segment) ** 2
N_BINS_ROWS: Final = 2

#: Places in the `settings` array.
SCALE: Final = 0  # from a sum of squares over the window to a density
BIAS: Final = 1  # what the mean of the decadic logarithm of an estimate is too low by
BEND: Final = 2  # a bin so far from the line pulls no harder than one at this distance
SPREAD: Final = 3  # root mean square distance of the bins from the line that chance gives
LEVEL: Final = 4  # of the band over the line, in dB
N_SETTINGS: Final = 5

#: Columns of a channel in the output.
EXPONENT: Final = 0
OFFSET: Final = 1
OVER_DB: Final = 2
LEVEL_DB: Final = 3
MISFIT: Final = 4
N_COLUMNS: Final = 5

#: Rows of `work`, one place a bin.
_POWER: Final = 0
_LOG_POWER: Final = 1
_LIFT: Final = 2  # by which a segment shows the line too high
_DISTANCE: Final = 3
N_WORK: Final = 4


@kernel
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    table: NDArray[np.float64],
    bins: NDArray[np.float64],
    parts: NDArray[np.float64],
    n_line: int,
    settings: NDArray[np.float64],
    step: int,
    hop: int,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    ring: NDArray[np.float64],
    piece: NDArray[np.float64],
    spectrum: NDArray[np.float64],
    powers: NDArray[np.float64],
    newest: NDArray[np.float64],
    work: NDArray[np.float64],
    out_sample: NDArray[np.int64],
    out_time_s: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Fold samples in and write every hop they complete; return the number of hops.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    table : ndarray of float64, shape (n_segment // 2, 2, n_bins)
        Window times cosine and minus sine of each bin, from a segment's second sample to its
        middle.
    bins : ndarray of float64, shape (N_BINS_ROWS, n_bins)
        See the rows above.
    parts : ndarray of float64, shape (n_bins - n_line,)
        How much of each bin of the band lies in it.
    n_line : int
        So many bins, the first, make the line.
    settings : ndarray of float64, shape (N_SETTINGS,)
        See the places above.
    step, hop : int
        Samples from one segment to the next, and from one estimate to the next (whole steps).
    state, clean, ring, piece, spectrum, powers, newest, work
        What is kept between calls: see `detectors.aperiodic`.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.

    Notes
    -----
    Segments are counted in blocks of a window. The window is what is there of the newest block
    and the last segments of the block before it, whose sums are made when it is whole and stand
    where its segments stood until those of the next block take their places. Nothing is ever
    subtracted: no drift, and what has left the window has left every sum.
    """
    n_segment = ring.shape[1]
    n_window = (powers.shape[0] - 1) * step + n_segment
    n_hops = 0
    n_samples = state[SAMPLES]
    n_found = state[SEGMENTS]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            clean[:] = 0
            newest[:] = 0.0
            n_samples = n_found = 0
        _load(samples_uv[row], taint[row], columns, n_samples, clean, ring)
        n_samples += 1
        if n_samples % step != 0:
            continue
        if n_samples >= n_segment:
            place = n_found % powers.shape[0]
            _transform(ring, n_samples % n_segment, table, piece, spectrum, powers[place])
            _gather(powers, place, newest)
            n_found += 1
        if n_samples % hop == 0:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            _emit(
                newest,
                powers,
                n_found % powers.shape[0],
                bins,
                parts,
                n_line,
                settings,
                n_window,
                taint[row],
                columns,
                clean,
                work,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
    state[SAMPLES] = n_samples
    state[SEGMENTS] = n_found
    return n_hops


@kernel
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    n_samples: int,
    clean: NDArray[np.int64],
    ring: NDArray[np.float64],
) -> None:
    """Put a sample into the ring, the last good value in the place of what is no voltage."""
    n_segment = ring.shape[1]
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        clean[channel] += 1
        if taint[column] & SPOILS_WINDOW:
            clean[channel] = 0
        if not abs(value) <= LIMIT_UV:
            clean[channel] = 0
            value = ring[channel, (n_samples - 1) % n_segment] if n_samples > 0 else 0.0
        ring[channel, n_samples % n_segment] = value


@kernel
def _transform(
    ring: NDArray[np.float64],
    start: int,
    table: NDArray[np.float64],
    piece: NDArray[np.float64],
    spectrum: NDArray[np.float64],
    powers: NDArray[np.float64],
) -> None:
    """Compute the windowed power of the newest segment of every channel, its mean removed.

    Window and cosine are even and the sine is odd about the segment's first sample, which itself
    has no weight, so sums and differences of mirrored samples take half the products.
    """
    n_segment = piece.size
    for channel in range(ring.shape[0]):
        # Counted from the segment's first sample, so an offset costs no precision.
        origin = ring[channel, start]
        total = 0.0
        at = start
        for place in range(n_segment):
            piece[place] = ring[channel, at] - origin
            total += piece[place]
            at = at + 1 if at + 1 < n_segment else 0
        mean = total / n_segment
        spectrum[:] = 0.0
        for place in range(1, table.shape[0] + 1):
            early = piece[place] - mean
            late = piece[n_segment - place] - mean if 2 * place < n_segment else 0.0
            cosines = table[place - 1, 0]
            sines = table[place - 1, 1]
            for k in range(cosines.size):
                spectrum[0, k] += (early + late) * cosines[k]
                spectrum[1, k] += (early - late) * sines[k]
        for k in range(table.shape[2]):
            powers[channel, k] = spectrum[0, k] ** 2 + spectrum[1, k] ** 2


@kernel
def _gather(powers: NDArray[np.float64], place: int, newest: NDArray[np.float64]) -> None:
    """Take a segment into the newest block; turn a whole one into sums of its last segments."""
    if place == 0:
        newest[:] = 0.0
    newest += powers[place]
    if place == powers.shape[0] - 1:
        for at in range(place - 1, -1, -1):
            powers[at] += powers[at + 1]


@kernel
def _emit(
    newest: NDArray[np.float64],
    powers: NDArray[np.float64],
    place: int,
    bins: NDArray[np.float64],
    parts: NDArray[np.float64],
    n_line: int,
    settings: NDArray[np.float64],
    n_window: int,
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    clean: NDArray[np.int64],
    work: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the outputs of every channel; `place` is that of the block's next segment."""
    for channel in range(columns.size):
        is_valid = clean[channel] >= n_window and not taint[columns[channel]] & SPOILS_NEWEST
        first = channel * N_COLUMNS
        values = out_values[first : first + N_COLUMNS]
        if is_valid:
            work[_POWER] = newest[channel]
            if place > 0:
                work[_POWER] += powers[place, channel]
            is_valid = _measure(work, bins, parts, n_line, settings, values)
        if not is_valid:
            values[:] = 0.0
        out_valid[first : first + N_COLUMNS] = is_valid


@kernel
def _measure(
    work: NDArray[np.float64],
    bins: NDArray[np.float64],
    parts: NDArray[np.float64],
    n_line: int,
    settings: NDArray[np.float64],
    values: NDArray[np.float64],
) -> bool:
    """Write the outputs of one channel; return whether it has any."""
    power = work[_POWER]
    for k in range(power.size):
        power[k] *= settings[SCALE]
        if not power[k] > _DEAD:
            return False
    for k in range(n_line):
        work[_LOG_POWER, k] = np.log10(power[k]) + settings[BIAS]
    offset, exponent, distance = _line(work[:, :n_line], bins, settings[BEND])
    found = aperiodic = 0.0
    for k in range(n_line, power.size):
        found += parts[k - n_line] * power[k]
        line = offset - exponent * bins[LOG_FREQUENCY, k]
        aperiodic += parts[k - n_line] * 10.0**line * smear(exponent, bins[SMEARING, k])
    values[EXPONENT] = exponent
    values[OFFSET] = offset
    values[OVER_DB] = 10.0 * np.log10(found / aperiodic)
    values[LEVEL_DB] = settings[LEVEL]
    values[MISFIT] = distance / settings[SPREAD]
    return bool(np.isfinite(values).all())


@kernel
def _line(
    work: NDArray[np.float64], bins: NDArray[np.float64], bend: float
) -> tuple[float, float, float]:
    """Return offset and exponent of the line, and the root mean square distance of the bins."""
    n_line = work.shape[1]
    work[_DISTANCE] = 0.0
    work[_LIFT] = 0.0
    offset = exponent = total = 0.0
    for _ in range(N_TURNS):
        weights = x_sum = y_sum = xx_sum = xy_sum = 0.0
        for k in range(n_line):
            size = abs(work[_DISTANCE, k])
            weight = 1.0 if size <= bend else bend / size
            x = bins[LOG_FREQUENCY, k]
            y = work[_LOG_POWER, k] - work[_LIFT, k]
            weights += weight
            x_sum += weight * x
            y_sum += weight * y
            xx_sum += weight * x * x
            xy_sum += weight * x * y
        exponent = (x_sum * y_sum - weights * xy_sum) / (weights * xx_sum - x_sum * x_sum)
        offset = (y_sum + exponent * x_sum) / weights
        total = 0.0
        for k in range(n_line):
            work[_LIFT, k] = np.log10(smear(exponent, bins[SMEARING, k]))
            line = offset - exponent * bins[LOG_FREQUENCY, k]
            distance = work[_LOG_POWER, k] - work[_LIFT, k] - line
            work[_DISTANCE, k] = distance
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
