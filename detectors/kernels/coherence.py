"""Coherence of pairs: samples in, one row of measures out at every hop."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_measures import (
    COHERENCE,
    IMAGINARY,
    bound,
    invert,
    measure,
)
from detectors.kernels.coherence_spectra import LANES, advance, phases, spectrum
from detectors.kernels.coherence_sums import CORE, add, add_power, apart, copy, gather
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Places in the `sizes` array.
SEGMENT: Final = 0
INTERVAL: Final = 1
CUT: Final = 2
FIRST_BIN: Final = 3
HOP: Final = 4
N_SEGMENTS: Final = 5
N_PHASES: Final = 6
N_CHUNK: Final = 7
N_CORE: Final = 8
SPAN: Final = 9
LOCKING_ROW: Final = 10
LAG_ROW: Final = 11
#: A length the compiler does not know: of short loops it then makes vectors and not lists.
N_LANES: Final = 12
N_SIZES: Final = 13

#: Places in the `state` array: samples and segments since the restart, and behind them, for each
#: channel, the samples up to the last spoilt one.
SAMPLES: Final = 0
FOUND: Final = 1
SPOILT: Final = 2

#: Columns of a pair, behind those of coherence and imaginary part, and before what is asked for.
LEVEL: Final = 2
LOWER: Final = 3
N_ALWAYS: Final = 4


@njit(cache=True, nogil=True, error_model="numpy")
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    sizes: NDArray[np.int64],
    turns: NDArray[np.float64],
    tables: NDArray[np.float64],
    tiles: NDArray[np.int64],
    pairs: NDArray[np.int64],
    extras: NDArray[np.int64],
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
    slots: NDArray[np.int64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    sums: NDArray[np.float64],
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
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    sizes : ndarray of int64
        Lengths in samples and numbers, by the places above.
    turns, tables
        See `detectors.coherence_tables`.
    tiles : ndarray of int64, shape (n_tiles, 3)
        Group and lane of the first channel, group of the second ones.
    pairs : ndarray of int64, shape (n_tiles, 8)
        The pair of each lane, or -1.
    extras : ndarray of int64
        Measures behind the columns that are always there.
    bounds, level
        See `detectors.coherence_chance`.
    state, block, folded, whole, late, part, spectra, units, power, slots, sets, inverse
        What is kept between calls, see `detectors.coherence_memory`; and so are the next three.
    total, sums, totals
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
        if state[SAMPLES] % n_interval != 0:
            continue
        _take(
            sizes, turns, tables, tiles, state, block, folded, whole, late, part,
            spectra, units, power, slots, sets,
        )  # fmt: skip
        if state[SAMPLES] % sizes[HOP] == 0:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            out_values[n_hops] = 0.0
            out_valid[n_hops] = False
            if state[SAMPLES] >= sizes[SPAN]:
                _emit(
                    sizes, tiles, pairs, extras, bounds, level, state, taint[row], columns,
                    spectra, units, power, slots, sets, inverse,
                    total, sums, totals,
                    out_values[n_hops], out_valid[n_hops],
                )  # fmt: skip
            n_hops += 1
    return n_hops


@njit(cache=True, nogil=True, error_model="numpy")
def _load(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    columns: NDArray[np.int64],
    n_interval: int,
    state: NDArray[np.int64],
    block: NDArray[np.float64],
) -> None:
    """Put a sample into the block, the last good value in the place of what is no voltage.

    It is counted from the channel's first sample, behind the block's last row, since a constant
    has no part in any bin but the one at 0 Hz: so a steady offset costs no precision.
    """
    n_samples = state[SAMPLES]
    place = n_samples % n_interval
    before = place - 1 if place > 0 else n_interval - 1
    for channel in range(columns.size):
        column = columns[channel]
        value = samples_uv[row, column]
        is_voltage = abs(value) <= LIMIT_UV
        if taint[row, column] & SPOILS_WINDOW or not is_voltage:
            state[SPOILT + channel] = n_samples + 1
        if n_samples == 0:
            block[n_interval, channel] = value if is_voltage else 0.0
            block[before, channel] = 0.0
        block[place, channel] = (
            value - block[n_interval, channel] if is_voltage else block[before, channel]
        )


@njit(cache=True, nogil=True, error_model="numpy")
def _take(
    sizes: NDArray[np.int64],
    turns: NDArray[np.float64],
    tables: NDArray[np.float64],
    tiles: NDArray[np.int64],
    state: NDArray[np.int64],
    block: NDArray[np.float64],
    folded: NDArray[np.float64],
    whole: NDArray[np.float64],
    late: NDArray[np.float64],
    part: NDArray[np.float64],
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    slots: NDArray[np.int64],
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
    n_found = state[FOUND]
    n_phases = sizes[N_PHASES]
    slot = n_found // n_phases % sizes[N_SEGMENTS] * n_phases + n_found % n_phases
    spectrum(
        n_intervals, n_interval, sizes[SEGMENT], turns, late, part[1], part[0],
        spectra[slot], power[slot],
    )  # fmt: skip
    if sizes[LOCKING_ROW] >= 0:
        phases(spectra[slot], power[slot], units[slot])
    state[FOUND] = n_found + 1
    if sizes[N_CORE] > 0:
        gather(
            spectra, units, power, tiles, sizes[LOCKING_ROW:], sizes[N_CHUNK], sizes[N_CORE],
            sizes[N_SEGMENTS], n_phases, n_found + 1, slots, sets,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _emit(
    sizes: NDArray[np.int64],
    tiles: NDArray[np.int64],
    pairs: NDArray[np.int64],
    extras: NDArray[np.int64],
    bounds: NDArray[np.float64],
    level: float,
    state: NDArray[np.int64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    slots: NDArray[np.int64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    sums: NDArray[np.float64],
    totals: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the columns of every pair whose channels are clean and alive."""
    n_found = state[FOUND]
    rows = sizes[LOCKING_ROW:]
    n_slots = apart(
        sizes[N_CHUNK], sizes[N_CORE], sizes[N_SEGMENTS], sizes[N_PHASES], n_found,
        len(spectra) - 1, slots,
    )  # fmt: skip
    core = sets[(n_found - 1) % sizes[N_PHASES] % len(sets), CORE]
    values = out_values.reshape(-1, N_ALWAYS + extras.size)
    valid = out_valid.reshape(values.shape)
    n_power = power.shape[1] * power.shape[2]
    has_core = sizes[N_CORE] > 0
    n_tile = (core.size - n_power) // len(tiles)
    copy(core, total)
    add_power(power, slots, n_slots, total)
    alive = np.empty(columns.size, dtype=np.bool_)
    invert(total, columns.size, inverse, alive)
    for channel in range(columns.size):
        is_clean = state[SAMPLES] - state[SPOILT + channel] >= sizes[SPAN]
        is_clean = is_clean and not taint[columns[channel]] & SPOILS_NEWEST
        alive[channel] = alive[channel] and is_clean
    for tile in range(len(tiles)):
        if has_core:
            copy(core[n_power + tile * n_tile :], sums)
        add(
            spectra, units, slots, n_slots, tiles, tile, rows, sums, 0, not has_core
        )  # fmt: skip
        measure(
            sums, rows, inverse, tiles, tile, sizes[N_SEGMENTS], power.shape[1] - 1, totals
        )  # fmt: skip
        own = tiles[tile, 0] * LANES + tiles[tile, 1]
        for lane in range(LANES):
            other = tiles[tile, 2] * LANES + lane
            if pairs[tile, lane] < 0 or not (alive[own] and alive[other]):
                continue
            pair = pairs[tile, lane]
            values[pair, COHERENCE] = totals[COHERENCE, lane]
            values[pair, IMAGINARY] = totals[IMAGINARY, lane]
            values[pair, LEVEL] = level
            values[pair, LOWER] = bound(bounds, level, totals[COHERENCE, lane])
            valid[pair, COHERENCE] = True
            valid[pair, IMAGINARY] = True
            valid[pair, LEVEL] = True
            valid[pair, LOWER] = True
            for extra in range(extras.size):
                values[pair, N_ALWAYS + extra] = totals[extras[extra], lane]
                valid[pair, N_ALWAYS + extra] = True
