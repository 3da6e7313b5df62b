"""Sliding Hann periodogram of bands: modulated partial transforms, renewed every window."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.fused import fused
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Channels are worked on in groups of so many. The change of a sample against one window ago and
#: its level take the same twiddles, so the two stand side by side: the inner loops are of fixed
#: length, twice this, and become vector instructions without a remainder.
LANES: Final = 8
#: Samples that are added in one pass over the sums. Their places depend on the sample's index
#: only, so a group waits until it is whole, whatever chunks it comes in.
PASS: Final = 10

#: Places in the `state` array: samples since the period began (a restart, or a window after the
#: one before), since the last estimate, and those that wait in `work`; then, of each channel, the
#: good samples in a row.
POSITION: Final = 0
SINCE_HOP: Final = 1
N_WAITING: Final = 2
CLEAN: Final = 3

#: So few samples are added one by one.
_FEW: Final = 2
_HALF: Final = PASS // 2
_BOTH: Final = 2 * LANES
_LEVEL: Final = LANES
_IMAGINARY: Final = _BOTH
_BIN: Final = 2 * _BOTH
_GROUP: Final = PASS * _BOTH


@kernel
def slide(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    turns: NDArray[np.float64],
    offsets: NDArray[np.float64],
    bins: NDArray[np.int64],
    places: NDArray[np.int64],
    weights: NDArray[np.float64],
    hop: int,
    state: NDArray[np.int64],
    ring: NDArray[np.float64],
    sums: NDArray[np.float64],
    work: NDArray[np.float64],
    twiddles: NDArray[np.float64],
    power: NDArray[np.float64],
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
    turns : ndarray of float64, shape (2, 2 * n_window)
        Cosine and minus sine of one turn in twice n_window steps.
    offsets : ndarray of float64, shape (n_bins, PASS)
        Cosines, then sines, of the angles from the middle of a pass to its samples.
    bins : ndarray of int64, shape (n_bins,)
        Bins kept, in order: those of the bands and their neighbours, so also -1 where a band
        begins at 0 Hz.
    places : ndarray of int64, shape (n_bands, 3)
        Where in `bins` each band begins and ends, and where in `weights` it begins.
    weights : ndarray of float64
        What the squared spectrum of each bin of each band counts for, band after band.
    hop : int
        Samples from one estimate to the next.
    state, ring, sums, work, twiddles, power
        What is kept between calls: see `detectors.power_periodogram`.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_window = turns.shape[1] // 2
    clean = state[CLEAN:]
    n_hops = 0
    position = state[POSITION]
    since_hop = state[SINCE_HOP]
    n_waiting = state[N_WAITING]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            clean[:] = 0
            sums[:] = 0.0
            position = since_hop = n_waiting = 0
        _load(samples_uv[row], taint[row], columns, n_waiting, position, clean, ring, work)
        position += 1
        since_hop += 1
        n_waiting += 1
        if n_waiting == PASS or since_hop == hop or position == n_window:
            first = 2 * (position - n_waiting)
            if n_waiting > _FEW:
                _fill(work, n_waiting)
                _turn(turns, bins, first + PASS - 1, twiddles)
                _add_pass(work, offsets, twiddles, sums)
            else:
                for place in range(n_waiting):
                    _turn(turns, bins, first + 2 * place, twiddles)
                    _add_one(work, twiddles, sums, place)
            n_waiting = 0
        if position == n_window:
            _renew(sums)
            position = 0
        if since_hop == hop:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            _emit(
                turns,
                bins,
                places,
                weights,
                position,
                sums,
                power,
                taint[row],
                columns,
                clean,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
            since_hop = 0
    state[POSITION] = position
    state[SINCE_HOP] = since_hop
    state[N_WAITING] = n_waiting
    return n_hops


@kernel
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    row: int,
    position: int,
    clean: NDArray[np.int64],
    ring: NDArray[np.float64],
    work: NDArray[np.float64],
) -> None:
    """Put a sample's change against one window ago, and its level in this period, to work.

    The level is counted from the period's first sample, and a constant has no part in any bin
    but the one at 0 Hz, so an offset of the whole window costs no precision.
    """
    last = ring.shape[0] - 1
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        clean[channel] += 1
        if taint[column] & SPOILS_WINDOW:
            clean[channel] = 0
        if not abs(value) <= LIMIT_UV:
            clean[channel] = 0
            value = ring[last, channel] if position > 0 else 0.0
        if position == 0:
            ring[last, channel] = value
        lane = (channel // LANES) * _GROUP + row * _BOTH + channel % LANES
        work[lane] = value - ring[position, channel]
        work[lane + _LEVEL] = value - ring[last, channel]
        ring[position, channel] = value


@kernel
def _turn(
    turns: NDArray[np.float64], bins: NDArray[np.int64], twice: int, twiddles: NDArray[np.float64]
) -> None:
    """Look the twiddles of a moment up, by index, so that no rotation error grows.

    The moment is counted from the period's first sample in half samples. Bin 0 gets none: the
    mean of the window has no part in the estimate.
    """
    n_steps = turns.shape[1]
    for place in range(twiddles.shape[0]):
        k = bins[place]
        if k != 0:
            step = (k * twice) % n_steps
            twiddles[place, 0] = turns[0, step]
            twiddles[place, 1] = turns[1, step]


@kernel
def _fill(work: NDArray[np.float64], n_waiting: int) -> None:
    """Let a pass that is not whole end in zeros."""
    for group in range(work.size // _GROUP):
        for place in range(n_waiting * _BOTH, PASS * _BOTH):
            work[group * _GROUP + place] = 0.0


@kernel
def _add_pass(
    work: NDArray[np.float64],
    offsets: NDArray[np.float64],
    twiddles: NDArray[np.float64],
    sums: NDArray[np.float64],
) -> None:
    """Add `PASS` samples to every sum.

    Seen from their middle, cosines are even and sines odd, so sums and differences of mirrored
    samples take half the products; the result is then turned to where the middle is.
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
        for place in range(n_bins):
            at = (group * n_bins + place) * _BIN
            c = twiddles[place, 0]
            s = twiddles[place, 1]
            c0, c1, c2 = offsets[place, 0], offsets[place, 1], offsets[place, 2]
            c3, c4 = offsets[place, 3], offsets[place, 4]
            s0, s1, s2 = offsets[place, 5], offsets[place, 6], offsets[place, 7]
            s3, s4 = offsets[place, 8], offsets[place, 9]
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
        for place in range(n_bins):
            at = (group * n_bins + place) * _BIN
            c = twiddles[place, 0]
            s = twiddles[place, 1]
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
def _emit(
    turns: NDArray[np.float64],
    bins: NDArray[np.int64],
    places: NDArray[np.int64],
    weights: NDArray[np.float64],
    position: int,
    sums: NDArray[np.float64],
    power: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    clean: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the power of every band, channel by channel."""
    n_window = turns.shape[1] // 2
    n_bands = places.shape[0]
    for band in range(n_bands):
        _sum_band(turns, bins.size, places[band], weights, position, sums, power)
        for channel in range(columns.size):
            value = power[channel]
            is_valid = clean[channel] >= n_window
            is_valid = is_valid and not taint[columns[channel]] & SPOILS_NEWEST
            is_valid = is_valid and np.isfinite(value)
            out_valid[channel * n_bands + band] = is_valid
            out_values[channel * n_bands + band] = value if is_valid else 0.0


@kernel
def _sum_band(
    turns: NDArray[np.float64],
    n_bins: int,
    places: NDArray[np.int64],
    weights: NDArray[np.float64],
    position: int,
    sums: NDArray[np.float64],
    power: NDArray[np.float64],
) -> None:
    """Sum the squared spectrum of the Hann-weighted window over a band, in power units.

    A Hann window is half of each bin minus a quarter of its two neighbours, turned to where the
    window begins. Bin 0 is left out of that: the mean is removed before the window is applied.
    """
    half_c = 0.5 * turns[0, 2 * position]
    half_s = -0.5 * turns[1, 2 * position]
    for lane in range(power.size):
        power[lane] = 0.0
    first = places[0]
    n_groups = power.size // LANES
    width = power.size // n_groups  # a length the compiler does not know, so it makes vectors
    for group in range(n_groups):
        p = group * LANES
        kept = sums[(group * n_bins + first - 1) * _BIN :]
        for place in range(places[1] - first):
            weight = weights[places[2] + place]
            below = place * _BIN
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
