"""Proportional: linear between two thresholds, its ends reached, a dead band between."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.proportional import ProportionalConfig
from tests.stimulators.policies.driven import HOP_S, Driven


def proportional(**keys: Any) -> Driven:
    """Return one from 0.5 mA at 10 to 2.5 mA at 20, that is there at once."""
    settings: dict[str, Any] = {
        "lowest_ma": 0.5,
        "highest_ma": 2.5,
        "upper_threshold": 20.0,
        "lower_threshold": 10.0,
        "transition_up_s": 0.0,
        "transition_down_s": 0.0,
        "averaging_s": 0.0,
    }
    table = ProportionalConfig(id="p", of="beta", device="stn", **(settings | keys))
    driven = Driven(table)
    driven.tell("engaged", 0.5)
    return driven


@given(values=st.lists(st.floats(-100.0, 100.0), min_size=1, max_size=20))
def test_it_is_the_formula(values: list[float]) -> None:
    expected = [0.5 + 2.0 * min(max((each - 10.0) / 10.0, 0.0), 1.0) for each in values]
    assert proportional().wants(values) == pytest.approx(expected, abs=1e-9)
    turned = [3.0 - each for each in expected]
    assert proportional(expected_sign="rises").wants(values) == pytest.approx(turned, abs=1e-9)


def test_in_the_dead_band_it_stays_and_the_ends_are_reached() -> None:
    policy = proportional(dead_band_ma=0.5)
    assert policy.wants([15.0, 17.0, 13.0, 18.0, 20.0, 19.0, 10.0]) == [
        1.5, 1.5, 1.5, 2.1, 2.5, 2.5, 0.5,
    ]  # fmt: skip


def test_it_goes_by_its_transitions() -> None:
    policy = proportional(transition_up_s=2.0, transition_down_s=1.0)
    assert policy.wants([20.0, 20.0, 11.0, 11.0]) == [0.6, 0.7, 0.7, 0.7]
    assert policy.wants([10.0]) == [0.5]


def test_a_goal_further_up_or_down_counts_after_its_onset() -> None:
    policy = proportional(onset_upper_s=2 * HOP_S, onset_lower_s=HOP_S)
    assert policy.wants([15.0, 15.0, 15.0]) == [0.5, 0.5, 1.5]
    assert policy.wants([15.0, 20.0, 12.0, 20.0, 20.0, 20.0]) == [1.5, 1.5, 1.5, 1.5, 1.5, 2.5]
    assert policy.wants([12.0, 12.0]) == [2.5, 0.9]


def test_the_mean_of_a_uniform_measure_is_the_middle() -> None:
    values = [10.0 + 0.1 * index for index in range(101)]
    assert sum(proportional().wants(values)) / 101 == pytest.approx(1.5)
