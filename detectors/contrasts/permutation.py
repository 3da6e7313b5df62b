"""How often chance alone makes two conditions differ as much: exactly where few, else at random."""

import hashlib
from functools import lru_cache
from itertools import combinations
from math import comb
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.contrasts import permutation_kernel as kernel

# Relabellings that give the same distance add its terms in another order.
_ROUNDING: Final = 1e-12


class PermutationTest(NamedTuple):
    """What relabelling the epochs gives.

    Parameters
    ----------
    p : float
        Share of relabellings whose means differ at least as much as those found, two-sided.
    distance : float
        Distance that a share `confidence` of relabellings does not exceed.
    is_exact : bool
        Whether they were all of them.

    Examples
    --------
    >>> test = permutation_test(np.arange(6.0), np.arange(6) >= 3, 0.95, 999, seed=1)
    >>> test.p, test.is_exact
    (0.1, True)
    """

    p: float
    distance: float
    is_exact: bool


def permutation_test(
    values: NDArray[np.float64],
    is_first: NDArray[np.bool_],
    confidence: float,
    n_permutations: int,
    seed: int,
) -> PermutationTest:
    """Return what exchanging epochs between two conditions gives.

    Parameters
    ----------
    values : ndarray, shape (n_epochs,)
        Of both conditions, in the order of time, so that no bit depends on what they are called.
    is_first : ndarray of bool, shape (n_epochs,)
        Which of them are of the first condition; one of each at least.
    confidence : float
        Share for the distance.
    n_permutations : int
        Relabellings at random, where there are more than one more than these.
    seed : int
        Of these.
    """
    centred = values - values.mean()
    n_first = int(is_first.sum())
    n_chosen = min(n_first, values.size - n_first)
    found = abs(float(centred[is_first].mean() - centred[~is_first].mean()))
    is_exact = comb(values.size, n_chosen) <= n_permutations + 1
    if is_exact:
        chosen = centred[_choices(values.size, n_chosen)].sum(axis=1)
        rest = centred.sum() - chosen
        distances = np.abs(chosen / n_chosen - rest / (values.size - n_chosen))
    else:
        distances = np.empty(n_permutations)
        order = np.empty(values.size, dtype=np.int64)
        kernel.relabelled(centred, n_chosen, _counter(seed, values.size, n_first), order, distances)
    return _judged(found, distances, float(np.abs(centred).sum()), confidence, is_exact=is_exact)


def sign_flip_test(
    differences: NDArray[np.float64], confidence: float, n_permutations: int, seed: int
) -> PermutationTest:
    """Return what exchanging the two epochs of pairs gives; parameters as of `permutation_test`.

    Parameters
    ----------
    differences : ndarray, shape (n_pairs,)
        First less second of each pair, in the order of time.
    confidence, n_permutations, seed
        As there.

    Examples
    --------
    >>> sign_flip_test(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), 0.95, 999, seed=1).p
    0.0625
    """
    found = abs(float(differences.mean()))
    is_exact = differences.size < 63 and 2**differences.size <= n_permutations + 1
    if is_exact:
        distances = np.abs((differences * _signs(differences.size)).sum(axis=1)) / differences.size
    else:
        distances = np.empty(n_permutations)
        counter = _counter(seed, differences.size, differences.size)
        kernel.flipped(differences, counter, distances)
    size = float(np.abs(differences).sum())
    return _judged(found, distances, size, confidence, is_exact=is_exact)


def compile_kernels() -> None:
    """Compile the kernels of many epochs before the first one comes."""
    permutation_test(np.arange(14.0), np.arange(14) % 2 == 0, 0.95, 99, seed=0)
    sign_flip_test(np.arange(14.0), 0.95, 99, seed=0)


def _judged(
    found: float,
    distances: NDArray[np.float64],
    size: float,
    confidence: float,
    *,
    is_exact: bool,
) -> PermutationTest:
    n_as_far = int(np.count_nonzero(distances >= found - _ROUNDING * size))
    n_all = distances.size
    # The labels as they are were one of all; beside random ones they are one more.
    p = n_as_far / n_all if is_exact else (n_as_far + 1) / (n_all + 1)
    rank = min(n_all, max(1, int(np.ceil(confidence * (n_all if is_exact else n_all + 1)))))
    return PermutationTest(min(1.0, p), float(np.sort(distances)[rank - 1]), is_exact)


def _counter(seed: int, n_values: int, n_first: int) -> np.uint64:
    digest = hashlib.sha256(f"{seed} {n_values} {min(n_first, n_values - n_first)}".encode())
    return np.uint64(int.from_bytes(digest.digest()[:8], "big"))


@lru_cache(maxsize=64)
def _choices(n_values: int, n_chosen: int) -> NDArray[np.int64]:
    return np.array(list(combinations(range(n_values), n_chosen)), dtype=np.int64)


@lru_cache(maxsize=16)
def _signs(n_pairs: int) -> NDArray[np.float64]:
    bits = np.arange(2**n_pairs)[:, None] >> np.arange(n_pairs) & 1
    return np.asarray(1.0 - 2.0 * bits)
