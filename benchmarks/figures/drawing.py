"""The style of the pictures: large type, and colours that colour-blind people tell apart."""

import contextlib
from collections.abc import Iterator
from typing import Final

import matplotlib as mpl
from matplotlib.axes import Axes

from stimloop import colours

#: Pixels an inch of every picture.
DPI: Final = 100


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Draw in this style while the context lasts."""
    style = mpl.rc_context(
        {
            "font.size": 16.0,
            "axes.labelsize": 16.0,
            "axes.titlesize": 17.0,
            "axes.titlelocation": "left",
            "figure.titlesize": 19.0,
            "legend.fontsize": 16.0,
            "axes.spines.top": False,
            "axes.spines.right": False,
            "lines.linewidth": 1.6,
        }
    )
    with style:
        yield


def explain(axis: Axes) -> None:
    """Write the legend to the right of the axes, where it covers no line."""
    axis.legend(
        loc="upper left",
        bbox_to_anchor=(1.0, 1.03),
        frameon=False,
        handlelength=1.4,
        labelspacing=0.3,
        borderaxespad=0.2,
    )


def shade(axis: Axes, spans_s: list[tuple[float, float]], label: str) -> None:
    """Shade stretches of time behind the lines."""
    for number, (start_s, stop_s) in enumerate(spans_s):
        axis.axvspan(
            start_s,
            stop_s,
            color=colours.ORANGE,
            alpha=0.35,
            linewidth=0.0,
            zorder=0,
            label=label if number == 0 else None,
        )
