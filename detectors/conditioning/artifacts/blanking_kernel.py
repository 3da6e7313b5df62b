"""The last good value in place of samples with a pulse in them."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.compiling.opened import opened
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

_STIMULATION: Final = int(Taint.STIMULATION)
_UNCLEANED: Final = int(Taint.UNCLEANED)


class Settings(Record):
    """Numbers that never change."""

    #: Samples to hold from a pulse on.
    n_blank: int
    #: Samples to spoil from a change on.
    n_settle: int


class Counters(Record):
    """Where the kernel stands, and what it did in the last call."""

    #: Samples still to be held, and to be spoilt.
    n_to_hold: int
    n_to_spoil: int
    #: Samples of single channels that were held, and that are not to be used.
    n_held: int
    n_spoilt: int


class State(NamedTuple):
    """What is known of each channel, shapes (n_channels,)."""

    #: Last good value.
    held_uv: Array1[np.float64]
    #: Whether there is one.
    has_held: Array1[np.bool_]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters


@kernel
def update(
    pulses: NDArray[np.int64],
    changes: NDArray[np.int64],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    addresses: NDArray[np.int64],
) -> None:
    """Hold and mark in place.

    Parameters
    ----------
    pulses, changes : ndarray of int64
        Rows at which one begins, rising.
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        Changed in place.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters, held, has_held = state.counters, state.held_uv, state.has_held
    counters.n_held = counters.n_spoilt = 0
    next_pulse = 0
    next_change = 0
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            counters.n_to_hold = counters.n_to_spoil = 0
            has_held[:] = False
        if next_pulse < pulses.size and pulses[next_pulse] == row:
            counters.n_to_hold = state.settings.n_blank
            next_pulse += 1
        if next_change < changes.size and changes[next_change] == row:
            counters.n_to_spoil = state.settings.n_settle
            next_change += 1
        is_settling = counters.n_to_spoil > 0
        is_blank = counters.n_to_hold > 0
        for channel in range(samples_uv.shape[1]):
            if is_blank and has_held[channel]:
                samples_uv[row, channel] = held[channel]
                taint[row, channel] |= _STIMULATION
                counters.n_held += 1
            if is_settling or (is_blank and not has_held[channel]):
                taint[row, channel] |= _UNCLEANED
                counters.n_spoilt += 1
            elif not is_blank and taint[row, channel] & SPOILS_WINDOW == 0:
                held[channel] = samples_uv[row, channel]
                has_held[channel] = True
        counters.n_to_hold -= is_blank
        counters.n_to_spoil -= is_settling
