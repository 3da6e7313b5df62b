"""Sums of products over a window of segments, computed anew before rounding shows."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.products_kernel import WIDTH, update_lags, update_products
from detectors.coherence.state import State
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened

#: Sums are made anew after this number of segments of a phase,
_RENEW: Final = 1024
#: and where the power in a bin has fallen by this factor since they were.
_FALL: Final = 256.0


@kernel
def slot_of(segment: int, state: State) -> np.uint64:
    """Return where the spectrum of a segment since the restart is kept."""
    n_phases = state.lengths.n_phases
    return np.uint64(segment // n_phases % state.lengths.n_kept * n_phases + segment % n_phases)


@kernel
def tile_sums(window_sums: NDArray[np.float64], state: State) -> NDArray[np.float64]:
    """Return the sums of the tiles in one phase, shape (n_tiles, n_rows, 2, n_bins, WIDTH)."""
    n_bins = len(state.inverse)
    products = window_sums[2 * state.total.size :]
    shaped: NDArray[np.float64] = products.reshape(len(state.tiles), -1, 2, n_bins, WIDTH)
    return shaped


@kernel(inline=False)
def update_sums(segment: int, addresses: NDArray[np.int64]) -> None:
    """Add the newest segment to the sums of its window, and take the one off that leaves it.

    Parameters
    ----------
    segment : int
        The newest, counted from the restart.
    addresses
        Of a bundle of `State`, of which `window_sums`, at the phase of the segment, is changed.

    Notes
    -----
    Taking off leaves rounding of the most that has been in a sum. So those of a channel are made
    anew from the spectra of the window where that has become much beside what is there, as it
    does when an artifact leaves: of that nothing is left then. No sum is off by more than some
    1e-13, and no channel changes a bit of pairs that it is not in.
    """
    state = opened(State, addresses)
    lengths, power, fallen = state.lengths, state.power, state.fallen
    own = segment // lengths.n_phases
    newest = slot_of(segment, state)
    leaving = np.uint64(len(state.spectra) - 1)
    if own >= lengths.n_segments:
        leaving = slot_of(segment - lengths.n_segments * lengths.n_phases, state)
    window_sums = state.window_sums[segment % lengths.n_phases]
    n_power = power.shape[1] * power.shape[2]
    highest = window_sums[:n_power].reshape(power.shape[1:])
    power_sums = window_sums[n_power : 2 * n_power].reshape(power.shape[1:])
    sums = tile_sums(window_sums, state)
    fallen[:] = False
    if own == 0:
        window_sums[:] = 0.0
    any_fallen = _update_power(power[newest], power[leaving], power_sums, highest, fallen)
    for tile in range(len(state.tiles)):
        _update_tile(tile, newest, leaving, sums, tile, state)
    if own % _RENEW == _RENEW - 1:
        fallen[:] = True
    elif not any_fallen:
        return
    slots = _window(segment, state)
    _renew_power(power, slots, fallen, power_sums, highest)
    _renew_tiles(slots, sums, addresses)


@kernel
def _window(segment: int, state: State) -> NDArray[np.uint64]:
    """Return the slots of a window's segments since the restart, from the oldest on."""
    n_phases = state.lengths.n_phases
    slots = np.empty(min(segment // n_phases + 1, state.lengths.n_segments), dtype=np.uint64)
    for back in range(slots.size):
        slots[slots.size - 1 - back] = slot_of(segment - back * n_phases, state)
    return slots


@kernel
def _update_power(
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
def _update_tile(
    tile: int,
    came: np.uint64,
    left: np.uint64,
    sums: NDArray[np.float64],
    to: int,
    state: State,
) -> None:
    """Add a tile's products of one slot, and take those of another off, in `sums` at `to`."""
    lengths, spectra = state.lengths, state.spectra
    one, others = state.tiles[tile, 0], state.tiles[tile, 1]
    update_products(spectra, came, left, one, others, sums, to, 0)
    if lengths.locking_row >= 0:
        update_products(state.phasors, came, left, one, others, sums, to, lengths.locking_row)
    if lengths.lag_row >= 0:
        update_lags(spectra, came, left, one, others, sums, to, lengths.lag_row)


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


@kernel(inline=False)
def _renew_tiles(
    slots: NDArray[np.uint64], sums: NDArray[np.float64], addresses: NDArray[np.int64]
) -> None:
    """Sum the products of pairs with a channel that has fallen anew, and of no others."""
    state = opened(State, addresses)
    fallen, n_channels = state.fallen, state.columns.size
    zero = np.uint64(len(state.spectra) - 1)
    anew = np.empty_like(sums[:1])
    is_meant = np.empty(WIDTH, dtype=np.bool_)
    for tile in range(len(state.tiles)):
        others = np.int64(state.tiles[tile, 1])
        for lane in range(WIDTH):
            is_meant[lane] = fallen[state.tiles[tile, 0]] or fallen[(others + lane) % n_channels]
        if not is_meant.any():
            continue
        anew[:] = 0.0
        for slot in slots:
            _update_tile(tile, slot, zero, anew, 0, state)
        for lane in range(WIDTH):
            if is_meant[lane]:
                sums[tile, :, :, :, lane] = anew[0, :, :, :, lane]
