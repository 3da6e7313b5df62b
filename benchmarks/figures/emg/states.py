"""The picture of `muscle_state`: two simulated muscles that do one thing after the other.

``python -m benchmarks.figures.emg.states`` draws ``docs/pictures/emg-states.png``.
"""

import sys
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from benchmarks.figures import drawing
from benchmarks.figures.emg.simulated import STATES, levels_of
from detectors.block import Block, StreamLayout, Taint
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.outputs import column_of
from replay.patient.emg.arm import Arm
from replay.patient.emg.arm_config import ArmConfig, Segment
from replay.patient.emg.drives import (
    AlternatingTremor,
    AnyActivity,
    Chorea,
    Myoclonus,
    ReciprocalVoluntary,
    Rest,
    SynchronousTremor,
    TonicCoContraction,
)
from stimloop import colours

_PICTURE: Final = Path(__file__).parents[3] / "docs" / "pictures" / "emg-states.png"
_SEGMENT_S: Final = 20.0
_BASE_UV: Final = 5.0
_SHOWN: Final[tuple[tuple[str, AnyActivity], ...]] = (
    ("rest", Rest()),
    ("reciprocal", ReciprocalVoluntary()),
    ("tonic", TonicCoContraction()),
    ("in turn", AlternatingTremor()),
    ("together", SynchronousTremor()),
    ("chorea", Chorea()),
    ("myoclonus", Myoclonus()),
)
_ARM: Final = ArmConfig(
    segments=tuple(
        Segment(marker=name, duration_s=_SEGMENT_S, activities=(activity,))
        for name, activity in _SHOWN
    ),
    base_uv=_BASE_UV,
)


def draw() -> Figure:
    """Return both muscles, and the state of each window at its end."""
    emg = Arm(_ARM).generate(round(_SEGMENT_S * len(_SHOWN) * _ARM.rate_hz))
    layout = StreamLayout("EMG", _ARM.rate_hz, _ARM.channels)
    config = MuscleStateConfig(id="state", stream="EMG", **levels_of(_BASE_UV))
    detector = MuscleState(config, layout)
    taint = np.zeros(emg.samples.shape, dtype=np.uint16)
    taint[0] = np.uint16(Taint.RESTART)
    found = detector.update(Block("EMG", 0, emg.samples, emg.time_s, taint)).estimates
    if found is None:
        raise ValueError("expected estimates, found none")
    column = column_of(detector.outputs, "flexor-extensor", "state")
    state = np.where(found.valid[:, column], found.values[:, column], np.nan)
    figure = Figure(figsize=(14, 8), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
    for muscle, centre_uv in ((0, 500.0), (1, -500.0)):
        signal_uv = centre_uv + emg.samples[:, muscle]
        above.plot(emg.time_s, signal_uv, color=colours.GREY, linewidth=0.3, rasterized=True)
    above.set_yticks([500.0, -500.0], ["flexor", "extensor"])
    below.plot(found.time_s, state, ".", color=colours.VERMILION)
    below.set_yticks(range(len(STATES) - 1), STATES[:-1])
    below.set_ylabel("state")
    below.set_xlabel("time (s); each window is the 10 s before")
    for number, (name, _) in enumerate(_SHOWN):
        above.text(
            (number + 0.5) * _SEGMENT_S, 1.03, name, ha="center", va="bottom",
            transform=above.get_xaxis_transform(),
        )  # fmt: skip
        for axis in (above, below):
            axis.axvline(number * _SEGMENT_S, color=colours.BLACK, linewidth=0.8, linestyle=":")
    above.set_xlim(0.0, _SEGMENT_S * len(_SHOWN))
    return figure


def main() -> int:
    """Draw the picture."""
    with drawing.house_style():
        draw().savefig(_PICTURE, dpi=drawing.DPI, metadata={"Software": None})
    print(_PICTURE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
