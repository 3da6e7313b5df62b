"""Recursive band power: band-pass, square and mean, sample by sample."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.hops import add_hop, write_value
from detectors.kernels.trust import RESTART, is_usable
from detectors.kernels.window_sums import add_part
from detectors.power.band_pass_kernel import ROWS, average_squares, filter_tile
from detectors.power.recursive_state import WAITS, State
from detectors.power.tile_kernel import load_tile


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
        n_rows = load_tile(samples_uv[row:stop], taint[row:stop], state)
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
    state.group[:] = 0.0
    state.ring[:] = 0.0
    state.memory[:] = 0.0


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
    """Take the squares of a hop into those of the window."""
    counters, newest, ring = state.counters, state.newest, state.ring
    for lane in range(newest.size):
        ring[counters.n_in_ring, lane] = newest[lane]
        newest[lane] = 0.0
    add_part(counters.n_in_ring, ring, state.group, state.window)
    counters.n_in_ring = (counters.n_in_ring + 1) % len(state.ring)


@kernel
def _write(hop: int, taint: NDArray[np.uint16], state: State) -> None:
    """Write the power of every band, channel by channel."""
    counters = state.counters
    n_bands = state.scale.size
    n_lanes = state.reference_uv.size
    mean = state.newest if counters.mean_hops == 0 else state.window
    for channel in range(state.columns.size):
        began = state.began[channel]
        n_good = 0 if began == WAITS else counters.position - began
        is_settled = is_usable(n_good, counters.span_samples, taint[state.columns[channel]])
        for band in range(n_bands):
            value = state.scale[band] * mean[band * n_lanes + channel]
            is_valid = is_settled and np.isfinite(value)
            write_value(state.hops, hop, channel * n_bands + band, value, is_valid)
