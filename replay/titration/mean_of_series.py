"""The mean of a series whose values hang together, and how far it may be off by chance."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student_t

#: Share of intervals that hold the mean of an endless series; see `MeanOfSeries`.
CONFIDENCE: Final = 0.95
_N_MIN: Final = 3


class MeanOfSeries(NamedTuple):
    """A mean, its standard error, and an interval.

    The series is worth `n_effective` independent values: its length over
    ``1 + 2 sum of autocorrelations``, summed over pairs of neighbouring lags while a pair is
    above 0 (Geyer) [1]_. The standard error is SD over the root of that, the interval that of
    Student's t with ``n_effective - 1`` degrees of freedom.

    Parameters
    ----------
    mean, sd : float
        Of the values.
    n_effective : float
        How many independent values the series is worth.
    standard_error : float
        Of the mean; infinite where the series is worth less than three values.
    low, high : float
        The interval.

    Notes
    -----
    Null level: of series of the simulated patient's beta power, of 20 s, the interval holds the
    mean in as many of 100 cases as `docs/guides/titration.md` says
    (`tests/replay/titration/test_mean_of_series.py`).

    References
    ----------
    .. [1] C. J. Geyer, "Practical Markov chain Monte Carlo", Statistical Science 7(4), 1992,
       doi:10.1214/ss/1177011137.
    """

    mean: float
    sd: float
    n_effective: float
    standard_error: float
    low: float
    high: float

    @property
    def degrees_of_freedom(self) -> float:
        """Of the standard error."""
        return max(self.n_effective - 1.0, 1e-9)


def mean_of_series(values: NDArray[np.float64]) -> MeanOfSeries:
    """Return the mean of a series at equal steps of time.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        At least one, all finite.

    Examples
    --------
    >>> found = mean_of_series(np.random.default_rng(1).normal(5.0, 1.0, 400))
    >>> found.low < 5.0 < found.high
    True
    """
    mean, sd = float(values.mean()), float(values.std(ddof=1)) if values.size > 1 else 0.0
    n_effective = values.size / correlation_hops(values)
    if n_effective < _N_MIN:
        return MeanOfSeries(mean, sd, n_effective, math.inf, -math.inf, math.inf)
    standard_error = sd / math.sqrt(n_effective)
    half = standard_error * float(student_t.ppf(0.5 + 0.5 * CONFIDENCE, n_effective - 1.0))
    return MeanOfSeries(mean, sd, n_effective, standard_error, mean - half, mean + half)


def correlation_hops(values: NDArray[np.float64]) -> float:
    """Return over how many hops a series hangs together: ``1 + 2 sum of autocorrelations``.

    Examples
    --------
    >>> correlation_hops(np.repeat(np.random.default_rng(1).normal(size=200), 10)) > 5.0
    True
    """
    n = values.size
    away = values - values.mean()
    power = float(away @ away)
    if n < _N_MIN or power <= 0.0:
        return 1.0
    spectrum = np.fft.rfft(away, 2 * n)
    correlation = np.fft.irfft(spectrum * spectrum.conj())[:n] / power
    pairs = correlation[: n - n % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0.0)
    n_pairs = int(ends[0]) if ends.size else pairs.size
    # Estimates of what falls must not rise again.
    falling = np.minimum.accumulate(pairs[:n_pairs])
    return max(1.0, 2.0 * float(falling.sum()) - 1.0)
