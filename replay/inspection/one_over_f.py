"""The 1/f part of a spectrum: a line through its logarithms, beside any peak."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma, polygamma

#: Mains, left out of every fit whether it is seen or not.
MAINS_HZ: Final = ((48.0, 52.0), (58.0, 62.0))
#: Standard deviations of a bin from the line beyond which it pulls no harder (Huber).
_HUBER: Final = 1.345
_N_REWEIGHTINGS: Final = 8
#: Fits, each without the bins that stood out from the one before.
_N_ROUNDS: Final = 3
#: A smoothed bin this many of its standard deviations over the line is part of a peak.
_STANDS_OUT: Final = 2.0
#: Weights of neighbouring bins in a smoothed bin, for a distance of half a hertz.
_SMOOTHING_HZ: Final = 1.5
#: How much two neighbouring half-overlapping Hann segments have in common.
_OVERLAP: Final = 1.0 / 36.0
#: Correlation of the power of two bins of a Hann segment that are one and two apart.
_NEIGHBOURS: Final = (1.0, 4.0 / 9.0, 1.0 / 36.0)


class FitGrid(NamedTuple):
    """Where the line is fitted, and where peaks are searched for.

    Parameters
    ----------
    frequency_hz : ndarray of float64, shape (n_bins,)
        The bins of the fit and of the search.
    is_anchor : ndarray of bool, shape (n_bins,)
        Bins beside the search, from which the first line is fitted.
    is_masked : ndarray of bool, shape (n_bins,)
        Bins of lines: mains, stimulation. They are no part of a fit, nor of a peak.
    is_searched : ndarray of bool, shape (n_bins,)
        Bins at which a peak may be.
    segment_s : float
        Length of a segment.
    """

    frequency_hz: NDArray[np.float64]
    is_anchor: NDArray[np.bool_]
    is_masked: NDArray[np.bool_]
    is_searched: NDArray[np.bool_]
    segment_s: float

    @property
    def bin_hz(self) -> float:
        """From one bin to the next."""
        return 1.0 / self.segment_s


class OneOverF(NamedTuple):
    """Lines through spectra: ``log10 P(f) = offset - exponent log10 f``.

    Parameters
    ----------
    offset, exponent : ndarray of float64, shape (n_spectra,)
        Of each spectrum; the offset in log10 µV²/Hz at 1 Hz.
    over_db : ndarray of float64, shape (n_spectra, n_bins)
        Each spectrum over its line, smoothed, in dB.
    """

    offset: NDArray[np.float64]
    exponent: NDArray[np.float64]
    over_db: NDArray[np.float64]


def grid_of(
    frequency_hz: NDArray[np.float64],
    segment_s: float,
    search_hz: tuple[float, float],
    rate_hz: float,
    masked_hz: tuple[tuple[float, float], ...] = (),
) -> FitGrid | None:
    """Return where to fit for a search in a band: from half its low edge to 9/7 of its high one.

    With 6-35 Hz that is 3-45 Hz, as of the detector ``aperiodic``. None where the rate is too low
    for three bins above the band.
    """
    low_hz, high_hz = search_hz
    top_hz = min(high_hz * 9.0 / 7.0, 0.45 * rate_hz)
    bins = np.flatnonzero((frequency_hz >= low_hz / 2.0 - 1e-9) & (frequency_hz < top_hz - 1e-9))
    taken_hz = frequency_hz[bins]
    is_masked = np.zeros(bins.size, np.bool_)
    for from_hz, to_hz in (*MAINS_HZ, *masked_hz):
        is_masked |= (taken_hz >= from_hz) & (taken_hz <= to_hz)
    is_beside = (taken_hz < low_hz - 1e-9) | (taken_hz >= high_hz - 1e-9)
    is_anchor = is_beside & ~is_masked
    if min((is_anchor & (taken_hz < low_hz)).sum(), (is_anchor & (taken_hz >= high_hz)).sum()) < 3:
        return None
    return FitGrid(taken_hz, is_anchor, is_masked, ~is_beside & ~is_masked, segment_s)


def worth_of(n_segments: int) -> float:
    """Return how many independent segments half-overlapping Hann segments are worth [1]_.

    Notes
    -----
    The variance of their mean is ``(1 + 2 c (n - 1) / n) / n`` of that of one, with c = 1/36 for
    Hann segments that overlap by half: 0.947 n for many.

    References
    ----------
    .. [1] P. D. Welch, 1967, doi:10.1109/TAU.1967.1161901.
    """
    return n_segments / (1.0 + 2.0 * _OVERLAP * (n_segments - 1) / n_segments)


def correlation_of(n_bins: int) -> NDArray[np.float64]:
    """Return the correlation of any two bins of Hann spectra of noise, a matrix."""
    apart = np.abs(np.subtract.outer(np.arange(n_bins), np.arange(n_bins)))
    found = np.zeros((n_bins, n_bins))
    for distance, correlation in enumerate(_NEIGHBOURS):
        found[apart == distance] = correlation
    return found


def fit(power: NDArray[np.float64], grid: FitGrid, worth: float) -> OneOverF:
    """Fit a line to each spectrum, first beside the search, then beside all that stands out.

    Parameters
    ----------
    power : ndarray of float64, shape (n_spectra, n_bins)
        At the bins of the grid, above 0.
    grid : FitGrid
        Where.
    worth : float
        Independent segments of each spectrum.

    Notes
    -----
    The fit follows that of `detectors.aperiodic.Aperiodic`: Huber's loss, the mean logarithm of
    few segments corrected by ``digamma``, and the width of a Hann segment by its series.
    """
    bias = float(np.log(worth) - digamma(worth)) / np.log(10.0)
    bin_sd = float(np.sqrt(polygamma(1, worth))) / np.log(10.0)
    log_power = np.log10(power) + bias
    cycles = grid.frequency_hz * grid.segment_s
    smoothing = _smoothing(grid)
    correlation = correlation_of(grid.frequency_hz.size)
    smooth_sd_db = 10.0 * bin_sd * np.sqrt(((smoothing @ correlation) * smoothing).sum(axis=1))
    weights = np.broadcast_to(grid.is_anchor, power.shape).astype(np.float64)
    for _ in range(_N_ROUNDS):
        offset, exponent = _fit_lines(log_power, weights, grid, bin_sd)
        line = offset[:, None] - exponent[:, None] * np.log10(grid.frequency_hz)
        expected = 10.0**line * leakage(exponent[:, None], cycles)
        over_db = 10.0 * np.log10((power / expected) @ smoothing.T)
        weights = ((over_db <= _STANDS_OUT * smooth_sd_db) & ~grid.is_masked).astype(np.float64)
        weights = np.maximum(weights, grid.is_anchor)
    return OneOverF(offset, exponent, over_db)


def leakage(exponent: NDArray[np.float64], cycles: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how much higher a Hann segment shows ``f ** -exponent``, by cycles in a segment."""
    second = exponent * (exponent + 1.0)
    fourth = second * (exponent + 2.0) * (exponent + 3.0)
    found: NDArray[np.float64] = 1.0 + second / (6.0 * cycles**2) + fourth / (72.0 * cycles**4)
    return found


