"""Confidence intervals: what defines the exact ones, and a bootstrap against a closed form."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from replay.scoring.metrics import intervals


@pytest.mark.parametrize(("n_hits", "n_tries"), [(0, 12), (3, 12), (12, 12), (50, 60)])
def test_beyond_an_exact_binomial_interval_the_count_is_as_rare_as_said(
    n_hits: int, n_tries: int
) -> None:
    low, high = intervals.binomial(n_hits, n_tries)
    assert low is not None
    assert high is not None
    if n_hits:
        assert stats.binom.sf(n_hits - 1, n_tries, low) == pytest.approx(0.025)
    if n_hits < n_tries:
        assert stats.binom.cdf(n_hits, n_tries, high) == pytest.approx(0.025)


@pytest.mark.parametrize("n_events", [0, 1, 7, 300])
def test_beyond_an_exact_poisson_interval_the_count_is_as_rare_as_said(n_events: int) -> None:
    low, high = intervals.poisson(n_events, exposure=5.0)
    assert low is not None
    assert high is not None
    if n_events:
        assert stats.poisson.sf(n_events - 1, 5.0 * low) == pytest.approx(0.025)
    assert stats.poisson.cdf(n_events, 5.0 * high) == pytest.approx(0.025)


def test_a_bootstrap_of_a_mean_is_as_wide_as_its_standard_error_says() -> None:
    values = np.random.default_rng(1).normal(size=400)

    def mean(drawn: NDArray[np.int64]) -> float:
        return float(values[drawn].mean())

    low, high = intervals.bootstrap(values.size, mean, seed=1)
    assert low is not None
    assert high is not None
    assert high - low == pytest.approx(2 * 1.96 * values.std() / 20.0, rel=0.06)
    assert (low, high) == intervals.bootstrap(values.size, mean, seed=1)


def test_too_little_has_no_interval() -> None:
    assert intervals.binomial(0, 0) == (None, None)
    assert intervals.poisson(3, 0.0) == (None, None)
    assert intervals.bootstrap(4, lambda _: 1.0, seed=1) == (None, None)
