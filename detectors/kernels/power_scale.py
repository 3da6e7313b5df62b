"""Powers put on another scale, hop by hop: logarithms against a baseline, shares of a total."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Rows of `levels`, each with one place an output: what is taken off the logarithm, what the
#: result is multiplied by; of the calibration so far the mean, and the summed squares about it.
CENTRE: Final = 0
GAIN: Final = 1
MEAN: Final = 2
SQUARES: Final = 3
N_LEVELS: Final = 4

#: A standard deviation of less is no spread of a measured power.
_SPREAD_MIN: Final = 1e-6


@kernel
def to_logarithm(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    n_calibrate: int,
    is_spread: bool,
    collected: NDArray[np.int64],
    levels: NDArray[np.float64],
) -> None:
    """Turn every power into ``gain * (log10(power) - centre)``, in place.

    Parameters
    ----------
    values, valid : ndarray, shape (n_hops, n_outputs)
        Powers, and whether they may be used. A power of 0 has no logarithm: it is not valid.
    n_calibrate : int
        Valid hops that the centre is taken from; 0 where it is given.
    is_spread : bool
        Whether centre and gain are mean and standard deviation of the logarithm; else the centre
        is the logarithm of the mean.
    collected : ndarray of int64, shape (n_outputs,)
        Valid hops so far.
    levels : ndarray of float64, shape (N_LEVELS, n_outputs)
        See the rows above. No hop is valid where the gain is 0.
    """
    for hop in range(values.shape[0]):
        for output in range(values.shape[1]):
            power = values[hop, output]
            is_valid = valid[hop, output] and power > 0.0
            value = math.log10(power) if is_valid else 0.0
            if collected[output] < n_calibrate:
                if is_valid:
                    collected[output] += 1
                    _collect(value if is_spread else power, collected[output], levels[:, output])
                    if collected[output] == n_calibrate:
                        _freeze(n_calibrate, is_spread, levels[:, output])
                is_valid = False
            is_valid = is_valid and levels[GAIN, output] > 0.0
            value = levels[GAIN, output] * (value - levels[CENTRE, output])
            valid[hop, output] = is_valid
            values[hop, output] = value if is_valid else 0.0


@kernel
def _collect(value: float, number: int, level: NDArray[np.float64]) -> None:
    """Take the value of this number into the mean and the squares about it."""
    away = value - level[MEAN]
    level[MEAN] += away / number
    level[SQUARES] += away * (value - level[MEAN])


@kernel
def _freeze(n_values: int, is_spread: bool, level: NDArray[np.float64]) -> None:
    if is_spread:
        spread = math.sqrt(level[SQUARES] / n_values)
        level[CENTRE] = level[MEAN]
        level[GAIN] = 1.0 / spread if spread >= _SPREAD_MIN else 0.0
    else:
        level[CENTRE] = math.log10(level[MEAN])


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
                given = channel * (n_bands + 1) + band
                made = channel * n_bands + band
                value = 100.0 * powers[hop, given] / powers[hop, total]
                is_valid = are_valid[hop, given] and are_valid[hop, total] and np.isfinite(value)
                valid[hop, made] = is_valid
                values[hop, made] = value if is_valid else 0.0
