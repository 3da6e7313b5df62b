"""The picture of a titration: its course, dose and response, and how fast the measure follows."""

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from replay.titration.measured import measured
from replay.titration.recorded import RecordedStaircase
from replay.titration.time_constant import TimeConstant, Transition, transitions
from replay.titration.titration import Titration
from stimloop.colours import BLACK, BLUE, GREEN, PURPLE, VERMILION
from stimloop.library.results.optional_packages import matplotlib_figure

#: Of the palette of Okabe and Ito, whose colours colour-blind people tell apart.
_MEASURE: Final = BLUE
_AMOUNT: Final = VERMILION
_FIT: Final = BLACK
_BROKEN: Final = PURPLE
_LIMIT: Final = GREEN
_TEXT: Final = {"fontsize": 12}
#: The most points of a line in a picture.
_N_POINTS: Final = 3000
_SMOOTH_S: Final = 1.0


def draw(recorded: RecordedStaircase, found: Titration) -> Any:  # noqa: ANN401 a figure
    """Return the figure of a titration.

    Raises
    ------
    InputError
        Where matplotlib is not installed.
    """
    figure = matplotlib_figure().Figure(figsize=(11.0, 8.0), layout="constrained")
    grid = figure.add_gridspec(2, 2)
    _draw_course(figure.add_subplot(grid[0, :]), recorded, found)
    _draw_response(figure.add_subplot(grid[1, 0]), found)
    _draw_transitions(figure.add_subplot(grid[1, 1]), recorded, found)
    for axis in figure.axes:
        axis.spines[["top"]].set_visible(False)
    figure.suptitle(_title(found), fontsize=13)
    return figure


def save(recorded: RecordedStaircase, found: Titration, file: Path) -> None:
    """Write the picture to a file, as its suffix says."""
    draw(recorded, found).savefig(file, dpi=110)


def _title(found: Titration) -> str:
    follows = found.controllability
    what = f"{found.measure} of {found.detector} ({found.channel}) under {found.device}"
    if follows.sign is None:
        return f"{what}: no sign is shown"
    p = follows.p_falls if follows.sign == "falls" else follows.p_rises
    return f"{what}: {follows.sign}, p = {p:.2g}"


