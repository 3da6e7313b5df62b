"""The contrast of two samples: closed forms, intervals that hold, and a p that chance obeys."""

from math import exp, log, sqrt

import numpy as np
import pytest
from scipy import stats

from detectors.contrasts.config import Form, Mean
from detectors.contrasts.contrast import Estimator
from detectors.contrasts.permutation import permutation_test, sign_flip_test

_SIGMA = 0.4


def _estimator(form: Form, mean: Mean = "arithmetic", n_permutations: int = 99) -> Estimator:
    return Estimator(form, mean, 0.95, n_permutations, seed=3)


def _lognormal(seed: int, median: float, n: int = 20) -> np.ndarray:
    return median * np.exp(np.random.default_rng(seed).normal(0.0, _SIGMA, n))


@pytest.mark.parametrize("paired", [False, True])
@pytest.mark.parametrize(
    ("form", "mean"),
    [
        ("difference", "arithmetic"),
        ("index", "arithmetic"),
        ("index", "geometric"),
    ],
)
def test_swapped_conditions_change_the_sign_exactly(form: Form, mean: Mean, paired: bool) -> None:
    one, other = _lognormal(1, 2.0), _lognormal(2, 1.0)
    is_first = np.random.default_rng(4).permutation(np.arange(40) < 20)
    there = _estimator(form, mean).contrast(one, other, is_first, paired=paired)
    back = _estimator(form, mean).contrast(other, one, ~is_first, paired=paired)
    assert there.value == -back.value > 0.0
    assert (there.lower, there.upper) == (-back.upper, -back.lower)
    assert (there.p, there.null) == (back.p, back.null)


def test_the_index_of_task_specificity_is_its_formula() -> None:
    task, control = np.array([3.0, 5.0, 4.0]), np.array([1.0, 2.0, 3.0])
    found = _estimator("index").contrast(task, control)
    assert found.value == (4.0 - 2.0) / (4.0 + 2.0)
    assert -1.0 < found.lower < found.value < found.upper < 1.0


@pytest.mark.parametrize("ratio", [0.4, 0.8])
def test_a_ratio_of_responses_is_as_exact_as_its_closed_form_says(ratio: float) -> None:
    """SE(ln r) = sigma sqrt(2 / n) = 0.126 of twenty trials each, and the interval covers r."""
    estimator = _estimator("ratio", "geometric")
    found = [
        estimator.contrast(_lognormal(2 * seed, ratio), _lognormal(2 * seed + 1, 1.0))
        for seed in range(400)
    ]
    expected = _SIGMA * sqrt(2.0 / 20.0)
    assert expected == pytest.approx(0.1265, abs=1e-4)
    logs = [log(each.value) for each in found]
    # Each within three standard errors of itself.
    assert np.mean(logs) == pytest.approx(log(ratio), abs=3.0 * expected / 20.0)
    assert np.std(logs) == pytest.approx(expected, rel=3.0 / sqrt(800.0))
    squares = np.mean([each.standard_error**2 for each in found])
    assert sqrt(squares) == pytest.approx(expected, rel=0.02)
    covered = sum(each.lower <= ratio <= each.upper for each in found)
    assert stats.binomtest(covered, 400, 0.95).pvalue > 0.001


def test_the_mean_of_single_ratios_is_biased_as_said_and_ours_is_not() -> None:
    conditioned, test = _lognormal(1, 0.4, 20_000), _lognormal(2, 1.0, 20_000)
    biased = float(np.mean(conditioned / test))
    assert biased == pytest.approx(0.4 * exp(_SIGMA**2), rel=0.02)
    (ours,) = {
        _estimator("ratio", "geometric").contrast(conditioned, test, paired=paired).value
        for paired in (False, True)
    }
    assert ours == pytest.approx(0.4, rel=0.02)


