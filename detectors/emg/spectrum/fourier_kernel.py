"""A fast Fourier transform of a length that is a power of two, in a fixed order of sums."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel


def twiddle_factors(n_samples: int) -> NDArray[np.float64]:
    """Return cosines and minus sines of half a turn, shape (2, n_samples // 2)."""
    angle = 2.0 * np.pi * np.arange(n_samples // 2) / n_samples
    return np.stack((np.cos(angle), -np.sin(angle)))


@kernel(inline=False)
def transform(
    real: NDArray[np.float64], imaginary: NDArray[np.float64], factors: NDArray[np.float64]
) -> None:
    """Transform numbers in place, as `numpy.fft.fft` (Cooley and Tukey, radix 2).

    Parameters
    ----------
    real, imaginary : ndarray of float64, shape (n_samples,)
        A power of two.
    factors : ndarray of float64, shape (2, n_samples // 2)
        See `twiddle_factors`.
    """
    n_samples = real.size
    mirrored = 0
    for at in range(n_samples - 1):
        if at < mirrored:
            real[at], real[mirrored] = real[mirrored], real[at]
            imaginary[at], imaginary[mirrored] = imaginary[mirrored], imaginary[at]
        bit = n_samples // 2
        while mirrored & bit:
            mirrored ^= bit
            bit //= 2
        mirrored |= bit
    half = 1
    while half < n_samples:
        stride = n_samples // (2 * half)
        for first in range(0, n_samples, 2 * half):
            for number in range(half):
                cosine, sine = factors[0, number * stride], factors[1, number * stride]
                low, high = first + number, first + number + half
                product = cosine * real[high] - sine * imaginary[high]
                other = cosine * imaginary[high] + sine * real[high]
                real[high] = real[low] - product
                imaginary[high] = imaginary[low] - other
                real[low] += product
                imaginary[low] += other
        half *= 2
