"""The pictures of the guide: every detector on real recordings, run through the loop.

``python -m benchmarks.figures.pictures`` draws ``docs/pictures/*.png``.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.figures import drawing
from benchmarks.figures.recordings import DATA
from benchmarks.figures.signals import Line, signals_uv
from replay import offline, readers
from replay.recording_source import RecordingSource
from stimloop import colours
from stimloop import config as configuration
from stimloop.library.results.detector_series import DetectorSeries
from streamer.closed_loop import ClosedLoop

_ROOT = Path(__file__).parents[2]
_PICTURES = _ROOT / "docs" / "pictures"
#: The recording of each example.
_RECORDINGS = {
    "every-detector": "xdf-derived/stn_ecog_3streams_drift_reset_gap.xdf",
    "every-detector-noise": "xdf-real/clock_resets.xdf",
}


class Replayed(NamedTuple):
    """The signals of a recording in microvolts, with the results of an example's detectors."""

    signals_uv: dict[str, Line]
    found: dict[str, DetectorSeries]


def replayed(example: str) -> Replayed:
    """Return the results of an example's detectors on its recording."""
    config = configuration.load(_ROOT / "docs" / "examples" / f"{example}.toml")
    recording = readers.open(DATA / _RECORDINGS[example])
    source = RecordingSource(recording, config.streams, offline.LONG_CHUNKS)
    source.open()
    found = offline.detect(source, ClosedLoop(config.loop, source.infos, "pictures"))
    signals = signals_uv(config.loop, source.infos, (event for _, event in source.events()))
    return Replayed(signals, {name: DetectorSeries(each) for name, each in found.detectors.items()})


def draw_stn_ecog(replayed: Replayed) -> Figure:
    """Return beta, bursts, phases, coupling, coherence and slope of a patient's STN and M1."""
    found = replayed.found
    figure = Figure(figsize=(14, 20), layout="constrained")
    axes = figure.subplots(7, 1, sharex=True)
    axes[0].plot(*replayed.signals_uv["ECOG_RIGHT_1"], color=colours.GREY, linewidth=0.8)
    axes[0].set_ylabel("ECOG_RIGHT_1\n(µV)")
    _draw(axes[1], found["beta"], "ECOG_RIGHT_1.power", "ECOG_RIGHT_1", colours.BLUE)
    _draw(axes[1], found["beta"], "STN_R_01.power", "STN_R_01", colours.VERMILION)
    axes[1].set_ylabel("beta, recursive\n(µV²)")
    _draw_bursts(axes[2], found["bursts"], "ECOG_RIGHT_1")
    axes[2].set_ylabel("15-22 Hz\n(µV²)")
    _draw_phases(axes[3], found["rhythm"], found["peaks"], "ECOG_RIGHT_1")
    axes[3].set_ylabel("18.5 Hz\n(µV)")
    of_series = (colours.VERMILION, colours.BLUE, colours.GREEN)
    for number, colour in enumerate(of_series):
        channel = f"ECOG_RIGHT_{number}"
        _draw(axes[4], found["coupling"], f"{channel}.modulation_index", channel, colour)
    _draw_null(axes[4], found["coupling"], "ECOG_RIGHT_0.modulation_index_null")
    axes[4].set_ylabel("modulation\nindex")
    pair, other = "LFP_RIGHT_1-ECOG_RIGHT_0", "LFP_RIGHT_1-ECOG_RIGHT_3"
    _draw(axes[5], found["coherence"], f"{pair}.coherence", "STN, ECOG 0", colours.BLUE)
    _draw(
        axes[5],
        found["coherence"],
        f"{pair}.lower_bound",
        "lower bound",
        colours.SKY_BLUE,
        style=":",
    )
    _draw(axes[5], found["coherence"], f"{other}.coherence", "STN, ECOG 3", colours.VERMILION)
    force = "ECOG_RIGHT_1-MOV_RIGHT.coherence"
    _draw(axes[5], found["with_force"], force, "ECOG 1, force", colours.GREEN, style="-.")
    _draw_null(axes[5], found["coherence"], f"{pair}.coherence_null")
    axes[5].set_ylabel("coherence")
    for channel, colour in (("ECOG_RIGHT_1", colours.BLUE), ("STN_R_01", colours.VERMILION)):
        _draw(axes[6], found["slope"], f"{channel}.over_aperiodic_db", channel, colour)
    _draw_null(axes[6], found["slope"], "STN_R_01.over_aperiodic_db_null")
    axes[6].set_ylabel("beta over 1/f\n(dB)")
    for axis in axes[1:]:
        drawing.explain(axis)
    axes[6].set_xlabel("time in the recorder's clock (s); 0.75 s are missing at 112 s")
    figure.suptitle("STN and motor cortex, Parkinson's, off medication and stimulation")
    figure.align_ylabels(axes)
    return figure


