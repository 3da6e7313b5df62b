"""A device's output moves no faster than its slew limit, between any two times."""

from hypothesis import given
from hypothesis import strategies as st

from stimulators.device.amount_output import AmountOutput

_GOALS = st.floats(0.0, 3.0)
_STEPS_US = st.integers(0, 2_000_000)


@given(st.floats(0.01, 100.0), st.lists(st.tuples(_STEPS_US, _GOALS), max_size=30))
def test_between_any_two_times_it_moves_by_the_slew_and_a_grain_at_most(
    slew_per_s: float, steps: list[tuple[int, float]]
) -> None:
    output = AmountOutput(0.0, slew_per_s)
    now_us = 0
    seen = [(now_us, 0.0)]
    for passed_us, goal in steps:
        now_us += passed_us
        output.advance(now_us)
        seen.append((now_us, output.amount))
        output.go(goal)
        seen.append((now_us, output.amount))
    for index, (then_us, before) in enumerate(seen):
        for at_us, amount in seen[index:]:
            allowed = slew_per_s * ((at_us - then_us) / 1e6 + 0.05)
            assert abs(amount - before) <= allowed * (1 + 1e-9) + 1e-12


@given(_GOALS, _GOALS, st.lists(st.integers(1, 100_000), min_size=1, max_size=50))
def test_how_often_it_is_looked_at_does_not_change_where_it_is(
    start: float, goal: float, looks_us: list[int]
) -> None:
    often, once = AmountOutput(start, 2.0), AmountOutput(start, 2.0)
    for output in (often, once):
        output.advance(0)
        output.go(goal)
    now_us = 0
    for passed_us in looks_us:
        now_us += passed_us
        often.advance(now_us)
        assert min(start, goal) <= often.amount <= max(start, goal)
    once.advance(now_us)
    assert abs(often.amount - once.amount) < 1e-9


def test_it_arrives_exactly() -> None:
    output = AmountOutput(0.0, 1.0)
    output.advance(0)
    output.go(0.3)
    output.advance(10_000_000)
    assert output.amount == 0.3
    assert not output.is_moving
