"""Sums of products over a window of segments: slid, and made anew before rounding shows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.coherence_places import LOCKING_ROW, N_KEPT, N_PHASES, N_SEGMENTS
from detectors.kernels.coherence_products import WIDTH, slide_lags, slide_products

#: Sums are made anew after so many segments of a phase,
_RENEW: Final = 1024
#: and where the power in a bin has fallen by so much since they were.
_FALL: Final = 256.0


@kernel
def slot_of(sizes: NDArray[np.int64], segment: int) -> np.uint64:
    """Return where the spectrum of a segment since the restart is kept."""
    n_phases = sizes[N_PHASES]
    return np.uint64(segment // n_phases % sizes[N_KEPT] * n_phases + segment % n_phases)


@kernel
def slide(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    power: NDArray[np.float64],
    sizes: NDArray[np.int64],
    segment: int,
    n_channels: int,
    runs: NDArray[np.uint64],
    sums: NDArray[np.float64],
) -> None:
    """Add the newest segment to the sums of a window, and take the one off that leaves it.

    Parameters
    ----------
    spectra, units
        See `detectors.kernels.coherence_products.slide_products`; the last slot is zero.
    power : ndarray of float64, shape (n_slots, n_bins + 1, n_lanes)
        Squared spectra and energy.
    sizes
        See `detectors.kernels.coherence_places`.
    segment : int
        The newest, counted from the restart.
    n_channels : int
        Channels in the ring.
    runs : ndarray of uint64, shape (n_runs, 2)
        One channel of the pairs, and the place of the first of the others.
    sums : ndarray of float64, shape (n_sums,)
        Highest power since they were made anew, power, and products of every run.

    Notes
    -----
    Taking off leaves rounding of the most that has been in a sum. So those of a channel are made
    anew from the spectra of the window where that has become much beside what is there, as it
    does when an artifact leaves: of that nothing is left then. No sum is off by more than some
    1e-13, and no channel changes a bit of pairs that it is not in.
    """
    own = segment // sizes[N_PHASES]
    newest = slot_of(sizes, segment)
    leaving = np.uint64(len(spectra) - 1)
    if own >= sizes[N_SEGMENTS]:
        leaving = slot_of(sizes, segment - sizes[N_SEGMENTS] * sizes[N_PHASES])
    rows = sizes[LOCKING_ROW:]
    n_power = power.shape[1] * power.shape[2]
    highest = sums[:n_power].reshape(power.shape[1:])
    of_power = sums[n_power : 2 * n_power].reshape(power.shape[1:])
    of_runs = sums[2 * n_power :].reshape(len(runs), -1, 2, spectra.shape[2], WIDTH)
    fallen = np.zeros(power.shape[2], dtype=np.bool_)
    if own == 0:
        sums[:] = 0.0
    any_fallen = _slide_power(power[newest], power[leaving], of_power, highest, fallen)
    for run in range(len(runs)):
        _slide_run(spectra, units, newest, leaving, runs, run, rows, of_runs, run)
    if own % _RENEW == _RENEW - 1:
        fallen[:] = True
    elif not any_fallen:
        return
    slots = _window(sizes, segment)
    _renew_power(power, slots, fallen, of_power, highest)
    _renew_runs(spectra, units, slots, n_channels, runs, rows, fallen, of_runs)


@kernel
def _window(sizes: NDArray[np.int64], segment: int) -> NDArray[np.uint64]:
    """Return the slots of a window's segments since the restart, from the oldest on."""
    n_phases = sizes[N_PHASES]
    slots = np.empty(min(segment // n_phases + 1, sizes[N_SEGMENTS]), dtype=np.uint64)
    for back in range(slots.size):
        slots[slots.size - 1 - back] = slot_of(sizes, segment - back * n_phases)
    return slots


@kernel
def _slide_power(
    came: NDArray[np.float64],
    left: NDArray[np.float64],
    made: NDArray[np.float64],
    highest: NDArray[np.float64],
    fallen: NDArray[np.bool_],
) -> bool:
    """Note which channels have fallen so far that rounding might show; return whether any has."""
    any_fallen = False
    for k in range(made.shape[0]):
        n_fallen = 0
        for lane in range(made.shape[1]):
            stays = made[k, lane] + (came[k, lane] - left[k, lane])
            made[k, lane] = stays
            highest[k, lane] = max(highest[k, lane], stays)
            n_fallen += 1 if highest[k, lane] > _FALL * stays else 0
        if n_fallen > 0:
            any_fallen = True
            for lane in range(made.shape[1]):
                fallen[lane] = fallen[lane] or highest[k, lane] > _FALL * made[k, lane]
    return any_fallen


@kernel
def _slide_run(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    came: np.uint64,
    left: np.uint64,
    runs: NDArray[np.uint64],
    run: int,
    rows: NDArray[np.int64],
    sums: NDArray[np.float64],
    place: int,
) -> None:
    one, others = runs[run, 0], runs[run, 1]
    slide_products(spectra, came, left, one, others, sums, place, 0)
    if rows[0] >= 0:
        slide_products(units, came, left, one, others, sums, place, rows[0])
    if rows[1] >= 0:
        slide_lags(spectra, came, left, one, others, sums, place, rows[1])


@kernel
def _renew_power(
    power: NDArray[np.float64],
    slots: NDArray[np.uint64],
    fallen: NDArray[np.bool_],
    made: NDArray[np.float64],
    highest: NDArray[np.float64],
) -> None:
    """Sum the power of these channels anew."""
    for lane in range(fallen.size):
        if not fallen[lane]:
            continue
        for k in range(made.shape[0]):
            total = 0.0
            for slot in slots:
                total += power[slot, k, lane]
            made[k, lane] = total
            highest[k, lane] = total


@kernel
def _renew_runs(
    spectra: NDArray[np.float64],
    units: NDArray[np.float64],
    slots: NDArray[np.uint64],
    n_channels: int,
    runs: NDArray[np.uint64],
    rows: NDArray[np.int64],
    fallen: NDArray[np.bool_],
    sums: NDArray[np.float64],
) -> None:
    """Sum the products of pairs with one of these channels anew, and of no others."""
    zero = np.uint64(len(spectra) - 1)
    anew = np.empty_like(sums[:1])
    is_meant = np.empty(WIDTH, dtype=np.bool_)
    for run in range(len(runs)):
        others = np.int64(runs[run, 1])
        for lane in range(WIDTH):
            is_meant[lane] = fallen[runs[run, 0]] or fallen[(others + lane) % n_channels]
        if not is_meant.any():
            continue
        anew[:] = 0.0
        for slot in slots:
            _slide_run(spectra, units, slot, zero, runs, run, rows, anew, 0)
        for lane in range(WIDTH):
            if is_meant[lane]:
                sums[run, :, :, :, lane] = anew[0, :, :, :, lane]
