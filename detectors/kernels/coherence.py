"""Coherence of pairs: samples in, one row of measures out at every hop."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_hop import N_ALWAYS, write_coherence, write_more
from detectors.kernels.coherence_measures import N_LAST, invert
from detectors.kernels.coherence_products import WIDTH
from detectors.kernels.coherence_spectra import advance, phases, spectrum
from detectors.kernels.coherence_sums import CORE, add_power, apart, copy, gather
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
N_KEPT: Final = 12
N_SIZES: Final = 13

#: Places in the `state` array: samples and segments since the restart, samples of this interval
#: (a division for each sample would cost as much as all else), and behind them, for each channel,
#: the samples up to the last spoilt one.
SAMPLES: Final = 0
FOUND: Final = 1
LOADED: Final = 2
SPOILT: Final = 3


@njit(cache=True, nogil=True, error_model="numpy")
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
    slots: NDArray[np.uint64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    changes: NDArray[np.float64],
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
        See `detectors.coherence_tables`.
    runs : ndarray of uint64, shape (n_runs, 2)
        One channel of the pairs, and the place of the first of the others.
    pairs : ndarray of int64, shape (n_runs, 16)
        Pair by pair its place, or -1.
    turned : ndarray of float64, shape (n_runs, 16)
        Sign of its imaginary part: -1 where the run's channel is the pair's second.
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
        state[LOADED] += 1
        if state[LOADED] < n_interval:
            continue
        state[LOADED] = 0
        _take(
            sizes, turns, tables, runs, state, block, folded, whole, late, part,
            spectra, units, power, slots, changes, sets,
        )  # fmt: skip
        if state[SAMPLES] % sizes[HOP] == 0:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            out_values[n_hops] = 0.0
            out_valid[n_hops] = state[SAMPLES] >= sizes[SPAN]
            if state[SAMPLES] >= sizes[SPAN]:
                _emit(
                    sizes, runs, pairs, turned, extras, bounds, level, state, taint[row], columns,
                    spectra, units, power, slots, sets, inverse,
                    total, changes, totals,
                    out_values[n_hops], out_valid[n_hops],
                )  # fmt: skip
            n_hops += 1
    return n_hops


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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


@njit(cache=True, nogil=True, error_model="numpy")
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
    slots: NDArray[np.uint64],
    changes: NDArray[np.float64],
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
    n_channels = state.size - SPOILT
    slot = n_found // n_phases % sizes[N_KEPT] * n_phases + n_found % n_phases
    spectrum(
        n_intervals, n_interval, sizes[SEGMENT], turns, late, part[1], part[0],
        n_channels, spectra[slot], power[slot],
    )  # fmt: skip
    if sizes[LOCKING_ROW] >= 0:
        phases(spectra[slot], power[slot], n_channels, units[slot])
    state[FOUND] = n_found + 1
    if sizes[N_CORE] > 0:
        gather(
            spectra, units, power, runs, sizes[LOCKING_ROW:], sizes[N_CHUNK], sizes[N_CORE],
            sizes[N_KEPT], n_phases, n_found + 1, slots, changes, sets,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _emit(
    sizes: NDArray[np.int64],
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    turned: NDArray[np.float64],
    extras: NDArray[np.int64],
    bounds: NDArray[np.float64],
    level: float,
    state: NDArray[np.int64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.uint64],
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    slots: NDArray[np.uint64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    changes: NDArray[np.float64],
    totals: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the columns of every pair whose channels are clean and alive."""
    n_found = state[FOUND]
    n_slots = apart(
        sizes[N_CHUNK], sizes[N_CORE], sizes[N_SEGMENTS], sizes[N_KEPT], sizes[N_PHASES], n_found,
        len(spectra) - 1, N_LAST, slots,
    )  # fmt: skip
    has_core = sizes[N_CORE] > 0
    core = sets[(n_found - 1) % sizes[N_PHASES] % len(sets), CORE]
    n_power = power.shape[1] * power.shape[2]
    copy(core, total)
    add_power(power, slots, n_slots, total)
    alive = np.empty(inverse.shape[1], dtype=np.bool_)
    invert(total, columns.size, inverse, alive)
    _sort_out(sizes, state, taint, columns, alive)
    values = out_values.reshape(-1, N_ALWAYS + extras.size)
    valid = out_valid.reshape(values.shape)
    cores = core[n_power:].reshape(-1, changes.shape[1], 2, changes.shape[3], WIDTH)
    write_coherence(
        spectra, slots, n_slots, runs, pairs, turned, cores, has_core, changes, inverse, alive,
        bounds, level, totals, values, valid,
    )  # fmt: skip
    if extras.size > 0:
        write_more(
            spectra, units, slots, n_slots, runs, pairs, sizes[LOCKING_ROW:], extras,
            sizes[N_SEGMENTS], cores, has_core, changes, inverse, totals, values, valid,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def _sort_out(
    sizes: NDArray[np.int64],
    state: NDArray[np.int64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.uint64],
    alive: NDArray[np.bool_],
) -> None:
    """Take those of spoilt samples from the channels that are alive."""
    n_channels = columns.size
    for channel in range(n_channels):
        is_clean = state[SAMPLES] - state[SPOILT + channel] >= sizes[SPAN]
        is_clean = is_clean and not taint[columns[channel]] & SPOILS_NEWEST
        alive[channel] = alive[channel] and is_clean
    for lane in range(n_channels, alive.size):
        alive[lane] = alive[lane - n_channels]
