"""A sender that dies, comes back, comes back different, or only stands still; real processes."""

import asyncio
import contextlib
import signal
from typing import Any

import pytest

from streamer.events import Chunk, ClockCorrection, StreamChanged
from streamer.lsl_network import LslConfig
from tests.outlet_process import OutletProcess
from tests.streamer.lsl_feed import Fed, fed, stream

pytestmark = pytest.mark.lsl


def sender(name: str, **changes: Any) -> OutletProcess:
    usual = {
        "name": name,
        "type": "LFP",
        "channel_count": 2,
        "nominal_srate": 500.0,
        "channel_format": "float32",
        "source_id": f"{name}-id",
        "labels": ["A", "B"],
    }
    return OutletProcess(**(usual | changes))


async def first_sample(feed: Fed, child: OutletProcess) -> Chunk:
    """Push until something arrives: a child cannot tell when its consumer is there."""
    chunk: Chunk | None = None
    while chunk is None:
        child.push(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                chunk = await feed.next_of(Chunk)
    return chunk


async def next_change(feed: Fed) -> StreamChanged:
    """Return what next happens to the stream; a pause of a busy machine does not count."""
    while (changed := await feed.next_of(StreamChanged)).what in {"silent", "heard"}:
        pass
    assert isinstance(changed, StreamChanged)
    return changed


def test_a_sender_that_is_started_again_is_taken_up_and_restarts_the_windows(
    lsl_network: LslConfig,
) -> None:
    async def scenario() -> None:
        with sender("phoenix") as child:
            async with fed(stream("phoenix"), lsl_network) as feed:
                first = await first_sample(feed, child)
                child.push(40)
                before = [first, *await feed.chunks(40)]
                child.kill()
                while not isinstance(event := await feed.next(), StreamChanged):
                    before += [event] if isinstance(event, Chunk) else []
                assert event.what == "lost"
                with sender("phoenix") as again:
                    resumed = await next_change(feed)
                    assert resumed.what == "resumed"
                    assert "a new outlet" in resumed.detail
                    assert isinstance(await feed.next(), ClockCorrection)
                    chunk = await first_sample(feed, again)
                    assert chunk.first_sample == sum(len(each.timestamps_s) for each in before)
                    assert chunk.samples.shape[1] == 2

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"nominal_srate": 250.0}, "rate: was 500.0 Hz, is now 250.0 Hz"),
        (
            {"channel_count": 3, "labels": ["A", "B", "C"]},
            "number of channels: was 2, is now 3; channels: was A, B, is now A, B, C",
        ),
    ],
)
def test_a_sender_that_comes_back_different_is_a_fault_and_stays_out(
    lsl_network: LslConfig, change: dict[str, Any], detail: str
) -> None:
    name = f"changeling-{'-'.join(change)}"

    async def scenario() -> None:
        with sender(name) as child:
            async with fed(stream(name), lsl_network) as feed:
                await first_sample(feed, child)
                child.kill()
                assert (await next_change(feed)).what == "lost"
                with sender(name, **change) as other:
                    changed = await next_change(feed)
                    assert (changed.what, changed.detail) == ("changed", detail)
                    other.push(50)
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(0.3):
                            await feed.next()

    asyncio.run(scenario())


def test_two_senders_at_a_reconnection_are_told_and_waited_out(lsl_network: LslConfig) -> None:
    async def scenario() -> None:
        with sender("twin") as child:
            async with fed(stream("twin"), lsl_network) as feed:
                await first_sample(feed, child)
                child.kill()
                with sender("twin"), sender("twin") as second:
                    assert (await next_change(feed)).what == "lost"
                    told = await next_change(feed)
                    assert told.what == "lost"
                    assert "2 streams answer to name = 'twin'" in told.detail
                    second.kill()
                    assert (await next_change(feed)).what == "resumed"

    asyncio.run(scenario())


def test_without_reconnect_a_lost_stream_stays_lost(lsl_network: LslConfig) -> None:
    async def scenario() -> None:
        with sender("mortal") as child:
            async with fed(stream("mortal", reconnect=False), lsl_network) as feed:
                await first_sample(feed, child)
                child.kill()
                assert (await next_change(feed)).what == "lost"
                with sender("mortal"), pytest.raises(TimeoutError):
                    async with asyncio.timeout(2.0):
                        await feed.next()

    asyncio.run(scenario())


@pytest.mark.slow
def test_a_sender_that_stands_still_is_given_up_and_taken_up_when_it_goes_on(
    lsl_network: LslConfig,
) -> None:
    async def scenario() -> None:
        with sender("frozen") as child:
            async with fed(stream("frozen", silence_s=0.2), lsl_network) as feed:
                await first_sample(feed, child)
                child.child.send_signal(signal.SIGSTOP)
                assert (await feed.next_of(StreamChanged)).what == "silent"
                lost = await next_change(feed)
                assert lost.what == "lost"
                assert "no longer answers" in lost.detail
                child.child.send_signal(signal.SIGCONT)
                resumed = await next_change(feed)
                assert resumed.what == "resumed"
                assert "the same outlet" in resumed.detail
                await first_sample(feed, child)

    asyncio.run(scenario())
