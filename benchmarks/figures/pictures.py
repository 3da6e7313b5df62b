"""The pictures of the guide: every detector on the real recordings, through the loop itself.

``python -m benchmarks.figures.pictures`` draws ``docs/pictures/*.png``.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmarks.figures.recordings import DATA
from detectors.detector import Detector
from detectors.estimates import Detection, Estimates
from replay import readers
from replay.recording_source import Chunking, RecordingSource
from stimloop import config as configuration
from streamer.closed_loop import ClosedLoop

_ROOT = Path(__file__).parents[2]
_PICTURES = _ROOT / "docs" / "pictures"
_FOUND = {
    "every-detector": "xdf-derived/stn_ecog_3streams_drift_reset_gap.xdf",
    "every-detector-noise": "xdf-real/clock_resets.xdf",
}


class Told(NamedTuple):
    """All that one detector told of a recording."""

    detector: Detector
    estimates: Estimates
    detections: tuple[Detection, ...]

    def line(self, output: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return time and value of an output, nothing where it is not valid."""
        column = [each.label for each in self.detector.outputs].index(output)
        values = self.estimates.values[:, column].copy()
        values[~self.estimates.valid[:, column]] = np.nan
        return self.estimates.time_s, values


def replayed(example: str) -> dict[str, Told]:
    """Return what every detector of an example tells of its recording."""
    config = configuration.load(_ROOT / "docs" / "examples" / f"{example}.toml")
    source = RecordingSource(readers.open(DATA / _FOUND[example]), config.streams, Chunking())
    source.open()
    loop = ClosedLoop(config.loop, source.infos, "pictures")
    seen = [each for time_s, event in source.events() for each in loop.step(event, time_s).seen]
    told: dict[str, Told] = {}
    for name, detector in loop.chain.detectors.items():
        own = [each for each in seen if each.estimates.detector == name]
        detections = tuple(one for each in own for one in each.detections)
        nothing = Estimates.empty(name, 0, len(detector.outputs))
        estimates = nothing.followed_by(each.estimates for each in own)
        told[name] = Told(detector, estimates, detections)
    return told


def draw_stn_ecog(told: dict[str, Told]) -> Figure:
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


def draw_noise(told: dict[str, Told]) -> Figure:
    """Return coupling, coherence and slope of a stream of noise, beside what chance gives."""
    figure = Figure(figsize=(11, 8), layout="constrained")
    axes = figure.subplots(3, 1, sharex=True)
    for axis, name in ((axes[0], "coupling"), (axes[1], "coherence"), (axes[2], "slope")):
        measured = [each for each in told[name].detector.outputs if each.null is not None]
        labels = [each.label for each in measured]
        what = measured[0].measure.replace("_", " ")
        _draw(axis, told[name], labels, what, legend=False)
        null = measured[0]._replace(measure=measured[0].null or "")
        _draw(axis, told[name], [null.label], "", style="k--")
    axes[2].set_xlabel("time in the recorder's clock (s); the sender was away for 274 s")
    figure.suptitle("A stream of noise (dashed: what chance exceeds in one window of twenty)")
    return figure


def main() -> int:
    """Draw every picture."""
    if not DATA.is_dir():
        print(f"{DATA}: expected the recordings (STIMLOOP_DATA), found none", file=sys.stderr)
        return 2
    mpl.rcParams["svg.hashsalt"] = "stimloop"
    _PICTURES.mkdir(exist_ok=True)
    for example, draw in (("every-detector", draw_stn_ecog), ("every-detector-noise", draw_noise)):
        figure = draw(replayed(example))
        figure.savefig(_PICTURES / f"{example}.png", dpi=80, metadata={"Software": None})
        print(_PICTURES / f"{example}.png")
    return 0


def _draw(
    axis: Axes,
    told: Told,
    outputs: Sequence[str],
    label: str,
    *,
    style: str = "-",
    legend: bool = True,
) -> None:
    for output in outputs:
        axis.plot(*told.line(output), style, linewidth=1.0, label=output if legend else None)
    if label:
        axis.set_ylabel(label)
    if legend:
        axis.legend(loc="upper left", fontsize="x-small")


def _draw_bursts(axis: Axes, told: Told, channel: str) -> None:
    _draw(axis, told, [f"{channel}.value"], "band power 15-22 Hz\nand bursts, µV²")
    _draw(axis, told, [f"{channel}.threshold"], "", style="k--")
    onset_s = None
    for each in told.detections:
        if each.channel != channel:
            continue
        if each.kind == "onset":
            onset_s = each.onset_s
        elif onset_s is not None:
            axis.axvspan(onset_s, each.onset_s, color="tab:orange", alpha=0.3, linewidth=0.0)


def _draw_moments(axis: Axes, rhythm: Told, peaks: Told, channel: str) -> None:
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
