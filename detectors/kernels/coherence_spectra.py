"""Spectra of the newest segment at every interval of samples, summed without subtracting."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Channels are transformed in groups of so many.
GROUP: Final = 8
#: Rows of a table that are added in one pass.
PASS: Final = 5


@kernel
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
        See `detectors.coherence_memory.Tables`.
    folded, part
        Room to work in.
    whole, late : ndarray of float64, shape (n_period, 2, n_sums + 1, n_lanes)
        The sum of each interval of this period and of its samples from `cut` on; after the
        period's last interval `late` holds what each place and all after it come to.
    head : ndarray of float64, shape (2, n_sums + 1, n_lanes)
        The sum of this period's intervals so far: of the bins of the band, one to each side and,
        where they are odd, one that stays zero, since they are taken in twos. Behind them stands
        the energy. All real parts come before all imaginary ones: the compiler makes vectors of a
        loop over the bins only where what it writes lies apart from what it reads.

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
    if cut > 0:
        _transform(block, 0, cut, start, n_segment, first_bin, turns, tables[0], folded, part)
        _join(late[place], part, whole[place])
    else:
        _copy(late[place], whole[place])
    if place == 0:
        head[:] = 0.0
    _add(whole[place], head)
    if place == len(whole) - 1:
        part[:] = 0.0
        for before in range(len(whole) - 1, -1, -1):
            _add(part, late[before])
            _add(whole[before], part)


@kernel
def spectrum(
    n_intervals: int,
    n_interval: int,
    n_segment: int,
    turns: NDArray[np.float64],
    late: NDArray[np.float64],
    head: NDArray[np.float64],
    part: NDArray[np.float64],
    n_channels: int,
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
    n_channels : int
        Lanes before they repeat.
    spectra : ndarray of float64, shape (2, n_bins, n_around)
        Real and imaginary parts: all channels, and behind the last the first ones again, so that
        those that follow a channel stand behind it whichever it is.
    power : ndarray of float64, shape (n_bins + 1, n_lanes)
        The squared spectrum, and behind it the energy.
    """
    place = (n_intervals - 1) % len(late)
    if place == len(late) - 1:
        _copy(late[0], part)
    else:
        _join(late[place + 1], head, part)
    begin = (2 * n_intervals * n_interval) % (2 * n_segment)
    quarter_c = 0.25 * turns[0, begin]
    quarter_s = -0.25 * turns[1, begin]
    n_bins, n_lanes = power.shape[0] - 1, power.shape[1]
    for k in range(n_bins):
        for lane in range(n_lanes):
            sum_re = part[0, k, lane] + part[0, k + 2, lane]
            sum_im = part[1, k, lane] + part[1, k + 2, lane]
            change_re = part[0, k, lane] - part[0, k + 2, lane]
            change_im = part[1, k, lane] - part[1, k + 2, lane]
            re = 0.5 * part[0, k + 1, lane] - (quarter_c * sum_re + quarter_s * change_im)
            im = 0.5 * part[1, k + 1, lane] - (quarter_c * sum_im - quarter_s * change_re)
            spectra[0, k, lane] = re
            spectra[1, k, lane] = im
            power[k, lane] = re * re + im * im
    for lane in range(n_lanes):
        power[n_bins, lane] = part[0, part.shape[1] - 1, lane]
    _repeat(n_channels, spectra)


@kernel
def phases(
    spectra: NDArray[np.float64],
    power: NDArray[np.float64],
    n_channels: int,
    units: NDArray[np.float64],
) -> None:
    """Write a spectrum divided by its magnitude, zero where it has none."""
    for k in range(spectra.shape[1]):
        for lane in range(power.shape[1]):
            size = np.sqrt(power[k, lane])
            scale = 1.0 / size if size > 0.0 else 0.0
            units[0, k, lane] = spectra[0, k, lane] * scale
            units[1, k, lane] = spectra[1, k, lane] * scale
    _repeat(n_channels, units)


@kernel
def _repeat(n_channels: int, spectra: NDArray[np.float64]) -> None:
    for part in range(2):
        for k in range(spectra.shape[1]):
            for lane in range(n_channels, spectra.shape[2]):
                spectra[part, k, lane] = spectra[part, k, lane - n_channels]


@kernel
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
    n_bins = made.shape[1] - 1
    n_lanes = block.shape[1]
    n_rows = _fold(block, first, stop, folded, made[0, n_bins])
    made[:, :n_bins] = 0.0
    for part in range(2):
        for two in range(n_bins // 2):
            _project(folded, n_rows, table, part, 2 * two, made)
    for k in range(n_bins):
        # In half samples, by index: no rotation error grows.
        middle = ((first_bin + k) * (2 * (start + first) + stop - first - 1)) % (2 * n_segment)
        turn_re = turns[0, middle]
        turn_im = turns[1, middle]
        for lane in range(n_lanes):
            even = made[0, k, lane]
            odd = made[1, k, lane]
            made[0, k, lane] = even * turn_re + odd * turn_im
            made[1, k, lane] = even * turn_im - odd * turn_re


@kernel(inline="always")
def _project(
    folded: NDArray[np.float64],
    n_rows: int,
    table: NDArray[np.float64],
    part: int,
    k: int,
    made: NDArray[np.float64],
) -> None:
    """Add up rows, each times its factor, for two bins at once."""
    for five in range((n_rows + PASS - 1) // PASS):
        row = PASS * five
        f0, f1, f2 = table[part, k, row], table[part, k, row + 1], table[part, k, row + 2]
        f3, f4 = table[part, k, row + 3], table[part, k, row + 4]
        g0, g1 = table[part, k + 1, row], table[part, k + 1, row + 1]
        g2, g3 = table[part, k + 1, row + 2], table[part, k + 1, row + 3]
        g4 = table[part, k + 1, row + 4]
        for lane in range(made.shape[2]):
            r0, r1 = folded[part, row, lane], folded[part, row + 1, lane]
            r2, r3 = folded[part, row + 2, lane], folded[part, row + 3, lane]
            r4 = folded[part, row + 4, lane]
            made[part, k, lane] += (r0 * f0 + r1 * f1) + (r2 * f2 + r3 * f3 + r4 * f4)
            made[part, k + 1, lane] += (r0 * g0 + r1 * g1) + (r2 * g2 + r3 * g3 + r4 * g4)


@kernel
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
            energy[lane] += a * a + b * b
    if (stop - first) % 2 == 1:
        for lane in range(n_lanes):
            a = block[first + n_half, lane]
            folded[0, n_half, lane] = a
            folded[1, n_half, lane] = 0.0
            energy[lane] += a * a
        return n_half + 1
    return n_half


@kernel
def _copy(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    source = given.reshape(-1)
    target = made.reshape(-1)
    for at in range(source.size):
        target[at] = source[at]


@kernel
def _add(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    source = given.reshape(-1)
    target = made.reshape(-1)
    for at in range(source.size):
        target[at] += source[at]


@kernel
def _join(
    first: NDArray[np.float64], second: NDArray[np.float64], made: NDArray[np.float64]
) -> None:
    one = first.reshape(-1)
    other = second.reshape(-1)
    target = made.reshape(-1)
    for at in range(target.size):
        target[at] = one[at] + other[at]
