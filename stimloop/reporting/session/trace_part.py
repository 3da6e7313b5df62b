"""The trace of a stream: each channel and its band, with what was detected, to zoom into."""

from typing import Any, Final

import numpy as np

from stimloop import colours
from stimloop.reporting.page import Section
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.stream_view import StreamView
from stimloop.reporting.trace import TraceEpisodes, TraceRow, trace_of

#: The shades of episodes, as the text below the trace names them.
_SHADES: Final = {
    colours.ORANGE: "orange",
    colours.SKY_BLUE: "blue",
    colours.GREEN: "green",
    colours.PURPLE: "purple",
}
_BAND: Final = (
    "the band that its detectors look at, without delay. Wheel or buttons zoom, dragging moves."
)


def trace_part(name: str, view: StreamView, material: Material) -> Section:
    """Return the trace of a stream."""
    since_s = (view.raw.start_s or 0.0) - material.began_s
    rows: list[TraceRow] = []
    for column, channel in enumerate(view.traced):
        low, high = view.raw.low[:, column], view.raw.high[:, column]
        rows.append(TraceRow(channel, "µV", low, high, colours.BLACK))
        if view.filtered.start_s is not None and view.band_hz is not None:
            low_hz, high_hz = view.band_hz
            rows.append(
                TraceRow(
                    f"{channel}, {low_hz:g}-{high_hz:g} Hz",
                    "µV",
                    *_aligned(view, column),
                    colours.BLUE,
                )
            )
    shown = [
        (key, spans)
        for key, spans in material.episodes.items()
        if material.loop.chain.streams[key[0]] == name
    ][: len(_SHADES)]
    episodes = [
        TraceEpisodes(f"{detector} on {channel}", colour, spans)
        for ((detector, channel), spans), colour in zip(shown, _SHADES, strict=False)
    ]
    n_samples = max(1, round(view.raw.step_s * view.layout.rate_hz))
    point = "a sample" if n_samples == 1 else f"the range of {n_samples} samples"
    of = f"Of {len(view.layout.channels)} channels {', '.join(view.traced)}, conditioned"
    texts = [f"{of}, and below each {_BAND}"]
    if episodes:
        of = "; ".join(f"{_SHADES[each.colour]}: {each.name}" for each in episodes)
        texts.append(f"Shaded, from top to bottom, {of}.")
    return Section(
        title=f"Signal: {name}",
        texts=texts,
        trace=trace_of(rows, episodes, start_s=since_s, step_s=view.raw.step_s, step_text=point),
    )


def _aligned(view: StreamView, column: int) -> tuple[Any, Any]:
    """Return the filtered envelope on the steps of the raw one."""
    ratio = round(view.raw.step_s / view.filtered.step_s)
    n_steps = len(view.raw.low)
    offset = ((view.filtered.start_s or 0.0) - (view.raw.start_s or 0.0)) / view.filtered.step_s
    index = (np.arange(len(view.filtered.low)) + round(offset)) // max(ratio, 1)
    index = np.clip(index, 0, n_steps - 1)
    low, high = np.full(n_steps, np.inf), np.full(n_steps, -np.inf)
    np.minimum.at(low, index, view.filtered.low[:, column])
    np.maximum.at(high, index, view.filtered.high[:, column])
    return low, high
