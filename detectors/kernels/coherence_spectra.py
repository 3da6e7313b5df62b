"""Spectra of the newest segment at every interval of samples, without a subtraction."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Channels, and the second channels of pairs, are worked on in groups of so many.
LANES: Final = 8
#: Of each group and bin in `spectra`: the real parts, the imaginary parts negated, the imaginary
#: parts, the real parts again, so that both parts of a product with a conjugate are one loop.
PARTS: Final = 4 * LANES
IMAGINARY: Final = 2 * LANES
#: Rows of a table that are added in one pass.
PASS: Final = 5


@njit(cache=True, nogil=True, error_model="numpy")
def advance(
    block: NDArray[np.float64],
    cut: int,
    n_segment: int,
    n_intervals: int,
    first_bin: int,
    turns: NDArray[np.float64],
    tables: NDArray[np.float64],
    folded: NDArray[np.float64],
    part: NDArray[np.float64],
    whole: NDArray[np.float64],
    late: NDArray[np.float64],
    head: NDArray[np.float64],
) -> None:
    """Take one interval of samples into the sums of the segment that ends with it.

    Parameters
    ----------
    block : ndarray of float64, shape (n_interval, n_lanes)
        The samples, channels padded to whole groups.
    cut : int
        Samples of an interval before the segment's first, where a segment begins inside one.
    n_segment : int
        Samples of a segment.
    n_intervals : int
        Intervals since the restart, before this one.
    first_bin : int
        Lowest bin: one below the band.
    turns, tables
        See `detectors.coherence_tables`.
    folded, part
        Room to work in.
    whole, late : ndarray of float64, shape (n_period, n_bins + 1, 2, n_lanes)
        The sum of each interval of this period and of its samples from `cut` on; after the
        period's last interval `late` holds what each place and all after it come to.
    head : ndarray of float64, shape (n_bins + 1, 2, n_lanes)
        The sum of this period's intervals so far. Behind the bins stands the energy.

    Notes
    -----
    A segment is as long as a period of intervals, so it is the end of the last period and the
    beginning of this one. The phase counts from the restart: sums of intervals may be added as
    they are.
    """
    n_interval = block.shape[0]
    place = n_intervals % len(whole)
    start = (n_intervals * n_interval) % n_segment
    _transform(
        block, cut, n_interval, start, n_segment, first_bin, turns, tables[1], folded, late[place]
    )
    _copy(late[place], whole[place])
    if cut > 0:
        _transform(block, 0, cut, start, n_segment, first_bin, turns, tables[0], folded, part)
        _add(part, whole[place])
    if place == 0:
        head[:] = 0.0
    _add(whole[place], head)
    if place == len(whole) - 1:
        part[:] = 0.0
        for before in range(len(whole) - 1, -1, -1):
            _add(part, late[before])
            _add(whole[before], part)


@njit(cache=True, nogil=True, error_model="numpy")
def spectrum(
    n_intervals: int,
    n_interval: int,
    n_segment: int,
    turns: NDArray[np.float64],
    late: NDArray[np.float64],
    head: NDArray[np.float64],
    part: NDArray[np.float64],
    spectra: NDArray[np.float64],
    power: NDArray[np.float64],
) -> None:
    """Write the Hann-windowed spectrum of the newest segment, and its power.

    A Hann window is half of each bin minus a quarter of its two neighbours, turned to where the
    segment begins. Bin 0 is never summed: the mean is removed before the window is applied. The
    phase common to all channels has no part in a product with a conjugate.

    Parameters
    ----------
    n_intervals : int
        Intervals since the restart, the newest included.
    n_interval, n_segment, turns, late, head, part
        See `advance`.
    spectra : ndarray of float64, shape (n_groups, n_bins made even, 32)
        See `PARTS`.
    power : ndarray of float64, shape (n_bins + 1, n_lanes)
        The squared spectrum, and behind it the energy.
    """
    place = (n_intervals - 1) % len(late)
    if place == len(late) - 1:
        _copy(late[0], part)
    else:
        _copy(late[place + 1], part)
        _add(head, part)
    begin = (2 * n_intervals * n_interval) % (2 * n_segment)
    quarter_c = 0.25 * turns[0, begin]
    quarter_s = -0.25 * turns[1, begin]
    n_groups = len(spectra)
    n_bins = power.shape[0] - 1
    for group in range(n_groups):
        for k in range(n_bins):
            for lane in range(LANES):
                at = group * LANES + lane
                sum_re = part[k, 0, at] + part[k + 2, 0, at]
                sum_im = part[k, 1, at] + part[k + 2, 1, at]
                change_re = part[k, 0, at] - part[k + 2, 0, at]
                change_im = part[k, 1, at] - part[k + 2, 1, at]
                re = 0.5 * part[k + 1, 0, at] - (quarter_c * sum_re + quarter_s * change_im)
                im = 0.5 * part[k + 1, 1, at] - (quarter_c * sum_im - quarter_s * change_re)
                spectra[group, k, lane] = re
                spectra[group, k, LANES + lane] = -im
                spectra[group, k, IMAGINARY + lane] = im
                spectra[group, k, IMAGINARY + LANES + lane] = re
                power[k, at] = re * re + im * im
    for at in range(power.shape[1]):
        power[n_bins, at] = part[n_bins + 2, 0, at]


@njit(cache=True, nogil=True, error_model="numpy")
def phases(
    spectra: NDArray[np.float64], power: NDArray[np.float64], unit: NDArray[np.float64]
) -> None:
    """Write a spectrum divided by its magnitude, zero where it has none."""
    for group in range(len(spectra)):
        for k in range(power.shape[0] - 1):
            for lane in range(LANES):
                size = np.sqrt(power[k, group * LANES + lane])
                scale = 1.0 / size if size > 0.0 else 0.0
                re = spectra[group, k, lane] * scale
                im = spectra[group, k, IMAGINARY + lane] * scale
                unit[group, k, lane] = re
                unit[group, k, LANES + lane] = -im
                unit[group, k, IMAGINARY + lane] = im
                unit[group, k, IMAGINARY + LANES + lane] = re


@njit(cache=True, nogil=True, error_model="numpy")
def _transform(
    block: NDArray[np.float64],
    first: int,
    stop: int,
    start: int,
    n_segment: int,
    first_bin: int,
    turns: NDArray[np.float64],
    table: NDArray[np.float64],
    folded: NDArray[np.float64],
    made: NDArray[np.float64],
) -> None:
    """Sum samples `first` to `stop` of a block, turned to where they stand.

    Seen from their middle cosines are even and sines odd, so sums and differences of mirrored
    samples take half the products; the result is then turned to where the middle is.
    """
    n_bins = made.shape[0] - 1
    n_lanes = block.shape[1]
    n_rows = _fold(block, first, stop, folded, made[n_bins])
    for k in range(n_bins):
        made[k] = 0.0
        for part in range(2):
            own = made[k, part]
            row_of = folded[part]
            factor = table[part, k]
            for five in range((n_rows + PASS - 1) // PASS):
                row = PASS * five
                f0, f1, f2, f3, f4 = factor[row : row + PASS]
                for lane in range(n_lanes):
                    own[lane] += (row_of[row, lane] * f0 + row_of[row + 1, lane] * f1) + (
                        row_of[row + 2, lane] * f2
                        + row_of[row + 3, lane] * f3
                        + row_of[row + 4, lane] * f4
                    )
        # In half samples, by index: no rotation error grows.
        middle = ((first_bin + k) * (2 * (start + first) + stop - first - 1)) % (2 * n_segment)
        turn_re = turns[0, middle]
        turn_im = turns[1, middle]
        for lane in range(n_lanes):
            even = made[k, 0, lane]
            odd = made[k, 1, lane]
            made[k, 0, lane] = even * turn_re + odd * turn_im
            made[k, 1, lane] = even * turn_im - odd * turn_re


@njit(cache=True, nogil=True, error_model="numpy")
def _fold(
    block: NDArray[np.float64],
    first: int,
    stop: int,
    folded: NDArray[np.float64],
    energy: NDArray[np.float64],
) -> int:
    """Write sums and differences of mirrored samples and their energy; return how many rows."""
    n_half = (stop - first) // 2
    n_lanes = block.shape[1]
    energy[:] = 0.0
    for row in range(n_half):
        early = first + n_half - 1 - row
        later = stop - n_half + row
        for lane in range(n_lanes):
            a = block[early, lane]
            b = block[later, lane]
            folded[0, row, lane] = b + a
            folded[1, row, lane] = b - a
            energy[0, lane] += a * a + b * b
    if (stop - first) % 2 == 1:
        for lane in range(n_lanes):
            a = block[first + n_half, lane]
            folded[0, n_half, lane] = a
            folded[1, n_half, lane] = 0.0
            energy[0, lane] += a * a
        return n_half + 1
    return n_half


@njit(cache=True, nogil=True, error_model="numpy")
def _copy(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    source = given.reshape(-1)
    target = made.reshape(-1)
    for at in range(source.size):
        target[at] = source[at]


@njit(cache=True, nogil=True, error_model="numpy")
def _add(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    source = given.reshape(-1)
    target = made.reshape(-1)
    for at in range(source.size):
        target[at] += source[at]
