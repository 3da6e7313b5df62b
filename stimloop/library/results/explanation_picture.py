"""The picture of an explanation: samples, measures, amounts, and what each limit said."""

import textwrap
from itertools import pairwise
from typing import Any, Final

from replay.explanation.explained import Amounts, Course, Explanation, Feature, GateStep, Samples
from stimloop.library.results.optional_packages import matplotlib_figure
from stimloop.library.results.plot import EPISODE, MEASURE, MOMENT, SIGNAL
from stimloop.terminal.explanation_text import headline

#: Names are text, also those with a dollar sign.
_LABEL: Final = {"fontsize": 17, "parse_math": False}
_TICKS: Final = 15
_TITLE: Final = 18
#: Characters to a line of text, at that size and width.
_N_TITLE: Final = 96
_N_TEXT: Final = 104
_WIDTH_IN: Final = 13.0
_PANEL_IN: Final = 2.1
#: Samples further apart than this many usual steps have a gap between them.
_GAP_STEPS: Final = 4.0
_LINE_IN: Final = 0.265


def draw_explanation(told: Explanation) -> Any:  # noqa: ANN401 a figure
    """Return the figure of an explanation.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    features = [each for each in told.features if each.measure not in {"threshold", "is_on"}]
    texts = _texts(told)
    heights = [_PANEL_IN] * (len(told.data) + len(features) + 1)
    text_in = _LINE_IN * (sum(each.count("\n") + 1 for each in texts) + 1)
    title = _title(told)
    figure = matplotlib_figure().Figure(
        figsize=(_WIDTH_IN, sum(heights) + text_in + 0.35 * (title.count("\n") + 1)),
        layout="constrained",
    )
    axes = figure.subplots(
        len(heights) + 1, 1, height_ratios=[*heights, text_in], squeeze=False
    ).ravel()
    *panels, text_axis = axes
    for axis in panels[1:]:
        axis.sharex(panels[0])
    figure.suptitle(title, fontsize=_TITLE, x=0.01, ha="left", parse_math=False)
    remaining = iter(panels)
    for samples in told.data:
        axis = next(remaining)
        axis.plot(*_line(told, samples), color=SIGNAL, linewidth=0.7)
        axis.set_ylabel(f"{samples.channel}\n(µV)", **_LABEL)
    for feature in features:
        _draw_feature(next(remaining), told, feature)
    _draw_amounts(next(remaining), told, told.amounts)
    for axis in panels:
        axis.axvline(0.0, color=MOMENT, linewidth=2.0, zorder=1)
        axis.tick_params(labelsize=_TICKS)
        axis.spines[["top", "right"]].set_visible(False)
        if axis is not panels[-1]:
            axis.tick_params(labelbottom=False)
    what = "the moment" if told.command is None else f"command {told.command.seq}"
    panels[-1].set_xlabel(f"time from {what} (s)", **_LABEL)
    panels[0].set_xlim(-told.window_s, told.window_s)
    figure.align_ylabels(panels)
    text_axis.set_axis_off()
    text_axis.text(
        0.0,
        1.0,
        "\n".join(texts),
        va="top",
        ha="left",
        fontsize=_TICKS,
        parse_math=False,
        transform=text_axis.transAxes,
    )
    return figure


def _from(told: Explanation, since_s: list[float]) -> list[float]:
    return [each - told.since_s for each in since_s]


def _line(told: Explanation, samples: Samples) -> tuple[list[float], list[float]]:
    """Return the samples as a line that is cut where some are missing."""
    since_s = _from(told, samples.since_s)
    steps_s = sorted(later - earlier for earlier, later in pairwise(since_s))
    longest_s = _GAP_STEPS * steps_s[len(steps_s) // 2] if steps_s else 0.0
    at_s: list[float] = []
    values: list[float] = []
    for each_s, value in zip(since_s, samples.values_uv, strict=True):
        if at_s and each_s - at_s[-1] > longest_s:
            at_s.append(each_s)
            values.append(float("nan"))
        at_s.append(each_s)
        values.append(value)
    return at_s, values


def _draw_feature(axis: Any, told: Explanation, feature: Feature) -> None:  # noqa: ANN401
    values = [float("nan") if each is None else each for each in feature.values]
    axis.plot(_from(told, feature.since_s), values, color=MEASURE, linewidth=1.6)
    unit = f"\n({feature.unit})" if feature.unit else ""
    measure = "" if feature.measure == "value" else f" {feature.measure.replace('_', ' ')}"
    axis.set_ylabel(f"{feature.detector}{measure}{unit}", **_LABEL)
    for name, level in _levels(told):
        axis.axhline(level, color=SIGNAL, linewidth=1.2, linestyle="--")
        _name_level(axis, name, level)
    for each in told.features:
        is_own = (each.detector, each.channel) == (feature.detector, feature.channel)
        levels = [float("nan") if value is None else value for value in each.values]
        if each.measure == "threshold" and is_own and levels:
            axis.plot(_from(told, each.since_s), levels, "--", color=SIGNAL, linewidth=1.2)
            _name_level(axis, "threshold", levels[-1])


def _name_level(axis: Any, name: str, level: float) -> None:  # noqa: ANN401
    """Label a level to the right of it."""
    axis.annotate(
        name,
        (1.0, level),
        xycoords=("axes fraction", "data"),
        xytext=(4, 0),
        textcoords="offset points",
        va="center",
        fontsize=_TICKS,
    )


def _levels(told: Explanation) -> list[tuple[str, float]]:
    rule = told.rule
    if rule is None:
        return []
    if rule.upper == rule.lower:
        return [] if rule.upper is None else [("threshold", rule.upper)]
    levels = {"upper": rule.upper, "lower": rule.lower}
    return [(name, level) for name, level in levels.items() if level is not None]


def _draw_amounts(axis: Any, told: Explanation, amounts: Amounts) -> None:  # noqa: ANN401
    end_s = told.since_s + told.window_s
    lowest_s, lowest = _stairs(told, amounts.lowest, end_s)
    highest_s, highest = _stairs(told, amounts.highest, end_s)
    if lowest_s:
        axis.fill_between(
            lowest_s, lowest, highest, step="post", color=MEASURE, alpha=0.35, linewidth=0.0
        )
        axis.step(highest_s, highest, where="post", color=MEASURE, linewidth=2.0, label="given")
    wanted_s, wanted = _stairs(told, amounts.wanted, end_s=None)
    axis.step(wanted_s, wanted, ":", where="post", color=SIGNAL, linewidth=2.0, label="wanted")
    sent_s, sent = _stairs(told, amounts.sent, end_s=None)
    axis.plot(sent_s, sent, "v", color=EPISODE, markersize=8, markeredgecolor=SIGNAL, label="sent")
    unit = f"\n({told.unit})" if told.unit else "\n(level)"
    axis.set_ylabel(f"{told.device}{unit}", **_LABEL)
    axis.set_ylim(bottom=0.0)
    axis.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.03),
        frameon=False,
        fontsize=_TICKS,
        handlelength=1.4,
    )


def _stairs(
    told: Explanation, course: Course, end_s: float | None
) -> tuple[list[float], list[float]]:
    times_s = [at_s for at_s, _ in course]
    values = [amount for _, amount in course]
    if course and end_s is not None:
        times_s.append(max(end_s, times_s[-1]))
        values.append(values[-1])
    return _from(told, times_s), values


def _title(told: Explanation) -> str:
    lines = [headline(told, is_brief=True), *told.why]
    return "\n".join("\n".join(textwrap.wrap(line, _N_TITLE)) for line in lines)


def _texts(told: Explanation) -> list[str]:
    texts: list[str] = []
    if told.rule is not None:
        texts.append(f"rule: {told.rule.policy} ({told.rule.kind}): {told.rule.text}")
    texts.append(f"rig: {told.state}, {told.state_reason}")
    texts += [_step_text(each) for each in told.steps]
    if told.binds:
        nearest = ", then ".join(
            f"{each.limit} ({100.0 * each.share:.0f} %)" for each in told.binds
        )
        texts.append(f"binds most: {nearest}")
    answer = told.answer
    if answer is not None:
        said = "done" if answer.refused is None else f"refused as {answer.refused}"
        delay_ms = told.latencies_ms.get("command_to_answer")
        after = "" if delay_ms is None else f" after {delay_ms:.1f} ms"
        texts.append(f"answer: {said}{after}")
    return ["\n".join(textwrap.wrap(each, _N_TEXT)) for each in texts]


def _step_text(step: GateStep) -> str:
    limit = "" if step.limit is None else f" {step.limit:g}"
    mark = "✓" if step.allows else "✗ refuses:"
    return f"{mark} {step.name}{limit}: {step.text}"
