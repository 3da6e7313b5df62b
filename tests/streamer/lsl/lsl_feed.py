"""Helpers of the LSL tests: outlets, a source that is read, and waiting for an event."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import numpy as np
import pylsl

from streamer.clock import now_s
from streamer.events import Chunk, Event
from streamer.lsl.network import LslConfig
from streamer.lsl.source import LslSource
from streamer.streams import Match, StreamConfig

_WAIT_S = 15.0


def outlet(
    name: str,
    *,
    n_channels: int = 2,
    rate_hz: float = 1000.0,
    dtype: str = "float32",
    kind: str = "LFP",
    source_id: str | None = None,
    labels: Sequence[str] = (),
    units: Sequence[str] = (),
) -> pylsl.StreamOutlet:
    info = pylsl.StreamInfo(name, kind, n_channels, rate_hz, dtype, source_id or f"{name}-id")
    if labels:
        info.set_channel_labels(list(labels))
    if units:
        info.set_channel_units(list(units))
    return pylsl.StreamOutlet(info)


def stream(name: str, *, kind: Any = "lfp", **keys: Any) -> StreamConfig:
    keys.setdefault("match", Match(name=name))
    return StreamConfig(name=name, kind=kind, **keys)


class Fed:
    """A source whose events are collected."""

    def __init__(self, source: LslSource) -> None:
        self.source = source
        self._events: asyncio.Queue[Event] = asyncio.Queue()

    def take(self, event: Event) -> None:
        self._events.put_nowait(event)

    def is_empty(self) -> bool:
        return self._events.empty()

    async def next(self) -> Event:
        async with asyncio.timeout(_WAIT_S):
            return await self._events.get()

    async def next_of(self, kind: type) -> Any:
        """Return the next event of a kind, skipping others."""
        while not isinstance(event := await self.next(), kind):
            pass
        return event

    async def chunks(self, n_samples: int) -> list[Chunk]:
        """Return the next chunks, of `n_samples` in all."""
        taken: list[Chunk] = []
        while sum(len(chunk.timestamps_s) for chunk in taken) < n_samples:
            taken.append(await self.next_of(Chunk))
        return taken


@contextlib.asynccontextmanager
async def fed(
    config: StreamConfig, network: LslConfig, sender: pylsl.StreamOutlet | None = None
) -> AsyncIterator[Fed]:
    """Enter a source and read it; with a `sender`, wait until that one has its consumer."""
    async with LslSource(config, network, now_s) as source:
        feed = Fed(source)
        task = asyncio.create_task(source.feed(feed.take))
        try:
            if sender is not None:
                assert await asyncio.to_thread(sender.wait_for_consumers, _WAIT_S)
            yield feed
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task


def joined_samples(chunks: Sequence[Chunk]) -> np.ndarray[Any, Any]:
    return np.concatenate([chunk.samples for chunk in chunks])


def joined_stamps_s(chunks: Sequence[Chunk]) -> np.ndarray[Any, Any]:
    return np.concatenate([chunk.timestamps_s for chunk in chunks])
