"""Products of the spectra of pairs, of a few segments at once."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Pairs of a run: one channel and so many that follow each other.
WIDTH: Final = 16
#: The same, unsigned: places that are counted with it the compiler knows not to count from the
#: end, and makes vectors.
LANES: Final = np.uint64(WIDTH)
#: Segments that are added in one pass over the sums.
PASS: Final = 4


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def add_products(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    first: int,
    n_slots: int,
    runs: NDArray[np.uint64],
    run: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
) -> None:
    """Add the products of these segments to the sums of one run.

    Parameters
    ----------
    spectra : ndarray of float64, shape (n_slots, 2, n_bins, n_around)
        See `detectors.kernels.coherence_spectra.spectrum`; or their phases.
    slots : ndarray of uint64
        Where the segments are, from `first` on; whole passes, the last one filled up with a slot
        of zeros.
    runs : ndarray of uint64, shape (n_runs, 2)
        One channel of the pairs, and the place of the first of the others.
    made : ndarray of float64, shape (n_runs, n_rows, 2, n_bins, 16)
        At `place` and `row`: all real parts, then all imaginary ones.
    keep : bool
        Whether they are added to what is there, or put in its place.
    """
    for turn in range((n_slots + PASS - 1) // PASS):
        at = first + PASS * turn
        _add_products(
            spectra, slots[at], slots[at + 1], slots[at + 2], slots[at + 3], runs[run, 0],
            runs[run, 1], made, place, row, keep or turn > 0,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def add_lags(
    spectra: NDArray[np.float64],
    slots: NDArray[np.uint64],
    first: int,
    n_slots: int,
    runs: NDArray[np.uint64],
    run: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
) -> None:
    """Add magnitudes of the products' imaginary parts, and behind them their squares.

    Parameters
    ----------
    spectra, slots, first, n_slots, runs, run, made, place, row, keep
        See `add_products`.
    """
    for turn in range((n_slots + PASS - 1) // PASS):
        at = first + PASS * turn
        _add_lags(
            spectra, slots[at], slots[at + 1], slots[at + 2], slots[at + 3], runs[run, 0],
            runs[run, 1], made, place, row, keep or turn > 0,
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add_products(
    spectra: NDArray[np.float64],
    s0: int,
    s1: int,
    s2: int,
    s3: int,
    one: int,
    others: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
) -> None:
    width = np.uint64(made.shape[4])  # a length the compiler does not know, so it makes vectors
    for k in range(made.shape[3]):
        re0, im0 = spectra[s0, 0, k, one], spectra[s0, 1, k, one]
        re1, im1 = spectra[s1, 0, k, one], spectra[s1, 1, k, one]
        re2, im2 = spectra[s2, 0, k, one], spectra[s2, 1, k, one]
        re3, im3 = spectra[s3, 0, k, one], spectra[s3, 1, k, one]
        for lane in range(width):
            at = others + lane
            a0, b0 = spectra[s0, 0, k, at], spectra[s0, 1, k, at]
            a1, b1 = spectra[s1, 0, k, at], spectra[s1, 1, k, at]
            a2, b2 = spectra[s2, 0, k, at], spectra[s2, 1, k, at]
            a3, b3 = spectra[s3, 0, k, at], spectra[s3, 1, k, at]
            re = ((re0 * a0 + im0 * b0) + (re1 * a1 + im1 * b1)) + (
                (re2 * a2 + im2 * b2) + (re3 * a3 + im3 * b3)
            )
            im = ((im0 * a0 - re0 * b0) + (im1 * a1 - re1 * b1)) + (
                (im2 * a2 - re2 * b2) + (im3 * a3 - re3 * b3)
            )
            made[place, row, 0, k, lane] = made[place, row, 0, k, lane] + re if keep else re
            made[place, row, 1, k, lane] = made[place, row, 1, k, lane] + im if keep else im


@njit(cache=True, nogil=True, error_model="numpy", inline="always")
def _add_lags(
    spectra: NDArray[np.float64],
    s0: int,
    s1: int,
    s2: int,
    s3: int,
    one: int,
    others: int,
    made: NDArray[np.float64],
    place: int,
    row: int,
    keep: bool,
) -> None:
    width = np.uint64(made.shape[4])  # a length the compiler does not know, so it makes vectors
    for k in range(made.shape[3]):
        re0, im0 = spectra[s0, 0, k, one], spectra[s0, 1, k, one]
        re1, im1 = spectra[s1, 0, k, one], spectra[s1, 1, k, one]
        re2, im2 = spectra[s2, 0, k, one], spectra[s2, 1, k, one]
        re3, im3 = spectra[s3, 0, k, one], spectra[s3, 1, k, one]
        for lane in range(width):
            at = others + lane
            i0 = im0 * spectra[s0, 0, k, at] - re0 * spectra[s0, 1, k, at]
            i1 = im1 * spectra[s1, 0, k, at] - re1 * spectra[s1, 1, k, at]
            i2 = im2 * spectra[s2, 0, k, at] - re2 * spectra[s2, 1, k, at]
            i3 = im3 * spectra[s3, 0, k, at] - re3 * spectra[s3, 1, k, at]
            size = (abs(i0) + abs(i1)) + (abs(i2) + abs(i3))
            square = (i0 * i0 + i1 * i1) + (i2 * i2 + i3 * i3)
            made[place, row, 0, k, lane] = made[place, row, 0, k, lane] + size if keep else size
            made[place, row, 1, k, lane] = made[place, row, 1, k, lane] + square if keep else square
