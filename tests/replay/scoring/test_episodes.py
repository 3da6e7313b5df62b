"""Arithmetic on stretches of time, against the same on a fine grid."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from replay.scoring.episodes import Episodes, of_flags
from replay.scoring.metrics.judged_time import JudgedTime, turned

_TICKS = st.lists(st.tuples(st.integers(0, 60), st.integers(1, 12)), max_size=6)


def _episodes(ticks: list[tuple[int, int]]) -> Episodes:
    return Episodes.of((float(start), float(start + length)) for start, length in ticks)


def _grid(episodes: Episodes) -> NDArray[np.bool_]:
    """Return of each second from 0 to 80 whether it is in an episode."""
    middle = np.arange(80) + 0.5
    inside = (middle >= episodes.start_s[:, None]) & (middle < episodes.end_s[:, None])
    return np.asarray(inside.any(axis=0))


@given(_TICKS, _TICKS)
def test_what_lies_in_both_is_what_a_grid_says(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    first, second = _episodes(one), _episodes(other)
    both = first.within(second)
    assert np.array_equal(_grid(both), _grid(first) & _grid(second))
    assert both.total_s == (_grid(first) & _grid(second)).sum()


@given(_TICKS, _TICKS)
def test_the_first_that_is_met_is_the_first_that_overlaps(
    one: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    first, second = _episodes(one), _episodes(other)
    expected = [
        next(
            (
                number
                for number in range(second.n_episodes)
                if second.start_s[number] < end_s + 2.0 and second.end_s[number] > start_s
            ),
            -1,
        )
        for start_s, end_s in zip(first.start_s, first.end_s, strict=True)
    ]
    assert first.first_met(second, late_s=2.0).tolist() == expected


@given(_TICKS, _TICKS, st.integers(0, 30))
def test_turning_judged_time_keeps_all_of_it(
    judged: list[tuple[int, int]], episodes: list[tuple[int, int]], by: int
) -> None:
    judged_time = JudgedTime(_episodes(judged))
    laid = judged_time.laid(_episodes(episodes))
    assert laid.total_s == _episodes(episodes).within(judged_time.episodes).total_s
    if judged_time.total_s:
        moved = turned(laid, by % judged_time.total_s, judged_time.total_s)
        assert moved.total_s == pytest.approx(laid.total_s)
        assert judged_time.seconds_each(_episodes(episodes)).sum() == pytest.approx(laid.total_s)


def test_positions_and_moments_undo_each_other() -> None:
    judged_time = JudgedTime(Episodes.of([(10.0, 20.0), (30.0, 90.0)]))
    moments_s = np.array([10.0, 15.0, 30.5, 89.0])
    assert judged_time.time_s(judged_time.position_s(moments_s)) == pytest.approx(moments_s)
    assert judged_time.holds(np.array([9.0, 15.0, 25.0, 60.0])).tolist() == [
        False,
        True,
        False,
        True,
    ]


def test_flags_become_stretches_that_last_a_step_longer_than_their_last_sample() -> None:
    time_s = np.arange(6, dtype=np.float64) * 0.1
    found = of_flags(time_s, np.array([True, True, False, True, False, True]), 0.1)
    assert found.start_s == pytest.approx([0.0, 0.3, 0.5])
    assert found.durations_s == pytest.approx([0.2, 0.1, 0.1])
