"""Sums of products over a window of segments, carried exactly enough to be taken off again."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_products import PASS, add_lags, add_products

#: Each sum of the core is two numbers: what it comes to, and what that leaves over.
CORE: Final = 0
REST: Final = 1


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    runs: NDArray[np.uint64],
    rows: NDArray[np.int64],
    n_chunk: int,
    n_core: int,
    n_kept: int,
    n_phases: int,
    n_found: int,
    slots: NDArray[np.uint64],
    changes: NDArray[np.float64],
    sets: NDArray[np.float64],
) -> None:
    """Take the newest segment's chunk into the core of its phase, where the chunk is whole.

    Parameters
    ----------
    spectra, units, runs
        See `detectors.kernels.coherence_products.add_products`; the last slot is zero.
    power : ndarray of float64, shape (n_slots, n_bins + 1, n_lanes)
        Squared spectra and energy.
    rows : ndarray of int64, shape (2,)
        Rows of unit phases and of lags in the sums of a run, or -1 for none.
    n_chunk, n_core, n_kept : int
        Segments of a chunk, chunks of the core, segments that are kept.
    n_phases : int
        Hops from a segment of the window to the next.
    n_found : int
        Segments since the restart, the newest included.
    slots, changes
        Room to work in.
    sets : ndarray of float64, shape (n_phases, 2, n_sums)
        For each phase of the hop within a step what is named above: power, then every run.

    Notes
    -----
    The core is all chunks that are whole and in the window, `n_core` of them: the newest one is
    added and the one that leaves is taken off. What is taken off has the very bits that were
    added, and the sums keep 106 bits [1]_, so of a chunk that has left less than 1e-31 of it is
    still there: nothing that a coherence in 53 bits could show, short of a spike a billion times
    as high as the signal, and nothing that grows.

    References
    ----------
    .. [1] T. J. Dekker, "A floating-point technique for extending the available precision",
       Numerische Mathematik 18, 1971, doi:10.1007/BF01397083.
    """
    phase = (n_found - 1) % n_phases
    n_own = (n_found - 1) // n_phases + 1
    if n_own % n_chunk != 0:
        return
    chunk = n_own // n_chunk - 1
    core = sets[phase, CORE]
    rest = sets[phase, REST]
    if chunk == 0:
        core[:] = 0.0
        rest[:] = 0.0
    zero = len(spectra) - 1
    n_listed = _list(chunk, n_chunk, n_kept, n_phases, phase, zero, slots, 0)
    _list(chunk - n_core, n_chunk, n_kept, n_phases, phase, zero, slots, n_listed)
    n_power = power.shape[1] * power.shape[2]
    came = changes[0].reshape(-1)
    left = changes[1].reshape(-1)
    _carry_power(power, slots, n_listed, core, rest)
    for run in range(len(runs)):
        for way in range(2):
            at = way * n_listed
            add_products(spectra, slots, at, n_listed, runs, run, changes, way, 0, keep=False)
            if rows[0] >= 0:
                add_products(
                    units, slots, at, n_listed, runs, run, changes, way, rows[0], keep=False
                )
            if rows[1] >= 0:
                add_lags(spectra, slots, at, n_listed, runs, run, changes, way, rows[1], keep=False)
        start = n_power + run * came.size
        _carry(came, left, core[start:], rest[start:])


@njit(cache=True, nogil=True, error_model="numpy")
def _carry_power(
    power: NDArray[np.float64],
    slots: NDArray[np.uint64],
    n_listed: int,
    core: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> None:
    for place in range(n_listed):
        came = power[slots[place]].reshape(-1)
        left = power[slots[n_listed + place]].reshape(-1)
        _carry(came, left, core, rest)


@njit(cache=True, nogil=True, error_model="numpy")
def _carry(
    came: NDArray[np.float64],
    left: NDArray[np.float64],
    core: NDArray[np.float64],
    rest: NDArray[np.float64],
) -> None:
    """Add what came and take off what left, losing no bit of a sum but beyond the 106th."""
    for at in range(came.size):
        change = came[at] - left[at]
        part = change - came[at]
        lost = (came[at] - (change - part)) - (left[at] + part)
        before = core[at]
        after = before + change
        part = after - before
        lost += (before - (after - part)) + (change - part)
        lost += rest[at]
        made = after + lost
        core[at] = made
        rest[at] = lost - (made - after)


@njit(cache=True, nogil=True, error_model="numpy")
def apart(
    n_chunk: int,
    n_core: int,
    n_segments: int,
    n_kept: int,
    n_phases: int,
    n_found: int,
    zero: int,
    n_last: int,
    slots: NDArray[np.uint64],
) -> int:
    """List the slots of the window's segments that are not in the core; return how many.

    The last `n_last` are listed first, and so many they are made with the slot `zero`; then those
    that come before, made whole passes.
    """
    phase = (n_found - 1) % n_phases
    n_own = (n_found - 1) // n_phases + 1
    core_stop = n_own // n_chunk * n_chunk
    core_start = core_stop - n_core * n_chunk
    n_slots = 0
    for back in range(1, n_segments + 1):
        segment = n_own - back
        if segment < core_start or segment >= core_stop:
            slots[n_slots] = segment % n_kept * n_phases + phase
            n_slots += 1
    while n_slots < n_last or (n_slots - n_last) % PASS != 0:
        slots[n_slots] = zero
        n_slots += 1
    return n_slots


@njit(cache=True, nogil=True, error_model="numpy")
def copy(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    """Copy as many sums as there is room for."""
    target = made.reshape(-1)
    for at in range(target.size):
        target[at] = given[at]


@njit(cache=True, nogil=True, error_model="numpy")
def add_power(
    power: NDArray[np.float64], slots: NDArray[np.uint64], n_slots: int, made: NDArray[np.float64]
) -> None:
    """Add the power of these segments."""
    target = made.reshape(-1)
    for place in range(n_slots):
        source = power[slots[place]].reshape(-1)
        for at in range(target.size):
            target[at] += source[at]


@njit(cache=True, nogil=True, error_model="numpy")
def _list(
    chunk: int,
    n_chunk: int,
    n_kept: int,
    n_phases: int,
    phase: int,
    zero: int,
    slots: NDArray[np.uint64],
    first: int,
) -> int:
    """List the slots of a chunk from `first` on, whole passes of them; return how many.

    Those of a chunk before the restart are all zero.
    """
    n_listed = (n_chunk + PASS - 1) // PASS * PASS
    for place in range(n_listed):
        is_there = place < n_chunk and chunk >= 0
        slot = (chunk * n_chunk + place) % n_kept * n_phases + phase
        slots[first + place] = slot if is_there else zero
    return n_listed
