"""A sender that dies, returns, returns changed, or pauses; with real processes."""

import asyncio
import contextlib
import signal
from typing import Any

import pytest

from streamer.events import Chunk, ClockCorrection, StreamChanged
from streamer.lsl.network import LslConfig
from streamer.streams import Match
from tests.streamer.lsl.lsl_feed import Fed, fed, stream
from tests.support.outlet_process import OutletProcess

pytestmark = pytest.mark.lsl

#: Enough for the network to be looked over a second time.
_LOOKED_AGAIN_S = 3.0


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
    """Push until something arrives, as a child cannot know when it has a consumer."""
    chunk: Chunk | None = None
    while chunk is None:
        child.push(1)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                chunk = await feed.next_of(Chunk)
    return chunk


async def next_change(feed: Fed) -> StreamChanged:
    """Return the next change of the stream; a pause of a busy machine does not count."""
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
                    assert resumed.uid
                    assert not resumed.is_same_sender
                    assert isinstance(await feed.next(), ClockCorrection)
                    chunk = await first_sample(feed, again)
                    assert chunk.first_sample == sum(len(each.timestamps_s) for each in before)
                    assert chunk.samples.shape[1] == 2

    asyncio.run(scenario())


@pytest.mark.parametrize("kind", ["LFP", "EEG"])
def test_a_stranger_with_the_same_source_id_is_taken_up_and_told_as_another_sender(
    lsl_network: LslConfig, kind: str
) -> None:
    by_source_id = stream("stranger", match=Match(source_id="stranger-id"))

    async def scenario() -> None:
        with sender("stranger") as child:
            async with fed(by_source_id, lsl_network) as feed:
                (found,) = feed.source.infos
                await first_sample(feed, child)
                child.kill()
                assert (await next_change(feed)).what == "lost"
                with sender("impostor", type=kind, source_id="stranger-id") as other:
                    resumed = await next_change(feed)
                    assert (resumed.what, resumed.is_same_sender) == ("resumed", False)
                    assert resumed.uid not in {"", found.uid}
                    assert "a new outlet after" in resumed.detail
                    assert f"'impostor' (type {kind!r}" in resumed.detail
                    assert "it was 'stranger' (type 'LFP', source_id 'stranger-id')" in (
                        resumed.detail
                    )
                    assert isinstance(await feed.next(), ClockCorrection)
                    await first_sample(feed, other)

    asyncio.run(scenario())


def test_a_marker_stream_s_new_sender_is_told_as_such(lsl_network: LslConfig) -> None:
    cues = {"type": "Markers", "nominal_srate": 0.0, "channel_format": "int32"}

    async def scenario() -> None:
        with sender("cues", **cues) as child:
            async with fed(stream("cues", kind="markers"), lsl_network) as feed:
                child.kill()
                assert (await next_change(feed)).what == "lost"
                with sender("cues", **cues):
                    resumed = await next_change(feed)
                    assert (resumed.what, resumed.is_same_sender) == ("resumed", False)

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"nominal_srate": 250.0}, "rate: was 500.0 Hz, is now 250.0 Hz"),
        pytest.param(
            {"channel_count": 3, "labels": ["A", "B", "C"]},
            "number of channels: was 2, is now 3; channels: was A, B, is now A, B, C",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            {"labels": ["A", "C"]}, "channels: was A, B, is now A, C", marks=pytest.mark.slow
        ),
        ({"channel_format": "double64"}, "data type: was float32, is now float64"),
    ],
)
def test_a_stream_that_answers_with_something_else_is_told_once_and_the_right_one_is_awaited(
    lsl_network: LslConfig, change: dict[str, Any], detail: str
) -> None:
    name = f"changeling-{'-'.join(change)}"

    async def scenario() -> None:
        with sender(name) as child:
            async with fed(stream(name), lsl_network) as feed:
                first = await first_sample(feed, child)
                child.kill()
                assert (await next_change(feed)).what == "lost"
                with sender(name, **change) as other:
                    changed = await next_change(feed)
                    assert (changed.what, changed.is_same_sender) == ("changed", False)
                    assert changed.detail.startswith(f"{detail}; from {name!r} (type 'LFP'")
                    assert changed.uid
                    other.push(50)
                    with pytest.raises(TimeoutError):
                        async with asyncio.timeout(_LOOKED_AGAIN_S):
                            await feed.next()
                with sender(name, **change):
                    another = await next_change(feed)
                    assert another.what == "changed"
                    assert another.uid != changed.uid
                with sender(name) as again:
                    assert (await next_change(feed)).what == "resumed"
                    chunk = await first_sample(feed, again)
                    assert chunk.first_sample == first.first_sample + len(first.timestamps_s)

    asyncio.run(scenario())


def test_two_senders_at_a_reconnection_are_told_and_waited_out(lsl_network: LslConfig) -> None:
    async def scenario() -> None:
        with sender("twin") as child:
            async with fed(stream("twin"), lsl_network) as feed:
                await first_sample(feed, child)
                with sender("twin"), sender("twin") as second:
                    child.kill()
                    assert (await next_change(feed)).what == "lost"
                    told = await next_change(feed)
                    assert told.what == "lost"
                    assert "2 streams answer to name = 'twin'" in told.detail
                    second.kill()
                    resumed = await next_change(feed)
                    assert (resumed.what, resumed.is_same_sender) == ("resumed", False)

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
                assert resumed.is_same_sender
                assert resumed.uid == feed.source.infos[0].uid
                await first_sample(feed, child)

    asyncio.run(scenario())
