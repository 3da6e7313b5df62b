"""The rate measured over stamps: exact, robust against outliers, the same in any chunks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.stamp_rate import StampRate

_RANDOM = np.random.default_rng(3)


def _measured(
    stamps_s: NDArray[np.float64], rate_hz: float = 1000.0, n_chunk: int = 17
) -> float | None:
    rate = StampRate(rate_hz)
    for start in range(0, len(stamps_s), n_chunk):
        rate.add(stamps_s[start : start + n_chunk])
    return rate.measured_hz


@pytest.mark.parametrize("true_hz", [0.5, 250.0, 1000.0, 999.8, 1024.0, 4000.0])
def test_the_rate_is_that_of_the_stamps_whatever_the_header_says(true_hz: float) -> None:
    stamps_s = 5e5 + np.arange(20_000) / true_hz
    assert _measured(stamps_s) == pytest.approx(true_hz, rel=1e-6)


def test_jitter_of_a_millisecond_is_averaged() -> None:
    stamps_s = np.arange(60_000) / 999.8 + _RANDOM.normal(0.0, 1e-3, 60_000)
    assert _measured(stamps_s) == pytest.approx(999.8, rel=1e-4)


def test_gaps_resets_and_stamps_that_are_not_finite_leave_it_alone() -> None:
    stamps_s = np.arange(60_000) / 999.8
    stamps_s[20_100:] += 0.75
    stamps_s[40_500:] -= 653_461.0
    stamps_s[[1000, 2500, 30_000]] = np.nan
    assert _measured(stamps_s) == pytest.approx(999.8, rel=1e-6)


def test_it_is_the_same_in_any_chunks_and_its_memory_is_bounded() -> None:
    stamps_s = np.arange(50_000) / 9.99 + _RANDOM.normal(0.0, 1e-3, 50_000)
    found = {_measured(stamps_s, 10.0, n_chunk) for n_chunk in (1, 7, 4096, 50_000)}
    assert len(found) == 1
    assert found.pop() == pytest.approx(9.99, rel=1e-5)
    rate = StampRate(1.0)
    rate.add(np.arange(100_000.0))
    assert len(rate._edges_s) <= 1024


@pytest.mark.parametrize(
    "stamps_s", [np.empty(0), np.arange(9.0), np.full(5000, np.nan), np.zeros(5000)]
)
def test_where_stamps_say_nothing_there_is_no_rate(stamps_s: NDArray[np.float64]) -> None:
    assert _measured(stamps_s) is None


def test_of_less_than_two_blocks_the_whole_is_taken() -> None:
    assert _measured(np.arange(500) / 250.0) == pytest.approx(250.0)


def test_two_blocks_that_differ_are_no_fault() -> None:
    stamps_s = np.concatenate([np.arange(1000) / 1000.0, 5.0 + np.arange(1001) / 1000.0])
    assert _measured(stamps_s) == pytest.approx(1000.0)
