"""The modulation index of two bands that nothing couples, in closed form."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import next_fast_len
from scipy.special import gammaincinv, gammaln, hyp2f1

from detectors.coupling.sums_kernel import N_BINS

#: Harmonics of the phase that are taken into account; the bins weaken what is beyond the first
#: `N_BINS` of them to nearly nothing.
_N_HARMONICS: Final = 3 * N_BINS


class CouplingChance(NamedTuple):
    """The modulation index of a window in which phase and amplitude are independent.

    Parameters
    ----------
    mean : float
        Its mean.
    index_null : float
        What it exceeds in one window of twenty.
    """

    mean: float
    index_null: float


def chance_of(
    phase_taps: NDArray[np.float64],
    amplitude_taps: NDArray[np.float64],
    window_samples: int,
    step: int = 1,
) -> CouplingChance:
    """Return what Gaussian noise, of a flat spectrum within each band, gives.

    Parameters
    ----------
    phase_taps, amplitude_taps : ndarray of float64, shape (2, n_half + 1)
        See `detectors.coupling.filters`.
    window_samples : int
        Samples of a window.
    step : int
        From how many of them one is used.

    Notes
    -----
    To second order the index is the mean square of the relative deviations of the amplitude over
    the bins, divided by ``2 ln 18``, so a sum over harmonics `k` of the phase:
    ``|c_k|² sinc²(k / 18) / ln 18`` with ``c_k`` the mean of ``(A / A_0 - 1) exp(1j k phase)``.
    Where amplitude and phase are independent, ``E |c_k|²`` is the sum over lags of the product
    of both autocovariances. For complex Gaussian oscillations with the autocorrelation ``r`` of
    their filter these are ``2F1(-1/2, -1/2; 1; |r|²) - 1`` for the amplitude (0.273 at lag zero),
    and ``gamma(1 + k/2)² / k! |r|^k 2F1(k/2, k/2; k + 1; |r|²)`` times the rotation for the phase
    [1]_. With the first harmonic alone and rectangular filters that is
    ``0.273 (1 - f_phase / B) / (B T ln 18)``. The ``c_k`` are nearly Gaussian and independent, so
    the index is a weighted sum of chi-squares: its 95th percentile is that of the gamma
    distribution with the same mean and variance [2]_.

    References
    ----------
    .. [1] D. Middleton, "An Introduction to Statistical Communication Theory", 1960, chapter 9.
    .. [2] F. E. Satterthwaite, "An approximate distribution of estimates of variance components",
       Biometrics Bulletin 2(6), 1946, doi:10.2307/3002019.
    """
    n_lags = min(max(phase_taps.shape[1], amplitude_taps.shape[1]) * 2, window_samples)
    lag = np.arange(0, n_lags, step)
    weight = np.where(lag == 0, 1.0, 2.0) * (1.0 - lag / window_samples) * step / window_samples
    of_phase = _autocorrelation(phase_taps, n_lags)[::step]
    squared = np.minimum(np.abs(_autocorrelation(amplitude_taps, n_lags)[::step]) ** 2, 1.0)
    weight *= hyp2f1(-0.5, -0.5, 1.0, squared) - 1.0
    parts = np.zeros(N_BINS // 2 + 1)
    for harmonic in range(1, _N_HARMONICS + 1):
        rotated = float((weight * _of_harmonic(of_phase, harmonic)).sum())
        seen = np.sinc(harmonic / N_BINS) ** 2 / np.log(N_BINS)
        alias = harmonic % N_BINS
        parts[min(alias, N_BINS - alias)] += max(0.0, rotated) * seen
    mean = float(parts.sum())
    variance = float((parts**2).sum())  # each has two degrees of freedom
    level = float(gammaincinv(mean**2 / variance, 0.95)) * variance / mean
    return CouplingChance(mean, level)


def _autocorrelation(taps: NDArray[np.float64], n_lags: int) -> NDArray[np.complex128]:
    """Return the autocorrelation of filtered white noise at the first lags, 1 at none."""
    late = taps[0] + 1j * taps[1]
    both = np.concatenate((late[:0:-1].conj(), late))
    # As long as both need beside each other; taps may be a hundred thousand.
    spectrum = np.fft.fft(both, next_fast_len(2 * both.size - 1))
    near = np.fft.ifft(np.abs(spectrum) ** 2)[: min(n_lags, both.size)].conj()
    found = np.zeros(n_lags, dtype=np.complex128)
    found[: near.size] = near / near[0].real
    return found


def _of_harmonic(found: NDArray[np.complex128], harmonic: int) -> NDArray[np.float64]:
    """Return the real autocorrelation of ``exp(1j harmonic phase)``."""
    size = np.minimum(np.abs(found), 1.0)
    half = harmonic / 2.0
    factor = np.exp(2.0 * gammaln(1.0 + half) - gammaln(1.0 + harmonic))
    length = factor * size**harmonic * hyp2f1(half, half, 1.0 + harmonic, size**2)
    rotated: NDArray[np.float64] = length * np.cos(harmonic * np.angle(found))
    return rotated
