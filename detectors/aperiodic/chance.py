"""The scatter of Welch spectra of noise, and of a line through their logarithms."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import fftconvolve, get_window
from scipy.special import digamma, polygamma

#: Exponent at which the bins of the band are weighed: a steep spectrum gives more to its low end.
_EXPONENT: Final = 1.0
#: Standard deviations that one value of twenty exceeds.
_ONE_SIDED: Final = 1.645


class HannSegments(NamedTuple):
    """The Hann segments of a window.

    Parameters
    ----------
    samples, step_samples, number : int
        Length of each, from one to the next, and how many there are.
    """

    samples: int
    step_samples: int
    number: int


class AperiodicChance(NamedTuple):
    """What noise without any peak gives, as the standard deviation of each output.

    Parameters
    ----------
    bias : float
        What the decadic logarithm of a bin is too low by on average.
    bin_sd : float
        Of the decadic logarithm of one bin.
    bins_rms : float
        Root mean square distance of the bins from the line.
    exponent_sd, offset_sd, over_db_sd : float
        Of the outputs.
    over_db_null : float
        What the band over the line exceeds in one window of twenty.
    """

    bias: float
    bin_sd: float
    bins_rms: float
    exponent_sd: float
    offset_sd: float
    over_db_sd: float
    over_db_null: float


def chance_of(
    line_bins: NDArray[np.int64],
    band_bins: NDArray[np.int64],
    parts: NDArray[np.float64],
    bin_hz: float,
    segments: HannSegments,
) -> AperiodicChance:
    """Return what Gaussian noise gives whose spectrum is ``f ** -exponent``.

    Parameters
    ----------
    line_bins, band_bins : ndarray of int64
        Bins that make the line, and those of the band.
    parts : ndarray of float64
        How much of each bin of the band lies in it.
    bin_hz : float
        Distance of the bins.
    segments : HannSegments
        What the spectrum is made of.

    Notes
    -----
    The covariance of two bins ``m`` apart of two segments ``s`` samples apart, over the product
    of their means, is ``|sum w[n] w[n + s] exp(-2j pi m n / N)|² / (sum w²)²`` [1]_, averaged
    over all pairs of segments. At ``m = 0`` that is ``1 / L`` with L segments' worth of
    independent ones (0.947 of them where Hann segments overlap by half). The mean power is then
    close to a gamma variable of shape L: its logarithm has the mean ``digamma(L) - ln L`` and the
    variance ``trigamma(L)``. All else follows from the line being linear in the logarithms.

    References
    ----------
    .. [1] P. D. Welch, "The use of fast Fourier transform for the estimation of power spectra",
       IEEE Transactions on Audio and Electroacoustics 15(2), 1967, doi:10.1109/TAU.1967.1161901.
    """
    covariance = _covariance(segments)
    worth = 1.0 / covariance[0]
    bin_sd = float(np.sqrt(polygamma(1, worth)) / np.log(10.0))
    bins = np.concatenate((line_bins, band_bins))
    correlation = covariance / covariance[0]
    # What offset and exponent are of the logarithms of the line, and the line of both.
    line = np.stack((np.ones(bins.size), -np.log10(bins * bin_hz)), axis=1)
    n_line = line_bins.size
    solve = np.linalg.pinv(line[:n_line])
    share = parts * band_bins.astype(np.float64) ** -_EXPONENT
    share /= share.sum()
    rows = np.zeros((3, bins.size))
    rows[:2, :n_line] = solve
    rows[2, n_line:] = share
    rows[2, :n_line] -= share @ line[n_line:] @ solve
    variance = (_correlated(rows, bins, correlation) * rows).sum(axis=1)
    offset_sd, exponent_sd, over_sd = bin_sd * np.sqrt(variance)
    # What is left is a projection, so the trace of its covariance is what the line does not take.
    taken = _correlated(solve, line_bins, correlation) @ line[:n_line]
    left = 1.0 - float(np.trace(taken)) / n_line
    return AperiodicChance(
        bias=float((np.log(worth) - digamma(worth)) / np.log(10.0)),
        bin_sd=bin_sd,
        bins_rms=bin_sd * float(np.sqrt(left)),
        exponent_sd=float(exponent_sd),
        offset_sd=float(offset_sd),
        over_db_sd=10.0 * float(over_sd),
        over_db_null=10.0 * _ONE_SIDED * float(over_sd),
    )


def _correlated(
    rows: NDArray[np.float64], bins: NDArray[np.int64], correlation: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return rows of weights of bins times the correlation of any two of these, a matrix.

    It depends on how far they are apart alone, so that a convolution does without the matrix.
    """
    n_bins = int(bins.max()) + 1
    weights = np.stack([np.bincount(bins, row, n_bins) for row in rows])
    both = np.concatenate((correlation[n_bins - 1 : 0 : -1], correlation[:n_bins]))
    made = fftconvolve(weights, both[None], mode="full")[:, n_bins - 1 : 2 * n_bins - 1]
    return np.asarray(made[:, bins])


def _covariance(segments: HannSegments) -> NDArray[np.float64]:
    """Return the relative covariance of two bins that are 0, 1, .. apart."""
    window = get_window("hann", segments.samples)
    found = np.zeros(segments.samples // 2 + 1)
    for apart in range(min(segments.number, -(-segments.samples // segments.step_samples))):
        shift = apart * segments.step_samples
        shared = window[: segments.samples - shift] * window[shift:]
        times = (1.0 if apart == 0 else 2.0) * (segments.number - apart)
        found += times * np.abs(np.fft.rfft(shared, segments.samples)) ** 2
    return np.asarray(found / (segments.number * (window @ window)) ** 2)
