"""Amounts on a grid: whole steps, within the clip, and none changed by a wavering ramp."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.parts.steps import Steps

_AMOUNTS = st.lists(st.floats(0.5, 2.5), min_size=1, max_size=40)


@given(amounts=_AMOUNTS)
def test_what_is_given_is_a_whole_number_of_steps_and_less_than_one_away(
    amounts: list[float],
) -> None:
    steps = Steps(0.1, lowest=0.5, highest=2.5)
    steps.start_from(1.0)
    for amount in amounts:
        given_amount = steps.follow(amount)
        assert steps.has(given_amount)
        assert abs(given_amount - amount) < 0.1 + 1e-6
        assert 0.5 <= given_amount <= 2.5


def test_both_ends_are_reached() -> None:
    steps = Steps(0.1, lowest=0.3, highest=2.3)
    steps.start_from(0.3)
    assert [steps.follow(each) for each in (2.3, 0.3, 2.3)] == [2.3, pytest.approx(0.3), 2.3]


def test_an_amount_that_wavers_by_less_than_a_step_gives_one_and_the_same() -> None:
    steps = Steps(0.5, lowest=0.0, highest=3.0)
    steps.start_from(1.2)
    assert {steps.follow(1.0 + away) for away in (0.3, -0.3, 0.49, -0.49, 0.0)} == {1.0}


def test_without_a_grid_an_amount_is_what_it_is() -> None:
    steps = Steps(0.0, lowest=0.0, highest=3.0)
    assert (steps.follow(1.2345), steps.has(1.2345)) == (1.2345, True)
    assert not Steps(0.1, lowest=0.0, highest=3.0).has(0.25)
