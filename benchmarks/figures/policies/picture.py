"""Rigs of the table and the picture of policies, and how their runs are written and drawn."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context
from typing import Any, Final, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks.figures import drawing
from benchmarks.figures.policies.runs import Course, Tables, arm, blocks, changed, run, tables
from benchmarks.figures.signals import Line

#: How long the loop is closed.
_CLOSED_S: Final = 180.0
_CONTINUOUS_MA: Final = 3.0
_N_COLUMNS: Final = 2
_N_PROCESSES: Final = 2
#: Peaks are cut off that are further above the highest threshold, so that thresholds can be seen.
_THRESHOLDS_SHOWN: Final = 6.0
_INCHES: Final = (14.0, 3.6)


class Shown(NamedTuple):
    """A cell of the picture: its title, which seconds it shows, and the unit decided in."""

    title: str
    first_s: float
    last_s: float
    unit: str = "µV²"


#: Fast policies for some bursts, slow ones for all of their ramps.
_SHOWN: Final = {
    "threshold": Shown("threshold", 60.0, 75.0),
    "random": Shown("random: as much, at other times", 60.0, 75.0),
    "burst_trigger": Shown("burst_trigger", 60.0, 75.0),
    "percept_single": Shown("percept_single", 60.0, 75.0, "lsb"),
    "dual_threshold": Shown("dual_threshold", 0.0, _CLOSED_S),
    "percept_dual": Shown("percept_dual", 0.0, _CLOSED_S, "lsb"),
    "proportional": Shown("proportional", 60.0, 90.0),
    "pi": Shown("pi", 0.0, 60.0),
    "linear_discriminant": Shown("linear_discriminant", 60.0, 120.0),
    "phase_lock": Shown("phase_lock", 60.0, 61.2),
    "staircase": Shown("staircase", 0.0, _CLOSED_S),
    "constant": Shown("constant", 60.0, 75.0),
}
#: What the lines are, and how each is drawn.
_LINES: Final[dict[str, dict[str, Any]]] = {
    "raw signal": {"color": drawing.BLACK, "linewidth": 1.2},
    "beta": {"color": drawing.GREY, "linewidth": 1.0},
    "what is decided on": {"color": drawing.BLUE, "linewidth": 1.8},
    "threshold": {"color": drawing.BLACK, "linestyle": "--", "linewidth": 1.5},
    "given": {"color": drawing.ORANGE, "linewidth": 3.0},
    "trigger": {"color": drawing.VERMILION, "linewidth": 3.0},
}
_DEAF: Final = {"damping_added_per_s_max": 0.0}
_WITHOUT_BETA: Final = {"scale_uv": 0.01}
_HEAD: Final = (
    "time on",
    "mean",
    "less than continuous",
    "energy, of continuous",
    "switches an hour",
    "beta, of off",
    "bursts over 0.6 s, a minute",
)


def policies() -> dict[str, Tables]:
    """Return the rigs of the first table: arms, then the guide's blocks."""
    arms = {"off": arm("off"), "constant": arm("constant", always_ma=_CONTINUOUS_MA)}
    found = arms | {name: tables(block) for name, block in blocks().items()}
    return {f"`{name}`": each for name, each in found.items()}


def variants() -> dict[str, Tables]:
    """Return rigs that differ from a block by one thing."""
    block = blocks()
    fast = tables(block["threshold"])
    fast["detectors"][0]["window_s"] = 0.2
    found: dict[str, Tables] = {"`threshold`, smoothed 200 ms instead of 400": fast}
    for onset_s in (0.0, 6.0):
        found[f"`dual_threshold`, onset {onset_s:g} s instead of 1.2"] = changed(
            block["dual_threshold"], onset_upper_s=onset_s, onset_lower_s=onset_s
        )
    return found


def negative_controls() -> dict[str, Tables]:
    """Return rigs in which a policy cannot do what it is for."""
    block = blocks()
    found = {
        f"`{name}`, who does not respond": changed(block[name], patient=_DEAF)
        for name in ("threshold", "dual_threshold", "pi")
    }
    found |= {
        f"`{name}`, no beta": changed(block[name], patient=_WITHOUT_BETA)
        for name in ("threshold", "dual_threshold", "burst_trigger")
    }
    wrong = changed(block["dual_threshold"], expected_sign="rises")
    return found | {"`dual_threshold`, wrong sign": wrong}


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
            f"{100.0 * (1.0 - mean_ma / _CONTINUOUS_MA):.0f} %",
            f"{100.0 * course.mean_square_ma2 / _CONTINUOUS_MA**2:.0f} %",
            f"{course.therapy['switches_per_h']:.0f}",
        ]
    if course.safe_because:
        name = f"{name}: SAFE after {course.end_s:.0f} s"
    return f"| {' | '.join([name, *given, beta, long_per_min])} |"


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
    signal, beta, decided, threshold, given, triggers = _LINES.values()
    if course.triggers_s.size:
        shown = _densest(course, shown)
    above.set_title(shown.title)
    above.tick_params(labelbottom=False)
    if course.triggers_s.size:
        above.plot(*_within(course.raw_uv, shown), **signal)
        heights_uv = np.interp(course.triggers_s, *course.raw_uv)
        above.plot(course.triggers_s, heights_uv, "o", color=triggers["color"], markersize=7.0)
        above.set_ylabel("raw\n(µV)")
        below.vlines(course.triggers_s, 0.0, 1.0, **triggers)
        below.set_yticks([])
        below.set_ylabel("triggers")
    else:
        if shown.unit == "µV²":
            above.plot(*_within(course.beta_uv2, shown), **beta)
        above.plot(*_within(course.decided, shown), **decided)
        for line in course.thresholds:
            above.plot(*_within(line, shown), **threshold)
        highest = max((float(np.nanmax(line[1])) for line in course.thresholds), default=0.0)
        above.set_ylim(0.0, _THRESHOLDS_SHOWN * highest if highest > 0.0 else None)
        above.set_ylabel(f"beta\n({shown.unit})")
        below.step(*course.applied_ma, where="post", **given)
        below.set_ylim(-0.2, 1.1 * _CONTINUOUS_MA)
        below.set_yticks([0.0, _CONTINUOUS_MA])
        below.set_ylabel("given\n(mA)")
    for axis in (above, below):
        axis.set_xlim(shown.first_s, shown.last_s)
    below.set_xlabel("seconds since the loop was closed")


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


def run_all() -> dict[str, Course]:
    """Run every rig of the table."""
    rigs = policies() | variants() | negative_controls()
    with ProcessPoolExecutor(_N_PROCESSES, get_context("spawn")) as pool:
        return dict(zip(rigs, pool.map(run, rigs.values(), repeat(_CLOSED_S)), strict=True))


def table(courses: Mapping[str, Course]) -> Iterator[str]:
    """Yield the lines of the table, and why rigs were made safe."""
    yield f"| | {' | '.join(_HEAD)} |"
    yield f"|{'---|' * (1 + len(_HEAD))}"
    for name, course in courses.items():
        yield row(name, course, courses["`off`"].power_uv2)
    for name, course in courses.items():
        if course.safe_because:
            yield f"\n{name}: {course.safe_because}"