def _fit_lines(
    log_power: NDArray[np.float64], weights: NDArray[np.float64], grid: FitGrid, bin_sd: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x = np.log10(grid.frequency_hz)
    cycles = grid.frequency_hz * grid.segment_s
    pulls = weights
    bias = np.zeros_like(log_power)
    for _ in range(_N_REWEIGHTINGS):
        y = log_power - bias
        total = pulls.sum(axis=1)
        x_mean = (pulls @ x) / total
        y_mean = (pulls * y).sum(axis=1) / total
        spread = pulls @ x**2 - total * x_mean**2
        exponent = -((pulls * y) @ x - total * x_mean * y_mean) / spread
        offset = y_mean + exponent * x_mean
        bias = np.log10(leakage(exponent[:, None], cycles))
        distance = log_power - bias - (offset[:, None] - exponent[:, None] * x)
        size = np.maximum(np.abs(distance) / (_HUBER * bin_sd), 1.0)
        pulls = weights / size
    return offset, exponent


def _smoothing(grid: FitGrid) -> NDArray[np.float64]:
    """Return the weights of bins in each smoothed bin, a triangle; masked bins have none."""
    apart_hz = np.abs(np.subtract.outer(grid.frequency_hz, grid.frequency_hz))
    weights = np.maximum(1.0 - apart_hz / _SMOOTHING_HZ, 0.0) * ~grid.is_masked
    weights += np.eye(len(weights)) * 1e-12
    found: NDArray[np.float64] = weights / weights.sum(axis=1, keepdims=True)
    return found
