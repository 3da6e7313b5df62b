"""Sliding Hann periodogram of bands: modulated partial transforms, renewed every window."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Array2, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Channels of a group. The change of a sample against one window ago and its level take the same
#: twiddle factors, so the two stand side by side: the inner loops are of fixed length, twice this,
#: and become vector instructions without a remainder.
LANES: Final = 8
#: Samples that are added in one pass over the sums. Which ones depends on their index only, so a
#: pass waits until it is whole, whatever chunks its samples come in.
PASS: Final = 10

#: Up to this number samples are added one by one.
_FEW: Final = 2
_HALF: Final = PASS // 2
_BOTH: Final = 2 * LANES
_LEVEL: Final = LANES
_IMAGINARY: Final = _BOTH
_BIN: Final = 2 * _BOTH
_GROUP: Final = PASS * _BOTH


class Counters(Record):
    """Where the kernel stands."""

    #: Samples since the period began: a restart, or a window after the period before.
    position: int
    #: Samples since the last estimate.
    since_hop: int
    #: Samples that wait in `work` until a pass is whole.
    n_waiting: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int


class State(NamedTuple):
    """What a sliding periodogram reads and keeps; the first six never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Twiddle factors: cosine and minus sine of one turn in twice n_window steps, shape
    #: (2, 2 * n_window).
    twiddle_table: Array2[np.float64]
    #: Cosines, then sines, of the angles from the middle of a pass to its samples, shape
    #: (n_bins, PASS).
    pass_table: Array2[np.float64]
    #: Bins kept, in order, shape (n_bins,): those of the bands and their neighbours, so also -1
    #: where a band begins at 0 Hz.
    bins: Array1[np.int64]
    #: Index in `bins` of a band's first bin and of the one after its last, and in `weights` of its
    #: first, shape (n_bands, 3).
    bands: Array2[np.int64]
    #: What the squared spectrum of each bin of each band counts for, band after band.
    weights: Array1[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: The window, written in turn, and last the level that each channel is counted from, shape
    #: (n_window + 1, n_channels).
    ring: Array2[np.float64]
    #: Sums of each bin, group after group of channels: real then imaginary parts, in each the
    #: running ones and those that began with this period, shape (n_groups * n_bins * 4 * LANES,).
    sums: Array1[np.float64]
    #: Samples that wait: the change against one window ago and the level, side by side, shape
    #: (n_groups * 2 * PASS * LANES,).
    work: Array1[np.float64]
    #: Twiddle factors of the moment, shape (n_bins, 2).
    twiddles: Array2[np.float64]
    #: Power of one band, shape (n_groups * LANES,).
    power: Array1[np.float64]
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: the power of every band, channel by channel.
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
    counters = state.counters
    n_window = state.twiddle_table.shape[1] // 2
    hop_samples = counters.hop_samples
    position = counters.position
    since_hop = counters.since_hop
    n_waiting = counters.n_waiting
    for row in range(samples_uv.shape[0]):
        if taint[row, state.columns[0]] & RESTART:
            state.n_clean[:] = 0
            state.sums[:] = 0.0
            position = since_hop = n_waiting = 0
        _load(samples_uv[row], taint[row], n_waiting, position, state)
        position += 1
        since_hop += 1
        n_waiting += 1
        if n_waiting == PASS or since_hop == hop_samples or position == n_window:
            _add_waiting(n_waiting, 2 * (position - n_waiting), state)
            n_waiting = 0
        if position == n_window:
            _renew(state.sums)
            position = 0
        if since_hop == hop_samples:
            _write(
                add_hop(state.hops, first_sample + row, time_s[row]), taint[row], position, state
            )
            since_hop = 0
    counters.position = position
    counters.since_hop = since_hop
    counters.n_waiting = n_waiting


@kernel
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    n_waiting: int,
    position: int,
    state: State,
) -> None:
    """Put a sample's change against one window ago, and its level in this period, to work.

    The level is counted from the period's first sample, and a constant has no part in any bin
    but the one at 0 Hz, so an offset of the whole window costs no precision.
    """
    n_clean, ring, work = state.n_clean, state.ring, state.work
    last = ring.shape[0] - 1
    for channel in range(state.columns.size):
        column = state.columns[channel]
        value = sample_uv[column]
        n_clean[channel] += 1
        if taint[column] & SPOILS_WINDOW:
            n_clean[channel] = 0
        if not abs(value) <= LIMIT_UV:
            n_clean[channel] = 0
            value = ring[last, channel] if position > 0 else 0.0
        if position == 0:
            ring[last, channel] = value
        lane = (channel // LANES) * _GROUP + n_waiting * _BOTH + channel % LANES
        work[lane] = value - ring[position, channel]
        work[lane + _LEVEL] = value - ring[last, channel]
        ring[position, channel] = value


@kernel
def _add_waiting(n_waiting: int, first: int, state: State) -> None:
    """Add the samples that wait to the sums, the first of them at this half sample."""
    if n_waiting > _FEW:
        _fill(state.work, n_waiting)
        _look_up(state.twiddle_table, state.bins, first + PASS - 1, state.twiddles)
        _add_pass(state.work, state.pass_table, state.twiddles, state.sums)
    else:
        for row in range(n_waiting):
            _look_up(state.twiddle_table, state.bins, first + 2 * row, state.twiddles)
            _add_one(state.work, state.twiddles, state.sums, row)


@kernel
def _look_up(
    table: NDArray[np.float64],
    bins: NDArray[np.int64],
    half_sample: int,
    twiddles: NDArray[np.float64],
) -> None:
    """Look the twiddle factors of a moment up, by index, so that no rotation error grows.

    The moment is counted from the period's first sample in half samples. Bin 0 gets none: the
    mean of the window has no part in the estimate.
    """
    n_steps = table.shape[1]
    for number in range(twiddles.shape[0]):
        k = bins[number]
        if k != 0:
            step = (k * half_sample) % n_steps
            twiddles[number, 0] = table[0, step]
            twiddles[number, 1] = table[1, step]


@kernel
def _fill(work: NDArray[np.float64], n_waiting: int) -> None:
    """Let a pass that is not whole end in zeros."""
    for group in range(work.size // _GROUP):
        for lane in range(n_waiting * _BOTH, PASS * _BOTH):
            work[group * _GROUP + lane] = 0.0


@kernel
def _add_pass(
    work: NDArray[np.float64],
    pass_table: NDArray[np.float64],
    twiddles: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add `PASS` samples to every sum.

    Seen from their middle, cosines are even and sines odd, so sums and differences of mirrored
    samples take half the products; the result is then rotated to where the middle is.
    """
    n_bins = twiddles.shape[0]
    width = work.size // (work.size // _GROUP) // PASS  # unknown to the compiler, as below
    for group in range(work.size // _GROUP):
        w = group * _GROUP
        for row in range(_HALF):
            early = w + row * _BOTH
            late = w + (PASS - 1 - row) * _BOTH
            for lane in range(_BOTH):
                total = work[late + lane] + work[early + lane]
                work[late + lane] -= work[early + lane]
                work[early + lane] = total
        for number in range(n_bins):
            at = (group * n_bins + number) * _BIN
            c = twiddles[number, 0]
            s = twiddles[number, 1]
            c0, c1, c2 = pass_table[number, 0], pass_table[number, 1], pass_table[number, 2]
            c3, c4 = pass_table[number, 3], pass_table[number, 4]
            s0, s1, s2 = pass_table[number, 5], pass_table[number, 6], pass_table[number, 7]
            s3, s4 = pass_table[number, 8], pass_table[number, 9]
            for lane in range(width):
                even = work[w + lane] * c0
                even = fused(work[w + _BOTH + lane], c1, even)
                even = fused(work[w + 2 * _BOTH + lane], c2, even)
                even = fused(work[w + 3 * _BOTH + lane], c3, even)
                even = fused(work[w + 4 * _BOTH + lane], c4, even)
                odd = work[w + 9 * _BOTH + lane] * s0
                odd = fused(work[w + 8 * _BOTH + lane], s1, odd)
                odd = fused(work[w + 7 * _BOTH + lane], s2, odd)
                odd = fused(work[w + 6 * _BOTH + lane], s3, odd)
                odd = fused(work[w + 5 * _BOTH + lane], s4, odd)
                sums[at + lane] = fused(even, c, fused(odd, s, sums[at + lane]))
                at_im = at + _IMAGINARY + lane
                sums[at_im] = fused(even, s, fused(odd, -c, sums[at_im]))


@kernel
def _add_one(
    work: NDArray[np.float64], twiddles: NDArray[np.float64], sums: NDArray[np.float64], row: int
) -> None:
    """Add one sample to every sum."""
    n_bins = twiddles.shape[0]
    for group in range(work.size // _GROUP):
        w = group * _GROUP + row * _BOTH
        for number in range(n_bins):
            at = (group * n_bins + number) * _BIN
            c = twiddles[number, 0]
            s = twiddles[number, 1]
            for lane in range(_BOTH):
                sums[at + lane] += work[w + lane] * c
                sums[at + _IMAGINARY + lane] += work[w + lane] * s


@kernel
def _renew(sums: NDArray[np.float64]) -> None:
    """Put the sums that began with this window in the place of the running ones."""
    for at in range(0, sums.size, _BOTH):
        for lane in range(LANES):
            sums[at + lane] = sums[at + _LEVEL + lane]
            sums[at + _LEVEL + lane] = 0.0


@kernel
def _write(hop: int, taint: NDArray[np.uint16], position: int, state: State) -> None:
    """Write the power of every band, channel by channel."""
    n_window = state.twiddle_table.shape[1] // 2
    n_bands = state.bands.shape[0]
    for band in range(n_bands):
        _sum_band(band, position, state)
        for channel in range(state.columns.size):
            value = state.power[channel]
            is_valid = state.n_clean[channel] >= n_window
            is_valid = is_valid and not taint[state.columns[channel]] & SPOILS_NEWEST
            is_valid = is_valid and np.isfinite(value)
            write_value(state.hops, hop, channel * n_bands + band, value, is_valid)


@kernel
def _sum_band(band: int, position: int, state: State) -> None:
    """Sum the squared spectrum of the Hann-weighted window over a band, in power units.

    A Hann window is half of each bin minus a quarter of its two neighbours, rotated to where the
    window begins. Bin 0 is left out of that: the mean is removed before the window is applied.
    """
    power, sums, weights = state.power, state.sums, state.weights
    first, after, first_weight = state.bands[band]
    n_bins = state.bins.size
    half_c = 0.5 * state.twiddle_table[0, 2 * position]
    half_s = -0.5 * state.twiddle_table[1, 2 * position]
    for lane in range(power.size):
        power[lane] = 0.0
    n_groups = power.size // LANES
    width = power.size // n_groups  # a length the compiler does not know, so it makes vectors
    for group in range(n_groups):
        p = group * LANES
        kept = sums[(group * n_bins + first - 1) * _BIN :]
        for number in range(after - first):
            weight = weights[first_weight + number]
            below = number * _BIN
            at = below + _BIN
            above = at + _BIN
            for lane in range(width):
                sum_re = kept[below + lane] + kept[above + lane]
                sum_im = kept[below + _IMAGINARY + lane] + kept[above + _IMAGINARY + lane]
                change_re = kept[below + lane] - kept[above + lane]
                change_im = kept[below + _IMAGINARY + lane] - kept[above + _IMAGINARY + lane]
                re = kept[at + lane] - (half_c * sum_re + half_s * change_im)
                im = kept[at + _IMAGINARY + lane] - (half_c * sum_im - half_s * change_re)
                power[p + lane] += weight * (re * re + im * im)
