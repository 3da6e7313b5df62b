"""Powers put on another scale, hop by hop: logarithms against a baseline, shares of a total."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.compiling.opened import opened

#: A standard deviation of less is no spread of a measured power.
_SPREAD_MIN: Final = 1e-6


class Settings(Record):
    """What never changes."""

    #: Valid hops that the centre is taken from; 0 where it is given.
    n_calibrate: int
    #: Whether centre and gain are mean and standard deviation of the logarithm; else the centre is
    #: the logarithm of the mean.
    is_spread: bool


class State(NamedTuple):
    """The references of powers, shapes (n_outputs,)."""

    #: What is taken off the logarithm.
    centre: Array1[np.float64]
    #: What the result is multiplied by; no hop is valid where it is 0.
    gain: Array1[np.float64]
    #: Valid hops of the calibration so far, ...
    n_collected: Array1[np.int64]
    #: ... their mean, ...
    mean: Array1[np.float64]
    #: ... and the summed squares about it.
    squares: Array1[np.float64]
    #: What never changes.
    settings: Settings


@kernel
def to_logarithm(
    values: NDArray[np.float64], valid: NDArray[np.bool_], addresses: NDArray[np.int64]
) -> None:
    """Change every power to ``gain * (log10(power) - centre)``, in place.

    Parameters
    ----------
    values, valid : ndarray, shape (n_hops, n_outputs)
        Powers, and whether they may be used. A power of 0 has no logarithm: it is not valid.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    n_calibrate, is_spread = state.settings.n_calibrate, state.settings.is_spread
    gain, centre, n_collected = state.gain, state.centre, state.n_collected
    for hop in range(values.shape[0]):
        for output in range(values.shape[1]):
            power = values[hop, output]
            is_valid = valid[hop, output] and power > 0.0
            value = math.log10(power) if is_valid else 0.0
            if n_collected[output] < n_calibrate:
                if is_valid:
                    _collect(output, value if is_spread else power, state)
                is_valid = False
            is_valid = is_valid and gain[output] > 0.0
            value = gain[output] * (value - centre[output])
            valid[hop, output] = is_valid
            values[hop, output] = value if is_valid else 0.0


@kernel
def _collect(output: int, value: float, state: State) -> None:
    """Take one value into the mean and the squares about it; the last one ends the calibration."""
    n_collected, mean, squares = state.n_collected, state.mean, state.squares
    n_collected[output] += 1
    away = value - mean[output]
    mean[output] += away / n_collected[output]
    squares[output] += away * (value - mean[output])
    if n_collected[output] < state.settings.n_calibrate:
        return
    if state.settings.is_spread:
        spread = math.sqrt(squares[output] / n_collected[output])
        state.centre[output] = mean[output]
        state.gain[output] = 1.0 / spread if spread >= _SPREAD_MIN else 0.0
    else:
        state.centre[output] = math.log10(mean[output])


@kernel
def to_percent(
    powers: NDArray[np.float64],
    are_valid: NDArray[np.bool_],
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    n_channels: int,
) -> None:
    """Write the percent that each power of a channel is of its last one, the total.

    Parameters
    ----------
    powers, are_valid : ndarray, shape (n_hops, n_channels * (1 + n_bands))
        Powers and whether they may be used.
    values, valid : ndarray, shape (n_hops, n_channels * n_bands)
        What is written; not valid where the total is 0.
    n_channels : int
        The number of channels.
    """
    n_bands = values.shape[1] // n_channels
    for hop in range(values.shape[0]):
        for channel in range(n_channels):
            total = (channel + 1) * (n_bands + 1) - 1
            for band in range(n_bands):
                part = channel * (n_bands + 1) + band
                output = channel * n_bands + band
                value = 100.0 * powers[hop, part] / powers[hop, total]
                is_valid = are_valid[hop, part] and are_valid[hop, total] and np.isfinite(value)
                valid[hop, output] = is_valid
                values[hop, output] = value if is_valid else 0.0
