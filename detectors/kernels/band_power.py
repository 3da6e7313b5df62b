"""Sliding Hann periodogram of a band: modulated partial transforms, renewed every window."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, Taint

#: Channels are worked on in groups of so many. The change of a sample against one window ago and
#: its level take the same twiddles, so the two stand side by side: the inner loops are of fixed
#: length, twice this, and become vector instructions without a remainder.
LANES: Final = 8
#: Samples added in one pass over the accumulators, while these are in registers.
PASS: Final = 5
#: Beyond this a sample is no voltage; it counts as tainted and never reaches an accumulator.
_LIMIT_UV: Final = 1e12

#: Places in the `state` array.
POSITION: Final = 0
SINCE_RESTART: Final = 1
N_STATE: Final = 2

_RESTART: Final = int(Taint.RESTART)
_SPOILS_WINDOW: Final = int(WINDOW_TAINT)
_SPOILS_NEWEST: Final = int(NEWEST_TAINT)
_BOTH: Final = 2 * LANES
_LEVEL: Final = LANES
_IMAGINARY: Final = _BOTH
_BIN: Final = 2 * _BOTH
_GROUP: Final = PASS * _BOTH


@njit(cache=True, nogil=True, error_model="numpy")
def slide(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    turns: NDArray[np.float64],
    first_bin: int,
    hop: int,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
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
    turns : ndarray of float64, shape (2, n_window)
        Cosine and minus sine of one turn in n_window steps.
    first_bin : int
        Lowest bin kept: the one below the band, so -1 where the band begins at 0 Hz.
    hop : int
        Samples from one estimate to the next.
    state, clean, ring, sums, work, twiddles, power
        What is kept between calls: see `detectors.band_power`.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_window = turns.shape[1]
    n_samples = samples_uv.shape[0]
    n_hops = 0
    done = 0
    while done < n_samples:
        if taint[done, columns[0]] & _RESTART:
            _restart(state, clean, sums)
        position = state[POSITION]
        since = state[SINCE_RESTART]
        n_taken = min(PASS, n_samples - done, hop - since % hop, n_window - position)
        for row in range(1, n_taken):
            if taint[done + row, columns[0]] & _RESTART:
                n_taken = row
                break
        for row in range(n_taken):
            _load(
                samples_uv[done + row], taint[done + row], columns, row, position, clean, ring, work
            )
            position += 1
        _turn(turns, first_bin, state[POSITION], twiddles)
        if n_taken == PASS:
            _add_pass(work, twiddles, sums)
        else:
            for row in range(n_taken):
                _add_one(work, twiddles, sums, row)
        done += n_taken
        since += n_taken
        if position == n_window:
            _renew(sums)
            position = 0
        state[POSITION] = position
        state[SINCE_RESTART] = since
        if since % hop == 0:
            out_sample[n_hops] = first_sample + done - 1
            out_time_s[n_hops] = time_s[done - 1]
            _emit(
                turns,
                first_bin,
                position,
                sums,
                power,
                taint[done - 1],
                columns,
                clean,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
    return n_hops


@njit(cache=True, nogil=True, error_model="numpy")
def _restart(state: NDArray[np.int64], clean: NDArray[np.int64], sums: NDArray[np.float64]) -> None:
    state[POSITION] = 0
    state[SINCE_RESTART] = 0
    for channel in range(clean.size):
        clean[channel] = 0
    for place in range(sums.size):
        sums[place] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
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
        if taint[column] & _SPOILS_WINDOW:
            clean[channel] = 0
        if not abs(value) <= _LIMIT_UV:
            clean[channel] = 0
            value = ring[last, channel] if position > 0 else 0.0
        if position == 0:
            ring[last, channel] = value
        lane = (channel // LANES) * _GROUP + row * _BOTH + channel % LANES
        work[lane] = value - ring[position, channel]
        work[lane + _LEVEL] = value - ring[last, channel]
        ring[position, channel] = value


@njit(cache=True, nogil=True, error_model="numpy")
def _turn(
    turns: NDArray[np.float64], first_bin: int, position: int, twiddles: NDArray[np.float64]
) -> None:
    """Look up the twiddles of the next samples: by index, so that no rotation error grows."""
    n_window = turns.shape[1]
    for place in range(twiddles.shape[0]):
        k = first_bin + place
        turn = (k * position) % n_window
        step = k % n_window
        for row in range(PASS):
            if k != 0:
                twiddles[place, row] = turns[0, turn]
                twiddles[place, PASS + row] = turns[1, turn]
            turn += step
            if turn >= n_window:
                turn -= n_window


@njit(cache=True, nogil=True, error_model="numpy")
def _add_pass(
    work: NDArray[np.float64], twiddles: NDArray[np.float64], sums: NDArray[np.float64]
) -> None:
    """Add `PASS` samples, one after the other, to every sum."""
    n_bins = twiddles.shape[0]
    for group in range(work.size // _GROUP):
        w = group * _GROUP
        for place in range(n_bins):
            for part in range(2):
                at = (group * n_bins + place) * _BIN + part * _IMAGINARY
                c0 = twiddles[place, part * PASS]
                c1 = twiddles[place, part * PASS + 1]
                c2 = twiddles[place, part * PASS + 2]
                c3 = twiddles[place, part * PASS + 3]
                c4 = twiddles[place, part * PASS + 4]
                for lane in range(_BOTH):
                    total = sums[at + lane] + work[w + lane] * c0
                    total += work[w + _BOTH + lane] * c1
                    total += work[w + 2 * _BOTH + lane] * c2
                    total += work[w + 3 * _BOTH + lane] * c3
                    sums[at + lane] = total + work[w + 4 * _BOTH + lane] * c4


@njit(cache=True, nogil=True, error_model="numpy")
def _add_one(
    work: NDArray[np.float64], twiddles: NDArray[np.float64], sums: NDArray[np.float64], row: int
) -> None:
    """Add one sample to every sum: the same operations as `_add_pass`, so the same bits."""
    n_bins = twiddles.shape[0]
    for group in range(work.size // _GROUP):
        w = group * _GROUP + row * _BOTH
        for place in range(n_bins):
            at = (group * n_bins + place) * _BIN
            c = twiddles[place, row]
            s = twiddles[place, PASS + row]
            for lane in range(_BOTH):
                sums[at + lane] += work[w + lane] * c
                sums[at + _IMAGINARY + lane] += work[w + lane] * s


@njit(cache=True, nogil=True, error_model="numpy")
def _renew(sums: NDArray[np.float64]) -> None:
    """Put the sums that began with this window in the place of the running ones."""
    for at in range(0, sums.size, _BOTH):
        for lane in range(LANES):
            sums[at + lane] = sums[at + _LEVEL + lane]
            sums[at + _LEVEL + lane] = 0.0


@njit(cache=True, nogil=True, error_model="numpy")
def _emit(
    turns: NDArray[np.float64],
    first_bin: int,
    position: int,
    sums: NDArray[np.float64],
    power: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    clean: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Sum the squared spectrum of the Hann-weighted window over the band, in power units.

    A Hann window is half of each bin minus a quarter of its two neighbours, turned to where the
    window begins. Bin 0 is left out of that: the mean is removed before the window is applied.
    """
    n_window = turns.shape[1]
    n_bins = sums.size // (_BIN * (power.size // _BOTH))
    half_c = 0.5 * turns[0, position]
    half_s = -0.5 * turns[1, position]
    scale = 4.0 / (3.0 * n_window * n_window)
    for lane in range(power.size):
        power[lane] = 0.0
    for group in range(power.size // _BOTH):
        p = group * _BOTH
        for place in range(n_bins - 2):
            weight = scale if first_bin + place + 1 != 0 else 0.5 * scale
            below = (group * n_bins + place) * _BIN
            at = below + _BIN
            above = at + _BIN
            for lane in range(_BOTH):
                sum_re = sums[below + lane] + sums[above + lane]
                sum_im = sums[below + _IMAGINARY + lane] + sums[above + _IMAGINARY + lane]
                change_re = sums[below + lane] - sums[above + lane]
                change_im = sums[below + _IMAGINARY + lane] - sums[above + _IMAGINARY + lane]
                re = sums[at + lane] - (half_c * sum_re + half_s * change_im)
                im = sums[at + _IMAGINARY + lane] - (half_c * sum_im - half_s * change_re)
                power[p + lane] += weight * (re * re + im * im)
    for channel in range(columns.size):
        value = power[channel // LANES * _BOTH + channel % LANES]
        is_valid = clean[channel] >= n_window
        is_valid = is_valid and not taint[columns[channel]] & _SPOILS_NEWEST
        is_valid = is_valid and np.isfinite(value)
        out_valid[channel] = is_valid
        out_values[channel] = value if is_valid else 0.0
