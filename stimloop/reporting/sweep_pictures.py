"""Pictures of a sweep: ROC curves and heat maps, all of held-out parts."""

import json
from collections.abc import Sequence
from itertools import combinations
from typing import Any, Final, NamedTuple

import numpy as np

from replay.sweeping.points import Parameter
from replay.sweeping.result import Point, Sweep
from stimloop import colours
from stimloop.checking.wording import shown
from stimloop.reporting import figure as paint
from stimloop.validating.sweep_text import labels_of

#: Curves that a picture still shows apart, and pairs of parameters with a map each.
_N_CURVES: Final = 6
_N_MAPS: Final = 6
#: Maps with more cells have no numbers in them.
_N_CELLS: Final = 80
_LABELS: Final = {
    "sensitivity": "sensitivity (share of bursts that are met)",
    "false_positives_per_min": "false positives a minute",
    "time_sensitivity": "share of the time in bursts that is detected",
    "time_false_share": "share of all other time that is detected",
}


class _Curve(NamedTuple):
    """Points that differ in one parameter alone, and what they have in common."""

    name: str
    points: list[Point]


def draw_roc(found: Sweep) -> Any:  # noqa: ANN401 a figure
    """Return the ROC curves of a sweep, by time and by bursts; None without any point.

    Raises
    ------
    ConfigError
        Where matplotlib is not installed.
    """
    curves = _curves(found)
    if not curves:
        return None
    with paint.drawing():
        figure = paint.new_figure(11.0, 4.6)
        by_time, by_bursts = figure.subplots(1, 2)
        _draw_curves(by_time, found, curves, "time_false_share", "time_sensitivity")
        by_time.plot([0.0, 1.0], [0.0, 1.0], ":", color=paint.GREY, label="chance")
        by_time.set_xlim(-0.02, 1.02)
        _draw_curves(by_bursts, found, curves, "false_positives_per_min", "sensitivity")
        by_bursts.set_xlim(left=min(0.0, by_bursts.get_xlim()[0]))
        limit = found.goal.false_positives_per_min_max
        if limit is not None:
            by_bursts.axvline(limit, color=paint.GREY, linestyle="--", label="limit")
        for axis in (by_time, by_bursts):
            axis.set_ylim(-0.02, 1.02)
        by_time.set_title("moment by moment", fontsize=10)
        by_bursts.set_title("burst by burst", fontsize=10)
        handles, labels = by_time.get_legend_handles_labels()
        more = [
            each
            for each in zip(*by_bursts.get_legend_handles_labels(), strict=True)
            if each[1] not in labels
        ]
        handles, labels = [*handles, *(h for h, _ in more)], [*labels, *(name for _, name in more)]
        figure.legend(handles, labels, loc="outside right upper", fontsize=8)
        return figure


def _draw_curves(axis: Any, found: Sweep, curves: Sequence[_Curve], x: str, y: str) -> None:  # noqa: ANN401
    for number, curve in enumerate(curves):
        colour, style = paint.CHANNELS[number % len(paint.CHANNELS)]
        pairs = [(_value(each, x), _value(each, y)) for each in curve.points]
        line = style if len(curves) > 1 or len(found.parameters) == 1 else "none"
        axis.plot(
            [pair[0] for pair in pairs],
            [pair[1] for pair in pairs],
            color=colour,
            linestyle="none" if found.search is not None else line,
            marker="o",
            markersize=4.0,
            linewidth=1.4,
            label=curve.name,
        )
    point = found.recommended
    if point is not None:
        for name, is_x in ((x, True), (y, False)):
            figure = point.held_out[name]
            if figure.low is None or figure.high is None:
                continue
            other = _value(point, y if is_x else x)
            span, still = [figure.low, figure.high], [other, other]
            axis.plot(
                *((span, still) if is_x else (still, span)),
                color=colours.BLACK,
                linewidth=1.0,
            )
        axis.plot(
            _value(point, x),
            _value(point, y),
            marker="D",
            markersize=9.0,
            markerfacecolor="none",
            markeredgecolor=colours.BLACK,
            markeredgewidth=1.8,
            linestyle="none",
            label="recommended, with 95 %",
        )
    axis.set_xlabel(_LABELS[x])
    axis.set_ylabel(_LABELS[y])


