"""The watch for positive feedback: it alarms where there is some, and hardly ever by chance."""

import numpy as np
import pytest

from stimulators.policies.parts.sign_watch import SignWatch

_N_HOPS = 100


def _alarm_at(sign: int, before: list[float], way: list[float], there: list[float]) -> int | None:
    """Return the hop at the highest amount at which it alarms, if at any."""
    watch = SignWatch(sign, _N_HOPS)
    for value in before:
        assert not watch.is_wrong(value, is_at_highest=False, is_low=True)
    for value in way:
        assert not watch.is_wrong(value, is_at_highest=False, is_low=False)
    for index, value in enumerate(there, 1):
        if watch.is_wrong(value, is_at_highest=True, is_low=False):
            return index
    return None


@pytest.mark.parametrize(("sign", "there"), [(1, 2.0), (-1, 0.5)])
def test_what_goes_the_wrong_way_alarms_after_the_time_it_takes(sign: int, there: float) -> None:
    assert _alarm_at(sign, [1.0] * 100, [9.0] * 50, [there] * 200) == _N_HOPS
    assert _alarm_at(-sign, [1.0] * 100, [9.0] * 50, [there] * 200) is None


def test_what_stays_as_it_was_does_not_alarm() -> None:
    assert _alarm_at(1, [1.0] * 100, [], [1.0] * 500) is None


def test_without_enough_from_before_nothing_is_said() -> None:
    assert _alarm_at(1, [1.0] * 49, [], [2.0] * 5000) is None
    # Five blocks: ``2.5 n / sqrt(5 n (n + 6) / 12)`` is 3.5 or more from n = 27 on.
    assert _alarm_at(1, [1.0] * 50, [], [2.0] * 5000) == 270


def test_a_way_down_and_up_again_counts_anew() -> None:
    watch = SignWatch(1, _N_HOPS)
    for _ in range(100):
        watch.is_wrong(1.0, is_at_highest=False, is_low=True)
    for _ in range(5):
        for _ in range(_N_HOPS - 1):
            assert not watch.is_wrong(3.0, is_at_highest=True, is_low=False)
        watch.is_wrong(1.0, is_at_highest=False, is_low=False)


def test_where_the_amount_changes_nothing_it_alarms_as_seldom_as_it_says() -> None:
    random = np.random.default_rng(5)
    n_trials = 3000
    noise = random.exponential(1.0, (n_trials, 2 * _N_HOPS))
    alarms = sum(
        _alarm_at(1, row[:_N_HOPS].tolist(), [], row[_N_HOPS:].tolist()) is not None
        for row in noise
    )
    assert alarms <= 4  # 0.7 are expected


def test_feedback_is_found_though_the_measure_is_noise() -> None:
    random = np.random.default_rng(6)
    for _ in range(50):
        before = random.exponential(1.0, _N_HOPS).tolist()
        there = (3.0 * random.exponential(1.0, 10 * _N_HOPS)).tolist()
        assert _alarm_at(1, before, [], there) is not None
