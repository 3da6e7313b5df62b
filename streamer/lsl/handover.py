"""Hands events from a source's threads to the loop's thread: in order, and bounded."""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from streamer.events import Chunk, Event

#: Events that may wait; then the threads do, and liblsl's own buffer fills.
_N_WAITING_MAX = 256


class Handover:
    """Carries events to `emit`, which runs on the loop's thread.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        Whose thread `emit` runs on.
    emit : callable
        Takes one event.

    Notes
    -----
    Chunks that waited together and follow on each other are joined: a loop that was held up
    catches up in few steps, and by the law of detection the result is the same.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, emit: Callable[[Event], None]) -> None:
        self._loop = loop
        self._emit = emit
        self._waiting: list[Event] = []
        self._guard = threading.Lock()
        self._has_room = threading.Condition(self._guard)
        self._is_scheduled = False
        self._is_closed = False
        self._failed: asyncio.Future[None] = loop.create_future()

    def put(self, event: Event) -> None:
        """Queue one event; block while the queue is full, drop it once closed."""
        with self._guard:
            while len(self._waiting) >= _N_WAITING_MAX and not self._is_closed:
                self._has_room.wait()
            if self._is_closed:
                return
            self._waiting.append(event)
            if self._is_scheduled:
                return
            self._is_scheduled = True
        # Not under the guard: the loop wakes at once, and would wait for it.
        self._loop.call_soon_threadsafe(self._drain)

    def fail(self, error: Exception) -> None:
        """Let `failure` raise the error that ended a thread."""
        with self._guard:
            if not self._is_closed:
                self._loop.call_soon_threadsafe(self._set_failure, error)

    async def failure(self) -> None:
        """Wait, for ever if all goes well, and raise what a thread or `emit` failed with."""
        await self._failed

    def close(self) -> None:
        """Drop all further events and release blocked threads."""
        with self._guard:
            self._is_closed = True
            self._waiting.clear()
            self._has_room.notify_all()

    def _drain(self) -> None:
        with self._guard:
            waiting, self._waiting = self._waiting, []
            self._is_scheduled = False
            self._has_room.notify_all()
        try:
            for event in joined(waiting) if len(waiting) > 1 else waiting:
                self._emit(event)
        except Exception as error:  # noqa: BLE001 a callback's error must end the feed, not be logged
            self._set_failure(error)

    def _set_failure(self, error: Exception) -> None:
        if not self._failed.done():
            self._failed.set_exception(error)


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """Yield the events in order, with neighbouring chunks of a stream made one."""
    run: list[Chunk] = []
    for event in events:
        if run and not (isinstance(event, Chunk) and _follows(run[-1], event)):
            yield _join(run)
            run = []
        if isinstance(event, Chunk):
            run.append(event)
        else:
            yield event
    if run:
        yield _join(run)


def _follows(chunk: Chunk, following: Chunk) -> bool:
    return (
        chunk.stream == following.stream
        and chunk.first_sample + len(chunk.timestamps_s) == following.first_sample
    )


def _join(run: list[Chunk]) -> Chunk:
    if len(run) == 1:
        return run[0]
    samples = np.concatenate([chunk.samples for chunk in run])
    stamps_s = np.concatenate([chunk.timestamps_s for chunk in run])
    samples.flags.writeable = False
    stamps_s.flags.writeable = False
    return Chunk(run[0].stream, run[0].first_sample, samples, stamps_s)
