"""Percentiles of latency, from a histogram of fixed size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.watching.latency import LatencyHistogram


@given(st.lists(st.floats(2e-6, 90.0), min_size=1, max_size=300), st.sampled_from([50.0, 99.0]))
def test_percentiles_agree_with_numpy_to_one_bin(durations_s: list[float], percent: float) -> None:
    histogram = LatencyHistogram()
    for each in durations_s:
        histogram.add(each)
    exact_s = np.percentile(durations_s, percent, method="inverted_cdf")
    assert histogram.percentile_s(percent) == pytest.approx(exact_s, rel=0.024)


def test_the_largest_is_kept_exactly_and_outliers_are_counted() -> None:
    histogram = LatencyHistogram()
    for each in (0.0, -1.0, 1e-9, 0.001, 5000.0):
        histogram.add(each)
    assert histogram.n == 5
    assert histogram.max_s == 5000.0
    assert histogram.as_ms()["max"] == 5e6


def test_without_data_every_percentile_is_zero() -> None:
    assert set(LatencyHistogram().as_ms().values()) == {0.0}
