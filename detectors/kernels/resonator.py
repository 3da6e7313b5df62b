"""Complex resonators behind a high-pass, and what of their output lies outside the band."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.oscillation import OUTSIDE, write_rhythm
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Places in the `state` array: samples since the last estimate, and the row of the ring that the
#: next power goes to.
SINCE_HOP: Final = 0
IN_RING: Final = 1
N_STATE: Final = 2

# Rows of the `fold` array; every row has one place a channel. Behind them come two rows a pole of
# the resonator, and then, where it is asked for, what the share outside the band takes.
REFERENCE: Final = 0  # the first sample, from which all are counted
INPUT: Final = 1  # the newest sample, so counted
MEAN: Final = 2  # its running mean
PASSED: Final = 3  # mean square of the rhythm that was found, and of what is left of it
INSIDE: Final = 4  # behind the filter
POLES: Final = 5

# Places in the `settings` array.
KEEP: Final = 0  # rho: what is left of the past after one sample
KEEP_REAL: Final = 1  # the same, turned by one sample of the centre frequency
KEEP_IMAGINARY: Final = 2
TO_REAL_OF_REAL: Final = 3  # from the resonator to amplitude and phase, a matrix of two rows
TO_REAL_OF_IMAGINARY: Final = 4
TO_IMAGINARY_OF_REAL: Final = 5
TO_IMAGINARY_OF_IMAGINARY: Final = 6
N_SETTINGS: Final = 7

# Places in the `sharp` array, empty where no share outside the band is asked for. Behind them come
# two numbers a pole of its filter.
MEAN_KEEP: Final = 0  # what is left of a mean square after one sample
SHARP_GAIN: Final = 1
SHARP_POLES: Final = 2

# Places in the `lengths` array, in samples.
HOP: Final = 0
SETTLE: Final = 1  # so many good ones make an estimate valid
SETTLE_OUTSIDE: Final = 2  # and so many the share outside the band
N_LENGTHS: Final = 3


@kernel
def track(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    settings: NDArray[np.float64],
    sharp: NDArray[np.float64],
    lengths: NDArray[np.int64],
    outside_max: float,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    fold: NDArray[np.float64],
    ring: NDArray[np.float64],
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
    settings, sharp, lengths
        See the places above.
    outside_max : float
        Amplitude and phase are not valid where more than this is outside the band.
    state : ndarray of int64, shape (N_STATE,)
        See the places above.
    clean : ndarray of int64, shape (n_channels,)
        Good samples in a row.
    fold : ndarray of float64, shape (POLES + 2 * n_poles, n_channels)
        See the rows above.
    ring : ndarray of float64, shape (n_delay, n_channels)
        The last squares of the rhythm, as many as the sharp filter is late.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_hops = 0
    since_hop = state[SINCE_HOP]
    hop = lengths[HOP]
    has_outside = sharp.size > 0
    n_sharp = (sharp.size - SHARP_POLES) // 2 if has_outside else 0
    n_resonator = fold.shape[0] - 2 * n_sharp
    # Views are made once: in the loop each would cost as much as a pole.
    given, mean, poles = fold[INPUT], fold[MEAN], fold[POLES:n_resonator]
    real, imaginary = fold[POLES], fold[POLES + 1]
    last_real, last_imaginary = fold[n_resonator - 2], fold[n_resonator - 1]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            clean[:] = 0
            since_hop = 0
        n_begun = _load(samples_uv[row], taint[row], columns, clean, fold)
        if n_begun > 0:
            _begin(clean, fold, ring)
        _turn(settings, given, mean, real, imaginary)
        if n_resonator > POLES + 2:
            _drive(settings, poles)
        if has_outside:
            _look_outside(settings, sharp, state, fold, n_resonator, ring)
        since_hop += 1
        if since_hop == hop:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            _emit(
                taint[row],
                columns,
                settings,
                lengths[SETTLE],
                clean,
                last_real,
                last_imaginary,
                out_values[n_hops],
                out_valid[n_hops],
            )
            if has_outside:
                _bind(
                    taint[row],
                    columns,
                    lengths[SETTLE_OUTSIDE],
                    outside_max,
                    clean,
                    fold[PASSED],
                    fold[INSIDE],
                    out_values[n_hops],
                    out_valid[n_hops],
                )
            n_hops += 1
            since_hop = 0
    state[SINCE_HOP] = since_hop
    return n_hops


@kernel
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    clean: NDArray[np.int64],
    fold: NDArray[np.float64],
) -> int:
    """Count a sample from the first one; return how many channels begin here, or are bad."""
    n_begun = 0
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        if taint[column] & SPOILS_WINDOW or not abs(value) <= LIMIT_UV:
            clean[channel] = 0
            value = 0.0
        else:
            clean[channel] += 1
        if clean[channel] <= 1:
            fold[REFERENCE, channel] = value
            n_begun += 1
        fold[INPUT, channel] = value - fold[REFERENCE, channel]
    return n_begun


@kernel
def _begin(clean: NDArray[np.int64], fold: NDArray[np.float64], ring: NDArray[np.float64]) -> None:
    """Forget the past of the channels that have none."""
    for channel in range(clean.size):
        if clean[channel] <= 1:
            fold[MEAN:, channel] = 0.0
            ring[:, channel] = 0.0


@kernel
def _turn(
    settings: NDArray[np.float64],
    given: NDArray[np.float64],
    mean: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Take one sample into the mean, and what is left of it into the first pole."""
    gain = 1.0 - settings[KEEP]
    keep_real = settings[KEEP_REAL]
    keep_imaginary = settings[KEEP_IMAGINARY]
    for channel in range(given.size):
        level = mean[channel] + gain * (given[channel] - mean[channel])
        push = gain * (given[channel] - level)
        cosine = real[channel]
        sine = imaginary[channel]
        mean[channel] = level
        real[channel] = keep_real * cosine - keep_imaginary * sine + push
        imaginary[channel] = keep_imaginary * cosine + keep_real * sine