def _curves(found: Sweep) -> list[_Curve]:
    """Return the points of a grid as curves along its longest parameter; all as one if too many."""
    points = [each for each in found.points if each.held_out]
    if not points:
        return []
    labels = labels_of(found)
    along = max(found.parameters, key=lambda each: len(each.values))
    others = [each for each in found.parameters if each.path != along.path]
    curves: dict[str, _Curve] = {}
    for point in points:
        name = ", ".join(
            f"{labels[each.path]} = {shown(point.values[each.path])}" for each in others
        )
        curves.setdefault(name, _Curve(name or f"along {labels[along.path]}", [])).points.append(
            point
        )
    if found.search is not None or len(curves) > _N_CURVES:
        return [_Curve("a set of parameters", points)]
    return list(curves.values())


def draw_maps(found: Sweep) -> Any:  # noqa: ANN401 a figure
    """Return heat maps of what is maximised, a map a pair of parameters; None without any point.

    Raises
    ------
    ConfigError
        Where matplotlib is not installed.

    Notes
    -----
    Where there are more parameters than the two of a map, a cell is the mean over the others. Of a
    search, whose sets lie anywhere, each is a dot. Of one parameter it is a line.
    """
    points = [each for each in found.points if each.held_out]
    varied = [each for each in found.parameters if len(each.values) != 1]
    if not points or not varied:
        return None
    pairs = list(combinations(varied, 2))[:_N_MAPS]
    n_columns = min(len(pairs), 3) or 1
    n_rows = -(-max(len(pairs), 1) // n_columns)
    with paint.drawing():
        figure = paint.new_figure(max(5.2 * n_columns, 6.5), 4.4 * n_rows)
        axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel().tolist()
        for axis in axes[len(pairs) or 1 :]:
            axis.remove()
        if not pairs:
            _draw_line(axes[0], found, points, varied[0])
            return figure
        values = [_value(each, found.goal.maximise) for each in points]
        known = [each for each in values if np.isfinite(each)] or [0.0]
        scale = {"vmin": min(known), "vmax": max(known), "cmap": "cividis"}
        drawn = None
        for axis, (first, second) in zip(axes, pairs, strict=False):
            draw = _draw_dots if found.search is not None else _draw_cells
            drawn = draw(axis, found, points, (first, second), scale)
            axis.grid(visible=False)
            _name_axes(axis, found, first, second)
        figure.colorbar(drawn, ax=axes[: len(pairs)], label=found.goal.maximise.replace("_", " "))
        return figure


def _draw_cells(
    axis: Any,  # noqa: ANN401 of matplotlib
    found: Sweep,
    points: Sequence[Point],
    pair: tuple[Parameter, Parameter],
    scale: dict[str, Any],
) -> Any:  # noqa: ANN401
    first, second = pair
    columns, rows = _keys(first), _keys(second)
    cells: dict[tuple[int, int], list[float]] = {}
    for each in points:
        at = (rows.index(_key(each, second)), columns.index(_key(each, first)))
        cells.setdefault(at, []).append(_value(each, found.goal.maximise))
    grid = np.full((len(rows), len(columns)), np.nan)
    for at, values in cells.items():
        grid[at] = np.mean(values)
    drawn = axis.imshow(grid, origin="lower", aspect="auto", **scale)
    middle = (scale["vmin"] + scale["vmax"]) / 2.0
    for (row, column), value in np.ndenumerate(grid):
        if grid.size <= _N_CELLS and np.isfinite(value):
            colour = "white" if value < middle else "black"
            axis.text(
                column, row, f"{value:.2f}", ha="center", va="center", color=colour, fontsize=8
            )
    point = found.recommended
    if point is not None:
        row, column = rows.index(_key(point, second)), columns.index(_key(point, first))
        axis.add_patch(_outline(column - 0.5, row - 0.5))
    axis.set_xticks(range(len(columns)), [shown(each) for each in first.values])
    axis.set_yticks(range(len(rows)), [shown(each) for each in second.values])
    return drawn


def _outline(left: float, bottom: float) -> Any:  # noqa: ANN401 of matplotlib
    from matplotlib.patches import Rectangle  # noqa: PLC0415 where a figure is drawn, it is there

    return Rectangle(
        (left, bottom), 1.0, 1.0, fill=False, edgecolor=colours.VERMILION, linewidth=3.0
    )


def _draw_dots(
    axis: Any,  # noqa: ANN401 of matplotlib
    found: Sweep,
    points: Sequence[Point],
    pair: tuple[Parameter, Parameter],
    scale: dict[str, Any],
) -> Any:  # noqa: ANN401
    first, second = pair
    drawn = axis.scatter(
        [_position(each, first) for each in points],
        [_position(each, second) for each in points],
        c=[_value(each, found.goal.maximise) for each in points],
        s=42.0,
        edgecolors=colours.BLACK,
        linewidths=0.4,
        **scale,
    )
    point = found.recommended
    if point is not None:
        axis.plot(
            _position(point, first),
            _position(point, second),
            marker="s",
            markersize=13.0,
            markerfacecolor="none",
            markeredgecolor=colours.VERMILION,
            markeredgewidth=2.5,
        )
    _scale_axis(axis, "x", first)
    _scale_axis(axis, "y", second)
    return drawn


def _scale_axis(axis: Any, name: str, parameter: Parameter) -> None:  # noqa: ANN401
    """Scale an axis for a parameter: its listed values at equal distances, or plain numbers."""
    if parameter.values:
        n_values = len(parameter.values)
        axis.set(
            **{
                f"{name}ticks": range(n_values),
                f"{name}ticklabels": [shown(each) for each in parameter.values],
                f"{name}lim": (-0.5, n_values - 0.5),
            }
        )
    elif parameter.log:
        from matplotlib.ticker import LogLocator, NullLocator  # noqa: PLC0415 as above

        axis.set(**{f"{name}scale": "log"})
        drawn = axis.xaxis if name == "x" else axis.yaxis
        drawn.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
        drawn.set_minor_locator(NullLocator())
        # Powers of ten would be formulas.
        drawn.set_major_formatter("{x:g}")


def _draw_line(axis: Any, found: Sweep, points: Sequence[Point], parameter: Parameter) -> None:  # noqa: ANN401
    name = found.goal.maximise
    ordered = sorted(points, key=lambda each: _position(each, parameter))
    at = [_position(each, parameter) for each in ordered]
    values = [_value(each, name) for each in ordered]
    for x, each in zip(at, ordered, strict=True):
        figure = each.held_out[name]
        if figure.low is not None and figure.high is not None:
            axis.plot([x, x], [figure.low, figure.high], color=colours.SKY_BLUE, linewidth=2.0)
    axis.plot(at, values, "o-", color=colours.BLUE, label="held out, with 95 %")
    chance = [each.held_out[name].null for each in ordered]
    if None not in chance:
        axis.plot(at, chance, ":", color=paint.GREY, label="chance")
    point = found.recommended
    if point is not None:
        axis.plot(
            _position(point, parameter),
            _value(point, name),
            marker="D",
            markersize=10.0,
            markerfacecolor="none",
            markeredgecolor=colours.VERMILION,
            markeredgewidth=2.0,
            linestyle="none",
            label="recommended",
        )
    _scale_axis(axis, "x", parameter)
    axis.set_xlabel(labels_of(found)[parameter.path])
    axis.set_ylabel(name.replace("_", " "))
    axis.legend(fontsize=8)


def _name_axes(axis: Any, found: Sweep, first: Parameter, second: Parameter) -> None:  # noqa: ANN401
    labels = labels_of(found)
    axis.set_xlabel(labels[first.path])
    axis.set_ylabel(labels[second.path])


def _value(point: Point, name: str) -> float:
    found = point.held_out[name].value
    return np.nan if found is None else found


def _key(point: Point, parameter: Parameter) -> str:
    return json.dumps(point.values[parameter.path])


def _keys(parameter: Parameter) -> list[str]:
    return [json.dumps(each) for each in parameter.values]


def _position(point: Point, parameter: Parameter) -> float:
    """Return where a point lies on an axis: its value, or the number of a listed one."""
    if parameter.values:
        return float(_keys(parameter).index(_key(point, parameter)))
    return float(point.values[parameter.path])
