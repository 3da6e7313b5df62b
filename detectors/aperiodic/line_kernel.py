"""A line through the logarithms of a spectrum, and the power of a band over it."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.aperiodic.state import EXPONENT, MISFIT, OFFSET, OVER_DB, OVER_DB_NULL, State
from detectors.compiling.kernel import kernel

#: A bin with no more than this (µV²/Hz) is dead: it has no logarithm worth a line.
_DEAD: Final = 1e-24
#: Reweightings of the line: this many leave less than a thousandth to those that would follow.
N_REWEIGHTINGS: Final = 20


@kernel
def measure(state: State, values: NDArray[np.float64]) -> bool:
    """Write the outputs of one channel; return whether it has any."""
    settings, power, parts = state.settings, state.power, state.parts
    n_line = settings.n_line
    for k in range(power.size):
        power[k] *= settings.scale
        if not power[k] > _DEAD:
            return False
    for k in range(n_line):
        state.log_power[k] = np.log10(power[k]) + settings.log_bias
    offset, exponent, rms = _fit_line(state)
    found = aperiodic = 0.0
    for k in range(n_line, power.size):
        found += parts[k - n_line] * power[k]
        line = offset - exponent * state.log_frequency[k]
        aperiodic += parts[k - n_line] * 10.0**line * leakage(exponent, state.smearing[k])
    values[EXPONENT] = exponent
    values[OFFSET] = offset
    values[OVER_DB] = 10.0 * np.log10(found / aperiodic)
    values[OVER_DB_NULL] = settings.over_db_null
    values[MISFIT] = rms / settings.expected_rms
    return bool(np.isfinite(values).all())


@kernel
def _fit_line(state: State) -> tuple[float, float, float]:
    """Return offset and exponent of the line, and the root mean square distance of the bins."""
    log_frequency, smearing = state.log_frequency, state.smearing
    log_power, leakage_bias, distances = state.log_power, state.leakage_bias, state.distance
    huber_constant = state.settings.huber_constant
    n_line = log_power.size
    distances[:] = 0.0
    leakage_bias[:] = 0.0
    offset = exponent = total = 0.0
    for _ in range(N_REWEIGHTINGS):
        weights = x_sum = y_sum = xx_sum = xy_sum = 0.0
        for k in range(n_line):
            size = abs(distances[k])
            weight = 1.0 if size <= huber_constant else huber_constant / size
            x = log_frequency[k]
            y = log_power[k] - leakage_bias[k]
            weights += weight
            x_sum += weight * x
            y_sum += weight * y
            xx_sum += weight * x * x
            xy_sum += weight * x * y
        exponent = (x_sum * y_sum - weights * xy_sum) / (weights * xx_sum - x_sum * x_sum)
        offset = (y_sum + exponent * x_sum) / weights
        total = 0.0
        for k in range(n_line):
            leakage_bias[k] = np.log10(leakage(exponent, smearing[k]))
            line = offset - exponent * log_frequency[k]
            distance = log_power[k] - leakage_bias[k] - line
            distances[k] = distance
            total += distance * distance
    return offset, exponent, np.sqrt(total / n_line)


@kernel
def leakage(exponent: float, smearing: float) -> float:
    """Return how much higher a Hann segment shows ``f ** -exponent`` than it is.

    The first two terms of a series: the square of a Hann segment's transform has the mean square
    width 1/3 and the mean fourth power 1/3, in bins.
    """
    second = exponent * (exponent + 1.0)
    fourth = second * (exponent + 2.0) * (exponent + 3.0)
    return 1.0 + smearing * second / 6.0 + smearing * smearing * fourth / 72.0
