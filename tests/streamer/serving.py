"""A service of a small rig in virtual time, whose parts a test can reach."""

import asyncio
from collections.abc import Callable, Sequence

from stimulators.wire.transport import Transport
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.deferred_work import DeferredWork
from streamer.journal.journal import Journal
from streamer.service import Service
from streamer.watching.heartbeat import Heartbeat
from streamer.watching.watchers import Watcher
from tests.streamer.rigs import SESSION


def service_of(
    loop: ClosedLoop,
    journal: Journal,
    transport: Transport,
    config: LoopConfig,
    *,
    watchers: Sequence[Watcher] = (),
    deferred: DeferredWork | None = None,
    slept_s: Callable[[], float] = lambda: 0.0,
) -> Service:
    """Return the service of a loop, on the clock of the running event loop."""
    heartbeat = Heartbeat(
        transport,
        loop.gate,
        head=lambda: journal.head,
        session=SESSION,
        config_digest="cd",
        versions={},
    )
    return Service(
        loop=loop,
        journal=journal,
        transport=transport,
        heartbeat=heartbeat,
        now_s=asyncio.get_running_loop().time,
        session=SESSION,
        tick_s=config.rig.tick_s,
        watchers=watchers,
        deferred=deferred,
        slept_s=slept_s,
    )
