"""The table of policies: what each run gave, and what it did to the patient."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np

from benchmarks.figures.policies.course import Course
from benchmarks.figures.policies.patients import movements_s
from benchmarks.figures.policies.rigs import CONTINUOUS_MA, MOVES

_HEAD: Final = (
    "time on",
    "mean",
    "less than continuous",
    "energy, of continuous",
    "switches an hour",
    "beta, of off",
    "bursts over 0.6 s, a minute",
)


def row(name: str, course: Course, off_uv2: float) -> str:
    """Return a row of a table; `off_uv2` is the power without stimulation."""
    beta = f"{100.0 * course.power_uv2 / off_uv2:.0f} %"
    long_per_min = f"{course.long_bursts_per_min:.1f}"
    if course.triggers_s.size:
        per_min = 60.0 * course.triggers_s.size / course.end_s
        given = ["", f"{per_min:.0f} triggers a minute", "", "", ""]
    else:
        mean_ma = course.therapy["mean_amount"]
        given = [
            f"{course.on_percent:.0f} %",
            f"{mean_ma:.2f} mA",
            f"{100.0 * (1.0 - mean_ma / CONTINUOUS_MA):.0f} %",
            f"{100.0 * course.mean_square_ma2 / CONTINUOUS_MA**2:.0f} %",
            f"{course.therapy['switches_per_h']:.0f}",
        ]
    if course.safe_because:
        name = f"{name}: SAFE after {course.end_s:.0f} s"
    return f"| {' | '.join([name, *given, beta, long_per_min])} |"


def table(courses: Mapping[str, Course]) -> Iterator[str]:
    """Yield the lines of the table, and why rigs were made safe."""
    yield f"| | {' | '.join(_HEAD)} |"
    yield f"|{'---|' * (1 + len(_HEAD))}"
    for name, course in courses.items():
        yield row(name, course, courses["`off`"].power_uv2)
    for name, course in courses.items():
        if course.safe_because:
            yield f"\n{name}: {course.safe_because}"
    yield "\n| | mean while the patient moves | mean at rest |"
    yield "|---|---|---|"
    for name, course in courses.items():
        if name.endswith(MOVES):
            moving_ma, resting_ma = moving_and_resting_ma(course)
            yield f"| {name.partition(',')[0]} | {moving_ma:.2f} mA | {resting_ma:.2f} mA |"


def moving_and_resting_ma(course: Course) -> tuple[float, float]:
    """Return the means of what was given while the patient moved, and while they did not."""
    before_s = -float(course.raw_uv[0][0])
    spans_s = movements_s(before_s, before_s + course.end_s) - before_s
    rests_s = np.concatenate([[0.0], spans_s.ravel(), [course.end_s]]).reshape(-1, 2)
    return course.mean_ma(spans_s), course.mean_ma(rests_s)
