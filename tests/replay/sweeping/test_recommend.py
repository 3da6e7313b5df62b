"""What is recommended is chosen on one part and must hold on the other."""

import pytest

from replay.sweeping.figures import Figure
from replay.sweeping.goal import Goal
from replay.sweeping.recommend import recommend
from replay.sweeping.result import Point

_GOAL = Goal(maximise="sensitivity", false_positives_per_min_max=4.0)


def _figures(sensitivity: float, false: float, null: float = 0.3) -> dict[str, Figure]:
    return {
        "sensitivity": Figure(value=sensitivity, null=null),
        "false_positives_per_min": Figure(value=false),
        "onset_delay_s": Figure(value=0.1),
    }


def _points(*pairs: tuple[dict[str, Figure], dict[str, Figure]]) -> list[Point]:
    return [
        Point(number=number, values={}, training=training, held_out=held_out)
        for number, (training, held_out) in enumerate(pairs)
    ]


def test_the_best_of_the_part_that_was_searched_on_is_taken_not_of_the_held_out_one() -> None:
    found = recommend(
        _points(
            (_figures(0.7, 1.0), _figures(0.9, 1.0)),
            (_figures(0.8, 1.0), _figures(0.6, 1.0)),
        ),
        _GOAL,
    )
    assert (found.number, found.n_passed_over) == (1, 0)


@pytest.mark.parametrize(
    "held_out", [_figures(0.9, 5.0), _figures(0.2, 1.0), _figures(1.0, 0.0, null=1.0)]
)
def test_one_that_does_not_hold_is_passed_over_and_said_so(held_out: dict[str, Figure]) -> None:
    found = recommend(
        _points((_figures(0.8, 1.0), held_out), (_figures(0.7, 1.0), _figures(0.6, 1.0))), _GOAL
    )
    assert (found.number, found.n_passed_over) == (1, 1)
    assert "one that was better there did not hold" in found.reason


def test_always_on_is_nothing_however_sensitive_it_is() -> None:
    always = _figures(1.0, 0.0, null=1.0)
    found = recommend(_points((always, always)), _GOAL)
    assert found.number is None
    assert "above chance, on the part that was searched on" in found.reason
    assert _GOAL.worth(always) < _GOAL.worth(_figures(0.9, 400.0)) < _GOAL.worth(_figures(0.4, 4.0))


def test_nothing_that_holds_and_nothing_at_all_are_said() -> None:
    none_holds = recommend(_points((_figures(0.8, 1.0), _figures(0.1, 1.0))), _GOAL)
    assert "none of them on the held-out part" in none_holds.reason
    assert recommend([Point(number=0, values={})], _GOAL).reason.endswith("failed")


def test_of_equal_ones_that_with_fewer_false_positives_is_taken() -> None:
    pairs = [(_figures(0.8, false), _figures(0.8, 1.0)) for false in (3.0, 1.0, 2.0)]
    assert recommend(_points(*pairs), _GOAL).number == 1


def test_a_sensitivity_without_a_limit_is_no_goal() -> None:
    with pytest.raises(ValueError, match="always on"):
        Goal(maximise="sensitivity")
