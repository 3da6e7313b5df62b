"""Bursts in noise with the spectrum of a session: how long those of chance last."""

from typing import Final

import numpy as np

from detectors import offline
from detectors.block import Block, Taint
from detectors.chain import DetectorChain
from replay.scoring.chance.surrogates import randomised
from replay.scoring.online import paired
from stimloop.reporting.session.material import Material
from stimloop.reporting.session.stream_view import StreamView

_N_SURROGATES: Final = 3
#: A shorter stretch says too little.
_LENGTH_S_MIN: Final = 10.0


def null_durations(
    material: Material, name: str, view: StreamView
) -> dict[tuple[str, str], list[float]]:
    """Return how long bursts of chance last, by detector and channel.

    A good stretch of the stream gets random phases, which keeps its spectrum, and goes
    through the same detectors, which calibrate on it anew. Channels that are not shown are 0 there.

    Parameters
    ----------
    material : Material
        The session.
    name : str
        The stream.
    view : StreamView
        What was gathered of it.

    Returns
    -------
    dict
        Empty where the stretch is too short to calibrate on, or too short at all.
    """
    held_uv = view.held_uv
    rate_hz = view.layout.rate_hz
    chain_of = material.loop.chain
    tables = [each for each in material.config.detectors if chain_of.streams_of(each.id) == {name}]
    if not tables or len(held_uv) < _LENGTH_S_MIN * rate_hz:
        return {}
    columns = [view.layout.channels.index(each) for each in view.channels]
    found: dict[tuple[str, str], list[float]] = {}
    time_s = np.arange(len(held_uv)) / rate_hz
    for number in range(_N_SURROGATES):
        samples_uv = np.zeros((len(held_uv), len(view.layout.channels)))
        samples_uv[:, columns] = randomised(held_uv, np.random.default_rng((1, number)))
        taint = np.zeros(samples_uv.shape, np.uint16)
        taint[0] = Taint.RESTART
        chain = DetectorChain(tables, {name: view.layout})
        results = offline.detect(chain, [Block(name, 0, samples_uv, time_s, taint)])
        for id_, result in results.items():
            for channel in view.channels:
                episodes = paired(
                    result.detections, channel, rate_hz=rate_hz, end_s=float(time_s[-1])
                ).episodes
                if episodes.n_episodes:
                    kept = found.setdefault((id_, channel), [])
                    kept += episodes.durations_s.tolist()
    return found
