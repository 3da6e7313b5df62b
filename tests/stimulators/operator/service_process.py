"""A service that only publishes its status, in a process of its own; takes the broker's port."""

import asyncio
import sys

import msgspec

from stimulators.wire.messages import Status
from stimulators.wire.received import ControlHeard, Received
from stimulators.wire.service_link import MqttTransport
from streamer.clock import now_s
from tests.stimulators.conftest import quick

SESSION = "00000000000000000002-0000000b"
_PERIOD_S = 0.1


class TalkingService:
    """Says its status ten times a second, and answers requests: it arms but for one operator.

    Parameters
    ----------
    port : int
        The broker's.
    ahead_s : float
        How far its clock is ahead of this machine's.
    """

    def __init__(self, port: int, *, ahead_s: float = 0.0) -> None:
        self.requests: list[ControlHeard] = []
        self._ahead_s = ahead_s
        self._said = Status(state="idle", session=SESSION, reason="not armed")
        self.transport = MqttTransport(quick(port), rig="rig-1", session=SESSION, now_s=self.now_s)

    def now_s(self) -> float:
        return now_s() + self._ahead_s

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.transport.feed(self._hear))
            while True:
                self._announce()
                due = asyncio.Event()
                asyncio.get_running_loop().call_later(_PERIOD_S, due.set)
                await due.wait()

    def _hear(self, event: Received) -> None:
        if not isinstance(event, ControlHeard):
            return
        self.requests.append(event)
        asked = event.message
        if asked.operator == "mute":
            return
        is_refused = asked.operator == "nobody"
        self._said = Status(
            state="idle" if is_refused else "armed",
            session=SESSION,
            reason=f"asked by {asked.operator}",
            answered=asked.request_id,
            refused="data (expected good, found none)" if is_refused else "",
        )
        self._announce()

    def _announce(self) -> None:
        now_us = round(self.now_s() * 1e6)
        self.transport.announce(msgspec.structs.replace(self._said, now_us=now_us))


if __name__ == "__main__":
    asyncio.run(TalkingService(int(sys.argv[1])).run())
