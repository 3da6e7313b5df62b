"""Recursive band power: band-pass, square and mean, sample by sample."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Array2, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW
from detectors.power.band_pass_kernel import LANES, ROWS, TILE, average_squares, filter_tile

#: Stands in `began` where a channel waits for a good sample.
WAITS: Final = -1


class Counters(Record):
    """Where the kernel stands, and lengths that never change."""

    #: Samples since the restart.
    position: int
    #: Samples since the last estimate.
    since_hop: int
    #: Channels that wait for a good sample.
    n_waiting: int
    #: Rows of `ring` written since it was last summed up.
    n_in_ring: int
    #: Samples from one estimate to the next.
    hop_samples: int
    #: Good samples in a row that make an estimate valid.
    span_samples: int
    #: Hops of the running mean, 0 where it is exponential.
    mean_hops: int
    #: The first column, where the columns stand side by side, or -1.
    first_column: int


class State(NamedTuple):
    """What recursive power reads and keeps; the first six never change.

    Sums of all bands lie side by side: band after band, in each as many lanes as the groups of
    channels have, ``n_lanes = n_groups * LANES``.
    """

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: What a mean or sum is multiplied by to give the power, shape (n_bands,).
    scale: Array1[np.float64]
    #: What is kept of a mean or sum at a sample, shape (n_bands,).
    keep: Array1[np.float64]
    #: What a square weighs in it, shape (n_bands,).
    weight: Array1[np.float64]
    #: See `detectors.power.band_pass_kernel`, shape (n_bands, 2 * n_sections).
    sections: Array2[np.float64]
    #: Position of the first good sample in a row of each channel, or `WAITS`, shape (n_channels,).
    began: Array1[np.int64]
    #: The first good sample of each channel, from which all are counted, shape (n_lanes,).
    reference_uv: Array1[np.float64]
    #: The exponential mean, or the sum of this hop's squares, shape (n_bands * n_lanes,).
    newest: Array1[np.float64]
    #: The squares of the whole window, shape (n_bands * n_lanes,).
    window: Array1[np.float64]
    #: Those since the ring was last summed up, shape (n_bands * n_lanes,).
    since_summed: Array1[np.float64]
    #: The squares of each hop of the window, of those before the ring was last summed up from
    #: there to its end, shape (mean_hops, n_bands * n_lanes).
    ring: Array2[np.float64]
    #: What the sections keep, shape (n_bands, n_groups * n_sections * MEMORY).
    memory: Array2[np.float64]
    #: A tile as it came, and another to filter where a band is still to come, shape
    #: (2, n_groups * TILE).
    tiles: Array2[np.float64]
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
    row = 0
    while row < time_s.size:
        if taint[row, state.columns[0]] & RESTART:
            _restart(state)
        stop = min(row + ROWS, row + counters.hop_samples - counters.since_hop, time_s.size)
        n_rows = _load(samples_uv[row:stop], taint[row:stop], state)
        _average(n_rows, state)
        row += n_rows
        counters.position += n_rows
        counters.since_hop += n_rows
        if counters.since_hop == counters.hop_samples:
            if counters.mean_hops > 0:
                _add_to_window(state)
            _write(
                add_hop(state.hops, first_sample + row - 1, time_s[row - 1]), taint[row - 1], state
            )
            counters.since_hop = 0


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    counters = state.counters
    counters.position = counters.since_hop = counters.n_in_ring = 0
    counters.n_waiting = state.began.size
    state.began[:] = WAITS
    state.reference_uv[:] = 0.0
    state.newest[:] = 0.0
    state.window[:] = 0.0
    state.since_summed[:] = 0.0
    state.ring[:] = 0.0
    state.memory[:] = 0.0


@kernel
def _load(samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> int:
    """Put rows into the tile, up to one that needs those before it filtered; return how many.

    That is a restart, or a bad sample on a channel that has a past.
    """
    first = state.counters.first_column
    if first >= 0 and state.counters.n_waiting == 0:
        after = first + state.columns.size
        n_good: int = _n_good(samples_uv[:, first:after], taint[:, first:after])
        if n_good > 0:
            _take(samples_uv[:n_good, first:after], state.reference_uv, state.tiles[0])
            return n_good
    for row in range(len(samples_uv)):
        if row > 0 and (
            taint[row, state.columns[0]] & RESTART
            or _ends_a_past(samples_uv[row], taint[row], state)
        ):
            return row
        _take_one_by_one(row, samples_uv[row], taint[row], state)
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
    """Put rows into the tile in which all samples are good."""
    n_channels = samples_uv.shape[1]
    whole = n_channels // LANES * LANES
    for row in range(samples_uv.shape[0]):
        sample_uv = samples_uv[row]
        for first in range(0, whole, LANES):
            at = first * ROWS + row * LANES
            for lane in range(LANES):
                tile[at + lane] = sample_uv[first + lane] - reference_uv[first + lane]
        at = whole * ROWS + row * LANES
        for lane in range(n_channels - whole):
            tile[at + lane] = sample_uv[whole + lane] - reference_uv[whole + lane]


@kernel
def _is_bad(value_uv: float, taint: int) -> bool:
    return bool(taint & SPOILS_WINDOW) or not abs(value_uv) <= LIMIT_UV


@kernel
def _ends_a_past(sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> bool:
    """Whether a channel that has a past has a bad sample."""
    for channel in range(state.columns.size):
        column = state.columns[channel]
        if state.began[channel] != WAITS and _is_bad(sample_uv[column], taint[column]):
            return True
    return False


@kernel
def _take_one_by_one(
    row: int, sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State
) -> None:
    """Count samples from the first good one; whatever is bad ends the past of its channel."""
    counters = state.counters
    for channel in range(state.columns.size):
        column = state.columns[channel]
        value = sample_uv[column]
        if _is_bad(value, taint[column]):
            if state.began[channel] != WAITS:
                _forget(channel, state)
                state.began[channel] = WAITS
                counters.n_waiting += 1
            value = 0.0
        elif state.began[channel] == WAITS:
            state.began[channel] = counters.position + row
            counters.n_waiting -= 1
            state.reference_uv[channel] = value
        at = channel // LANES * TILE + row * LANES + channel % LANES
        state.tiles[0, at] = value - state.reference_uv[channel]


@kernel
def _forget(channel: int, state: State) -> None:
    """End the past of a channel."""
    n_bands, n_memory = state.memory.shape
    n_lanes = state.reference_uv.size
    n_rows = n_memory // n_lanes
    first = channel // LANES * n_rows * LANES + channel % LANES
    state.reference_uv[channel] = 0.0
    for band in range(n_bands):
        lane = band * n_lanes + channel
        state.newest[lane] = state.window[lane] = state.since_summed[lane] = 0.0
        state.ring[:, lane] = 0.0
        for row in range(n_rows):
            state.memory[band, first + row * LANES] = 0.0


@kernel
def _average(n_rows: int, state: State) -> None:
    """Filter the tile for every band, and take the squares into its means or sums."""
    n_bands = state.scale.size
    n_lanes = state.reference_uv.size
    for band in range(n_bands):
        tile = state.tiles[0]
        if band + 1 < n_bands:
            tile = state.tiles[1]
            tile[:] = state.tiles[0]
        filter_tile(n_rows, state.sections[band], state.memory[band], tile)
        mean = state.newest[band * n_lanes : (band + 1) * n_lanes]
        average_squares(n_rows, state.keep[band], state.weight[band], tile, mean)


@kernel
def _add_to_window(state: State) -> None:
    """Take the squares of a hop into those of the window.

    The ring is summed up every `mean_hops` hops: each of its rows then holds the sum from there to
    its end, and what comes after is summed as it comes. So a window is always one sum and
    another, nothing is ever taken away, and nothing drifts.
    """
    newest, window, since_summed, ring = state.newest, state.window, state.since_summed, state.ring
    row = state.counters.n_in_ring
    for lane in range(newest.size):
        since_summed[lane] += newest[lane]
        window[lane] = since_summed[lane]
    if row + 1 < len(ring):
        for lane in range(newest.size):
            window[lane] += ring[row + 1, lane]
    for lane in range(newest.size):
        ring[row, lane] = newest[lane]
        newest[lane] = 0.0
    state.counters.n_in_ring = row + 1
    if row + 1 == len(ring):
        for earlier in range(len(ring) - 2, -1, -1):
            for lane in range(newest.size):
                ring[earlier, lane] += ring[earlier + 1, lane]
        since_summed[:] = 0.0
        state.counters.n_in_ring = 0


@kernel
def _write(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the power of every band, channel by channel."""
    counters = state.counters
    n_bands = state.scale.size
    n_lanes = state.reference_uv.size
    mean = state.newest if counters.mean_hops == 0 else state.window
    for channel in range(state.columns.size):
        began = state.began[channel]
        is_settled = began != WAITS and counters.position - began >= counters.span_samples
        is_settled = is_settled and not taint[state.columns[channel]] & SPOILS_NEWEST
        for band in range(n_bands):
            value = state.scale[band] * mean[band * n_lanes + channel]
            is_valid = is_settled and np.isfinite(value)
            write_value(state.hops, hop, channel * n_bands + band, value, is_valid)
