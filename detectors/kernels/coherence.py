"""Coherence of pairs: samples in, one row of measures out at every hop."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.coherence_hop import emit
from detectors.kernels.coherence_places import (
    CUT,
    FIRST_BIN,
    FOUND,
    HAS_SUMS,
    HOP,
    INTERVAL,
    LOADED,
    LOCKING_ROW,
    N_PHASES,
    SAMPLES,
    SEGMENT,
    SPAN,
    SPOILT,
)
from detectors.kernels.coherence_spectra import advance, phases, spectrum
from detectors.kernels.coherence_sums import slide, slot_of
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_WINDOW


@kernel
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    turns: NDArray[np.float64],
    tables: NDArray[np.float64],
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    turned: NDArray[np.float64],
    extras: NDArray[np.int64],
    weights: NDArray[np.float64],
    bounds: NDArray[np.float64],
    level: float,
    state: NDArray[np.int64],
    block: NDArray[np.float64],
    folded: NDArray[np.float64],
    whole: NDArray[np.float64],
    late: NDArray[np.float64],
    part: NDArray[np.float64],
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    totals: NDArray[np.float64],
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
    columns : ndarray of uint64, shape (n_channels,)
        Columns of the block that are used.
    sizes : ndarray of int64
        Lengths in samples and numbers, by the places above.
    turns, tables
        See `detectors.coherence_memory.Tables`.
    runs : ndarray of uint64, shape (n_runs, 2)
        One channel of the pairs, and the place of the first of the others.
    pairs : ndarray of int64, shape (n_runs, 16)
        Pair by pair its place, or -1.
    turned : ndarray of float64, shape (n_runs, 16)
        Sign of its imaginary part: -1 where the run's channel is the pair's second.
    extras : ndarray of int64
        Measures behind the columns that are always there.
    weights : ndarray of float64, shape (n_bins,)
        What each bin counts for in the average.
    bounds, level
        See `detectors.coherence_chance`.
    state, block, folded, whole, late, part, spectra, units, power, sets, inverse
        What is kept between calls, see `detectors.coherence_memory`; and so are the next three.
    total, totals
        Room to work in.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_interval = sizes[INTERVAL]
    n_hops = 0
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            state[:] = 0
        _load(samples_uv, taint, row, columns, n_interval, state, block)
        state[SAMPLES] += 1
        state[LOADED] += 1
        if state[LOADED] < n_interval:
            continue
        state[LOADED] = 0
        _take(
            sizes, turns, tables, runs, state, block, folded, whole, late, part,
            spectra, units, power, sets,
        )  # fmt: skip
        if state[SAMPLES] % sizes[HOP] == 0:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            out_values[n_hops] = 0.0
            out_valid[n_hops] = state[SAMPLES] >= sizes[SPAN]
            if state[SAMPLES] >= sizes[SPAN]:
                emit(
                    sizes, runs, pairs, turned, extras, weights, bounds, level, state, taint[row],
                    columns, spectra, power, sets, inverse,
                    total, totals,
                    out_values[n_hops], out_valid[n_hops],
                )  # fmt: skip
            n_hops += 1
    return n_hops


@kernel
def _load(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    columns: NDArray[np.uint64],
    n_interval: int,
    state: NDArray[np.int64],
    block: NDArray[np.float64],
) -> None:
    """Put a sample into the block, the last good value in the place of what is no voltage.

    It is counted from the channel's first sample, behind the block's last row, since a constant
    has no part in any bin but the one at 0 Hz: so a steady offset costs no precision.
    """
    place = state[LOADED]
    if state[SAMPLES] == 0:
        for channel in range(columns.size):
            value = samples_uv[row, columns[channel]]
            block[n_interval, channel] = value if abs(value) <= LIMIT_UV else 0.0
            block[n_interval - 1, channel] = 0.0
    bits = 0
    for channel in range(columns.size):
        block[place, channel] = samples_uv[row, columns[channel]]
        bits |= taint[row, columns[channel]]
    n_none = 0
    for channel in range(columns.size):
        n_none += 0 if abs(block[place, channel]) <= LIMIT_UV else 1
        block[place, channel] -= block[n_interval, channel]
    if bits & SPOILS_WINDOW or n_none > 0:
        _spoil(samples_uv, taint, row, columns, n_interval, state, block)


@kernel
def _spoil(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    columns: NDArray[np.uint64],
    n_interval: int,
    state: NDArray[np.int64],
    block: NDArray[np.float64],
) -> None:
    """Note which channels this sample spoils, and put the last good value where it is none."""
    place = state[LOADED]
    before = place - 1 if place > 0 else n_interval - 1
    for channel in range(columns.size):
        is_voltage = abs(samples_uv[row, columns[channel]]) <= LIMIT_UV
        if taint[row, columns[channel]] & SPOILS_WINDOW or not is_voltage:
            state[SPOILT + channel] = state[SAMPLES] + 1
        if not is_voltage:
            block[place, channel] = block[before, channel]


@kernel
def _take(
    sizes: NDArray[np.int64],
    turns: NDArray[np.float64],
    tables: NDArray[np.float64],
    runs: NDArray[np.uint64],
    state: NDArray[np.int64],
    block: NDArray[np.float64],
    folded: NDArray[np.float64],
    whole: NDArray[np.float64],
    late: NDArray[np.float64],
    part: NDArray[np.float64],
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    sets: NDArray[np.float64],
) -> None:
    """Take a whole interval in: the spectrum of the segment that ends here, and its products."""
    n_interval = sizes[INTERVAL]
    n_intervals = state[SAMPLES] // n_interval
    advance(
        block[:n_interval], sizes[CUT], sizes[SEGMENT], n_intervals - 1, sizes[FIRST_BIN], turns,
        tables, folded, part[0], whole, late, part[1],
    )  # fmt: skip
    if state[SAMPLES] < sizes[SEGMENT]:
        return
    n_channels = state.size - SPOILT
    slot = slot_of(sizes, state[FOUND])
    spectrum(
        n_intervals, n_interval, sizes[SEGMENT], turns, late, part[1], part[0],
        n_channels, spectra[slot], power[slot],
    )  # fmt: skip
    if sizes[LOCKING_ROW] >= 0:
        phases(spectra[slot], power[slot], n_channels, units[slot])
    if sizes[HAS_SUMS]:
        slide(
            spectra, units, power, sizes, state[FOUND], n_channels, runs,
            sets[state[FOUND] % sizes[N_PHASES]],
        )  # fmt: skip
    state[FOUND] += 1
