"""What one hop of coherence writes: the measures of every pair, run by run."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.coherence_measures import (
    COHERENCE,
    IMAGINARY,
    N_DIRECT,
    PHASE_LAG,
    PHASE_LOCKING,
    bound,
    cohere,
    cohere_segments,
    invert,
    lag,
    lag_segments,
    lock,
)
from detectors.kernels.coherence_places import (
    FOUND,
    LOCKING_ROW,
    N_PHASES,
    N_SEGMENTS,
    SAMPLES,
    SPAN,
    SPOILT,
)
from detectors.kernels.coherence_products import LANES, WIDTH
from detectors.kernels.coherence_sums import slot_of
from detectors.kernels.trust import SPOILS_NEWEST

#: Columns of a pair, behind those of coherence and imaginary part, and before what is asked for.
LEVEL: Final = 2
LOWER: Final = 3
N_ALWAYS: Final = 4


@kernel
def emit(
    sizes: NDArray[np.int64],
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    turned: NDArray[np.float64],
    extras: NDArray[np.int64],
    weights: NDArray[np.float64],
    bounds: NDArray[np.float64],
    level: float,
    state: NDArray[np.int64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.uint64],
    spectra: NDArray[np.float64],
    power: NDArray[np.float64],
    sets: NDArray[np.float64],
    inverse: NDArray[np.float64],
    total: NDArray[np.float64],
    totals: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the columns of every pair whose channels are clean and alive."""
    newest = state[FOUND] - 1
    n_power = power.shape[1] * power.shape[2]
    sums = sets[newest % sizes[N_PHASES] % len(sets)]
    slots = np.full(N_DIRECT if sizes[N_SEGMENTS] <= N_DIRECT else 0, np.uint64(len(spectra) - 1))
    if slots.size > 0:
        total[:] = 0.0
        for back in range(sizes[N_SEGMENTS]):
            slots[back] = slot_of(sizes, newest - back * sizes[N_PHASES])
            total += power[slots[back]]
    else:
        total[:] = sums[n_power : 2 * n_power].reshape(total.shape)
    alive = np.empty(inverse.shape[1], dtype=np.bool_)
    invert(total, columns.size, inverse, alive)
    _sort_out(sizes, state, taint, columns, alive)
    values = out_values.reshape(-1, N_ALWAYS + extras.size)
    valid = out_valid.reshape(values.shape)
    of_runs = sums[2 * n_power :].reshape(len(runs), -1, 2, len(inverse), WIDTH)
    _write_coherence(
        spectra, slots, runs, pairs, turned, of_runs, inverse, weights, alive, bounds, level,
        totals, values, valid,
    )  # fmt: skip
    if extras.size > 0:
        _write_more(
            spectra, slots, runs, pairs, sizes[LOCKING_ROW:], extras, sizes[N_SEGMENTS], of_runs,
            inverse, weights, totals, values, valid,
        )  # fmt: skip


@kernel
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


@kernel
def _write_coherence(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    turned: NDArray[np.float64],
    sums: NDArray[np.float64],
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    alive: NDArray[np.bool_],
    bounds: NDArray[np.float64],
    level: float,
    totals: NDArray[np.float64],
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write the columns that are always there, of pairs whose channels are alive.

    Parameters
    ----------
    spectra, runs
        See `detectors.kernels.coherence_sums.slide`.
    slots : ndarray of uint64, shape (3,) or (0,)
        Segments of a window that is summed directly.
    pairs, turned, bounds, level
        See `detectors.kernels.coherence.fold`.
    sums : ndarray of float64, shape (n_runs, n_rows, 2, n_bins, 16)
        Sums over any other window.
    inverse, alive
        See `detectors.kernels.coherence_measures.invert`; of all in the ring of channels.
    weights
        See `detectors.kernels.coherence_measures.cohere_segments`.
    totals
        Room to work in.
    values, valid : ndarray, shape (n_pairs, n_columns)
        What is written; all is valid before, and what is not alive is made invalid.
    """
    for run in range(len(runs)):
        one, others = runs[run, 0], runs[run, 1]
        if slots.size > 0:
            cohere_segments(spectra, slots, one, others, inverse, weights, totals)
        else:
            cohere(sums, run, one, others, inverse, weights, totals)
        for lane in range(LANES):
            pair = pairs[run, lane]
            if pair < 0:
                continue
            if not (alive[one] and alive[others + lane]):
                valid[pair] = False
                continue
            coherence = min(totals[COHERENCE, lane], 1.0)
            values[pair, COHERENCE] = coherence
            values[pair, IMAGINARY] = totals[IMAGINARY, lane] * turned[run, lane]
            values[pair, LEVEL] = level
            values[pair, LOWER] = bound(bounds, level, coherence)


@kernel
def _write_more(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    rows: NDArray[np.int64],
    extras: NDArray[np.int64],
    n_segments: int,
    sums: NDArray[np.float64],
    inverse: NDArray[np.float64],
    weights: NDArray[np.float64],
    totals: NDArray[np.float64],
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write the columns that are asked for, of pairs whose others are valid.

    Parameters
    ----------
    rows : ndarray of int64, shape (2,)
        Rows of unit phases and of lags in the sums of a run, or -1 for none.
    extras : ndarray of int64
        Measures, by their rows of `totals`.
    n_segments : int
        Segments of the window.
    spectra, slots, runs, pairs, sums, inverse, weights, totals, values, valid
        See `_write_coherence`.
    """
    is_direct = slots.size > 0 and extras.max() >= PHASE_LAG
    for run in range(len(runs)):
        if rows[0] >= 0:
            lock(sums, run, rows[0], weights, totals)
            totals[PHASE_LOCKING] /= n_segments
        if is_direct:
            lag_segments(spectra, slots, runs[run, 0], runs[run, 1], inverse, weights, totals)
        elif rows[1] >= 0:
            lag(sums, run, rows[1], runs[run, 0], runs[run, 1], inverse, weights, totals)
        for lane in range(LANES):
            pair = pairs[run, lane]
            if pair >= 0 and valid[pair, COHERENCE]:
                for extra in range(extras.size):
                    values[pair, N_ALWAYS + extra] = totals[extras[extra], lane]
