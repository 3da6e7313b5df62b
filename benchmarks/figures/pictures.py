"""The pictures of the guides: detectors on the real recordings, through the loop itself.

``python -m benchmarks.figures.pictures`` draws ``docs/pictures/*.png``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import stimloop as sl
from benchmarks.figures.recordings import DATA
from replay import offline, readers
from replay.recording_source import RecordingSource
from stimloop import config as configuration
from stimloop.library.results.detector_series import DetectorSeries
from streamer.closed_loop import ClosedLoop

_ROOT = Path(__file__).parents[2]
_PICTURES = _ROOT / "docs" / "pictures"
_FOUND = {
    "every-detector": "xdf-derived/stn_ecog_3streams_drift_reset_gap.xdf",
    "every-detector-noise": "xdf-real/clock_resets.xdf",
}


def replayed(example: str) -> dict[str, DetectorSeries]:
    """Return what every detector of an example gives of its recording."""
    config = configuration.load(_ROOT / "docs" / "examples" / f"{example}.toml")
    recording = readers.open(DATA / _FOUND[example])
    source = RecordingSource(recording, config.streams, offline.LONG_CHUNKS)
    source.open()
    found = offline.detect(source, ClosedLoop(config.loop, source.infos, "pictures"))
    return {name: DetectorSeries(each) for name, each in found.detectors.items()}


def draw_stn_ecog(told: dict[str, DetectorSeries]) -> Figure:
    """Return beta, bursts, moments, coupling, coherence and slope of a patient's STN and M1."""
    figure = Figure(figsize=(11, 13), layout="constrained")
    axes = figure.subplots(6, 1, sharex=True)
    _draw(
        axes[0],
        told["beta"],
        ["STN_R_01.power", "ECOG_RIGHT_1.power"],
        "band power, recursive\nµV²",
    )
    _draw_bursts(axes[1], told["bursts"], "ECOG_RIGHT_1")
    _draw_moments(axes[2], told["rhythm"], told["peaks"], "ECOG_RIGHT_1")
    _draw(
        axes[3],
        told["coupling"],
        [f"ECOG_RIGHT_{place}.modulation_index" for place in range(3)],
        "modulation index",
    )
    _draw(axes[3], told["coupling"], ["ECOG_RIGHT_0.modulation_index_null"], "", style="k--")
    pairs = ["LFP_RIGHT_1-ECOG_RIGHT_0", "LFP_RIGHT_1-ECOG_RIGHT_3"]
    _draw(axes[4], told["coherence"], [f"{each}.coherence" for each in pairs], "coherence")
    _draw(axes[4], told["coherence"], [f"{pairs[0]}.lower_bound"], "", style=":")
    _draw(axes[4], told["coherence"], [f"{pairs[0]}.coherence_null"], "", style="k--")
    _draw(
        axes[4], told["with_force"], ["ECOG_RIGHT_1-MOV_RIGHT.coherence"], "coherence", style="-."
    )
    slopes = [f"{each}.over_aperiodic_db" for each in ("STN_R_01", "ECOG_RIGHT_1")]
    _draw(axes[5], told["slope"], slopes, "beta over 1/f\ndB")
    _draw(axes[5], told["slope"], ["STN_R_01.over_aperiodic_db_null"], "", style="k--")
    axes[5].set_xlabel("time in the recorder's clock (s); 0.75 s are missing at 112 s")
    figure.suptitle("STN and motor cortex, Parkinson's, off medication and stimulation")
    return figure


def draw_noise(told: dict[str, DetectorSeries]) -> Figure:
    """Return coupling, coherence and slope of a stream of noise, beside what chance gives."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    for axis, name in ((axes[0], "coupling"), (axes[1], "coherence"), (axes[2], "slope")):
        measured = [each for each in told[name].outputs if each.null is not None]
        labels = [each.label for each in measured]
        what = measured[0].measure.replace("_", " ")
        _draw(axis, told[name], labels, what, legend=False)
        null = measured[0]._replace(measure=measured[0].null or "")
        _draw(axis, told[name], [null.label], "", style="k--")
    axes[2].set_xlabel("time in the recorder's clock (s); the sender was away for 274 s")
    figure.suptitle("A stream of noise (dashed: what chance exceeds in one window of twenty)")
    return figure


def draw_bursts() -> Figure:
    """Return the picture of the guide to notebooks, as a notebook draws it."""
    stream = sl.read(DATA / _FOUND["every-detector"])["STN_ECOG"]
    beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4, channels=["ECOG_RIGHT_1"])
    burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=8))
    return sl.detect(stream, beta, burst).plot()


def main() -> int:
    """Draw every picture."""
    if not DATA.is_dir():
        print(f"{DATA}: expected the recordings (STIMLOOP_DATA), found none", file=sys.stderr)
        return 2
    mpl.rcParams["svg.hashsalt"] = "stimloop"
    _PICTURES.mkdir(exist_ok=True)
    for name, figure in (
        ("every-detector", draw_stn_ecog(replayed("every-detector"))),
        ("every-detector-noise", draw_noise(replayed("every-detector-noise"))),
        ("in-a-notebook", draw_bursts()),
    ):
        figure.savefig(_PICTURES / f"{name}.png", dpi=80, metadata={"Software": None})
        print(_PICTURES / f"{name}.png")
    return 0


def _draw(
    axis: Axes,
    told: DetectorSeries,
    outputs: Sequence[str],
    label: str,
    *,
    style: str = "-",
    legend: bool = True,
) -> None:
    for output in outputs:
        channel, _, measure = output.rpartition(".")
        values, named = told.column(channel, measure), output if legend else None
        axis.plot(told.time_s, values, style, linewidth=1.0, label=named)
    if label:
        axis.set_ylabel(label)
    if legend:
        axis.legend(loc="upper left", fontsize="x-small")


def _draw_bursts(axis: Axes, told: DetectorSeries, channel: str) -> None:
    _draw(axis, told, [f"{channel}.value"], "band power 15-22 Hz\nand bursts, µV²")
    _draw(axis, told, [f"{channel}.threshold"], "", style="k--")
    for each in told.events():
        if each.channel == channel and not np.isnan(each.offset_s):
            axis.axvspan(each.onset_s, each.offset_s, color="tab:orange", alpha=0.3, linewidth=0.0)


def _draw_moments(axis: Axes, rhythm: DetectorSeries, peaks: DetectorSeries, channel: str) -> None:
    _draw(axis, rhythm, [f"{channel}.amplitude"], "amplitude at 18.5 Hz\nand peaks told, µV")
    _draw(axis, peaks, [f"{channel}.threshold"], "", style="k--")
    moments = [each for each in peaks.detections if each.channel == channel]
    axis.plot(
        [each.onset_s for each in moments],
        [each.strength for each in moments],
        "|",
        color="tab:red",
        markersize=8,
        label="moment told 10 ms ahead",
    )
    axis.legend(loc="upper left", fontsize="x-small")


if __name__ == "__main__":
    sys.exit(main())
