"""Simulated muscles in real time: signals and markers onto LSL, the applied amplitude by MQTT."""

import asyncio
from collections.abc import Callable

import numpy as np

from replay.patient.emg.pieces import InBlocks, Piece, marker_stream
from replay.patient.outlet import FeltDevice, Pace
from stimulators.wire.mqtt import BrokerConfig
from streamer.clock import now_s
from streamer.lsl.outlet import open_outlet

_CHUNK_S = 0.01


async def run_muscles(
    muscles: InBlocks[Piece],
    *,
    rig: str,
    device: str,
    broker: BrokerConfig,
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Send the muscles' signals and markers, feeling a device, until cancelled.

    Parameters
    ----------
    muscles : InBlocks
        What is sent; one stream of markers is beside its own.
    rig, device : str
        Names of the rig and of the device that stimulates; without one no broker is looked for.
    broker : BrokerConfig
        Where the device's messages are heard. While it is away the signals go on.
    ready : callable
        Called once the streams are there.

    Notes
    -----
    Stamps are those of `run_patient`: sample k is k intervals after the first. A marker has the
    stamp of the sample at which something begins.
    """
    felt = FeltDevice(rig, device)
    async with asyncio.TaskGroup() as group:
        if device:
            link = felt.link_to(broker, rig=rig, source_id=muscles.infos[0].source_id)
            group.create_task(link.feed(felt.hear, felt.link), name="muscles link")
        group.create_task(_send(muscles, felt, ready), name="muscles samples")


async def _send(muscles: InBlocks[Piece], felt: FeltDevice, ready: Callable[[], None]) -> None:
    infos = muscles.infos
    rate_hz = infos[0].rate_hz
    outlets = [open_outlet(each) for each in infos]
    markers = open_outlet(marker_stream(infos[0]))
    ready()
    pace, n_sent, n_chunk = Pace(rate_hz, now_s()), 0, max(1, round(_CHUNK_S * rate_hz))
    while True:
        last = n_sent + n_chunk - 1
        await asyncio.sleep(max(0.0, pace.stamp_s(last) - now_s()))
        pace.leave_out(last, now_s())
        piece = muscles.generate(n_chunk, felt.current_ma)
        stamps_s = [pace.stamp_s(k) for k in range(n_sent, last + 1)]
        for outlet, samples in zip(outlets, piece.of_streams(infos), strict=True):
            outlet.push_chunk(np.ascontiguousarray(samples), stamps_s)
        for mark in piece.marks:
            markers.push_sample([mark.text], stamps_s[mark.sample - piece.first_sample])
        n_sent = last + 1
