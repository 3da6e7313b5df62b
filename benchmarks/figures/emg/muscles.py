"""The pictures of the guide to simulated muscles: the dystonic arm, and each class of activity.

``python -m benchmarks.figures.emg.muscles`` draws ``docs/pictures/emg-arm.png`` and
``docs/pictures/emg-classes.png``.
"""

import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.figures import drawing
from replay.patient.emg.arm import Arm, generate_emg
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    DystonicTremor,
    IndependentTonic,
    Myoclonus,
    Overflow,
    ReciprocalVoluntary,
    SpasticStretches,
    SynchronousTremor,
    TonicCoContraction,
)
from replay.patient.emg.scenarios import DYSTONIC_ARM
from stimloop import colours

_PICTURES = Path(__file__).parents[3] / "docs" / "pictures"
_CLASSES: tuple[tuple[str, AnyActivity], ...] = (
    ("reciprocal", ReciprocalVoluntary()),
    ("tonic", TonicCoContraction()),
    ("independent tonic", IndependentTonic()),
    ("alternating tremor", AlternatingTremor()),
    ("synchronous tremor", SynchronousTremor()),
    ("dystonic tremor", DystonicTremor()),
    ("chorea", Chorea()),
    ("myoclonus", Myoclonus()),
    ("spastic", SpasticStretches()),
    ("overflow", Overflow()),
)
_SHOWN_S = 4.0
_MUSCLES = ("wrist_flexor", "wrist_extensor", "finger_flexor", "biceps")
#: Half the height of an axis that two muscles share.
_HEIGHT_UV = 450.0


def draw_arm() -> Figure:
    """Return four muscles of the dystonic arm, with true drives and the markers' texts."""
    duration_s = sum(each.duration_s for each in DYSTONIC_ARM.segments)
    emg = Arm(DYSTONIC_ARM).generate(round(duration_s * DYSTONIC_ARM.rate_hz))
    figure = Figure(figsize=(14, 10), layout="constrained")
    axes = figure.subplots(len(_MUSCLES), 1, sharex=True)
    starts = [each for each in emg.marks if each.text not in {"task", "pause"}]
    edges_s = [*(each.sample / emg.rate_hz for each in starts), duration_s]
    for axis, muscle in zip(axes, _MUSCLES, strict=True):
        column = emg.channels.index(muscle)
        _draw_muscle(axis, emg.time_s, emg.samples[:, column], emg.drive_uv[:, column])
        axis.set_ylabel(f"{muscle.replace('_', ' ')}\n(µV)")
        for edge_s in edges_s[1:-1]:
            axis.axvline(edge_s, color=colours.BLACK, linewidth=0.8, linestyle=":")
    for mark, (start_s, stop_s) in zip(starts, pairwise(edges_s), strict=True):
        text = mark.text.replace("_", "\n")
        axes[0].text((start_s + stop_s) / 2.0, 1.03, text, ha="center", va="bottom",
                     transform=axes[0].get_xaxis_transform())  # fmt: skip
    _explain(axes[0])
    axes[-1].set_xlim(0.0, duration_s)
    axes[-1].set_xlabel("time (s)")
    figure.align_ylabels(axes)
    return figure


def draw_classes() -> Figure:
    """Return some seconds of flexor and extensor for each class of activity."""
    figure = Figure(figsize=(14, 15), layout="constrained")
    axes = figure.subplots(len(_CLASSES) // 2, 2, sharex=True)
    for axis, (name, activity) in zip(axes.flat, _CLASSES, strict=True):
        emg = generate_emg(activity, duration_s=_SHOWN_S)
        for column, centre_uv in ((0, _HEIGHT_UV), (1, -_HEIGHT_UV)):
            _draw_muscle(
                axis,
                emg.time_s,
                centre_uv + emg.samples[:, column],
                centre_uv + emg.drive_uv[:, column],
            )
        axis.set_title(name)
        axis.set_ylim(-2.0 * _HEIGHT_UV, 2.0 * _HEIGHT_UV)
        axis.set_yticks([_HEIGHT_UV, -_HEIGHT_UV], ["flexor", "extensor"])
    for axis in axes[-1]:
        axis.set_xlim(0.0, _SHOWN_S)
        axis.set_xlabel("time (s)")
    _explain(axes[0, 1])
    return figure


def main() -> int:
    """Draw both pictures."""
    for name, draw in (("emg-arm", draw_arm), ("emg-classes", draw_classes)):
        with drawing.house_style():
            path = _PICTURES / f"{name}.png"
            draw().savefig(path, dpi=drawing.DPI, metadata={"Software": None})
        print(path)
    return 0


def _explain(axis: Axes) -> None:
    drawing.explain(axis)
    legend = axis.get_legend()
    for line in () if legend is None else legend.get_lines():
        line.set_linewidth(3.0)  # the signal's own line is too thin to tell its colour


def _draw_muscle(
    axis: Axes,
    time_s: NDArray[np.float64],
    signal_uv: NDArray[np.float64],
    drive_uv: NDArray[np.float64],
) -> None:
    is_first = not axis.lines
    axis.plot(
        time_s,
        signal_uv,
        color=colours.GREY,
        linewidth=0.3,
        rasterized=True,
        label="EMG" if is_first else None,
    )
    axis.plot(
        time_s,
        drive_uv,
        color=colours.VERMILION,
        linewidth=1.6,
        label="true drive" if is_first else None,
    )


if __name__ == "__main__":
    sys.exit(main())
