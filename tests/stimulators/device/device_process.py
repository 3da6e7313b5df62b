"""A reference device in a process of its own, given the broker's port and its memory."""

import asyncio
import sys
from pathlib import Path

from stimulators.device.device_link import DeviceLink
from stimulators.device.session_file import keep_session, read_session
from streamer.clock import now_s
from tests.stimulators.conftest import quick
from tests.stimulators.device.device_bench import stimulator


async def main(port: int, memory: Path) -> None:
    link = DeviceLink(
        stimulator(),
        broker=quick(port),
        rig="rig-1",
        now_s=now_s,
        newest_session=read_session(memory),
        keep_session=lambda session: keep_session(memory, session),
    )
    await link.run()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2])))
