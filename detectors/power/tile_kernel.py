"""Samples put into a tile, as many at a time as the channels' pasts allow."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_WINDOW, is_good
from detectors.power.band_pass_kernel import LANES, ROWS, TILE
from detectors.power.recursive_state import WAITS, State


@kernel
def load_tile(samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> int:
    """Put rows into the tile, up to one that must not be filtered with them; return how many.

    That is a restart, or a bad sample on a channel that has a past.
    """
    first = state.counters.first_column
    if first >= 0 and state.counters.n_waiting == 0:
        after = first + state.columns.size
        n_good: int = _n_good(samples_uv[:, first:after], taint[:, first:after])
        if n_good > 0:
            _load_good(samples_uv[:n_good, first:after], state.reference_uv, state.tiles[0])
            return n_good
    for row in range(len(samples_uv)):
        if row > 0 and (
            taint[row, state.columns[0]] & RESTART
            or _ends_a_past(samples_uv[row], taint[row], state)
        ):
            return row
        _load_one_by_one(row, samples_uv[row], taint[row], state)
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
def _load_good(
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
def _ends_a_past(sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> bool:
    """Return whether a channel that has a past has a bad sample."""
    for channel in range(state.columns.size):
        column = state.columns[channel]
        if state.began[channel] != WAITS and not is_good(sample_uv[column], taint[column]):
            return True
    return False


@kernel
def _load_one_by_one(
    row: int, sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State
) -> None:
    """Count samples from the first good one; whatever is bad ends the past of its channel."""
    counters = state.counters
    for channel in range(state.columns.size):
        column = state.columns[channel]
        value = sample_uv[column]
        if not is_good(value, taint[column]):
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
        state.newest[lane] = state.window[lane] = state.group[lane] = 0.0
        state.ring[:, lane] = 0.0
        for row in range(n_rows):
            state.memory[band, first + row * LANES] = 0.0
