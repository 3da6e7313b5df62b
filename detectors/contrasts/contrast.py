"""The contrast of two samples of epochs, with its interval and what chance gives of it."""

from math import exp, log, sqrt, tanh
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from detectors.contrasts.config import Form, Mean
from detectors.contrasts.permutation import PermutationTest, permutation_test, sign_flip_test


class Contrast(NamedTuple):
    """What two conditions differ by.

    Parameters
    ----------
    value, null, lower, upper : float
        The contrast; the level that relabelled epochs do not exceed in a share `confidence` of
        cases; the limits of its interval.
    p : float
        Share of relabellings that differ at least as much, two-sided.
    first, second : float
        The mean of each condition.
    standard_error : float
        Of the difference, or of the logarithm of the ratio.

    Examples
    --------
    >>> again = Estimator("ratio", "geometric", 0.95, 999, seed=0)
    >>> found = again.contrast(np.array([1.0, 2.0, 4.0]), np.array([4.0, 8.0, 16.0]))
    >>> round(found.value, 12), found.p
    (0.25, 0.2)
    """

    value: float
    null: float
    lower: float
    upper: float
    p: float
    first: float
    second: float
    standard_error: float


class _Interval(NamedTuple):
    """A difference, or the logarithm of a ratio, and how exactly it is known."""

    centre: float
    standard_error: float
    n_free: float


class Estimator(NamedTuple):
    """How two conditions are compared; the fields are those of `EventContrastConfig`.

    Parameters
    ----------
    form, mean, confidence, n_permutations, seed
        As there.

    Notes
    -----
    Unpaired intervals are Welch's [1]_: of the values for a difference; of their logarithms for
    geometric means, transformed back; for arithmetic means under a ratio or an index of ``ln S1 -
    ln S2`` with the variance ``v1 / (n1 S1²) + v2 / (n2 S2²)`` of the delta method. Paired ones are
    Student's of the pairs' differences on the same scales. An index is ``tanh(ln(ratio) / 2)``,
    so its limits are those of the ratio.

    Relabellings exchange values, or their logarithms where means are geometric, and what they
    give is put into the form: of arithmetic means with the means that this difference leaves, as
    their sum is the same for all.

    References
    ----------
    .. [1] B. L. Welch, "The generalization of 'Student's' problem when several different
       population variances are involved", Biometrika 34, 1947, doi:10.1093/biomet/34.1-2.28.
    """

    form: Form
    mean: Mean
    confidence: float
    n_permutations: int
    seed: int

    def contrast(
        self,
        first: NDArray[np.float64],
        second: NDArray[np.float64],
        is_first: NDArray[np.bool_] | None = None,
        *,
        paired: bool = False,
    ) -> Contrast:
        """Return the contrast of the epochs of two conditions.

        Parameters
        ----------
        first, second : ndarray, shape (n_epochs,)
            At least two values each; of equal length and in the order of pairs where paired;
            above 0 where means are geometric.
        is_first : ndarray of bool, shape (n_all,), optional
            Of all epochs in the order of time, which were of the first condition; by default
            these came before the others.
        paired : bool
            Whether the values of one index belong together.

        Returns
        -------
        Contrast
            Its numbers are not finite where a form has no value, as a ratio over 0.
        """
        is_log = self.mean == "geometric"
        one, other = (np.log(first), np.log(second)) if is_log else (first, second)
        means = _mean(one), _mean(other)
        test = self._tested(one, other, is_first, paired=paired)
        known = self._paired(one, other) if paired else self._welch(one, other)
        reach = known.standard_error * float(stdtrit(known.n_free, (1.0 + self.confidence) / 2.0))
        first_mean, second_mean = (exp(each) if is_log else each for each in means)
        value = self._value(first_mean, second_mean, known.centre)
        # Rounding of the two ways to a ratio must not put it beside its own interval.
        lower = min(value, self._formed(known.centre - reach))
        upper = max(value, self._formed(known.centre + reach))
        null = self._null(test.distance, one, other)
        return Contrast(
            value, null, lower, upper, test.p, first_mean, second_mean, known.standard_error
        )

    def _tested(
        self,
        one: NDArray[np.float64],
        other: NDArray[np.float64],
        is_first: NDArray[np.bool_] | None,
        *,
        paired: bool,
    ) -> PermutationTest:
        if paired:
            return sign_flip_test(one - other, self.confidence, self.n_permutations, self.seed)
        if is_first is None:
            is_first = np.arange(one.size + other.size) < one.size
        values = np.empty(is_first.size)
        values[is_first], values[~is_first] = one, other
        return permutation_test(values, is_first, self.confidence, self.n_permutations, self.seed)

    def _welch(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> _Interval:
        parts = [float(each.var(ddof=1)) / each.size for each in (one, other)]
        if self._is_relative:
            one_mean, other_mean = _mean(one), _mean(other)
            if not (one_mean > 0.0 and other_mean > 0.0):
                return _Interval(np.nan, np.nan, 1.0)
            parts = [parts[0] / one_mean**2, parts[1] / other_mean**2]
            centre = log(one_mean) - log(other_mean)
        else:
            centre = _mean(one) - _mean(other)
        total = parts[0] + parts[1]
        below = parts[0] ** 2 / (one.size - 1) + parts[1] ** 2 / (other.size - 1)
        n_free = total**2 / below if below > 0.0 else float(one.size + other.size - 2)
        return _Interval(centre, sqrt(total), n_free)

    def _paired(self, one: NDArray[np.float64], other: NDArray[np.float64]) -> _Interval:
        if self._is_relative:
            one_mean, other_mean = _mean(one), _mean(other)
            if not (one_mean > 0.0 and other_mean > 0.0):
                return _Interval(np.nan, np.nan, 1.0)
            differences = one / one_mean - other / other_mean
            centre = log(one_mean) - log(other_mean)
        else:
            differences = one - other
            centre = _mean(one) - _mean(other)
        error = sqrt(float(differences.var(ddof=1)) / differences.size)
        return _Interval(centre, error, float(differences.size - 1))

    @property
    def _is_relative(self) -> bool:
        """Whether the ratio is one of arithmetic means."""
        return self.form != "difference" and self.mean == "arithmetic"

    def _value(self, first: float, second: float, centre: float) -> float:
        if self.form == "difference":
            return centre
        if self.form == "ratio":
            return first / second if second > 0.0 else np.nan
        return (first - second) / (first + second) if first + second > 0.0 else np.nan

    def _formed(self, centre: float) -> float:
        if self.form == "difference":
            return centre
        return _exp(centre) if self.form == "ratio" else tanh(centre / 2.0)

    def _null(self, distance: float, one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
        if not self._is_relative:
            return self._formed(distance)
        n_all = one.size + other.size
        middle = (float(one.sum()) + float(other.sum())) / n_all
        first = middle + distance * other.size / n_all
        second = middle - distance * one.size / n_all
        return self._value(first, second, 0.0)


def _mean(values: NDArray[np.float64]) -> float:
    return float(values.mean())


def _exp(value: float) -> float:
    return exp(value) if value < 700.0 else np.inf
