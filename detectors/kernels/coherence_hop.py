"""What one hop of coherence writes: the measures of every pair, run by run."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_measures import (
    COHERENCE,
    IMAGINARY,
    N_LAST,
    PHASE_LOCKING,
    bound,
    cohere,
    cohere_alone,
    lag,
    lock,
)
from detectors.kernels.coherence_products import LANES, add_lags, add_products
from detectors.kernels.coherence_sums import copy

#: Columns of a pair, behind those of coherence and imaginary part, and before what is asked for.
LEVEL: Final = 2
LOWER: Final = 3
N_ALWAYS: Final = 4


@njit(cache=True, nogil=True, error_model="numpy")
def write_coherence(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    n_slots: int,
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    turned: NDArray[np.float64],
    cores: NDArray[np.float64],
    has_core: bool,
    sums: NDArray[np.float64],
    inverse: NDArray[np.float64],
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
    spectra, slots, runs
        See `detectors.kernels.coherence_products.add_products`.
    n_slots : int
        Segments that are not in the core, see `detectors.kernels.coherence_sums.apart`.
    pairs, turned, bounds, level
        See `detectors.kernels.coherence.fold`.
    cores : ndarray of float64, shape (n_runs, n_rows, 2, n_bins, 16)
        Sums of the core, where it has any.
    sums, totals
        Room to work in: sums of one run, and its measures.
    inverse, alive
        See `detectors.kernels.coherence_measures.invert`; of all in the ring of channels.
    values, valid : ndarray, shape (n_pairs, n_columns)
        What is written; all is valid before, and what is not alive is made invalid.
    """
    s0, s1, s2 = slots[0], slots[1], slots[2]
    scale = 1.0 / len(inverse)
    for run in range(len(runs)):
        one, others = runs[run, 0], runs[run, 1]
        if n_slots > N_LAST:
            if has_core:
                copy(cores[run, 0].reshape(-1), sums[0, 0])
            add_products(
                spectra, slots, N_LAST, n_slots - N_LAST, runs, run, sums, 0, 0, has_core
            )  # fmt: skip
            cohere(spectra, s0, s1, s2, one, others, sums, 0, inverse, totals)
        elif has_core:
            cohere(spectra, s0, s1, s2, one, others, cores, run, inverse, totals)
        else:
            cohere_alone(spectra, s0, s1, s2, one, others, inverse, totals)
        for lane in range(LANES):
            pair = pairs[run, lane]
            if pair < 0:
                continue
            if not (alive[one] and alive[others + lane]):
                valid[pair] = False
                continue
            coherence = min(totals[COHERENCE, lane] * scale, 1.0)
            values[pair, COHERENCE] = coherence
            values[pair, IMAGINARY] = totals[IMAGINARY, lane] * scale * turned[run, lane]
            values[pair, LEVEL] = level
            values[pair, LOWER] = bound(bounds, level, coherence)


@njit(cache=True, nogil=True, error_model="numpy")
def write_more(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    slots: NDArray[np.uint64],
    n_slots: int,
    runs: NDArray[np.uint64],
    pairs: NDArray[np.int64],
    rows: NDArray[np.int64],
    extras: NDArray[np.int64],
    n_segments: int,
    cores: NDArray[np.float64],
    has_core: bool,
    sums: NDArray[np.float64],
    inverse: NDArray[np.float64],
    totals: NDArray[np.float64],
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write the columns that are asked for, of pairs whose others are valid.

    It is apart from the others since in their loop it would slow those who do not ask for it.

    Parameters
    ----------
    units
        Phases of the spectra.
    rows
        See `detectors.kernels.coherence_sums.gather`.
    extras : ndarray of int64
        Measures, by their rows of `totals`.
    n_segments : int
        Segments of the window.
    spectra, slots, n_slots, runs, pairs, cores, has_core, sums, inverse, totals, values, valid
        See `write_coherence`.
    """
    s0, s1, s2 = slots[0], slots[1], slots[2]
    scale = 1.0 / len(inverse)
    for run in range(len(runs)):
        one, others = runs[run, 0], runs[run, 1]
        base, place = (cores, run) if has_core else (sums, 0)
        if n_slots > N_LAST:
            base, place = sums, 0
            if has_core:
                copy(cores[run].reshape(-1), sums)
            _add_more(spectra, units, slots, n_slots - N_LAST, runs, run, rows, sums, has_core)
        if rows[0] >= 0:
            lock(units, s0, s1, s2, one, others, base, place, rows[0], totals)
            totals[PHASE_LOCKING] /= n_segments
        if rows[1] >= 0:
            lag(spectra, s0, s1, s2, one, others, base, place, rows[1], inverse, totals)
        for lane in range(LANES):
            pair = pairs[run, lane]
            if pair >= 0 and valid[pair, COHERENCE]:
                for extra in range(extras.size):
                    values[pair, N_ALWAYS + extra] = totals[extras[extra], lane] * scale


@njit(cache=True, nogil=True, error_model="numpy")
def _add_more(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    slots: NDArray[np.uint64],
    n_more: int,
    runs: NDArray[np.uint64],
    run: int,
    rows: NDArray[np.int64],
    sums: NDArray[np.float64],
    has_core: bool,
) -> None:
    """Add the segments behind the last ones to what these measures need of one run's sums."""
    if rows[0] >= 0:
        add_products(units, slots, N_LAST, n_more, runs, run, sums, 0, rows[0], has_core)
    if rows[1] >= 0:
        add_products(spectra, slots, N_LAST, n_more, runs, run, sums, 0, 0, has_core)
        add_lags(spectra, slots, N_LAST, n_more, runs, run, sums, 0, rows[1], has_core)
