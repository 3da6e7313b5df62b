"""Slow activity of each channel against its own level."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.compiling.opened import opened
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

#: Mean of min(|x|, 2 SD) of a Gaussian, in SD: sqrt(2/pi) (1 - exp(-2)) + 4 (1 - Phi(2)).
CUT_MEAN: Final = 0.780903
_CUT_SD: Final = 2.0

_MOVEMENT: Final = int(Taint.MOVEMENT)


class Settings(Record):
    """Numbers that never change."""

    #: Of each low-pass.
    low_gain: float
    #: Of the mean that is taken off.
    drift_gain: float
    #: Standard deviations that are too much.
    sd_max: float
    #: Samples before anything is judged.
    n_learn: float
    #: Samples that the level remembers.
    n_level: float
    #: Samples that are marked behind one that moves.
    n_hold: float


class State(NamedTuple):
    """What is known of each channel, shapes (n_channels,)."""

    #: Good samples since the restart.
    n_good: Array1[np.float64]
    #: The first of them.
    reference_uv: Array1[np.float64]
    #: Behind one low-pass, and behind both.
    low_once_uv: Array1[np.float64]
    low_twice_uv: Array1[np.float64]
    #: The mean of that, which is taken off.
    drift_uv: Array1[np.float64]
    #: The mean magnitude of what is left.
    level_uv: Array1[np.float64]
    #: Samples still to be marked.
    n_left: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings


@kernel
def update(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], addresses: NDArray[np.int64]
) -> int:
    """Mark movement in place and return how many samples, of all channels, had no such mark.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        The taint is added to.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    n_marked = 0
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            _restart(state)
        for channel in range(samples_uv.shape[1]):
            if taint[row, channel] & SPOILS_WINDOW == 0:
                _take(samples_uv[row, channel], channel, state)
            if state.n_left[channel] > 0.0:
                state.n_left[channel] -= 1.0
                n_marked += taint[row, channel] & _MOVEMENT == 0
                taint[row, channel] |= _MOVEMENT
    return n_marked


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    state.n_good[:] = 0.0
    state.reference_uv[:] = 0.0
    state.low_once_uv[:] = 0.0
    state.low_twice_uv[:] = 0.0
    state.drift_uv[:] = 0.0
    state.level_uv[:] = 0.0
    state.n_left[:] = 0.0


@kernel
def _take(value_uv: float, channel: int, state: State) -> None:
    """Take a good sample into the filters and the level; too much of it is movement."""
    settings = state.settings
    if state.n_good[channel] == 0.0:
        state.reference_uv[channel] = value_uv
    state.n_good[channel] += 1.0
    gain = settings.low_gain
    state.low_once_uv[channel] += gain * (
        value_uv - state.reference_uv[channel] - state.low_once_uv[channel]
    )
    state.low_twice_uv[channel] += gain * (state.low_once_uv[channel] - state.low_twice_uv[channel])
    state.drift_uv[channel] += settings.drift_gain * (
        state.low_twice_uv[channel] - state.drift_uv[channel]
    )
    size = abs(state.low_twice_uv[channel] - state.drift_uv[channel])
    n_good = state.n_good[channel]
    deviation = state.level_uv[channel] / CUT_MEAN
    if n_good > settings.n_learn:
        if size > settings.sd_max * deviation:
            state.n_left[channel] = settings.n_hold + 1.0
        if deviation > 0.0:
            size = min(size, _CUT_SD * deviation)
    state.level_uv[channel] += (size - state.level_uv[channel]) / min(n_good, settings.n_level)
