"""Spectra of the newest segment at every interval of samples, summed without subtracting."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.state import State
from detectors.compiling.kernel import kernel
from detectors.kernels.hann import hann_bin

#: Channels of a group, which are transformed together.
GROUP: Final = 8
#: Rows of a table that are added in one pass.
PASS: Final = 5


@kernel
def add_interval(n_intervals: int, state: State) -> None:
    """Take the interval in the block into the sums of the segment that ends with it.

    Parameters
    ----------
    n_intervals : int
        Intervals since the restart, before this one.
    state : State
        Of which `whole`, `late` and `head` are changed.

    Notes
    -----
    A segment is as long as a period of intervals, so it is the end of the last period and the
    beginning of this one. The phase counts from the restart: sums of intervals may be added as
    they are.
    """
    whole, late, head, segment = state.whole, state.late, state.head, state.segment
    n_interval, cut = state.lengths.interval, state.lengths.cut
    now = n_intervals % len(whole)
    start = (n_intervals * n_interval) % state.lengths.segment
    _transform(cut, n_interval, start, state.interval_table[1], late[now], state)
    if cut > 0:
        _transform(0, cut, start, state.interval_table[0], segment, state)
        _join(late[now], segment, whole[now])
    else:
        _copy(late[now], whole[now])
    if now == 0:
        head[:] = 0.0
    _add(whole[now], head)
    if now == len(whole) - 1:
        segment[:] = 0.0
        for before in range(len(whole) - 1, -1, -1):
            _add(segment, late[before])
            _add(whole[before], segment)


@kernel
def write_spectrum(n_intervals: int, slot: np.uint64, state: State) -> None:
    """Write the Hann-windowed spectrum of the newest segment, and its power.

    Bin 0 is never summed: the mean is removed before the window is applied. The phase common to
    all channels has no part in a product with a conjugate.

    Parameters
    ----------
    n_intervals : int
        Intervals since the restart, the newest included.
    slot : int
        Where the segment is kept.
    state : State
        Of which `spectra` and `power` are written, at the slot.
    """
    late, segment = state.late, state.segment
    spectra, power = state.spectra[slot], state.power[slot]
    now = (n_intervals - 1) % len(late)
    if now == len(late) - 1:
        _copy(late[0], segment)
    else:
        _join(late[now + 1], state.head, segment)
    n_segment = state.lengths.segment
    begin = (2 * n_intervals * state.lengths.interval) % (2 * n_segment)
    quarter_c = 0.25 * state.twiddle_table[0, begin]
    quarter_s = -0.25 * state.twiddle_table[1, begin]
    n_bins, n_lanes = power.shape[0] - 1, power.shape[1]
    for k in range(n_bins):
        for lane in range(n_lanes):
            re, im = hann_bin(
                0.5 * segment[0, k + 1, lane],
                0.5 * segment[1, k + 1, lane],
                segment[0, k, lane],
                segment[1, k, lane],
                segment[0, k + 2, lane],
                segment[1, k + 2, lane],
                quarter_c,
                quarter_s,
            )
            spectra[0, k, lane] = re
            spectra[1, k, lane] = im
            power[k, lane] = re * re + im * im
    for lane in range(n_lanes):
        power[n_bins, lane] = segment[0, segment.shape[1] - 1, lane]
    _repeat(state.columns.size, spectra)


@kernel
def write_phasors(slot: np.uint64, state: State) -> None:
    """Write a spectrum divided by its magnitude, zero where it has none."""
    spectra, power, phasors = state.spectra[slot], state.power[slot], state.phasors[slot]
    for k in range(spectra.shape[1]):
        for lane in range(power.shape[1]):
            size = np.sqrt(power[k, lane])
            scale = 1.0 / size if size > 0.0 else 0.0
            phasors[0, k, lane] = spectra[0, k, lane] * scale
            phasors[1, k, lane] = spectra[1, k, lane] * scale
    _repeat(state.columns.size, phasors)


@kernel
def _repeat(n_channels: int, spectra: NDArray[np.float64]) -> None:
    """Write the first channels again behind the last one."""
    for part in range(2):
        for k in range(spectra.shape[1]):
            for lane in range(n_channels, spectra.shape[2]):
                spectra[part, k, lane] = spectra[part, k, lane - n_channels]


@kernel
def _transform(
    first: int,
    stop: int,
    start: int,
    table: NDArray[np.float64],
    sums: NDArray[np.float64],
    state: State,
) -> None:
    """Sum samples `first` to `stop` of the block, rotated to where they stand.

    From their middle cosines are even and sines odd, so sums and differences of mirrored samples
    take half the products; the result is then rotated to where the middle is.
    """
    twiddle_table, mirrored, block = state.twiddle_table, state.mirrored, state.block
    n_segment, first_bin = state.lengths.segment, state.lengths.first_bin
    n_bins = sums.shape[1] - 1
    n_lanes = block.shape[1]
    n_rows = _mirror(block, first, stop, mirrored, sums[0, n_bins])
    sums[:, :n_bins] = 0.0
    for part in range(2):
        for two in range(n_bins // 2):
            _project(mirrored, n_rows, table, part, 2 * two, sums)
    for k in range(n_bins):
        # In half samples, by index: no rotation error grows.
        middle = ((first_bin + k) * (2 * (start + first) + stop - first - 1)) % (2 * n_segment)
        twiddle_re = twiddle_table[0, middle]
        twiddle_im = twiddle_table[1, middle]
        for lane in range(n_lanes):
            even = sums[0, k, lane]
            odd = sums[1, k, lane]
            sums[0, k, lane] = even * twiddle_re + odd * twiddle_im
            sums[1, k, lane] = even * twiddle_im - odd * twiddle_re


@kernel
def _project(
    mirrored: NDArray[np.float64],
    n_rows: int,
    table: NDArray[np.float64],
    part: int,
    k: int,
    sums: NDArray[np.float64],
) -> None:
    """Add up rows, each times its factor, for two bins at once."""
    for five in range((n_rows + PASS - 1) // PASS):
        row = PASS * five
        f0, f1, f2 = table[part, k, row], table[part, k, row + 1], table[part, k, row + 2]
        f3, f4 = table[part, k, row + 3], table[part, k, row + 4]
        g0, g1 = table[part, k + 1, row], table[part, k + 1, row + 1]
        g2, g3 = table[part, k + 1, row + 2], table[part, k + 1, row + 3]
        g4 = table[part, k + 1, row + 4]
        for lane in range(sums.shape[2]):
            r0, r1 = mirrored[part, row, lane], mirrored[part, row + 1, lane]
            r2, r3 = mirrored[part, row + 2, lane], mirrored[part, row + 3, lane]
            r4 = mirrored[part, row + 4, lane]
            sums[part, k, lane] += (r0 * f0 + r1 * f1) + (r2 * f2 + r3 * f3 + r4 * f4)
            sums[part, k + 1, lane] += (r0 * g0 + r1 * g1) + (r2 * g2 + r3 * g3 + r4 * g4)


@kernel
def _mirror(
    block: NDArray[np.float64],
    first: int,
    stop: int,
    mirrored: NDArray[np.float64],
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
            mirrored[0, row, lane] = b + a
            mirrored[1, row, lane] = b - a
            energy[lane] += a * a + b * b
    if (stop - first) % 2 == 1:
        for lane in range(n_lanes):
            a = block[first + n_half, lane]
            mirrored[0, n_half, lane] = a
            mirrored[1, n_half, lane] = 0.0
            energy[lane] += a * a
        return n_half + 1
    return n_half


@kernel
def _copy(source: NDArray[np.float64], to: NDArray[np.float64]) -> None:
    """Write one array over another."""
    values = source.reshape(-1)
    target = to.reshape(-1)
    for at in range(values.size):
        target[at] = values[at]


@kernel
def _add(source: NDArray[np.float64], to: NDArray[np.float64]) -> None:
    """Add one array to another."""
    values = source.reshape(-1)
    target = to.reshape(-1)
    for at in range(values.size):
        target[at] += values[at]


@kernel
def _join(first: NDArray[np.float64], second: NDArray[np.float64], to: NDArray[np.float64]) -> None:
    """Write the sum of two arrays to a third."""
    one = first.reshape(-1)
    other = second.reshape(-1)
    target = to.reshape(-1)
    for at in range(target.size):
        target[at] = one[at] + other[at]
