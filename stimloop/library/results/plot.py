"""The picture of a result: the signal above, each measure below it, bursts shaded."""

import io
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from replay.offline import conditioned
from replay.recording_source import RecordingSource
from stimloop.colours import BLACK, BLUE, ORANGE, VERMILION
from stimloop.config import Config
from stimloop.library.input_errors import UnknownNameError
from stimloop.library.results.detector_series import DetectorSeries
from stimloop.library.results.optional_packages import matplotlib_figure
from streamer.wiring.wiring import conditioners

#: Colours of Okabe and Ito, which colour-blind people can tell apart.
SIGNAL: Final = BLACK
MEASURE: Final = BLUE
EPISODE: Final = ORANGE
MOMENT: Final = VERMILION
_TEXT: Final = {"fontsize": 13}
#: Points of a line that a picture can show.
_N_POINTS: Final = 4000


class View(NamedTuple):
    """The part that is drawn; see `stimloop.library.results.detected.Detected.plot`."""

    channel: str | None = None
    start_s: float | None = None
    stop_s: float | None = None


def draw(
    source: RecordingSource, config: Config, series: Mapping[str, DetectorSeries], view: View
) -> Any:  # noqa: ANN401 a figure
    """Return the figure; see `stimloop.library.results.detected.Detected.plot`."""
    figures = matplotlib_figure()
    stream, label = _chosen(source, config, series, view.channel)
    shown = [each for each in series.values() if _subject(each, label) is not None]
    n_panels = 1 + len(shown)
    # Without this a notebook shows a figure only once pyplot has been imported.
    shown_in_notebooks = type("Figure", (figures.Figure,), {"_repr_png_": _png})
    figure = shown_in_notebooks(figsize=(11.0, 2.2 * n_panels), layout="constrained")
    axes = np.atleast_1d(figure.subplots(n_panels, 1, sharex=True))
    time_s, samples_uv = _samples(source, config, (stream, label), view)
    axes[0].plot(*_envelope(time_s, samples_uv), color=SIGNAL, linewidth=0.6)
    axes[0].set_ylabel(f"{label}\nµV", **_TEXT)
    for axis, each in zip(axes[1:], shown, strict=True):
        _draw_measure(axis, each, _subject(each, label) or label)
    for axis in axes:
        axis.tick_params(labelsize=12)
        axis.spines[["top", "right"]].set_visible(False)
        for each in shown:
            subject = _subject(each, label)
            is_own = axis is axes[0] or axis is axes[1 + shown.index(each)]
            if is_own and subject is not None:
                _shade(axis, each, subject)
    axes[-1].set_xlabel("time (s)", **_TEXT)
    figure.align_ylabels()
    if time_s.size:
        axes[-1].set_xlim(
            time_s[0] if view.start_s is None else view.start_s,
            time_s[-1] if view.stop_s is None else view.stop_s,
        )
    return figure


def _png(figure: Any) -> bytes:  # noqa: ANN401 a figure
    """Return the picture as a file."""
    content = io.BytesIO()
    figure.savefig(content, format="png")
    return content.getvalue()


def _chosen(
    source: RecordingSource,
    config: Config,
    series: Mapping[str, DetectorSeries],
    channel: str | None,
) -> tuple[str, str]:
    """Return stream and label of the channel that is drawn."""
    layouts = {
        name: each.layout.channels
        for name, each in conditioners(config.streams, source.infos).items()
    }
    labels = [(stream, label) for stream, each in layouts.items() for label in each]
    if channel is None:
        looked_at = {label for each in series.values() for label in each.channels}
        return next((each for each in labels if each[1] in looked_at), labels[0])
    for stream, label in labels:
        if label == channel:
            return stream, label
    listed = ", ".join(label for _, label in labels)
    raise UnknownNameError(f"channel: expected one of {listed}, found {channel!r}")


def _subject(series: DetectorSeries, label: str) -> str | None:
    """Return the channel, or else the first pair with it, that a detector has values of."""
    subjects = tuple(dict.fromkeys(each.channel for each in series.outputs))
    if label in subjects:
        return label
    pairs = [
        each for each in subjects if each.startswith(f"{label}-") or each.endswith(f"-{label}")
    ]
    return pairs[0] if pairs else None


def _draw_measure(axis: Any, series: DetectorSeries, subject: str) -> None:  # noqa: ANN401
    outputs = [each for each in series.outputs if each.channel == subject]
    measure = outputs[0]
    axis.plot(series.time_s, series.column(subject, measure.measure), color=MEASURE, linewidth=1.2)
    # The null of the measure, or a threshold.
    for name in (measure.null, "threshold"):
        if name is not None and any(each.measure == name for each in outputs):
            level = series.column(subject, name)
            axis.plot(series.time_s, level, color=SIGNAL, linewidth=1.0, linestyle="--")
    unit = f" ({measure.unit})" if measure.unit else ""
    named = "" if measure.measure == "value" else f"\n{measure.measure.replace('_', ' ')}"
    axis.set_ylabel(f"{series.id}{named}{unit}", **_TEXT)


def _shade(axis: Any, series: DetectorSeries, subject: str) -> None:  # noqa: ANN401
    end_s = float(series.time_s[-1]) if series.time_s.size else 0.0
    for each in series.events():
        if each.channel != subject:
            continue
        is_moment = not np.isnan(each.onset_s) and np.isnan(each.duration_s) and each.is_complete
        if is_moment:
            axis.axvline(each.onset_s, color=MOMENT, linewidth=0.8)
        else:
            offset_s = end_s if np.isnan(each.offset_s) else each.offset_s
            axis.axvspan(each.onset_s, offset_s, color=EPISODE, alpha=0.4, linewidth=0.0)


def _samples(
    source: RecordingSource, config: Config, chosen: tuple[str, str], view: View
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    stream, label = chosen
    steps = {stream: conditioners(config.streams, source.infos)[stream]}
    column = steps[stream].layout.channels.index(label)
    pieces = list(_pieces(source, steps, column, view))
    times = [each for each, _ in pieces]
    samples = [each for _, each in pieces]
    return np.concatenate([np.empty(0), *times]), np.concatenate([np.empty(0), *samples])


def _pieces(
    source: RecordingSource,
    steps: Mapping[str, Any],
    column: int,
    view: View,
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    for _, block, _ in conditioned(source, steps):
        is_shown = np.ones(len(block.time_s), np.bool_)
        if view.start_s is not None:
            is_shown &= block.time_s >= view.start_s
        if view.stop_s is not None:
            is_shown &= block.time_s <= view.stop_s
        samples_uv = block.samples_uv[:, column].copy()
        # The line is interrupted where the signal restarts after a gap.
        samples_uv[(block.taint[:, column] & Taint.RESTART) > 0] = np.nan
        yield block.time_s[is_shown], samples_uv[is_shown]


def _envelope(
    time_s: NDArray[np.float64], samples_uv: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return lowest and highest sample of each stretch, as many as a picture can show."""
    n_stretch = len(time_s) // _N_POINTS
    if n_stretch < 2:
        return time_s, samples_uv
    n_whole = len(time_s) // n_stretch * n_stretch
    stretches = samples_uv[:n_whole].reshape(-1, n_stretch)
    times = time_s[:n_whole].reshape(-1, n_stretch)
    return (
        np.column_stack((times[:, 0], times[:, -1])).ravel(),
        np.column_stack((stretches.min(axis=1), stretches.max(axis=1))).ravel(),
    )
