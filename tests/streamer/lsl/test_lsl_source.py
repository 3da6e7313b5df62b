"""Events of an LSL source, compared with what was pushed; real LSL on loopback."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any

import numpy as np
import pytest

from streamer.clock import now_s
from streamer.errors import StreamError
from streamer.events import Chunk, ClockCorrection, Event, Marker, StreamChanged
from streamer.lsl.block_interval import BlockInterval
from streamer.lsl.network import LslConfig
from streamer.lsl.source import LslSource
from tests.streamer.lsl.lsl_feed import fed, joined_samples, joined_stamps_s, outlet, stream

pytestmark = pytest.mark.lsl


def run(scenario: Coroutine[Any, Any, None]) -> None:
    asyncio.run(scenario)


@pytest.mark.parametrize("dtype", ["int16", "float32", "double64"])
def test_samples_and_stamps_are_bit_equal_to_what_was_pushed(
    lsl_network: LslConfig, dtype: str
) -> None:
    sizes = [*[1] * 60, *[20] * 10, 3, 1, 250, 7, 1300, 2]
    numpy_name = {"double64": "float64"}.get(dtype, dtype)
    draws = np.random.default_rng(7)
    pushed = (1000.0 * draws.standard_normal((sum(sizes), 3))).astype(numpy_name)
    stamps_s = 5000.0 + np.arange(sum(sizes)) / 1000.0 + 1e-3 * draws.standard_normal(sum(sizes))
    name = f"bits-{dtype}"
    sender = outlet(name, n_channels=3, dtype=dtype)

    async def scenario() -> None:
        async with fed(stream(name), lsl_network, sender) as feed:
            at = 0
            for size in sizes:
                sender.push_chunk(pushed[at : at + size], list(stamps_s[at : at + size]))
                at += size
            chunks = await feed.chunks(sum(sizes))
            assert feed.source.infos[0].dtype == numpy_name
        samples = joined_samples(chunks)
        assert samples.dtype == numpy_name
        assert samples.tobytes() == pushed.tobytes()
        assert joined_stamps_s(chunks).tobytes() == stamps_s.tobytes()
        firsts = [chunk.first_sample for chunk in chunks]
        lengths = [len(chunk.timestamps_s) for chunk in chunks]
        assert firsts == [0, *np.cumsum(lengths)[:-1]]

    run(scenario())


def test_a_chunk_is_read_only_and_owns_memory_that_later_pulls_leave_alone(
    lsl_network: LslConfig,
) -> None:
    sender = outlet("memory")

    async def scenario() -> None:
        async with fed(stream("memory"), lsl_network, sender) as feed:
            sender.push_sample([1.0, 2.0], 10.0)
            (first,) = await feed.chunks(1)
            before = first.samples.tobytes() + first.timestamps_s.tobytes()
            sender.push_chunk(np.full((100, 2), 9.0), list(np.arange(100.0)))
            later = await feed.chunks(100)
        assert first.samples.tobytes() + first.timestamps_s.tobytes() == before
        for chunk in (first, *later):
            assert chunk.samples.base is None
            assert chunk.timestamps_s.base is None
            assert not chunk.samples.flags.writeable
            assert not chunk.timestamps_s.flags.writeable
            assert chunk.samples.flags.c_contiguous

    run(scenario())


def test_two_streams_at_once_do_not_mix(lsl_network: LslConfig) -> None:
    left, right = outlet("left", n_channels=1), outlet("right", n_channels=4, rate_hz=2048.0)

    async def scenario() -> None:
        async with (
            fed(stream("left"), lsl_network, left) as of_left,
            fed(stream("right"), lsl_network, right) as of_right,
        ):
            for k in range(50):
                left.push_sample([float(k)], 1.0 + k)
                right.push_chunk(np.full((3, 4), -float(k)), 1.0 + k)
            lefts, rights = await of_left.chunks(50), await of_right.chunks(150)
        assert joined_samples(lefts)[:, 0].tolist() == [float(k) for k in range(50)]
        assert joined_samples(rights)[:, 3].tolist() == [-float(k // 3) for k in range(150)]
        assert {chunk.stream for chunk in lefts} == {"left"}
        assert {chunk.stream for chunk in rights} == {"right"}

    run(scenario())


def test_text_markers_come_with_their_raw_stamps_and_any_bytes(lsl_network: LslConfig) -> None:
    sender = outlet("cues", n_channels=1, rate_hz=0.0, dtype="string", kind="Markers")
    texts = ["go", "", "réponse µ", "a\x00b"]

    async def scenario() -> None:
        async with fed(stream("cues", kind="markers"), lsl_network, sender) as feed:
            for k, text in enumerate(texts):
                sender.push_sample([text], 7.25 + k)
            sender.push_sample([b"\xff\xfe"], 99.0)
            heard = [await feed.next_of(Marker) for _ in range(5)]
        assert [marker.text for marker in heard] == [*texts, "\ufffd\ufffd"]
        assert [marker.time_s for marker in heard] == [7.25, 8.25, 9.25, 10.25, 99.0]
        assert feed.source.infos[0].dtype == "string"
        assert feed.source.block_interval is None

    run(scenario())


def test_numbers_without_a_rate_are_markers_in_their_shortest_exact_form(
    lsl_network: LslConfig,
) -> None:
    codes = outlet("codes", n_channels=1, rate_hz=0.0, dtype="int32", kind="Markers")
    gaze = outlet("pairs", n_channels=2, rate_hz=0.0, dtype="float32", kind="Markers")

    async def scenario() -> None:
        async with (
            fed(stream("codes", kind="markers"), lsl_network, codes) as of_codes,
            fed(stream("pairs", kind="markers"), lsl_network, gaze) as of_pairs,
        ):
            codes.push_sample([-31], 1.5)
            gaze.push_sample([0.1, 2.0], 2.5)
            code, pair = await of_codes.next_of(Marker), await of_pairs.next_of(Marker)
        assert code == Marker("codes", 1.5, "-31")
        assert pair == Marker("pairs", 2.5, '["0.1", "2.0"]')

    run(scenario())


def test_the_clock_correction_comes_before_the_first_sample_and_again_with_its_uncertainty(
    lsl_network: LslConfig,
) -> None:
    sender = outlet("clocked")

    async def scenario() -> None:
        async with fed(stream("clocked"), lsl_network, sender) as feed:
            sender.push_sample([0.0, 0.0])
            first = await feed.next()
            assert isinstance(first, ClockCorrection)
            assert isinstance(await feed.next(), Chunk)
            second = await feed.next_of(ClockCorrection)
            for correction in (first, second):
                assert correction.stream == "clocked"
                assert 0.0 < correction.uncertainty_s < 0.05
                # Sender and reader have one clock here, so the truth is zero.
                assert abs(correction.correction_s) <= correction.uncertainty_s
            assert first != second

    run(scenario())


def test_silence_is_told_once_and_the_samples_that_follow_come_without_a_restart(
    lsl_network: LslConfig,
) -> None:
    sender = outlet("quiet")

    async def scenario() -> None:
        async with fed(stream("quiet", silence_s=0.2), lsl_network, sender) as feed:
            sender.push_sample([1.0, 1.0], 1.0)
            await feed.chunks(1)
            silent = await feed.next_of(StreamChanged)
            assert (silent.stream, silent.what) == ("quiet", "silent")
            sender.push_sample([2.0, 2.0], 2.0)
            heard = await feed.next_of(StreamChanged)
            assert (heard.stream, heard.what) == ("quiet", "heard")
            event: Event = await feed.next()
            while isinstance(event, ClockCorrection):
                event = await feed.next()
            assert isinstance(event, Chunk)
            assert event.first_sample == 1
            again = await feed.next_of(StreamChanged)
            assert again.what == "silent"

    run(scenario())


def test_a_marker_stream_may_be_silent_without_a_word(lsl_network: LslConfig) -> None:
    sender = outlet("rare", n_channels=1, rate_hz=0.0, dtype="string", kind="Markers")

    async def scenario() -> None:
        config = stream("rare", kind="markers", silence_s=0.05)
        async with fed(config, lsl_network, sender) as feed:
            heard = [await feed.next_of(ClockCorrection) for _ in range(2)]
            sender.push_sample(["at last"], 3.0)
            event = await feed.next()
            while isinstance(event, ClockCorrection):
                event = await feed.next()
            assert event == Marker("rare", 3.0, "at last")
            assert len(heard) == 2

    run(scenario())


def test_nothing_that_was_sent_before_the_feed_began_is_handed_over(
    lsl_network: LslConfig,
) -> None:
    sender = outlet("fresh")

    async def scenario() -> None:
        async with LslSource(stream("fresh"), lsl_network, now_s) as source:
            for _ in range(500):
                sender.push_sample([-1.0, -1.0])
            events: asyncio.Queue[Event] = asyncio.Queue()
            task = asyncio.create_task(source.feed(events.put_nowait))
            assert await asyncio.to_thread(sender.wait_for_consumers, 5.0)
            sender.push_sample([1.0, 1.0])
            async with asyncio.timeout(5.0):
                while not isinstance(event := await events.get(), Chunk):
                    pass
            assert event.samples.tolist() == [[1.0, 1.0]]
            task.cancel()
            await asyncio.wait([task])

    run(scenario())


def test_the_block_interval_of_a_sender_of_blocks_is_measured(lsl_network: LslConfig) -> None:
    sender = outlet("blocks")
    beat = threading.Event()

    def send() -> None:
        for _ in range(12):
            sender.push_chunk(np.zeros((40, 2)))
            beat.wait(0.04)

    async def scenario() -> None:
        async with fed(stream("blocks"), lsl_network, sender) as feed:
            assert feed.source.block_interval is None
            await asyncio.gather(asyncio.to_thread(send), feed.chunks(480))
            measured = feed.source.block_interval
        assert isinstance(measured, BlockInterval)
        assert 0.03 < measured.median_s < 0.08
        assert measured.max_s >= measured.median_s

    run(scenario())


def test_ending_leaves_no_thread_and_no_consumer_behind(lsl_network: LslConfig) -> None:
    sender = outlet("brief")
    before = set(threading.enumerate())

    async def scenario() -> None:
        async with fed(stream("brief"), lsl_network, sender) as feed:
            sender.push_sample([0.0, 0.0])
            await feed.chunks(1)
            names = {thread.name for thread in threading.enumerate()}
            assert {"lsl brief read", "lsl brief watch"} <= names

    run(scenario())
    assert set(threading.enumerate()) <= before
    waited = threading.Event()
    for _ in range(100):
        if not sender.have_consumers():
            break
        waited.wait(0.05)
    assert not sender.have_consumers()


def test_an_error_of_the_listener_ends_the_feed_and_is_raised(lsl_network: LslConfig) -> None:
    sender = outlet("faulty")

    def fail(event: Event) -> None:
        if isinstance(event, Chunk):
            raise OSError("the disk is full")

    async def scenario() -> None:
        async with LslSource(stream("faulty"), lsl_network, now_s) as source:
            task = asyncio.create_task(source.feed(fail))
            assert await asyncio.to_thread(sender.wait_for_consumers, 5.0)
            sender.push_sample([0.0, 0.0])
            with pytest.raises(OSError, match="the disk is full"):
                async with asyncio.timeout(5.0):
                    await task

    run(scenario())


def test_a_source_is_fed_once_and_only_inside_its_context(lsl_network: LslConfig) -> None:
    source = LslSource(stream("never"), lsl_network, now_s)
    with pytest.raises(StreamError, match="before it was entered"):
        asyncio.run(source.feed(lambda _: None))
