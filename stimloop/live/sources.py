"""The streams of a rig, found on the network at once and opened."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from stimloop.config import Config
from stimloop.live.companions import Companions
from streamer import clock
from streamer.errors import StreamError
from streamer.lsl.source import LslSource
from streamer.source import StreamInfo


async def open_sources(
    stack: AsyncExitStack, config: Config, companions: Companions, report: Callable[[str], None]
) -> list[LslSource]:
    """Find and check all streams of a rig.

    Parameters
    ----------
    stack : AsyncExitStack
        Lets the streams go.
    config : Config
        The rig.
    companions : Companions
        Running: a stream may be missing because the companion that sends it is dead.
    report : callable
        Takes a line for the operator.

    Raises
    ------
    StreamError
        Where a stream is not there or not what it should be.
    """
    report(f"looking for {_named(config)}, {config.lsl.resolve_s:g} s at most")
    try:
        sources = await _entered(stack, config)
    except StreamError:
        companions.expect_all_alive()
        raise
    for source in sources:
        for info in source.infos:
            report(_found_text(info))
    return sources


def _named(config: Config) -> str:
    names = ", ".join(stream.name for stream in config.streams)
    return f"stream {names}" if len(config.streams) == 1 else f"streams {names}"


def _found_text(info: StreamInfo) -> str:
    rate = f"{info.rate_hz:g} Hz, " if info.is_signal else ""
    return f"stream {info.name}: {rate}{len(info.channels)} channels, {info.dtype}"


async def _entered(stack: AsyncExitStack, config: Config) -> list[LslSource]:
    """Find all streams at once; the first that fails ends the others' search."""
    sources = [LslSource(stream, config.lsl, clock.now_s) for stream in config.streams]
    try:
        async with asyncio.TaskGroup() as group:
            for source in sources:
                group.create_task(stack.enter_async_context(source))
    except* StreamError as errors:
        raise StreamError("; ".join(str(each) for each in errors.exceptions)) from None
    return sources