def test_intervals_and_p_are_those_of_scipy() -> None:
    one, other = _lognormal(5, 1.3, 7), _lognormal(6, 1.0, 7)
    welch = stats.ttest_ind(one, other, equal_var=False).confidence_interval()
    found = _estimator("difference").contrast(one, other)
    assert (found.lower, found.upper) == pytest.approx((welch.low, welch.high), rel=1e-12)
    student = stats.ttest_rel(np.log(one), np.log(other)).confidence_interval()
    paired = _estimator("ratio", "geometric").contrast(one, other, paired=True)
    limits = (exp(student.low), exp(student.high))
    assert (paired.lower, paired.upper) == pytest.approx(limits, rel=1e-12)
    exact = _estimator("difference", n_permutations=9999).contrast(one, other)
    assert exact.p == _scipy_p((one, other), "independent")
    exact_pairs = _estimator("difference", n_permutations=999).contrast(one, other, paired=True)
    assert exact_pairs.p == _scipy_p((one, other), "samples")


def _scipy_p(data: tuple[np.ndarray, np.ndarray], exchanged: str) -> float:
    def distance(x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(np.abs(x.mean(axis=axis) - y.mean(axis=axis)))

    test = stats.permutation_test(
        data,
        distance,
        permutation_type=exchanged,
        alternative="greater",
        n_resamples=np.inf,
        vectorized=True,
    )
    return float(test.pvalue)


@pytest.mark.parametrize("paired", [False, True])
def test_p_is_uniform_where_there_is_nothing(paired: bool) -> None:
    """Each level is undercut as often as it says, within its binomial interval."""
    random = np.random.default_rng(8)
    estimator = _estimator("difference", n_permutations=199)
    n_runs = 1500
    found = np.empty(n_runs)
    beyond = 0
    for run in range(n_runs):
        one, other = random.normal(size=12), random.normal(size=12)
        made = estimator._replace(seed=run)
        contrast = made._tested(one, other, None, paired=paired)
        found[run] = contrast.p
        beyond += abs(float(np.mean(one) - np.mean(other))) > contrast.distance
    for level in (0.05, 0.25, 0.5, 0.9):
        n_below = int(np.count_nonzero(found <= level))
        assert stats.binomtest(n_below, n_runs, level).pvalue > 0.001, level
    assert stats.binomtest(beyond, n_runs, 0.05).pvalue > 0.001


def test_random_relabellings_come_near_to_all_of_them() -> None:
    one, other = _lognormal(7, 1.4, 8), _lognormal(9, 1.0, 8)
    values, is_first = np.concatenate((one, other)), np.arange(16) < 8
    exact = permutation_test(values, is_first, 0.95, 99_999, seed=0)
    near = permutation_test(values, is_first, 0.95, 9999, seed=0)
    assert (exact.is_exact, near.is_exact) == (True, False)
    assert near.p == pytest.approx(exact.p, abs=4.0 * sqrt(exact.p * (1.0 - exact.p) / 9999))
    assert near.distance == pytest.approx(exact.distance, rel=0.02)
    pairs = sign_flip_test(one - other, 0.95, 999, seed=0)
    near_pairs = sign_flip_test(one - other, 0.95, 200, seed=0)
    assert near_pairs.p == pytest.approx(pairs.p, abs=4.0 * sqrt(pairs.p / 200))


def test_a_level_of_chance_is_said_in_the_form_of_the_contrast() -> None:
    """A ratio of relabelled means is what their difference leaves, whatever the mean."""
    one, other = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0])
    plain = _estimator("difference").contrast(one, other)
    assert plain.null == pytest.approx(3.0)
    assert _estimator("ratio").contrast(one, other).null == pytest.approx(5.0 / 2.0)
    assert _estimator("index").contrast(one, other).null == pytest.approx(3.0 / 7.0)


def test_a_ratio_without_a_value_is_not_finite() -> None:
    nothing = np.zeros(5)
    assert not np.isfinite(_estimator("ratio").contrast(np.ones(5), nothing).value)
    assert not np.isfinite(_estimator("index").contrast(nothing, nothing).value)
