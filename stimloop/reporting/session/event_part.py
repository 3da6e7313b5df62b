"""Signal and band round detected onsets, a random choice of them."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter, sosfiltfilt

from replay.scoring.subjects import Band
from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting.page import Picture
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.stream_view import EventWindow, StreamView

#: Fewer samples are not filtered; a step of time as long as this is a gap.
_N_FILTERED_MIN: Final = 64
_GAP_S: Final = 0.02


def event_part(
    name: str, view: StreamView, material: Material, number: int
) -> dict[str, Any] | str:
    """Return the pictures of the part, or why there are none."""
    if not view.windows:
        return "no detector of this stream detected an onset on a channel that is shown"
    windows = view.windows
    with paint.drawing():
        figure = paint.new_figure(8.0, 1.5 * len(windows) + 0.4)
        axes = np.atleast_1d(figure.subplots(len(windows), 1, sharex=True))
        for axis, each in zip(axes, windows, strict=True):
            for since_s, samples_uv in _unbroken(each, view.layout.rate_hz):
                axis.plot(since_s, samples_uv, color=colours.BLACK, lw=0.6)
                if view.band_hz is not None and samples_uv.size > _N_FILTERED_MIN:
                    band_uv = _band(samples_uv, view.band_hz, view.layout.rate_hz)
                    axis.plot(since_s, band_uv, color=colours.BLUE, lw=1.3)
            axis.axvline(0.0, color=colours.VERMILION, lw=1.5, linestyle="--")
            at_s = each.onset_s - material.began_s
            axis.set_title(
                f"{each.detector} on {each.channel}, {at_s:.2f} s", fontsize=9, loc="left"
            )
            axis.set_ylabel("µV")
        axes[-1].set_xlabel("seconds from the detected onset")
        svg = paint.svg_of(figure, f"events-{number}")
    caption = (
        "Black: conditioned signal; blue: the band, zero phase; red: the onset that was detected "
        f"online. A random choice of {len(windows)} onsets of stream {name}."
    )
    return {"pictures": [Picture(svg, caption)]}


def _unbroken(
    window: EventWindow, rate_hz: float
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Yield the parts of a window between gaps: seconds from the onset, and samples."""
    since_s = window.time_s - window.onset_s
    samples_uv = window.samples_uv - window.samples_uv.mean()
    cuts = np.flatnonzero(np.diff(since_s) > _GAP_S + 1.5 / rate_hz) + 1
    yield from zip(np.split(since_s, cuts), np.split(samples_uv, cuts), strict=True)


def _band(samples_uv: NDArray[np.float64], band_hz: Band, rate_hz: float) -> NDArray[np.float64]:
    sections = butter(2, band_hz, "bandpass", fs=rate_hz, output="sos")
    return np.asarray(sosfiltfilt(sections, samples_uv - samples_uv.mean()), np.float64)
