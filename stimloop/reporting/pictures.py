"""Pictures that several pages have: durations, delays, phases, spectra."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting.page import Picture

_N_BINS: Final = 30


class Sample(NamedTuple):
    """Values that are drawn as one histogram: its name, the values, colour and line style."""

    name: str
    values: Sequence[float]
    colour: str
    style: str = "-"


def histogram(
    samples: Sequence[Sample], *, label: str, caption: str, name: str, as_share: bool = True
) -> Picture | None:
    """Return histograms of several samples in one picture; None where all are empty.

    Parameters
    ----------
    samples : sequence of Sample
        What is compared; an empty one is left out.
    label : str
        Of the horizontal axis.
    caption : str
        Below the picture.
    name : str
        Unique in the page.
    as_share : bool
        Whether each is drawn as a share of its own values, so that unequal numbers compare.
    """
    drawn = [each for each in samples if len(each.values)]
    if not drawn:
        return None
    everything = np.concatenate([np.asarray(each.values, np.float64) for each in drawn])
    low, high = np.percentile(everything, [0.0, 99.5]).tolist()
    edges = np.linspace(low, high if high > low else low + 1e-3, _N_BINS + 1)
    with paint.drawing():
        figure = paint.new_figure(7.0, 2.8)
        axis = figure.subplots()
        for each in drawn:
            counts, _ = np.histogram(np.clip(each.values, edges[0], edges[-1]), edges)
            heights = counts / counts.sum() if as_share else counts
            axis.stairs(
                heights,
                edges,
                color=each.colour,
                linestyle=each.style,
                linewidth=1.8,
                label=f"{each.name} (n = {len(each.values)}, median {np.median(each.values):.3g})",
            )
        axis.set_xlabel(label)
        axis.set_ylabel("share" if as_share else "number")
        axis.legend(loc="upper right")
        return Picture(paint.svg_of(figure, name), caption)


def rose(counts: Sequence[int], *, caption: str, name: str) -> Picture | None:
    """Return a rose plot of angles; None without any.

    Parameters
    ----------
    counts : sequence of int
        How many lie in each of as many equal bins from -pi to pi.
    caption : str
        Below the picture.
    name : str
        Unique in the page.
    """
    total = sum(counts)
    if not total:
        return None
    edges = np.linspace(-np.pi, np.pi, len(counts) + 1)
    middles = (edges[:-1] + edges[1:]) / 2.0
    mean = np.dot(counts, np.exp(1j * middles)) / total
    with paint.drawing():
        figure = paint.new_figure(3.8, 3.8)
        axis = figure.subplots(subplot_kw={"projection": "polar"})
        # Equal areas mean equal numbers.
        axis.bar(
            middles,
            np.sqrt(np.asarray(counts) / total),
            width=np.diff(edges),
            color=colours.SKY_BLUE,
            edgecolor=colours.BLUE,
            linewidth=0.6,
        )
        top = axis.get_ylim()[1]
        axis.plot(
            [np.angle(mean)] * 2, [0.0, abs(mean) * top], color=colours.VERMILION, linewidth=2.5
        )
        axis.set_yticklabels([])
        return Picture(paint.svg_of(figure, name), caption)


class Line(NamedTuple):
    """A line: its name, its points, colour and line style."""

    name: str
    x: ArrayLike
    y: ArrayLike
    colour: str
    style: str = "-"


def lines(
    drawn: Sequence[Line],
    *,
    label_x: str,
    label_y: str,
    caption: str,
    name: str,
    is_log: bool = False,
    shaded: tuple[float, float] | None = None,
    height_in: float = 3.0,
) -> Picture | None:
    """Return several lines in one picture; None without any.

    Parameters
    ----------
    drawn : sequence of Line
        What is drawn.
    label_x, label_y, caption, name : str
        Of the axes, below the picture, and unique in the page.
    is_log : bool
        Whether both axes are logarithmic.
    shaded : (float, float), optional
        A part of the horizontal axis that is marked.
    height_in : float
        Height, in inches.
    """
    if not drawn:
        return None
    with paint.drawing():
        figure = paint.new_figure(7.5, height_in)
        axis = figure.subplots()
        if shaded is not None:
            axis.axvspan(*shaded, color=colours.ORANGE, alpha=0.2, linewidth=0.0, label="the band")
        for each in drawn:
            axis.plot(
                each.x,
                each.y,
                color=each.colour,
                linestyle=each.style,
                linewidth=1.4,
                label=each.name or None,
            )
        if is_log:
            axis.set_xscale("log")
            axis.set_yscale("log")
            _plain_frequencies(axis)
        axis.set_xlabel(label_x)
        axis.set_ylabel(label_y)
        if any(each.name for each in drawn) or shaded is not None:
            axis.legend(loc="best", fontsize=8)
        return Picture(paint.svg_of(figure, name), caption)


def _plain_frequencies(axis: Any) -> None:  # noqa: ANN401 of matplotlib
    """Write 2, 5, 10, 20 hertz and plain numbers, not powers of ten, which are formulas."""
    low, high = axis.get_xlim()
    ticks = [each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500) if low <= each <= high]
    axis.set_xticks(ticks, [str(each) for each in ticks])
    axis.minorticks_off()
    axis.yaxis.set_major_formatter("{x:g}")


class Bar(NamedTuple):
    """One figure with its interval: its name, value, lower and upper bound, and chance."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    null: float | None = None


def dots(bars: Sequence[Bar], *, label: str, caption: str, name: str) -> Picture | None:
    """Return figures with their intervals and, as a bar beside each, what chance gives.

    Parameters
    ----------
    bars : sequence of Bar
        From top to bottom.
    label, caption, name : str
        Of the axis, below the picture, and unique in the page.
    """
    if not bars:
        return None
    with paint.drawing():
        figure = paint.new_figure(7.5, 0.9 + 0.34 * len(bars))
        axis = figure.subplots()
        for row, each in enumerate(bars):
            if each.low is not None and each.high is not None:
                axis.plot([each.low, each.high], [row, row], color=colours.BLUE, linewidth=2.0)
            axis.plot(each.value, row, marker="o", color=colours.BLUE, markersize=6)
            if each.null is not None:
                axis.plot(
                    each.null, row, marker="|", color=colours.VERMILION, markersize=14, mew=2.5
                )
        axis.set_yticks(range(len(bars)), [each.name for each in bars])
        axis.invert_yaxis()
        axis.set_xlabel(label)
        axis.set_xlim(left=min(0.0, axis.get_xlim()[0]))
        return Picture(paint.svg_of(figure, name), caption)
