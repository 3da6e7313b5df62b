"""Confidence intervals: exact ones of counts, and a bootstrap over stretches of all else."""

from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import stats

#: Confidence of every interval.
CONFIDENCE: Final = 0.95
#: Resamplings of a bootstrap.
N_RESAMPLED: Final = 2000
#: Fewer stretches give no interval that means anything.
N_STRETCHES_MIN: Final = 5

BINOMIAL: Final = (
    "exact binomial (Clopper and Pearson): each burst of the reference is met or not, nearly "
    "independent of the next, and the interval stays right at none and at all"
)
POISSON: Final = (
    "exact Poisson (Garwood): false bursts are rare and lie apart, and the interval stays right "
    "where there is none"
)


class Interval(NamedTuple):
    """Lower and upper bound; both None where there are too few data for any."""

    low: float | None = None
    high: float | None = None


def binomial(n_hits: int, n_tries: int) -> Interval:
    """Return the exact interval of a share (Clopper and Pearson 1934).

    Examples
    --------
    >>> low, high = binomial(0, 10)
    >>> low, round(high, 4)
    (0.0, 0.3085)
    """
    if not n_tries:
        return Interval()
    tail = (1.0 - CONFIDENCE) / 2.0
    low = 0.0 if n_hits == 0 else float(stats.beta.ppf(tail, n_hits, n_tries - n_hits + 1))
    is_all = n_hits == n_tries
    high = 1.0 if is_all else float(stats.beta.ppf(1.0 - tail, n_hits + 1, n_tries - n_hits))
    return Interval(low, high)


def poisson(n_events: int, exposure: float) -> Interval:
    """Return the exact interval of a rate: events in each unit of `exposure` (Garwood 1936).

    Examples
    --------
    >>> low, high = poisson(0, 10.0)
    >>> low, round(high, 4)
    (0.0, 0.3689)
    """
    if exposure <= 0.0:
        return Interval()
    tail = (1.0 - CONFIDENCE) / 2.0
    low = 0.0 if n_events == 0 else float(stats.chi2.ppf(tail, 2 * n_events)) / 2.0
    high = float(stats.chi2.ppf(1.0 - tail, 2 * n_events + 2)) / 2.0
    return Interval(low / exposure, high / exposure)


def bootstrap(
    n_stretches: int,
    measure: Callable[[NDArray[np.int64]], float],
    seed: int,
) -> Interval:
    """Return the percentile interval of a measure over stretches drawn with replacement.

    Parameters
    ----------
    n_stretches : int
        Stretches of time, long against what they hold, so that they are nearly independent.
    measure : callable
        Given the stretches of one resampling, of shape (n_stretches,), returns the measure; NaN
        where they have none.
    seed : int
        Seed of the random numbers: equal seeds give equal intervals.

    References
    ----------
    B. Efron, R. Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13.
    """
    if n_stretches < N_STRETCHES_MIN:
        return Interval()
    random = np.random.default_rng(seed)
    drawn = random.integers(0, n_stretches, (N_RESAMPLED, n_stretches))
    found = np.array([measure(each) for each in drawn])
    found = found[np.isfinite(found)]
    if found.size < N_RESAMPLED // 2:
        return Interval()
    tail = 50.0 * (1.0 - CONFIDENCE)
    low, high = np.percentile(found, [tail, 100.0 - tail]).tolist()
    return Interval(low, high)


def bootstrap_text(stretch_s: float) -> str:
    """Return how such an interval was made, and why."""
    return (
        f"bootstrap over stretches of {stretch_s:g} s: neighbouring samples and bursts are not "
        "independent, and no closed form is known"
    )
