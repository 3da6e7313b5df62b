"""Products of the spectra of pairs, summed over a window of segments without subtracting."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.kernels.coherence_spectra import IMAGINARY, LANES

#: Segments that are added in one pass over the sums.
PASS: Final = 3
#: Sums of one tile, bin and kind: two for each lane.
WIDTH: Final = 2 * LANES

#: Sets of sums of one phase; behind them the last 0, 1, .. chunks of each of two blocks.
NEWEST: Final = 0
MIDDLE: Final = 1
CORE: Final = 2
OLDEST: Final = 3


@njit(cache=True, nogil=True, error_model="numpy")
def gather(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    tiles: NDArray[np.int64],
    rows: NDArray[np.int64],
    n_chunk: int,
    n_core: int,
    n_segments: int,
    n_phases: int,
    n_found: int,
    slots: NDArray[np.int64],
    sets: NDArray[np.float64],
) -> None:
    """Take the newest segment's chunk into the core of its phase, where the chunk is whole.

    Parameters
    ----------
    spectra, units : ndarray of float64, shape (n_slots, n_groups, n_bins made even, 32)
        See `detectors.kernels.coherence_spectra.PARTS`; the last slot is zero.
    power : ndarray of float64, shape (n_slots, n_bins + 1, n_lanes)
        Squared spectra and energy.
    tiles : ndarray of int64, shape (n_tiles, 3)
        Group and lane of the first channel, group of the second ones.
    rows : ndarray of int64, shape (3,)
        See `add`.
    n_chunk, n_core, n_segments : int
        Segments of a chunk, chunks of the core, segments of the window.
    n_phases : int
        Hops from a segment of the window to the next.
    n_found : int
        Segments since the restart, the newest included.
    slots : ndarray of int64
        Room to work in.
    sets : ndarray of float64, shape (n_phases, n_sets, n_sums)
        For each phase of the hop within a step the sets named above.

    Notes
    -----
    The core is all whole chunks in the window. Chunks are counted in blocks of half a core, which
    is what is there of the newest block, the whole block before it, and the last chunks of the
    one before that. Sums of the last 1, 2, .. chunks of a block are made while the next block
    comes in, one a chunk, so they are all there when it becomes the oldest. Nothing is ever
    subtracted: no drift, and what has left the window has left every sum.
    """
    phase = (n_found - 1) % n_phases
    n_own = (n_found - 1) // n_phases + 1
    if n_own % n_chunk != 0:
        return
    own = sets[phase]
    n_half = (n_core + 1) // 2
    chunk = n_own // n_chunk - 1
    place = chunk % n_half
    block = (chunk // n_half) % 2
    if chunk == 0:
        own[NEWEST] = 0.0
    _list(chunk * n_chunk, n_chunk, n_segments, n_phases, phase, slots)
    _add_set(spectra, units, power, tiles, rows, slots, n_chunk, own[NEWEST])
    if chunk >= n_half:
        before = OLDEST + (1 - block) * (n_half + 1) + place
        copy(own[before], own[before + 1])
        mirrored = (chunk // n_half) * n_half - 1 - place
        _list(mirrored * n_chunk, n_chunk, n_segments, n_phases, phase, slots)
        _add_set(spectra, units, power, tiles, rows, slots, n_chunk, own[before + 1])
    if place == n_half - 1:
        copy(own[NEWEST], own[MIDDLE])
        own[NEWEST] = 0.0
    n_newest = (chunk + 1) % n_half
    block = ((chunk + 1) // n_half) % 2
    oldest = own[OLDEST + block * (n_half + 1) + max(n_core - n_half - n_newest, 0)]
    middle = own[MIDDLE]
    newest = own[NEWEST]
    core = own[CORE]
    for at in range(core.size):
        core[at] = oldest[at] + middle[at] + newest[at]


@njit(cache=True, nogil=True, error_model="numpy")
def copy(given: NDArray[np.float64], made: NDArray[np.float64]) -> None:
    """Copy as many sums as there is room for."""
    target = made.reshape(-1)
    for at in range(target.size):
        target[at] = given[at]


@njit(cache=True, nogil=True, error_model="numpy")
def apart(
    n_chunk: int,
    n_core: int,
    n_segments: int,
    n_phases: int,
    n_found: int,
    zero: int,
    slots: NDArray[np.int64],
) -> int:
    """List the slots of the window's segments that are not in the core; return how many.

    Whole passes of them: the slot `zero` fills up.
    """
    phase = (n_found - 1) % n_phases
    n_own = (n_found - 1) // n_phases + 1
    core_stop = n_own // n_chunk * n_chunk
    core_start = core_stop - n_core * n_chunk
    n_slots = 0
    for segment in range(n_own - n_segments, n_own):
        if segment < core_start or segment >= core_stop:
            slots[n_slots] = segment % n_segments * n_phases + phase
            n_slots += 1
    while n_slots % PASS != 0:
        slots[n_slots] = zero
        n_slots += 1
    return n_slots


@njit(cache=True, nogil=True, error_model="numpy")
def add_power(
    power: NDArray[np.float64], slots: NDArray[np.int64], n_slots: int, made: NDArray[np.float64]
) -> None:
    """Add the power of these segments."""
    for place in range(n_slots):
        slot = slots[place]
        for k in range(power.shape[1]):
            for lane in range(power.shape[2]):
                made[k, lane] += power[slot, k, lane]


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def add(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    slots: NDArray[np.int64],
    n_slots: int,
    tiles: NDArray[np.int64],
    tile: int,
    rows: NDArray[np.int64],
    made: NDArray[np.float64],
    place: int,
    is_new: bool,
) -> None:
    """Add the products of these segments, whole passes of them, to the sums of one tile.

    Parameters
    ----------
    spectra, units, slots, tiles, rows
        See `gather`.
    made : ndarray of float64, shape (n_tiles, n_bins made even, n_rows, 16)
        At `place`, row 0: products, real parts, then imaginary ones. Row ``rows[0]``, where not
        negative: the same of unit phases. Row ``rows[1]``: magnitudes of the imaginary parts,
        then their squares.
    is_new : bool
        Whether they are put in the place of what is there.
    """
    first = tiles[tile, 0]
    lane = tiles[tile, 1]
    group = tiles[tile, 2]
    for three in range(n_slots // PASS):
        at = PASS * three
        s0 = slots[at]
        s1 = slots[at + 1]
        s2 = slots[at + 2]
        keep = at > 0 or not is_new
        _add_products(spectra, s0, s1, s2, first, lane, group, made, place, 0, keep)
        if rows[0] >= 0:
            _add_products(units, s0, s1, s2, first, lane, group, made, place, rows[0], keep)
        if rows[1] >= 0:
            _add_lags(spectra, s0, s1, s2, first, lane, group, made, place, rows[1], keep, rows[2])


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add_products(
    spectra: NDArray[np.float64],
    s0: int,
    s1: int,
    s2: int,
    first: int,
    lane: int,
    g: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
) -> None:
    for k in range(made.shape[1]):
        re0 = spectra[s0, first, k, lane]
        re1 = spectra[s1, first, k, lane]
        re2 = spectra[s2, first, k, lane]
        im0 = spectra[s0, first, k, IMAGINARY + lane]
        im1 = spectra[s1, first, k, IMAGINARY + lane]
        im2 = spectra[s2, first, k, IMAGINARY + lane]
        for at in range(WIDTH):
            more = (
                (re0 * spectra[s0, g, k, at] + im0 * spectra[s0, g, k, IMAGINARY + at])
                + (re1 * spectra[s1, g, k, at] + im1 * spectra[s1, g, k, IMAGINARY + at])
                + (re2 * spectra[s2, g, k, at] + im2 * spectra[s2, g, k, IMAGINARY + at])
            )
            made[place, k, row, at] = made[place, k, row, at] + more if keep else more


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add_lags(
    spectra: NDArray[np.float64],
    s0: int,
    s1: int,
    s2: int,
    first: int,
    lane: int,
    g: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
    n_lanes: int,
) -> None:
    for k in range(made.shape[1]):
        re0 = spectra[s0, first, k, lane]
        re1 = spectra[s1, first, k, lane]
        re2 = spectra[s2, first, k, lane]
        im0 = spectra[s0, first, k, IMAGINARY + lane]
        im1 = spectra[s1, first, k, IMAGINARY + lane]
        im2 = spectra[s2, first, k, IMAGINARY + lane]
        for at in range(n_lanes):
            i0 = re0 * spectra[s0, g, k, LANES + at] + im0 * spectra[s0, g, k, 3 * LANES + at]
            i1 = re1 * spectra[s1, g, k, LANES + at] + im1 * spectra[s1, g, k, 3 * LANES + at]
            i2 = re2 * spectra[s2, g, k, LANES + at] + im2 * spectra[s2, g, k, 3 * LANES + at]
            size = abs(i0) + abs(i1) + abs(i2)
            square = i0 * i0 + i1 * i1 + i2 * i2
            made[place, k, row, at] = made[place, k, row, at] + size if keep else size
            made[place, k, row, LANES + at] = (
                made[place, k, row, LANES + at] + square if keep else square
            )


@njit(cache=True, nogil=True, error_model="numpy")
def _add_set(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    tiles: NDArray[np.int64],
    rows: NDArray[np.int64],
    slots: NDArray[np.int64],
    n_slots: int,
    made: NDArray[np.float64],
) -> None:
    """Add these segments to a set: power first, then every tile."""
    n_power = power.shape[1] * power.shape[2]
    add_power(power, slots, n_slots, made[:n_power].reshape(power.shape[1:]))
    sums = made[n_power:].reshape(len(tiles), spectra.shape[2], -1, WIDTH)
    for tile in range(len(tiles)):
        add(spectra, units, slots, n_slots, tiles, tile, rows, sums, tile, is_new=False)


@njit(cache=True, nogil=True, error_model="numpy")
def _list(
    first: int,
    n_listed: int,
    n_segments: int,
    n_phases: int,
    phase: int,
    slots: NDArray[np.int64],
) -> None:
    for place in range(n_listed):
        slots[place] = (first + place) % n_segments * n_phases + phase
