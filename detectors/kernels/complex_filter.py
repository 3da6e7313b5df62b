"""A complex filter that is symmetric about its middle sample, over the samples of one hop."""

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, nogil=True, error_model="numpy")
def filter_hop(
    centred: NDArray[np.float64],
    taps: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Filter the samples of a hop with taps that are even in their real part, odd in the other.

    Parameters
    ----------
    centred : ndarray of float64, shape (n_samples,)
        The samples of the hop with as many before them as after, no fewer than there are taps.
    taps : ndarray of float64, shape (2, n_half + 1)
        Real and imaginary taps, from the middle outwards.
    real, imaginary : ndarray of float64, shape (n_hop,)
        Filled with the oscillation.

    Notes
    -----
    Four taps are taken in one pass over the samples, which lie side by side.
    """
    hop = real.size
    middle = (centred.size - hop) // 2
    at = centred[middle : middle + hop]
    for row in range(hop):
        real[row] = taps[0, 0] * at[row]
        imaginary[row] = 0.0
    n_taps = taps.shape[1]
    n_in_passes = (n_taps - 1) // 4 * 4
    for first in range(1, n_in_passes + 1, 4):
        e0, e1, e2, e3 = taps[0, first : first + 4]
        o0, o1, o2, o3 = taps[1, first : first + 4]
        late0 = centred[middle + first :]
        late1 = centred[middle + first + 1 :]
        late2 = centred[middle + first + 2 :]
        late3 = centred[middle + first + 3 :]
        early0 = centred[middle - first :]
        early1 = centred[middle - first - 1 :]
        early2 = centred[middle - first - 2 :]
        early3 = centred[middle - first - 3 :]
        for row in range(hop):
            even = e0 * (late0[row] + early0[row]) + e1 * (late1[row] + early1[row])
            even += e2 * (late2[row] + early2[row]) + e3 * (late3[row] + early3[row])
            odd = o0 * (late0[row] - early0[row]) + o1 * (late1[row] - early1[row])
            odd += o2 * (late2[row] - early2[row]) + o3 * (late3[row] - early3[row])
            real[row] += even
            imaginary[row] += odd
    for distance in range(n_in_passes + 1, n_taps):
        even = taps[0, distance]
        odd = taps[1, distance]
        late = centred[middle + distance : middle + distance + hop]
        early = centred[middle - distance : middle - distance + hop]
        for row in range(hop):
            real[row] += even * (late[row] + early[row])
            imaginary[row] += odd * (late[row] - early[row])