def draw_noise(replayed: Replayed) -> Figure:
    """Return coupling, coherence and slope in noise, each beside its null."""
    figure = Figure(figsize=(14, 12), layout="constrained")
    axes = figure.subplots(4, 1, sharex=True)
    axes[0].plot(*replayed.signals_uv["ch1"], color=colours.GREY, linewidth=0.3)
    axes[0].set_ylabel("ch1\n(µV)")
    for axis, name, label in (
        (axes[1], "coupling", "modulation\nindex"),
        (axes[2], "coherence", "coherence"),
        (axes[3], "slope", "over 1/f\n(dB)"),
    ):
        found = replayed.found[name]
        measured = [each for each in found.outputs if each.null is not None]
        what = "pair" if name == "coherence" else "channel"
        for number, output in enumerate(measured):
            told = f"each {what}" if number == 0 else None
            _draw(axis, found, output.label, told, colours.SKY_BLUE, width=0.8)
        _draw_null(axis, found, measured[0]._replace(measure=measured[0].null or "").label)
        axis.set_ylabel(label)
        drawing.explain(axis)
    coupling = replayed.found["coupling"]
    shown_s = coupling.time_s[coupling.valid.any(axis=1)]
    # Until its new clock is known, the stamps of a restarted sender are days off.
    axes[3].set_xlim(shown_s.min() - 10.0, shown_s.max() + 10.0)
    axes[3].set_xlabel("time in the recorder's clock (s); the sender was away for 274 s")
    figure.suptitle("A stream of noise: chance exceeds the dashed line in one window of twenty")
    figure.align_ylabels(axes)
    return figure


def main() -> int:
    """Draw every picture."""
    if not DATA.is_dir():
        print(f"{DATA}: expected the recordings (STIMLOOP_DATA), found none", file=sys.stderr)
        return 2
    _PICTURES.mkdir(exist_ok=True)
    for example, draw in (("every-detector", draw_stn_ecog), ("every-detector-noise", draw_noise)):
        with drawing.house_style():
            figure = draw(replayed(example))
            path = _PICTURES / f"{example}.png"
            figure.savefig(path, dpi=drawing.DPI, metadata={"Software": None})
        print(path)
    return 0


def _draw(
    axis: Axes,
    found: DetectorSeries,
    output: str,
    label: str | None,
    colour: str,
    *,
    style: str = "-",
    width: float = 1.6,
) -> None:
    channel, _, measure = output.rpartition(".")
    values = found.column(channel, measure)
    axis.plot(found.time_s, values, style, color=colour, linewidth=width, label=label)


def _draw_null(axis: Axes, found: DetectorSeries, output: str) -> None:
    _draw(axis, found, output, "by chance", colours.BLACK, style="--")


def _draw_bursts(axis: Axes, found: DetectorSeries, channel: str) -> None:
    _draw(axis, found, f"{channel}.value", "band power", colours.BLUE)
    _draw(axis, found, f"{channel}.threshold", "threshold", colours.BLACK, style="--")
    spans_s = [
        (each.onset_s, each.offset_s)
        for each in found.events()
        if each.channel == channel and not np.isnan(each.offset_s)
    ]
    drawing.shade(axis, spans_s, "burst")


def _draw_phases(axis: Axes, rhythm: DetectorSeries, peaks: DetectorSeries, channel: str) -> None:
    _draw(axis, rhythm, f"{channel}.amplitude", "amplitude", colours.BLUE, width=1.0)
    _draw(axis, peaks, f"{channel}.threshold", "threshold", colours.BLACK, style="--")
    events = [each for each in peaks.detections if each.channel == channel]
    axis.plot(
        [each.onset_s for each in events],
        [each.strength for each in events],
        "o",
        color=colours.VERMILION,
        markersize=5,
        label="peak, announced\n10 ms ahead",
    )


if __name__ == "__main__":
    sys.exit(main())
