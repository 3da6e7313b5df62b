"""Means of series that hang together: their worth in closed form, and what intervals hold."""

import numpy as np
import pytest

from replay.titration.mean_of_series import correlation_length, mean_of_series
from tests.replay.patient.pure_patient import pure_patient
from tests.replay.titration.titrated import HOP_S, felt_by


@pytest.mark.parametrize("kept", [0.0, 0.5, 0.9])
def test_the_correlation_length_of_an_autoregression_is_that_of_its_closed_form(
    kept: float,
) -> None:
    """``x[n] = kept x[n-1] + noise``: the autocorrelations are kept^lag."""
    noise = np.random.default_rng(1).normal(size=100_000)
    series = np.zeros_like(noise)
    for index in range(1, noise.size):
        series[index] = kept * series[index - 1] + noise[index]
    assert correlation_length(series) == pytest.approx((1.0 + kept) / (1.0 - kept), rel=0.1)


def test_the_mean_of_a_log_normal_series_is_its_own_and_the_interval_is_coxs() -> None:
    """Independent means of a second: ``exp(m + v / 2)`` and its error, written out."""
    blocks = np.exp(np.random.default_rng(2).normal(1.0, 0.8, 50))
    found = mean_of_series(np.repeat(blocks, 10), hop_s=0.1, is_log=True)
    logs, n = np.log(blocks), found.n_effective
    variance = logs.var(ddof=1)
    assert found.mean == pytest.approx(blocks.mean())
    assert found.level.value == pytest.approx(logs.mean() + variance / 2.0)
    assert found.level.standard_error == pytest.approx(
        np.sqrt(variance / n + variance**2 / (2.0 * (n - 1.0)))
    )
    assert found.low < np.exp(1.0 + 0.32) < found.high


def test_the_mean_of_a_measure_that_may_be_negative_has_students_interval() -> None:
    blocks = np.random.default_rng(3).normal(-2.0, 1.0, 30)
    found = mean_of_series(np.repeat(blocks, 10), hop_s=0.1, is_log=False)
    assert found.standard_error == pytest.approx(blocks.std(ddof=1) / np.sqrt(found.n_effective))
    assert found.low < -2.0 < found.high


def test_of_too_short_a_series_nothing_is_claimed() -> None:
    found = mean_of_series(np.ones(15), hop_s=0.1, is_log=True)
    assert (found.low, found.high) == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("length_s", "n_series", "least", "most"),
    [
        (20.0, 120, 0.80, 0.96),
        pytest.param(20.0, 1000, 0.84, 0.92, marks=pytest.mark.slow),
        pytest.param(30.0, 1000, 0.88, 0.95, marks=pytest.mark.slow),
        pytest.param(60.0, 1000, 0.92, 0.97, marks=pytest.mark.slow),
    ],
)
def test_intervals_hold_the_mean_of_the_patients_power_as_often_as_is_said(
    length_s: float, n_series: int, least: float, most: float
) -> None:
    n_hops = round(length_s / HOP_S)
    series = felt_by(pure_patient(seed=11))(0.0, n_series * n_hops).reshape(n_series, n_hops)
    found = [mean_of_series(each, hop_s=HOP_S, is_log=True) for each in series]
    held = np.mean([each.low <= 1.0 <= each.high for each in found])
    assert least <= held <= most
