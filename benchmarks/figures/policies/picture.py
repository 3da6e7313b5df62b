"""The picture of policies: what each decides on above, what is given below."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.figures.policies.course import Course
from benchmarks.figures.policies.rigs import CLOSED_S, CONTINUOUS_MA
from benchmarks.figures.signals import Line
from stimloop import colours

_N_COLUMNS: Final = 2
#: Peaks are cut off that are further above the highest threshold, so that thresholds can be seen.
_THRESHOLDS_SHOWN: Final = 6.0
_INCHES: Final = (14.0, 3.6)


class Shown(NamedTuple):
    """A cell: its title, which seconds it shows, the unit decided in; `is_raw` shows the signal."""

    title: str
    first_s: float
    last_s: float
    unit: str = "µV²"
    is_raw: bool = False


#: Fast policies for some bursts, slow ones for all of their ramps.
_SHOWN: Final = {
    "threshold": Shown("threshold", 60.0, 75.0),
    "random": Shown("random: as much, at other times", 60.0, 75.0),
    "burst_trigger": Shown("burst_trigger", 60.0, 75.0),
    "percept_single": Shown("percept_single", 60.0, 75.0, "lsb"),
    "dual_threshold": Shown("dual_threshold", 0.0, CLOSED_S),
    "percept_dual": Shown("percept_dual", 0.0, CLOSED_S, "lsb"),
    "proportional": Shown("proportional", 60.0, 90.0),
    "pi": Shown("pi", 0.0, 60.0),
    "linear_discriminant": Shown("linear_discriminant", 60.0, 120.0),
    "phase_lock": Shown("phase_lock", 60.0, 61.2, is_raw=True),
    "on_event": Shown("on_event: at the onset of a burst", 60.0, 75.0),
    "staircase": Shown("staircase", 0.0, CLOSED_S),
    "ceiling": Shown("ceiling around dual_threshold", 0.0, CLOSED_S),
    "ganged": Shown("ganged: threshold, two devices", 60.0, 75.0),
    "sham": Shown("sham: decides, and nothing is sent", 60.0, 75.0),
    "yoked": Shown("yoked: what another patient got", 60.0, 75.0),
    "constant": Shown("constant", 60.0, 75.0),
}
#: What the lines are, and how each is drawn.
_LINES: Final[dict[str, dict[str, Any]]] = {
    "raw signal": {"color": colours.BLACK, "linewidth": 1.2},
    "beta": {"color": colours.GREY, "linewidth": 1.0},
    "what is decided on": {"color": colours.BLUE, "linewidth": 1.8},
    "threshold": {"color": colours.BLACK, "linestyle": "--", "linewidth": 1.5},
    "given": {"color": colours.ORANGE, "linewidth": 3.0},
    "given by a second device": {"color": colours.GREEN, "linewidth": 3.0},
    "withheld": {"color": colours.ORANGE, "linestyle": ":", "linewidth": 2.0},
    "trigger": {"color": colours.VERMILION, "linewidth": 3.0},
}


def draw(courses: Mapping[str, Course]) -> Figure:
    """Return small multiples: what each policy decides on above, what is given below."""
    names = [name for name in _SHOWN if name in courses]
    n_rows = -(-len(names) // _N_COLUMNS)
    figure = Figure(figsize=(_INCHES[0], _INCHES[1] * n_rows + 0.6), layout="constrained")
    grid = figure.subplots(2 * n_rows, _N_COLUMNS, height_ratios=[1.5, 1.0] * n_rows, squeeze=False)
    for place, name in enumerate(names):
        above, below = grid[2 * (place // _N_COLUMNS) :, place % _N_COLUMNS][:2]
        _draw_one(above, below, courses[name], _SHOWN[name])
    for axis in grid[-2:, len(names) - _N_COLUMNS * (n_rows - 1) :].ravel():
        axis.set_visible(False)
    figure.align_ylabels()
    lines = [Line2D([], [], label=label, **style) for label, style in _LINES.items()]
    figure.legend(handles=lines, loc="outside lower center", ncols=3, frameon=False)
    return figure


def _draw_one(above: Axes, below: Axes, course: Course, shown: Shown) -> None:
    if shown.is_raw:
        shown = _densest(course, shown)
    above.set_title(shown.title)
    above.tick_params(labelbottom=False)
    _draw_decided(above, course, shown)
    _draw_given(below, course)
    for axis in (above, below):
        axis.set_xlim(shown.first_s, shown.last_s)
    below.set_xlabel("seconds since the loop was closed")


def _draw_decided(above: Axes, course: Course, shown: Shown) -> None:
    line = course.raw_uv if shown.is_raw else course.beta_uv2
    if shown.is_raw:
        above.plot(*_within(line, shown), **_LINES["raw signal"])
        above.set_ylabel("raw\n(µV)")
    else:
        if shown.unit == "µV²":
            above.plot(*_within(line, shown), **_LINES["beta"])
        above.set_ylabel(f"beta\n({shown.unit})")
    if course.triggers_s.size:
        color = _LINES["trigger"]["color"]
        heights = np.interp(course.triggers_s, *line)
        above.plot(course.triggers_s, heights, "o", color=color, markersize=7.0)
        return
    above.plot(*_within(course.decided, shown), **_LINES["what is decided on"])
    for each in course.thresholds:
        above.plot(*_within(each, shown), **_LINES["threshold"])
    highest = max((float(np.nanmax(each[1])) for each in course.thresholds), default=0.0)
    above.set_ylim(0.0, _THRESHOLDS_SHOWN * highest if highest > 0.0 else None)


def _draw_given(below: Axes, course: Course) -> None:
    if course.triggers_s.size:
        below.vlines(course.triggers_s, 0.0, 1.0, **_LINES["trigger"])
        below.set_yticks([])
        below.set_ylabel("triggers")
        return
    below.step(*course.applied_ma, where="post", **_LINES["given"])
    below.step(*course.others_ma, where="post", **_LINES["given by a second device"])
    below.step(*course.withheld_ma, where="post", **_LINES["withheld"])
    below.set_ylim(-0.2, 1.1 * CONTINUOUS_MA)
    below.set_yticks([0.0, CONTINUOUS_MA])
    below.set_ylabel("given\n(mA)")


def _densest(course: Course, shown: Shown) -> Shown:
    """Return the cell with the stretch of the same length that has the most triggers."""
    lasts_s = shown.last_s - shown.first_s
    ends = np.searchsorted(course.triggers_s, course.triggers_s + lasts_s)
    first_s = float(course.triggers_s[np.argmax(ends - np.arange(ends.size))]) - 0.05
    return shown._replace(first_s=first_s, last_s=first_s + lasts_s)


def _within(line: Line, shown: Shown) -> Line:
    time_s, values = line
    is_in = (time_s >= shown.first_s) & (time_s <= shown.last_s)
    return time_s[is_in], values[is_in]