def _draw_course(axis: Any, recorded: RecordedStaircase, found: Titration) -> None:  # noqa: ANN401
    hops = recorded.hops
    if not hops.time_s.size:
        return
    # From what was estimated before the first step only a little is of use.
    first = recorded.attempts[0].start_sample if recorded.attempts else int(hops.sample[0])
    at_0_s = first / recorded.rate_hz
    time_s = hops.sample / recorded.rate_hz - at_0_s
    is_shown = time_s > -10.0
    time_s, value = time_s[is_shown], _smoothed(hops.value[is_shown], recorded)
    every = max(1, time_s.size // _N_POINTS)
    axis.plot(time_s[::every], value[::every], color=_MEASURE, linewidth=0.8)
    axis.set_ylabel(f"{found.measure}{_in(found.unit)}", color=_MEASURE, **_TEXT)
    axis.set_xlabel("time since the first step (s)", **_TEXT)
    for attempt in recorded.attempts:
        start_s = attempt.start_sample / recorded.rate_hz - at_0_s
        settled_s = attempt.settled_sample / recorded.rate_hz - at_0_s
        end_s = attempt.end_sample / recorded.rate_hz - at_0_s
        if attempt.broken_by:
            axis.axvspan(start_s, end_s, color=_BROKEN, alpha=0.25, linewidth=0)
            axis.text(start_s, 0.98, attempt.broken_by, transform=axis.get_xaxis_transform())
        else:
            axis.axvspan(settled_s, end_s, color=BLACK, alpha=0.06, linewidth=0)
    for step in (*found.steps, *([found.after] if found.after else [])):
        clean = [
            each for each in recorded.attempts if each.step == step.step - 1 and not each.broken_by
        ]
        if step.mean is not None and clean:
            start_s = clean[-1].settled_sample / recorded.rate_hz - at_0_s
            end_s = clean[-1].end_sample / recorded.rate_hz - at_0_s
            axis.plot([start_s, end_s], [step.mean] * 2, color=_FIT, linewidth=1.6)
    given = axis.twinx()
    given.step(
        time_s[::every],
        hops.given[is_shown][::every],
        where="post",
        color=_AMOUNT,
        linewidth=1.6,
    )
    given.set_ylabel(_amount_label(found), color=_AMOUNT, **_TEXT)
    given.set_ylim(bottom=0.0)


def _draw_response(axis: Any, found: Titration) -> None:  # noqa: ANN401
    clean = [each for each in found.steps if each.mean is not None]
    if not clean:
        return
    x = np.array([each.amount for each in clean])
    y = np.array([each.mean for each in clean], np.float64)
    low = np.array(
        [y_ if each.low is None else each.low for each, y_ in zip(clean, y, strict=True)]
    )
    high = np.array(
        [y_ if each.high is None else each.high for each, y_ in zip(clean, y, strict=True)]
    )
    axis.errorbar(
        x, y, [y - low, high - y], fmt="o", color=_MEASURE, capsize=3, label="steps, 95 %"
    )
    if found.after is not None and found.after.mean is not None:
        axis.plot(
            found.after.amount, found.after.mean, "o", mfc="none", color=_AMOUNT, label="after"
        )
    if (curve := found.dose_response) is not None:
        amounts = np.linspace(0.0, float(x.max()), 200)
        axis.plot(amounts, curve.at(amounts), color=_FIT, linewidth=1.2, label="Hill's curve")
    limits = found.thresholds
    if limits is not None and limits.upper_threshold is not None:
        named = {
            "upper": limits.upper_threshold,
            "single": limits.single_threshold,
            "lower": limits.lower_threshold,
        }
        for name, level in named.items():
            axis.axhline(level, color=_LIMIT, linewidth=1.0, linestyle="--")
            axis.annotate(
                name,
                (1.0, level),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                color=_LIMIT,
            )
    axis.set_xlabel(_amount_label(found), **_TEXT)
    axis.set_ylabel(f"{found.measure}{_in(found.unit)}", **_TEXT)
    axis.set_title("dose and response", **_TEXT)
    axis.spines[["right"]].set_visible(False)
    axis.legend(frameon=False)


def _draw_transitions(axis: Any, recorded: RecordedStaircase, found: Titration) -> None:  # noqa: ANN401
    plain = transitions(recorded, measured(recorded))
    axis.set_title("share of the way that is left after a step", **_TEXT)
    axis.set_xlabel("time since the step, less the detector's delay (s)", **_TEXT)
    axis.spines[["right"]].set_visible(False)
    shown: list[tuple[str, str, TimeConstant | None, list[Transition]]] = [
        ("up", _MEASURE, found.time_constant_up, [each for each in plain if each.is_up]),
        ("down", _AMOUNT, found.time_constant_down, [each for each in plain if not each.is_up]),
    ]
    for name, color, constant, each in shown:
        if constant is None or not each:
            continue
        last_s = min(float(each[0].since_s[-1]), 6.0 * constant.time_constant_s + 1.0)
        edges_s = np.linspace(0.0, last_s, 16)
        middle_s, share = _mean_share(each, edges_s)
        label = f"{name}: {constant.time_constant_s:.2g} s"
        axis.plot(middle_s, share, "o", markersize=4, color=color, label=label)
        axis.plot(
            middle_s,
            np.exp(-np.maximum(middle_s, 0.0) / constant.time_constant_s),
            color=color,
            linewidth=1.0,
        )
    if axis.has_data():
        axis.set_ylim(-0.6, 1.6)
        axis.legend(frameon=False, title="time constant, amount")
    else:
        axis.text(0.5, 0.5, "no plain change", ha="center", transform=axis.transAxes)


def _mean_share(
    found: list[Transition], edges_s: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the middle of each stretch of time, and the mean share of the change that is left."""
    since_s = np.concatenate([each.since_s for each in found])
    weight = np.concatenate(
        [np.full(each.since_s.size, abs(each.before - each.after)) for each in found]
    )
    share = np.concatenate(
        [(each.value - each.after) / (each.before - each.after) for each in found]
    )
    index = np.digitize(since_s, edges_s) - 1
    middle_s, means = [], []
    for stretch in range(edges_s.size - 1):
        is_in = index == stretch
        if is_in.any():
            middle_s.append(0.5 * (edges_s[stretch] + edges_s[stretch + 1]))
            means.append(np.average(share[is_in], weights=weight[is_in] ** 2))
    return np.array(middle_s), np.array(means)


def _smoothed(value: NDArray[np.float64], recorded: RecordedStaircase) -> NDArray[np.float64]:
    """Return running means of a second, over valid hops alone."""
    n_hops = max(1, round(_SMOOTH_S / recorded.hop_s))
    is_valid = np.isfinite(value)
    window = np.ones(n_hops)
    total = np.convolve(np.where(is_valid, value, 0.0), window, mode="same")
    count = np.convolve(is_valid.astype(np.float64), window, mode="same")
    smoothed: NDArray[np.float64] = np.where(
        is_valid & (count > 0.0), total / np.maximum(count, 1.0), np.nan
    )
    return smoothed


def _amount_label(found: Titration) -> str:
    return "amplitude (mA)" if found.amount_unit == "ma" else "level"


def _in(unit: str) -> str:
    return f" ({unit})" if unit else ""
