"""The measures of every pair at one hop of coherence, tile by tile."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.measures_kernel import (
    COHERENCE,
    IMAGINARY,
    PHASE_LAG,
    PHASE_LOCKING,
    average_coherence,
    average_coherence_of_segments,
    average_lag,
    average_lag_of_segments,
    average_locking,
    invert,
    lower_bound,
)
from detectors.coherence.products_kernel import LANES
from detectors.coherence.state import State
from detectors.coherence.sums_kernel import slot_of, tile_sums
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.trust import is_usable

#: Columns of a pair, behind those of coherence and imaginary part, and before what is asked for.
NULL: Final = 2
LOWER_BOUND: Final = 3
N_ALWAYS: Final = 4


@kernel(inline=False)
def write_pairs(taint: NDArray[np.uint16], hop: int, addresses: NDArray[np.int64]) -> None:
    """Write the columns of every pair whose channels are clean and alive."""
    state = opened(State, addresses)
    lengths, total = state.lengths, state.total
    newest = state.counters.n_segments - 1
    window_sums = state.window_sums[newest % lengths.n_phases % len(state.window_sums)]
    if state.direct_slots.size > 0:
        state.direct_slots[:] = np.uint64(len(state.spectra) - 1)
        total[:] = 0.0
        for back in range(lengths.n_segments):
            slot = slot_of(newest - back * lengths.n_phases, state)
            state.direct_slots[back] = slot
            total += state.power[slot]
    else:
        total[:] = window_sums[total.size : 2 * total.size].reshape(total.shape)
    invert(state)
    _leave_out_spoilt(taint, state)
    values = state.hops.values[hop].reshape(-1, N_ALWAYS + state.extras.size)
    valid = state.hops.valid[hop].reshape(values.shape)
    sums = tile_sums(window_sums, state)
    _write_coherence(sums, state, values, valid)
    if state.extras.size > 0:
        _write_extras(sums, state, values, valid)


@kernel
def _leave_out_spoilt(taint: NDArray[np.uint16], state: State) -> None:
    """Let no channel be alive that has a spoilt sample in its window."""
    alive, columns = state.alive, state.columns
    n_samples, span = state.counters.n_samples, state.lengths.span
    n_channels = columns.size
    for channel in range(n_channels):
        n_clean = n_samples - state.spoilt_until[channel]
        is_clean = is_usable(n_clean, span, taint[columns[channel]])
        alive[channel] = alive[channel] and is_clean
    for lane in range(n_channels, alive.size):
        alive[lane] = alive[lane - n_channels]


@kernel
def _write_coherence(
    sums: NDArray[np.float64],
    state: State,
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write the columns that are always there, of pairs whose channels are alive.

    Parameters
    ----------
    sums : ndarray of float64, shape (n_tiles, n_rows, 2, n_bins, WIDTH)
        Sums over a window that is not summed directly.
    state : State
        What the measures are computed from.
    values, valid : ndarray, shape (n_pairs, n_columns)
        What is written; all is valid before, and what is not alive is made invalid.
    """
    alive, measures, slots = state.alive, state.measures, state.direct_slots
    inverse, weights, bounds = state.inverse, state.weights, state.bounds
    pairs, signs, null = state.pairs, state.signs, state.lengths.coherence_null
    for tile in range(len(state.tiles)):
        one, others = state.tiles[tile, 0], state.tiles[tile, 1]
        if slots.size > 0:
            average_coherence_of_segments(
                state.spectra, slots, one, others, inverse, weights, measures
            )
        else:
            average_coherence(sums, tile, one, others, inverse, weights, measures)
        for lane in range(LANES):
            pair = pairs[tile, lane]
            if pair < 0:
                continue
            if not (alive[one] and alive[others + lane]):
                valid[pair] = False
                continue
            coherence = min(measures[COHERENCE, lane], 1.0)
            values[pair, COHERENCE] = coherence
            values[pair, IMAGINARY] = measures[IMAGINARY, lane] * signs[tile, lane]
            values[pair, NULL] = null
            values[pair, LOWER_BOUND] = lower_bound(bounds, null, coherence)


@kernel
def _write_extras(
    sums: NDArray[np.float64],
    state: State,
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write the columns that are asked for, of pairs whose others are valid.

    Parameters
    ----------
    sums, state, values, valid
        See `_write_coherence`.
    """
    lengths, extras, slots = state.lengths, state.extras, state.direct_slots
    inverse, weights, measures = state.inverse, state.weights, state.measures
    is_direct = slots.size > 0 and extras.max() >= PHASE_LAG
    for tile in range(len(state.tiles)):
        one, others = state.tiles[tile, 0], state.tiles[tile, 1]
        if lengths.locking_row >= 0:
            average_locking(sums, tile, lengths.locking_row, weights, measures)
            measures[PHASE_LOCKING] /= lengths.n_segments
        if is_direct:
            average_lag_of_segments(state.spectra, slots, one, others, inverse, weights, measures)
        elif lengths.lag_row >= 0:
            average_lag(sums, tile, lengths.lag_row, one, others, inverse, weights, measures)
        for lane in range(LANES):
            pair = state.pairs[tile, lane]
            if pair >= 0 and valid[pair, COHERENCE]:
                for extra in range(extras.size):
                    values[pair, N_ALWAYS + extra] = measures[extras[extra], lane]
