"""Recursive band power: band-pass, square and mean, sample by sample."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.band_pass import LANES, ROWS, TILE, filter_tile, fold_squares
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Places in the `state` array: samples since the restart, since the last estimate, channels that
#: wait for a good sample, hops in the ring since it was last turned over; then, of each channel,
#: the position of the first good sample in a row, or `WAITS`.
POSITION: Final = 0
SINCE_HOP: Final = 1
N_WAITING: Final = 2
IN_RING: Final = 3
BEGAN: Final = 4
WAITS: Final = -1

#: Places in the `lengths` array: samples of a hop; good samples that make an estimate valid; hops
#: of the running mean, 0 where it is exponential; the first column, where the columns stand side
#: by side, or -1.
HOP: Final = 0
SPAN: Final = 1
MEAN_HOPS: Final = 2
FIRST_COLUMN: Final = 3
N_LENGTHS: Final = 4

#: Columns of the `settings` array, a row a band: what a mean or sum is multiplied by to give the
#: power, what is kept of it at a sample, what a square weighs in it; then the sections.
SCALE: Final = 0
KEEP: Final = 1
WEIGHT: Final = 2
SECTIONS: Final = 3

#: Rows of the `fold` array, each with one place a band and channel: the first good sample, from
#: which all are counted (of the first band only); the exponential mean, or the squares of this
#: hop; those of the whole window; those since the ring was turned over. Then the ring.
REFERENCE: Final = 0
NOW: Final = 1
WINDOW: Final = 2
TURNED: Final = 3
RING: Final = 4


@kernel
def smooth(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    lengths: NDArray[np.int64],
    settings: NDArray[np.float64],
    state: NDArray[np.int64],
    fold: NDArray[np.float64],
    memory: NDArray[np.float64],
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
    lengths : ndarray of int64, shape (N_LENGTHS,)
        See the places above.
    settings : ndarray of float64, shape (n_bands, SECTIONS + 2 * n_sections)
        See the columns above, and `detectors.kernels.band_pass`.
    state : ndarray of int64, shape (BEGAN + n_channels,)
        See the places above.
    fold : ndarray of float64, shape (n_rows, n_bands * n_groups * LANES)
        See the rows above.
    memory : ndarray of float64, shape (n_bands, n_groups * n_sections * MEMORY)
        What the sections keep.
    work : ndarray of float64, shape (2, n_groups * TILE)
        A tile as it came, and another to filter where a band is still to come.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    hop = lengths[HOP]
    n_bands = settings.shape[0]
    n_lanes = fold.shape[1] // n_bands
    n_hops = 0
    row = 0
    while row < time_s.size:
        if taint[row, columns[0]] & RESTART:
            begin(state, fold, memory)
        stop = min(row + ROWS, row + hop - state[SINCE_HOP], time_s.size)
        n_rows = _load(
            samples_uv[row:stop], taint[row:stop], columns, lengths, state, fold, memory, work[0]
        )
        for band in range(n_bands):
            tile = work[0]
            if band + 1 < n_bands:
                tile = work[1]
                tile[:] = work[0]
            filter_tile(n_rows, settings[band, SECTIONS:], memory[band], tile)
            mean = fold[NOW, band * n_lanes : (band + 1) * n_lanes]
            fold_squares(n_rows, settings[band, KEEP], settings[band, WEIGHT], tile, mean)
        row += n_rows
        state[POSITION] += n_rows
        state[SINCE_HOP] += n_rows
        if state[SINCE_HOP] == hop:
            if lengths[MEAN_HOPS] > 0:
                _turn(lengths[MEAN_HOPS], state, fold)
            out_sample[n_hops] = first_sample + row - 1
            out_time_s[n_hops] = time_s[row - 1]
            _emit(
                taint[row - 1],
                columns,
                lengths,
                settings,
                state,
                fold,
                out_values[n_hops],
                out_valid[n_hops],
            )
            n_hops += 1
            state[SINCE_HOP] = 0
    return n_hops


@kernel
def begin(state: NDArray[np.int64], fold: NDArray[np.float64], memory: NDArray[np.float64]) -> None:
    """Forget everything, of all channels."""
    state[:BEGAN] = 0
    state[BEGAN:] = WAITS
    state[N_WAITING] = state.size - BEGAN
    fold[:] = 0.0
    memory[:] = 0.0


@kernel
def _load(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    lengths: NDArray[np.int64],
    state: NDArray[np.int64],
    fold: NDArray[np.float64],
    memory: NDArray[np.float64],
    tile: NDArray[np.float64],
) -> int:
    """Put rows into the tile, up to one that needs those before it filtered; return how many.

    That is a restart, or a bad sample on a channel that has a past.
    """
    first = lengths[FIRST_COLUMN]
    if first >= 0 and state[N_WAITING] == 0:
        last = first + columns.size
        n_good: int = _n_good(samples_uv[:, first:last], taint[:, first:last])
        if n_good > 0:
            _take(samples_uv[:n_good, first:last], fold[REFERENCE], tile)
            return n_good
    for row in range(len(samples_uv)):
        if row > 0 and (
            taint[row, columns[0]] & RESTART
            or _ends_a_past(samples_uv[row], taint[row], columns, state)
        ):
            return row
        _take_one_by_one(row, samples_uv[row], taint[row], columns, state, fold, memory, tile)
    return len(samples_uv)


@kernel
def _n_good(samples_uv: NDArray[np.float64], taint: NDArray[np.uint16]) -> int:
    """Return how many rows come before one that restarts or is bad on any channel."""
    for row in range(samples_uv.shape[0]):
        bits = 0
        n_bad = 0
        for channel in range(samples_uv.shape[1]):
            bits |= taint[row, channel]
            n_bad += not abs(samples_uv[row, channel]) <= LIMIT_UV
        if n_bad or bits & (SPOILS_WINDOW | RESTART):
            return row
    return len(samples_uv)


@kernel
def _take(
    samples_uv: NDArray[np.float64], reference_uv: NDArray[np.float64], tile: NDArray[np.float64]
) -> None:
    """Count good samples from the first ones."""
    n_channels = samples_uv.shape[1]
    whole = n_channels // LANES * LANES
    for row in range(samples_uv.shape[0]):
        given = samples_uv[row]
        for first in range(0, whole, LANES):
            at = first * ROWS + row * LANES
            for lane in range(LANES):
                tile[at + lane] = given[first + lane] - reference_uv[first + lane]
        at = whole * ROWS + row * LANES
        for lane in range(n_channels - whole):
            tile[at + lane] = given[whole + lane] - reference_uv[whole + lane]


@kernel
def _is_bad(value_uv: float, taint: int) -> bool:
    return bool(taint & SPOILS_WINDOW) or not abs(value_uv) <= LIMIT_UV


@kernel
def _ends_a_past(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    state: NDArray[np.int64],
) -> bool:
    """Whether a channel that has a past has a bad sample."""
    for channel in range(columns.size):
        column = columns[channel]
        if state[BEGAN + channel] != WAITS and _is_bad(sample_uv[column], taint[column]):
            return True
    return False


@kernel
def _take_one_by_one(
    row: int,
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    state: NDArray[np.int64],
    fold: NDArray[np.float64],
    memory: NDArray[np.float64],
    tile: NDArray[np.float64],
) -> None:
    """Count samples from the first good one; whatever is bad ends the past of its channel."""
    for channel in range(columns.size):
        value = sample_uv[columns[channel]]
        if _is_bad(value, taint[columns[channel]]):
            if state[BEGAN + channel] != WAITS:
                _forget(channel, fold, memory)
                state[BEGAN + channel] = WAITS
                state[N_WAITING] += 1
            value = 0.0
        elif state[BEGAN + channel] == WAITS:
            state[BEGAN + channel] = state[POSITION] + row
            state[N_WAITING] -= 1
            fold[REFERENCE, channel] = value
        at = channel // LANES * TILE + row * LANES + channel % LANES
        tile[at] = value - fold[REFERENCE, channel]


@kernel
def _forget(channel: int, fold: NDArray[np.float64], memory: NDArray[np.float64]) -> None:
    """End the past of a channel."""
    n_lanes = fold.shape[1] // memory.shape[0]
    n_rows = memory.shape[1] // n_lanes
    first = channel // LANES * n_rows * LANES + channel % LANES
    for band in range(memory.shape[0]):
        fold[:, band * n_lanes + channel] = 0.0
        for row in range(n_rows):
            memory[band, first + row * LANES] = 0.0


@kernel
def _turn(n_ring: int, state: NDArray[np.int64], fold: NDArray[np.float64]) -> None:
    """Take the squares of a hop into those of the window.

    The ring is turned over every `n_ring` hops: each of its rows then holds the sum from there to
    its end, and what comes after is summed as it comes. So a window is always one sum and
    another, nothing is ever taken away, and nothing drifts.
    """
    place = state[IN_RING]
    for at in range(fold.shape[1]):
        fold[TURNED, at] += fold[NOW, at]
        fold[WINDOW, at] = fold[TURNED, at]
    if place + 1 < n_ring:
        for at in range(fold.shape[1]):
            fold[WINDOW, at] += fold[RING + place + 1, at]
    for at in range(fold.shape[1]):
        fold[RING + place, at] = fold[NOW, at]
        fold[NOW, at] = 0.0
    state[IN_RING] = place + 1
    if place + 1 == n_ring:
        for row in range(RING + n_ring - 2, RING - 1, -1):
            for at in range(fold.shape[1]):
                fold[row, at] += fold[row + 1, at]
        fold[TURNED] = 0.0
        state[IN_RING] = 0


@kernel
def _emit(
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    lengths: NDArray[np.int64],
    settings: NDArray[np.float64],
    state: NDArray[np.int64],
    fold: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the power of every band, channel by channel."""
    n_bands = settings.shape[0]
    n_lanes = fold.shape[1] // n_bands
    given = fold[NOW] if lengths[MEAN_HOPS] == 0 else fold[WINDOW]
    for channel in range(columns.size):
        began = state[BEGAN + channel]
        is_settled = began != WAITS and state[POSITION] - began >= lengths[SPAN]
        is_settled = is_settled and not taint[columns[channel]] & SPOILS_NEWEST
        for band in range(n_bands):
            value = settings[band, SCALE] * given[band * n_lanes + channel]
            is_valid = is_settled and np.isfinite(value)
            out_valid[channel * n_bands + band] = is_valid
            out_values[channel * n_bands + band] = value if is_valid else 0.0
