"""The hand-over from threads to the loop: order, joined chunks, bounds, failures."""

import asyncio
import threading
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.events import Chunk, Event, Marker, Tick
from streamer.lsl.handover import Handover, joined


def chunk(stream: str, first_sample: int, n_samples: int) -> Chunk:
    index = np.arange(first_sample, first_sample + n_samples)
    samples = np.stack([index, -index], axis=1).astype(np.int16)
    return Chunk(stream, first_sample, samples, index / 1000.0)


def told(events: list[Event]) -> list[object]:
    """Join chunks into samples, which must not depend on how chunks were joined."""
    flat: list[object] = []
    for event in events:
        if isinstance(event, Chunk):
            rows = zip(event.samples.tolist(), event.timestamps_s.tolist(), strict=True)
            flat += [(event.stream, event.first_sample + k, *row) for k, row in enumerate(rows)]
        else:
            flat.append(event)
    return flat


def sending(handover: Handover, events: Sequence[Event]) -> threading.Thread:
    def send() -> None:
        for event in events:
            handover.put(event)

    return threading.Thread(target=send)


@st.composite
def histories(draw: st.DrawFn) -> list[Event]:
    events: list[Event] = []
    ends = {"a": 0, "b": 5}
    for kind in draw(st.lists(st.sampled_from(["a", "b", "gap", "marker"]), max_size=30)):
        if kind == "gap":
            ends["a"] += 3
        elif kind == "marker":
            events.append(Marker("a", float(len(events)), "cue"))
        else:
            n_samples = draw(st.integers(1, 4))
            events.append(chunk(kind, ends[kind], n_samples))
            ends[kind] += n_samples
    return events


@given(histories())
def test_joining_changes_neither_order_nor_samples(events: list[Event]) -> None:
    made = list(joined(events))
    assert told(made) == told(events)
    for first, second in pairwise(made):
        if isinstance(first, Chunk) and isinstance(second, Chunk):
            end = first.first_sample + len(first.timestamps_s)
            assert (first.stream, end) != (second.stream, second.first_sample)
    for event in made:
        if isinstance(event, Chunk):
            assert event.samples.dtype == np.int16


def test_what_waited_while_the_loop_was_busy_comes_in_one_piece() -> None:
    async def scenario() -> None:
        heard: list[Event] = []
        handover = Handover(asyncio.get_running_loop(), heard.append)
        sender = sending(handover, [chunk("a", 3 * k, 3) for k in range(40)])
        sender.start()
        sender.join()
        async with asyncio.timeout(5.0):
            while not heard:
                await asyncio.to_thread(lambda: None)
        (event,) = heard
        assert isinstance(event, Chunk)
        assert told([event]) == told([chunk("a", 0, 120)])
        assert not event.samples.flags.writeable
        handover.close()

    asyncio.run(scenario())


def test_a_thread_waits_while_too_much_waits_and_nothing_is_lost() -> None:
    async def scenario() -> None:
        heard: list[Event] = []
        handover = Handover(asyncio.get_running_loop(), heard.append)
        n_put = threading.Semaphore(0)

        def send() -> None:
            for k in range(1000):
                handover.put(Marker("a", float(k), ""))
                n_put.release()

        sender = threading.Thread(target=send)
        sender.start()
        # The loop is blocked here, so the thread stops at the bound.
        for _ in range(256):
            assert n_put.acquire(timeout=5.0)
        assert not n_put.acquire(timeout=0.05)
        async with asyncio.timeout(5.0):
            await asyncio.to_thread(sender.join)
            while len(heard) < 1000:
                await asyncio.to_thread(lambda: None)
        assert [event.time_s for event in heard if isinstance(event, Marker)] == [
            float(k) for k in range(1000)
        ]
        handover.close()

    asyncio.run(scenario())


def test_closing_lets_a_waiting_thread_go_and_hands_nothing_over_any_more() -> None:
    async def scenario() -> None:
        heard: list[Event] = []
        handover = Handover(asyncio.get_running_loop(), heard.append)
        sender = sending(handover, [Tick()] * 500)
        sender.start()
        handover.close()
        sender.join(5.0)
        assert not sender.is_alive()
        handover.put(Tick())
        await asyncio.to_thread(lambda: None)
        assert heard == []

    asyncio.run(scenario())


@pytest.mark.parametrize("where", ["thread", "listener"])
def test_a_failure_reaches_whoever_waits_for_it(where: str) -> None:
    def refuse(_: Event) -> None:
        raise OSError("no room")

    async def scenario() -> None:
        handover = Handover(asyncio.get_running_loop(), refuse)
        if where == "thread":
            await asyncio.to_thread(handover.fail, OSError("no room"))
        else:
            await asyncio.to_thread(handover.put, Tick())
        with pytest.raises(OSError, match="no room"):
            async with asyncio.timeout(5.0):
                await handover.failure()
        handover.close()

    asyncio.run(scenario())
