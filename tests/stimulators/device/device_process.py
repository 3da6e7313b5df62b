"""A reference device in a process of its own, given the broker's port and its memory."""

import asyncio
import sys
from pathlib import Path

from stimulators.device.counts.memory import DeviceMemory
from stimulators.device.device_link import DeviceLink
from streamer.clock import now_s, unix_us
from tests.stimulators.conftest import quick
from tests.stimulators.device.device_bench import stimulator


async def main(port: int, memory: Path) -> None:
    link = DeviceLink(
        stimulator(),
        broker=quick(port),
        rig="rig-1",
        now_s=now_s,
        memory=DeviceMemory(memory, stimulator(), unix_us),
    )
    await link.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
