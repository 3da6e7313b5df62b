"""Coherence of pairs: samples in, one row of measures out at every hop."""

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.pairs_kernel import write_pairs
from detectors.coherence.spectra_kernel import add_interval, write_phasors, write_spectrum
from detectors.coherence.state import State
from detectors.coherence.sums_kernel import slot_of, update_sums
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import LIMIT_UV, SPOILS_WINDOW, is_good, is_voltage


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    counters = state.counters
    counters.n_samples = counters.n_segments = counters.n_loaded = 0
    state.spoilt_until[:] = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    addresses: NDArray[np.int64],
) -> None:
    """Take one sample, and the interval that ends with it where there is one."""
    counters = state.counters
    _load(samples_uv, taint, row, state)
    counters.n_samples += 1
    counters.n_loaded += 1
    if counters.n_loaded == state.lengths.interval:
        counters.n_loaded = 0
        _take_interval(addresses)


@kernel
def _load(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], row: int, state: State
) -> None:
    """Put a sample into the block, the last good value in the place of what is no voltage.

    It is counted from the channel's first sample, behind the block's last row, since a constant
    has no part in any bin but the one at 0 Hz: so a steady offset costs no precision.
    """
    block, columns = state.block, state.columns
    n_interval = state.lengths.interval
    to = state.counters.n_loaded
    if state.counters.n_samples == 0:
        for channel in range(columns.size):
            value = samples_uv[row, columns[channel]]
            block[n_interval, channel] = value if is_voltage(value) else 0.0
            block[n_interval - 1, channel] = 0.0
    bits = 0
    for channel in range(columns.size):
        block[to, channel] = samples_uv[row, columns[channel]]
        bits |= taint[row, columns[channel]]
    n_none = 0
    for channel in range(columns.size):
        n_none += 0 if abs(block[to, channel]) <= LIMIT_UV else 1
        block[to, channel] -= block[n_interval, channel]
    if bits & SPOILS_WINDOW or n_none > 0:
        _spoil(samples_uv, taint, row, state)


@kernel
def _spoil(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], row: int, state: State
) -> None:
    """Note which channels this sample spoils, and put the last good value where it is none."""
    block, columns = state.block, state.columns
    to = state.counters.n_loaded
    before = to - 1 if to > 0 else state.lengths.interval - 1
    for channel in range(columns.size):
        value = samples_uv[row, columns[channel]]
        if not is_good(value, taint[row, columns[channel]]):
            state.spoilt_until[channel] = state.counters.n_samples + 1
        if not is_voltage(value):
            block[to, channel] = block[before, channel]


@kernel
def _write(hop: int, taint: NDArray[np.uint16], state: State, addresses: NDArray[np.int64]) -> None:
    """Write the measures of every pair, once a window is full."""
    is_full = state.counters.n_samples >= state.lengths.span
    state.hops.values[hop] = 0.0
    state.hops.valid[hop] = is_full
    if is_full:
        write_pairs(taint, hop, addresses)


@kernel(inline=False)
def _take_interval(addresses: NDArray[np.int64]) -> None:
    """Take an interval: the spectrum of the segment that ends with it, and its products."""
    state = opened(State, addresses)
    counters = state.counters
    add_interval(counters.n_samples // state.lengths.interval - 1, state)
    if counters.n_samples < state.lengths.segment:
        return
    slot = slot_of(counters.n_segments, state)
    write_spectrum(counters.n_samples // state.lengths.interval, slot, state)
    if state.lengths.locking_row >= 0:
        write_phasors(slot, state)
    if state.lengths.has_sums:
        update_sums(counters.n_segments, addresses)
    counters.n_segments += 1


update = sample_loop(State, _restart, _take, _write)
