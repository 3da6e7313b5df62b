"""Phases at which events came, and how long bursts lasted beside their null."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from stimloop import colours
from stimloop.reporting import figure as paint
from stimloop.reporting import pictures
from stimloop.reporting.page import Picture
from stimloop.reporting.pictures import Sample
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.null_bursts import null_durations
from stimloop.reporting.session.stream_view import HELD_S, StreamView

_N_BURSTS: Final = 8
_N_ROSES: Final = 8
_N_PHASE_BINS: Final = 24
_NO_NULL: Final = (
    "No null: no good stretch of the signal is long enough for the detectors to calibrate on, or "
    "they found nothing in noise."
)


def phase_part(view: StreamView, material: Material, number: int) -> dict[str, Any] | str:
    """Return a rose of each detector that gives events at a phase, or why there is none."""
    if not view.phases:
        return "no detector of this stream gives events at a phase"
    targets = {
        each.id: float(each.phase_rad)
        for each in material.config.detectors
        if hasattr(each, "phase_rad")
    }
    made: list[Picture] = []
    edges = np.linspace(-np.pi, np.pi, _N_PHASE_BINS + 1)
    for count, ((detector, channel), angles) in enumerate(view.phases.items()):
        if count == _N_ROSES:
            break
        counts = np.histogram(angles, edges)[0].tolist()
        length = abs(np.exp(1j * np.asarray(angles)).mean())
        aim = f"; its target is {targets[detector]:.2f} rad" if detector in targets else ""
        found = pictures.rose(
            counts,
            caption=(
                f"{detector} on {channel}: the phase of the band, zero phase, at {len(angles)} "
                f"events{aim}. 0 is the peak of the rhythm; mean resultant length {length:.2f}, "
                f"of random phases below {np.sqrt(-np.log(0.05) / len(angles)):.2f} in 95 %."
            ),
            name=f"rose-{number}-{count}",
        )
        if found is not None:
            made.append(found)
    return {"pictures": made}


def burst_part(
    name: str, view: StreamView, material: Material, number: int
) -> dict[str, Any] | str:
    """Return the durations of bursts beside their null, or why there are none."""
    own = [
        (key, spans)
        for key, spans in material.episodes.items()
        if material.loop.chain.streams[key[0]] == name
    ]
    if not own:
        return "no burst was detected"
    nulls = null_durations(material, name, view)
    return {
        "texts": [] if nulls else [_NO_NULL],
        "pictures": list(_durations(own[:_N_BURSTS], nulls, number)),
    }


def _durations(
    own: list[tuple[tuple[str, str], list[tuple[float, float]]]],
    nulls: dict[tuple[str, str], list[float]],
    number: int,
) -> Iterator[Picture]:
    for count, ((detector, channel), spans) in enumerate(own):
        found = pictures.histogram(
            [
                Sample("this session", [end - start for start, end in spans], colours.VERMILION),
                Sample(
                    "noise of its spectrum", nulls.get((detector, channel), []), paint.GREY, ":"
                ),
            ],
            label="duration (s)",
            caption=(
                f"{detector} on {channel}: how long bursts lasted, and those of noise with the "
                f"spectrum of a good stretch of at most {HELD_S:g} s, at a threshold of its own."
            ),
            name=f"bursts-{number}-{count}",
        )
        if found is not None:
            yield found
