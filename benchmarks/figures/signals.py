"""The signals drawn above the pictures: the detectors' input, in microvolts."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.config import LoopConfig
from streamer.events import Chunk, ClockCorrection, Event, StreamChanged
from streamer.source import StreamInfo
from streamer.wiring.wiring import conditioners

#: Seconds and values of a line, both of shape (n_points,).
Line: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
#: The line is interrupted where samples are missing for longer than this.
_GAP_S = 0.1


def signals_uv(
    config: LoopConfig, infos: Sequence[StreamInfo], events: Iterable[Event]
) -> dict[str, Line]:
    """Return every channel after units, montage and artifact steps; NaN where samples are missing.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    infos : sequence of StreamInfo
        The streams as they were found.
    events : iterable of Event
        What the loop was fed, in order.

    Returns
    -------
    dict of str to Line
        Seconds of the service's clock and microvolts, by channel.
    """
    streams = conditioners(config.streams, infos)
    blocks = defaultdict(list)
    for event in events:
        if not isinstance(event, Chunk | ClockCorrection | StreamChanged):
            continue
        conditioner = streams.get(event.stream)
        if conditioner is None:
            continue
        if isinstance(event, ClockCorrection):
            conditioner.correct(event.correction_s)
        elif isinstance(event, StreamChanged):
            if event.what == "resumed":
                conditioner.restart(event.detail)
        elif event.timestamps_s.size:
            block, _ = conditioner.update(event.first_sample, event.samples, event.timestamps_s)
            blocks[event.stream].append(block)
    lines: dict[str, Line] = {}
    for stream, own in blocks.items():
        time_s = np.concatenate([each.time_s for each in own])
        samples_uv = np.concatenate([each.samples_uv for each in own])
        gaps = np.flatnonzero(np.abs(np.diff(time_s)) > _GAP_S) + 1
        broken_s = np.insert(time_s, gaps, np.nan)
        for column, channel in enumerate(streams[stream].layout.channels):
            lines[channel] = broken_s, np.insert(samples_uv[:, column], gaps, np.nan)
    return lines