@kernel
def _drive(settings: NDArray[np.float64], poles: NDArray[np.float64]) -> None:
    """Take what each pole gives into the next."""
    gain = 1.0 - settings[KEEP]
    keep_real = settings[KEEP_REAL]
    keep_imaginary = settings[KEEP_IMAGINARY]
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
def _rhythm(settings: NDArray[np.float64], real: float, imaginary: float) -> tuple[float, float]:
    """Return amplitude and phase as cosine and sine, from what the last pole gives."""
    cosine = settings[TO_REAL_OF_REAL] * real + settings[TO_REAL_OF_IMAGINARY] * imaginary
    sine = settings[TO_IMAGINARY_OF_REAL] * real + settings[TO_IMAGINARY_OF_IMAGINARY] * imaginary
    return cosine, sine


@kernel
def _look_outside(
    settings: NDArray[np.float64],
    sharp: NDArray[np.float64],
    state: NDArray[np.int64],
    fold: NDArray[np.float64],
    n_resonator: int,
    ring: NDArray[np.float64],
) -> None:
    """Take one sample of the rhythm through the sharp filter, and both into their mean squares.

    The filter is late, so the square of what goes in waits in the ring as long.
    """
    keep = sharp[MEAN_KEEP]
    weight = 1.0 - keep
    row = state[IN_RING]
    for channel in range(fold.shape[1]):
        real, imaginary = _rhythm(
            settings, fold[n_resonator - 2, channel], fold[n_resonator - 1, channel]
        )
        square = real * real + imaginary * imaginary
        real *= sharp[SHARP_GAIN]
        imaginary *= sharp[SHARP_GAIN]
        for at in range(SHARP_POLES, sharp.size, 2):
            pole = n_resonator + at - SHARP_POLES
            cosine = fold[pole, channel]
            sine = fold[pole + 1, channel]
            real += sharp[at] * cosine - sharp[at + 1] * sine
            imaginary += sharp[at + 1] * cosine + sharp[at] * sine
            fold[pole, channel] = real
            fold[pole + 1, channel] = imaginary
        inside = real * real + imaginary * imaginary
        fold[PASSED, channel] = keep * fold[PASSED, channel] + weight * ring[row, channel]
        fold[INSIDE, channel] = keep * fold[INSIDE, channel] + weight * inside
        ring[row, channel] = square
    state[IN_RING] = row + 1 if row + 1 < ring.shape[0] else 0


@kernel
def _emit(
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    settings: NDArray[np.float64],
    settle: int,
    clean: NDArray[np.int64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write amplitude, and phase where there is room for it, of every channel."""
    n_measures = out_values.size // columns.size
    for channel in range(columns.size):
        cosine, sine = _rhythm(settings, real[channel], imaginary[channel])
        is_valid = clean[channel] >= settle and not taint[columns[channel]] & SPOILS_NEWEST
        at = channel * n_measures
        write_rhythm(cosine, sine, is_valid, at, n_measures, out_values, out_valid)


@kernel
def _bind(
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    settle: int,
    outside_max: float,
    clean: NDArray[np.int64],
    passed: NDArray[np.float64],
    inside: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the share outside the band where there is room for it, and hold the rhythm to it."""
    n_measures = out_values.size // columns.size
    for channel in range(columns.size):
        is_known = clean[channel] >= settle and not taint[columns[channel]] & SPOILS_NEWEST
        is_known = is_known and passed[channel] > 0.0
        share = max(0.0, 1.0 - inside[channel] / passed[channel]) if is_known else 0.0
        at = channel * n_measures
        if n_measures > OUTSIDE:
            out_values[at + OUTSIDE] = share
            out_valid[at + OUTSIDE] = is_known
        if outside_max < 1.0 and not (is_known and share <= outside_max):
            for measure in range(min(n_measures, OUTSIDE)):
                out_values[at + measure] = 0.0
                out_valid[at + measure] = False
