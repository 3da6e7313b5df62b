"""Which set of parameters is recommended: chosen on one part, and held to the other."""

import math
from collections.abc import Sequence

from replay.sweeping.goal import Goal
from replay.sweeping.result import Point, Recommendation


def recommend(points: Sequence[Point], goal: Goal) -> Recommendation:
    """Return the best set of parameters that holds.

    Parameters
    ----------
    points : sequence of Point
        Those with any figures count.
    goal : Goal
        What is maximised.

    Notes
    -----
    The order is that of the part that was searched on, and the held-out part says only whether one
    holds: above chance, and within the limit. The first that does is recommended. Were the order
    that of the held-out part, its figures would be the highest of many and so too good. Of equal
    ones that with fewer false positives comes first, then the earlier detection.
    """
    known = [each for each in points if each.training]
    if not known:
        return Recommendation(number=None, reason="every set of parameters failed")
    fit = [
        each
        for each in known
        if goal.is_above_chance(each.training) and goal.is_kept(each.training)
    ]
    if not fit:
        return Recommendation(
            number=None,
            reason=(
                f"none of {len(known)} sets of parameters reaches a {goal.text} that is above "
                "chance, on the part that was searched on"
            ),
        )
    fit.sort(key=lambda each: _order(each, goal))
    for n_passed_over, each in enumerate(fit):
        if goal.is_above_chance(each.held_out) and goal.is_kept(each.held_out):
            return Recommendation(
                number=each.number, reason=_reason(goal, n_passed_over), n_passed_over=n_passed_over
            )
    return Recommendation(
        number=None,
        reason=(
            f"{len(fit)} sets of parameters reach their goal ({goal.text}) on the part that was "
            "searched on, and none of them on the held-out part"
        ),
        n_passed_over=len(fit),
    )


def _reason(goal: Goal, n_passed_over: int) -> str:
    over = {0: "", 1: "; one that was better there did not hold"}.get(
        n_passed_over, f"; {n_passed_over} that were better there did not hold"
    )
    return (
        f"highest {goal.text}, on the part that was searched on, of those that hold on the "
        f"held-out part{over}"
    )


def _order(point: Point, goal: Goal) -> tuple[float, float, float, int]:
    false = point.training["false_positives_per_min"].value
    late_s = point.training["onset_delay_s"].value
    return (
        -goal.worth(point.training),
        math.inf if false is None else false,
        math.inf if late_s is None else late_s,
        point.number,
    )
