"""What noise gives of the spectra of EMG: how sums over bands scatter, and how high a peak is."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window
from scipy.stats import f as f_distribution

#: Standard deviations that one value of twenty exceeds, and that share.
ONE_SIDED: Final = 1.6448536269514722
_ALPHA: Final = 0.05
#: Independent values in a band of so many bins of a segment: found for Hann segments, with zeros
#: behind them and without.
_INDEPENDENT: Final = 1.0


class Segments(NamedTuple):
    """The Hann segments of a window, and the length that zeros bring them to.

    Parameters
    ----------
    samples, step_samples, number : int
        Length of each, from one to the next, and how many there are.
    padded : int
        Length of the transform.
    """

    samples: int
    step_samples: int
    number: int
    padded: int

    def covariance(self) -> NDArray[np.float64]:
        """Return the relative covariance of the mean powers of two bins that are 0, 1, .. apart.

        Of two segments ``s`` samples apart it is ``|Σ w[n] w[n + s] exp(-2j π m n / N)|² / (Σ
        w²)²`` (Welch 1967, doi:10.1109/TAU.1967.1161901), averaged over all pairs of segments.
        """
        window = get_window("hann", self.samples)
        found = np.zeros(self.padded // 2 + 1)
        for apart in range(min(self.number, -(-self.samples // self.step_samples))):
            shift = apart * self.step_samples
            shared = window[: self.samples - shift] * window[shift:]
            times = (1.0 if apart == 0 else 2.0) * (self.number - apart)
            found += times * np.abs(np.fft.rfft(shared, self.padded)) ** 2
        return np.asarray(found / (self.number * (window @ window)) ** 2)


def ratio_sd(
    covariance: NDArray[np.float64], part: NDArray[np.float64], rest: NDArray[np.float64]
) -> float:
    """Return the standard deviation of the logarithm of a ratio of two sums of powers.

    Parameters
    ----------
    covariance : ndarray of float64, shape (n_bins,)
        See `Segments.covariance`.
    part, rest : ndarray of float64, shape (n_bins,)
        What each bin has in both sums, in expectation.
    """
    weights = part / part.sum() - rest / rest.sum()
    both = np.concatenate((covariance[:0:-1], covariance))
    spread = np.convolve(weights, both)[covariance.size - 1 : 2 * covariance.size - 1]
    return float(np.sqrt(weights @ spread))


def peak_null_db(
    covariance: NDArray[np.float64],
    width_hz: float,
    segment_s: float,
    background: NDArray[np.float64],
) -> float:
    """Return what the highest bin of a band exceeds over the background in one window of twenty.

    Each bin over the background is F distributed, and there are ``width segment`` independent
    ones.

    Parameters
    ----------
    covariance : ndarray of float64, shape (n_bins,)
        See `Segments.covariance`.
    width_hz, segment_s : float
        Of the band, and length of a segment.
    background : ndarray of float64, shape (n_bins,)
        What each bin has in the background.
    """
    weights = background / background.sum()
    both = np.concatenate((covariance[:0:-1], covariance))
    spread = np.convolve(weights, both)[covariance.size - 1 : 2 * covariance.size - 1]
    n_independent = max(1.0, _INDEPENDENT * width_hz * segment_s)
    ratio = f_distribution.isf(
        _ALPHA / n_independent, 2.0 / covariance[0], 2.0 / float(weights @ spread)
    )
    return 10.0 * float(np.log10(ratio))


def white_median_null_hz(
    covariance: NDArray[np.float64], response: NDArray[np.float64], bin_hz: float
) -> float:
    """Return what the median frequency of white noise in the band undercuts in one of twenty.

    Parameters
    ----------
    covariance : ndarray of float64, shape (n_bins,)
        See `Segments.covariance`.
    response : ndarray of float64, shape (n_bins,)
        Power of white noise behind the band-pass, 0 where bins do not count.
    bin_hz : float
        From one bin to the next.
    """
    whole = np.cumsum(response) / response.sum()
    at = int(np.searchsorted(whole, 0.5))
    below = np.where(np.arange(response.size) <= at, response, 0.0)
    spread = 0.25 * ratio_sd(covariance, below, response - below)
    sd_hz = spread * response.sum() * bin_hz / response[at]
    before = whole[at - 1]
    median_hz = (at - 0.5 + (0.5 - before) / (whole[at] - before)) * bin_hz
    return float(median_hz - ONE_SIDED * sd_hz)
