"""Differences of means after random relabellings, from a generator that counts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

_STEP: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_LAST_BIT: Final = np.uint64(63)


@kernel
def mixed(counter: np.uint64) -> np.uint64:
    """Return 64 random bits of a counter, as SplitMix64 does (Steele et al. 2014)."""
    bits = counter * _STEP
    bits = (bits ^ (bits >> np.uint64(30))) * _FIRST
    bits = (bits ^ (bits >> np.uint64(27))) * _SECOND
    return bits ^ (bits >> np.uint64(31))


@kernel
def relabelled(
    values: NDArray[np.float64],
    n_chosen: int,
    seed: np.uint64,
    order: NDArray[np.int64],
    out_distances: NDArray[np.float64],
) -> None:
    """Write the distance between the means of `n_chosen` random values and of all others.

    Parameters
    ----------
    values : ndarray, shape (n_values,)
        Of both conditions, less their mean.
    n_chosen : int
        How many are chosen, at most half of them.
    seed : uint64
        Where the counter begins.
    order : ndarray of int64, shape (n_values,)
        Memory to work in.
    out_distances : ndarray, shape (n_permutations,)
        Never negative.
    """
    n_values = values.size
    total = 0.0
    for index in range(n_values):
        total += values[index]
    counter = seed
    for number in range(out_distances.size):
        for index in range(n_values):
            order[index] = index
        chosen = 0.0
        for index in range(n_chosen):
            counter += np.uint64(1)
            other = index + np.int64(mixed(counter) % np.uint64(n_values - index))
            order[index], order[other] = order[other], order[index]
            chosen += values[order[index]]
        out_distances[number] = abs(chosen / n_chosen - (total - chosen) / (n_values - n_chosen))


@kernel
def flipped(
    differences: NDArray[np.float64], seed: np.uint64, out_distances: NDArray[np.float64]
) -> None:
    """Write the distance from 0 of the mean of pairs' differences with random signs.

    Parameters
    ----------
    differences : ndarray, shape (n_pairs,)
        First less second of each pair.
    seed : uint64
        Where the counter begins.
    out_distances : ndarray, shape (n_permutations,)
        Never negative.
    """
    counter = seed
    for number in range(out_distances.size):
        total = 0.0
        for index in range(differences.size):
            counter += np.uint64(1)
            is_flipped = mixed(counter) >> _LAST_BIT != np.uint64(0)
            total += -differences[index] if is_flipped else differences[index]
        out_distances[number] = abs(total) / differences.size
