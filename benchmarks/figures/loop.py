"""The picture of the README: the loop of the default rig closes.

``python -m benchmarks.figures.loop`` runs the default rig for 45 s, with its simulated patient,
broker and device, and draws ``docs/pictures/loop.png`` from the journal of that session.
``python -m benchmarks.figures.loop SESSION`` draws a session of the default rig that is there.
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.figures import drawing
from benchmarks.figures.signals import Line, signals_uv
from stimloop import colours
from stimulators.decisions import Send, StateChanged
from stimulators.wire.messages import Command
from stimulators.wire.received import AckHeard, DeviceStatusHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Event
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from streamer.source import StreamInfo

_PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "loop.png"
_CHANNEL, _BURST = "STN_L_13", "beta_burst"
_DURATION_S = 45
#: The wide view, relative to the moment at which stimulation is first allowed.
_WIDE_S = (-12.0, 20.0)
#: The narrow view, before the onset and after the offset of one burst.
_NARROW_S = (-0.3, 0.6)


class LoopLines(NamedTuple):
    """Signal, beta power and amounts of one session; seconds from its first sample."""

    raw_uv: Line
    beta_uv2: Line
    threshold_uv2: Line
    bursts_s: list[tuple[float, float]]
    wanted_ma: Line
    allowed_ma: Line
    applied_ma: Line
    active_s: float


def read_lines(folder: Path) -> LoopLines:
    """Read the journal of a session and compute again what the loop measured, wanted and allowed.

    Parameters
    ----------
    folder : Path
        Folder of a session of the default rig.

    Returns
    -------
    LoopLines
        Lines of (seconds, values).
    """
    with JournalReader(folder / "journal.sqlite") as journal:
        config = msgspec.json.decode(journal.header.config_json, type=LoopConfig)
        steps = [
            (record.now_s, record.payload.event)
            for record in journal.records()
            if isinstance(record.payload, StepRecord)
        ]
        return compute_lines(config, journal.header.infos, journal.header.session, steps)


def compute_lines(
    config: LoopConfig,
    infos: Sequence[StreamInfo],
    session: str,
    steps: Sequence[tuple[float, Event]],
) -> LoopLines:
    """Run a new loop on the (now, event) pairs of a session; return what it computed."""
    loop = ClosedLoop(config, infos, session)
    found = _Collected()
    for now_s, event in steps:
        found.take(event, now_s, loop.step(event, now_s))
    labels = [output.label for output in loop.chain.detectors[_BURST].outputs]
    signals = signals_uv(config, infos, [event for _, event in steps])
    return found.lines(labels, signals[_CHANNEL])


class _Collected:
    """Collects pairs of seconds and value while the loop runs."""

    def __init__(self) -> None:
        self._hops: list[Line] = []
        self._edges: list[tuple[str, float]] = []
        self._wanted_ma: list[tuple[float, float]] = []
        self._allowed_ma: list[tuple[float, float]] = []
        self._applied_ma: list[tuple[float, float]] = []
        self._active_s = float("nan")

    def take(self, event: Event, now_s: float, outcome: Outcome) -> None:
        if isinstance(event, AckHeard | DeviceStatusHeard) and event.message.applied_ma is not None:
            self._applied_ma.append((now_s, event.message.applied_ma))
        for seen in outcome.seen:
            if seen.estimates.detector == _BURST:
                values = np.where(seen.estimates.valid, seen.estimates.values, np.nan)
                self._hops.append((seen.estimates.time_s, values))
            self._edges += [
                (each.kind, each.onset_s) for each in seen.detections if each.channel == _CHANNEL
            ]
        self._wanted_ma += [(each.time_s, each.amount) for each in outcome.targets]
        for each in outcome.decisions:
            if isinstance(each, Send) and isinstance(each.message, Command):
                self._allowed_ma.append((now_s, each.message.amplitude_ma or 0.0))
            elif isinstance(each, StateChanged) and each.after == "active":
                self._active_s = np.fmin(self._active_s, now_s)

    def lines(self, labels: list[str], signal_uv: Line) -> LoopLines:
        signal_s, raw_uv = signal_uv
        start_s = float(signal_s[0])
        hops_s = np.concatenate([time_s for time_s, _ in self._hops]) - start_s
        values = np.concatenate([values for _, values in self._hops])
        bursts_s: list[tuple[float, float]] = []
        for (kind, begin_s), (_, end_s) in pairwise(self._edges):
            if kind == "onset":
                bursts_s.append((begin_s - start_s, end_s - start_s))
        return LoopLines(
            raw_uv=(signal_s - start_s, raw_uv),
            beta_uv2=(hops_s, values[:, labels.index(f"{_CHANNEL}.value")]),
            threshold_uv2=(hops_s, values[:, labels.index(f"{_CHANNEL}.threshold")]),
            bursts_s=bursts_s,
            wanted_ma=_line(self._wanted_ma, start_s),
            allowed_ma=_line(self._allowed_ma, start_s),
            applied_ma=_line(self._applied_ma, start_s),
            active_s=self._active_s - start_s,
        )


def draw(lines: LoopLines) -> Figure:
    """Return the picture: signal, beta power, amplitude; the loop closing, and one burst."""
    figure = Figure(figsize=(14, 9), layout="constrained")
    grid = figure.subplots(3, 2, sharex="col", sharey="row", width_ratios=(1.7, 1.0))
    onset_s, offset_s = _one_burst(lines)
    for column, (first_s, last_s) in enumerate(
        (
            (lines.active_s + _WIDE_S[0], lines.active_s + _WIDE_S[1]),
            (onset_s + _NARROW_S[0], offset_s + _NARROW_S[1]),
        )
    ):
        signal, power, amplitude = grid[:, column]
        signal.plot(*lines.raw_uv, color=colours.GREY, linewidth=0.8 if column == 0 else 1.4)
        power.plot(*lines.beta_uv2, color=colours.BLUE, label="beta power")
        power.plot(*lines.threshold_uv2, "--", color=colours.BLACK, label="threshold")
        drawing.shade(power, lines.bursts_s, "burst")
        for line, style, width, colour, label in (
            (lines.wanted_ma, ":", 1.8, colours.BLACK, "wanted"),
            (lines.allowed_ma, "-", 4.5, colours.ORANGE, "allowed"),
            (lines.applied_ma, "-", 1.6, colours.BLUE, "applied"),
        ):
            amplitude.step(*line, style, where="post", linewidth=width, color=colour, label=label)
        amplitude.set_xlim(first_s, last_s)
        amplitude.set_xlabel("time (s)")
        if column == 0:
            for axis in (signal, power, amplitude):
                axis.axvline(lines.active_s, color=colours.VERMILION, linewidth=2.0)
            signal.set_title("the threshold is calibrated, then the loop closes")
        else:
            signal.set_title("one burst")
            drawing.explain(power)
            drawing.explain(amplitude)
    _scale(grid[0, 0], lines.raw_uv, lines)
    _scale(grid[1, 0], lines.beta_uv2, lines)
    grid[1, 0].set_ylim(bottom=0.0)
    grid[0, 0].set_ylabel(f"{_CHANNEL}\n(µV)")
    grid[1, 0].set_ylabel("beta, 13-30 Hz\n(µV²)")
    grid[2, 0].set_ylabel("stimulation\n(mA)")
    figure.align_ylabels(grid[:, 0])
    return figure


def main() -> int:
    """Run the default rig, unless a session of it is named, and draw."""
    with tempfile.TemporaryDirectory() as folder, drawing.house_style():
        session = Path(sys.argv[1]) if sys.argv[1:] else Path(folder) / "session"
        if not sys.argv[1:]:
            rig = [sys.executable, "-m", "stimloop", "run", "--session", str(session)]
            subprocess.run([*rig, "--duration", str(_DURATION_S)], check=True)
        figure = draw(read_lines(session))
        figure.savefig(_PICTURE, dpi=drawing.DPI, metadata={"Software": None})
    print(_PICTURE)
    return 0


def _line(points: list[tuple[float, float]], start_s: float) -> Line:
    time_s, values = np.array(points, dtype=np.float64).reshape(-1, 2).T
    return time_s - start_s, values


def _one_burst(lines: LoopLines) -> tuple[float, float]:
    """Return onset and offset of the longest burst with half a second without a burst after it."""
    shown = [each for each in lines.bursts_s if each[0] > lines.active_s + 1.0]
    alone = [
        (onset_s, offset_s)
        for (onset_s, offset_s), (next_s, _) in pairwise(shown)
        if next_s - offset_s > 0.5
    ]
    return max(alone, key=lambda each: each[1] - each[0])


def _scale(axis: Axes, line: Line, lines: LoopLines) -> None:
    """Scale the axis to the values in the wide view."""
    time_s, values = line
    first_s, last_s = (lines.active_s + each for each in _WIDE_S)
    shown = values[(time_s >= first_s) & (time_s <= last_s)]
    axis.set_ylim(1.05 * float(np.nanmin(shown)), 1.05 * float(np.nanmax(shown)))


if __name__ == "__main__":
    sys.exit(main())
