"""Hill's curve of the measure over the amount, fitted to the means of the steps."""

import math
import warnings
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.stats import t as student_t

from replay.titration.mean_of_series import CONFIDENCE, MeanOnScale

_N_PARAMETERS: Final = 4
_EXPONENTS: Final = (0.5, 12.0)
_STARTS: Final = (1.0, 2.0, 4.0, 8.0)
_LEAST_SHARE: Final = 1e-3
_N_STEPS_MAX: Final = 200


class HillCurve(msgspec.Struct, frozen=True, kw_only=True):
    """``at_zero - (at_zero - at_most) / (1 + (half_amount / amount) ** exponent)`` [1]_.

    Parameters
    ----------
    at_zero, at_most : float
        The measure without, and under as much as one likes.
    half_amount : float
        The amount that takes the measure half of the way.
    exponent : float
        How steep that is.
    half_low, half_high : float
        Interval of 95 % of `half_amount`, from the curvature of the fit.

    Notes
    -----
    A damping ``a0`` to which stimulation adds ``k max / (1 + (I50 / I) ** h)`` makes a power of
    ``a0 / (a0 + k)``: that is this curve, with ``at_most = at_zero / (1 + max / a0)``,
    ``half_amount = I50 / (1 + max / a0) ** (1 / h)`` and the same exponent.

    References
    ----------
    .. [1] A. V. Hill, "The possible effects of the aggregation of the molecules of haemoglobin on
       its dissociation curves", Journal of Physiology 40 (supplement), 1910.
    """

    at_zero: float
    at_most: float
    half_amount: float
    exponent: float
    half_low: float
    half_high: float

    def at(self, amounts: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the curve.

        >>> curve = HillCurve(
        ...     at_zero=2.0, at_most=1.0, half_amount=1.5, exponent=4.0, half_low=1.4, half_high=1.6
        ... )
        >>> curve.at(np.array([0.0, 1.5])).tolist()
        [2.0, 1.5]
        """
        return _hill(amounts, self.at_zero, self.at_most, math.log(self.half_amount), self.exponent)


def hill_curve(amounts: Sequence[float], levels: Sequence[MeanOnScale]) -> HillCurve | None:
    """Fit Hill's curve to the levels of steps, on their scale, each weighted by its standard error.

    Returns
    -------
    HillCurve or None
        None where there are fewer than five different amounts, or the curve does not turn within
        the amounts that were given: then its half cannot be told.
    """
    x = np.asarray(amounts, np.float64)
    y = np.array([each.value for each in levels])
    is_log = all(each.is_log for each in levels)
    errors = np.array([each.standard_error for each in levels])
    highest = float(x.max(initial=0.0))
    if np.unique(x).size <= _N_PARAMETERS or highest <= 0.0 or not np.all(np.isfinite(errors)):
        return None
    if not np.all(errors > 0.0):
        errors = np.ones_like(errors)
    best = min(_fits(x, y, errors, is_log=is_log), key=lambda each: each[0], default=None)
    if best is None:
        return None
    _, fitted, covariance = best
    at_zero, at_most, log_half, exponent = (float(each) for each in fitted)
    lowest = float(x[x > 0.0].min())
    spread = math.sqrt(max(float(covariance[2, 2]), 0.0))
    freedom = max(1, x.size - _N_PARAMETERS)
    reach = spread * float(student_t.ppf(0.5 + 0.5 * CONFIDENCE, freedom))
    is_within = 0.5 * lowest <= math.exp(log_half) <= highest
    if not is_within or not math.isfinite(reach) or reach > math.log(highest / lowest) + 1.0:
        return None
    return HillCurve(
        at_zero=at_zero,
        at_most=at_most,
        half_amount=math.exp(log_half),
        exponent=exponent,
        half_low=math.exp(log_half - reach),
        half_high=math.exp(log_half + reach),
    )


_Fit = tuple[float, NDArray[np.float64], NDArray[np.float64]]


def _fits(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    errors: NDArray[np.float64],
    *,
    is_log: bool,
) -> list[_Fit]:
    highest = float(x.max())
    curve = _log_hill if is_log else _hill
    ends = [float(y[x == each].mean()) for each in (x.min(), highest)]
    if is_log:
        ends = [math.exp(each) for each in ends]
    lowest = ends[1] * _LEAST_SHARE if is_log else -np.inf
    bounds = (
        [lowest, lowest, math.log(highest) - 5.0, _EXPONENTS[0]],
        [np.inf, np.inf, math.log(highest) + 2.0, _EXPONENTS[1]],
    )
    found = []
    for exponent in _STARTS:
        start = [*ends, math.log(0.5 * highest), exponent]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            try:
                fitted, covariance = curve_fit(
                    curve,
                    x,
                    y,
                    start,
                    errors,
                    bounds=bounds,
                    absolute_sigma=True,
                    max_nfev=_N_STEPS_MAX,
                )
            except (RuntimeError, ValueError):
                continue
        away = (curve(x, *fitted) - y) / errors
        found.append((float(away @ away), fitted, covariance))
    return found


def _log_hill(
    amounts: NDArray[np.float64], at_zero: float, at_most: float, log_half: float, exponent: float
) -> NDArray[np.float64]:
    logarithm: NDArray[np.float64] = np.log(_hill(amounts, at_zero, at_most, log_half, exponent))
    return logarithm


def _hill(
    amounts: NDArray[np.float64], at_zero: float, at_most: float, log_half: float, exponent: float
) -> NDArray[np.float64]:
    power = np.zeros_like(amounts)
    is_on = amounts > 0.0
    power[is_on] = np.exp(exponent * (np.log(amounts[is_on]) - log_half))
    curve: NDArray[np.float64] = at_zero - (at_zero - at_most) * power / (1.0 + power)
    return curve
