"""Two programs without stimloop from LSL to MQTT: the lowest latency that could be reached.

``raw``: the thread that pulls also publishes, on a bare socket. ``aiomqtt``: the pulling thread
hands each sample to asyncio, which publishes with aiomqtt: stimloop's path without stimloop.
Both publish the stamp, in microseconds, of each sample whose last channel is above half a pulse.
The first line on stdout says that they pull.
"""

import argparse
import asyncio
import socket
import sys
import threading
from typing import Any

import aiomqtt
import numpy as np
import pylsl
from numpy.typing import NDArray

from benchmarks.figures.pulses import PULSE_UV
from benchmarks.raw_mqtt import RawMqtt

TOPIC = "bench/trigger"

Pulled = tuple[NDArray[np.float32], NDArray[np.float64]]


def _open(source_id: str) -> pylsl.StreamInlet:
    found = pylsl.resolve_byprop("source_id", source_id, timeout=10.0)
    inlet = pylsl.StreamInlet(found[0], recover=False)
    inlet.open_stream(timeout=5.0)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return inlet


def _pull(inlet: pylsl.StreamInlet) -> Pulled:
    samples, stamps = inlet.pull_chunk(timeout=1.0, min_samples=1, as_numpy=True)
    return np.array(samples), np.array(stamps)


def run_raw(source_id: str, port: int) -> None:
    """Pull from LSL and publish in one thread."""
    client = RawMqtt(port, "raw")
    inlet = _open(source_id)
    while True:
        samples, stamps = _pull(inlet)
        for sample, stamp_s in zip(samples, stamps, strict=True):
            if sample[-1] > 0.5 * PULSE_UV:
                client.publish(TOPIC, str(round(stamp_s * 1e6)).encode())


async def run_aiomqtt(source_id: str, port: int) -> None:
    """Pull from LSL in a thread, hand over to asyncio, publish with aiomqtt."""
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[Pulled] = asyncio.Queue()
    # Without this setting aiomqtt would be ten times slower than it has to be.
    no_delay: Any = [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    async with aiomqtt.Client("127.0.0.1", port, socket_options=no_delay) as client:
        inlet = _open(source_id)

        def read() -> None:
            while True:
                loop.call_soon_threadsafe(waiting.put_nowait, _pull(inlet))

        threading.Thread(target=read, daemon=True).start()
        while True:
            samples, stamps = await waiting.get()
            for sample, stamp_s in zip(samples, stamps, strict=True):
                if sample[-1] > 0.5 * PULSE_UV:
                    await client.publish(TOPIC, str(round(stamp_s * 1e6)).encode())


def main() -> None:
    """Run one of the two programs until killed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("path", choices=["raw", "aiomqtt"])
    parser.add_argument("source_id")
    parser.add_argument("port", type=int)
    given = parser.parse_args()
    if given.path == "raw":
        run_raw(given.source_id, given.port)
    else:
        asyncio.run(run_aiomqtt(given.source_id, given.port))


if __name__ == "__main__":
    main()
