"""The coherence of independent channels, averaged over a band, and the lower bound of any."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import get_window
from scipy.special import betaincinv, hyp2f1, ndtri

from detectors.coherence.config import Segments

#: Rows of the table of lower bounds, and true coherences it is computed for.
_N_ROWS: Final = 1025
_N_TRUTHS: Final = 200
#: Bins that are looked at: of more, which only neighbours know of each other, the average varies
#: the less by as much.
_N_BINS: Final = 32


class CoherenceChance:
    """Distribution of the coherence of two Gaussian channels, averaged over bins.

    Parameters
    ----------
    segments : Segments
        The window.
    bins : ndarray of int64
        The bins of a segment that are averaged, one after the other.
    weights : ndarray of float64
        What each counts for in the average; they add up to 1.

    Attributes
    ----------
    n_independent : float
        Segments without overlap that the window is worth, averaged over the bins.

    Notes
    -----
    Of one bin and `L` independent segments the squared coherence is distributed as a beta
    variable with parameters ``1 + m`` and ``L - 1``, with `m` negative binomial (`L` and the true
    coherence `c`) [1]_; without coherence that is ``P(> x) = (1 - x) ** (L - 1)`` [2]_. Hence, for
    a number `L` that need not be whole,

    - mean ``1 - (L - 1) (1 - c) F(1, 1; L + 1; c) / L``,
    - second moment ``1 + (L - 1)(L - 2)(1 - c) F(1, 1; L + 1; c) / L
      - L (L - 1)(1 - c) F(1, 2; L + 2; c) / (L + 1)``, F Gauss' hypergeometric function.

    `L` is what white noise gives. Let ``q`` be the mean of ``|g|²`` over all pairs of the K
    segments, g the correlation of their coefficients. The mean coherence of independent channels
    is ``1 / L = 1 / K + (q - 1 / K) (K / (K + 1))²`` (to first order, from the moments of a
    symmetric Dirichlet variable: the power that divides is of the same segments).

    Neighbouring bins of a Hann spectrum are not independent either. The same means for the
    coefficients of two bins give how their coherences vary together: as ``r`` where the truth is
    not 0 (the estimate then follows the noise linearly) and as ``r²`` where it is (it then follows
    its square). The lowest bin also overlaps its own mirror image at the negative frequency.

    The average is taken to be a beta variable of the mean and variance so found where the truth
    is 0, ``atanh`` of its root to be normal where it is 1, and a mixture of both between.

    References
    ----------
    .. [1] G. C. Carter, C. H. Knapp and A. H. Nuttall, "Estimation of the magnitude-squared
       coherence function via overlapped fast Fourier transform processing", IEEE Transactions on
       Audio and Electroacoustics 21(4), 1973, doi:10.1109/TAU.1973.1162496.
    .. [2] D. M. Halliday et al., "A framework for the analysis of mixed time series/point process
       data", Progress in Biophysics and Molecular Biology 64(2-3), 1995,
       doi:10.1016/S0079-6107(96)00009-0.
    """

    def __init__(
        self, segments: Segments, bins: NDArray[np.int64], weights: NDArray[np.float64]
    ) -> None:
        same, mirrored = _shared(segments, bins[:_N_BINS])
        self._share = float(weights[:_N_BINS].sum())
        self._weights = weights[:_N_BINS] / self._share
        own = same.diagonal()
        floor = 1.0 / segments.number
        share = segments.number / (segments.number + 1.0)
        self._worth = 1.0 / (floor + (own - floor) * share**2)
        self.n_independent = float(1.0 / (self._weights @ (1.0 / self._worth)))
        size = np.sqrt(np.outer(own, own))
        self._linear = same / size
        self._square = (same**2 + mirrored**2) / size**2

    def coherence_null(self, alpha: float) -> float:
        """Return the coherence that independent channels exceed with probability `alpha`."""
        return float(self._exceeded(np.zeros(1), alpha)[0])

    def lower_bounds(self, alpha: float) -> NDArray[np.float64]:
        """Return the lower bound of coherences whose roots go from 0 to 1 in equal steps.

        In these the estimate scatters alike at all truths but the highest, however many segments.
        It is the truth at which so high a coherence is exceeded with probability `alpha`; so it
        is above 0 where the coherence is above `coherence_null`.
        """
        truth = np.tanh(6.0 * np.linspace(0.0, 1.0, _N_TRUTHS) ** 2) ** 2
        exceeded = np.maximum.accumulate(self._exceeded(truth, alpha))
        coherences = np.linspace(0.0, 1.0, _N_ROWS) ** 2
        made: NDArray[np.float64] = np.interp(
            coherences, np.append(exceeded, 1.0), np.append(truth, 1.0)
        )
        made[coherences <= exceeded[0]] = 0.0
        return made

    def _exceeded(self, truth: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
        """Return for each truth what the average exceeds with probability `alpha`."""
        mean, variance = self._moments(truth)
        size = mean * (1.0 - mean) / variance - 1.0
        beta = betaincinv(mean * size, (1.0 - mean) * size, 1.0 - alpha)
        root = np.sqrt(mean)
        slope = 0.5 / (root * (1.0 - mean))
        bend = slope * (1.0 / (1.0 - mean) - 0.5 / mean)
        middle = np.arctanh(root) + 0.5 * bend * variance
        above = middle + ndtri(1.0 - alpha) * slope * np.sqrt(variance)
        normal = np.tanh(np.maximum(above, 0.0)) ** 2
        made: NDArray[np.float64] = (1.0 - truth) * beta + truth * normal
        return made

    def _moments(self, truth: NDArray[np.float64]) -> tuple[NDArray[np.float64], ...]:
        """Return mean and variance of the average, for each truth."""
        c = truth[:, None]
        worth = self._worth
        inverse = (1.0 - c) * hyp2f1(1.0, 1.0, worth + 1.0, c) / worth
        after = (1.0 - c) * hyp2f1(1.0, 2.0, worth + 2.0, c) / (worth + 1.0)
        mean = 1.0 - (worth - 1.0) * inverse
        second = 1.0 + (worth - 1.0) * ((worth - 2.0) * inverse - worth * after)
        chance = (worth - 1.0) / (worth**2 * (worth + 1.0))
        square = np.minimum(chance * (1.0 - c) ** 4, second - mean**2)
        linear = second - mean**2 - square
        variance = np.zeros(truth.size)
        for part, together in ((square, self._square), (linear, self._linear)):
            spread = self._weights * np.sqrt(np.maximum(part, 0.0))
            variance += ((spread @ together) * spread).sum(axis=1)
        return mean @ self._weights, variance * self._share


def _shared(
    segments: Segments, bins: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return for any two bins what their coefficients share, and what one shares with a mirror.

    Squared covariances in white noise, averaged over all pairs of segments of a window.
    """
    sample = np.arange(segments.length)
    weights = get_window("hann", segments.length) * np.exp(
        -2j * np.pi * (np.outer(bins, sample) % segments.length) / segments.length
    )
    weights -= weights.mean(axis=1, keepdims=True)
    weights /= np.sqrt((np.abs(weights) ** 2).sum(axis=1, keepdims=True))
    shared = np.zeros((2, bins.size, bins.size))
    for distance in range(min(segments.number, -(-segments.length // segments.step))):
        lag = distance * segments.step
        early = weights[:, : segments.length - lag]
        both = np.abs(weights[:, lag:] @ np.stack((early.conj(), early)).transpose(0, 2, 1)) ** 2
        n_such = (segments.number - distance) / segments.number**2
        shared += n_such * (both if distance == 0 else both + both.transpose(0, 2, 1))
    return shared[0], shared[1]
