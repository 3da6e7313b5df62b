"""The same events with the samples cut into other chunks: the law, tried on a real session."""

import random
from collections.abc import Sequence

import numpy as np

from stimulators.targets import DeviceEvent
from streamer.closed_loop import ClosedLoop
from streamer.events import Chunk, Event, Tick
from streamer.journal.digests import Digests


class Rechunked:
    """Feeds a loop the events of a session, each stream in chunks of random length.

    Samples wait until the next chunk's length is reached. Every other event but a tick first
    sends on what waits, so it meets the same first unprocessed sample as in the session. What
    policies heard of devices is bound to samples already, and needs no such thing.

    Parameters
    ----------
    loop : ClosedLoop
        A new loop of the same configuration, whose policies hear of devices from here alone.
    n_samples_max : int
        Longest chunk.
    seed : int
        Of the lengths.

    Attributes
    ----------
    digests : Digests
        Of what was seen and wanted. Decisions depend on when a chunk ends, and may differ.
    """

    def __init__(self, loop: ClosedLoop, *, n_samples_max: int, seed: int) -> None:
        self.digests = Digests()
        self.n_samples_max = n_samples_max
        self._loop = loop
        self._random = random.Random(seed)  # noqa: S311 lengths of chunks are no secret
        self._waiting: dict[str, list[Chunk]] = {}
        self._n_wanted: dict[str, int] = {}

    def take(self, event: Event, now_s: float, device_events: Sequence[DeviceEvent] = ()) -> None:
        """Take the session's next event, and what policies heard of devices after it."""
        self._take(event, now_s)
        for each in device_events:
            self._loop.bind(each)

    def _take(self, event: Event, now_s: float) -> None:
        if isinstance(event, Tick):
            return
        if not isinstance(event, Chunk):
            self.finish(now_s)
            self.digests.add(self._loop.step(event, now_s))
            return
        waiting = self._waiting.setdefault(event.stream, [])
        if waiting and waiting[-1].first_sample + len(waiting[-1].samples) != event.first_sample:
            self._send_all(event.stream, now_s)
        waiting.append(event)
        self._send_full(event.stream, now_s)

    def finish(self, now_s: float) -> None:
        """Send on every sample that waits."""
        for stream in self._waiting:
            self._send_all(stream, now_s)

    def _send_full(self, stream: str, now_s: float) -> None:
        waiting = self._waiting[stream]
        n_waiting = sum(len(chunk.samples) for chunk in waiting)
        n_wanted = self._n_wanted.setdefault(stream, self._length())
        if n_waiting < n_wanted:
            return
        rest = _joined(waiting)
        while len(rest.samples) >= n_wanted:
            piece, rest = _cut(rest, n_wanted)
            self.digests.add(self._loop.step(piece, now_s))
            n_wanted = self._n_wanted[stream] = self._length()
        waiting[:] = [rest] if len(rest.samples) else []

    def _send_all(self, stream: str, now_s: float) -> None:
        waiting = self._waiting[stream]
        if waiting:
            self.digests.add(self._loop.step(_joined(waiting), now_s))
            waiting.clear()

    def _length(self) -> int:
        return self._random.randint(1, self.n_samples_max)


def _joined(chunks: list[Chunk]) -> Chunk:
    samples = np.concatenate([chunk.samples for chunk in chunks])
    timestamps_s = np.concatenate([chunk.timestamps_s for chunk in chunks])
    return Chunk(chunks[0].stream, chunks[0].first_sample, samples, timestamps_s)


def _cut(chunk: Chunk, n_samples: int) -> tuple[Chunk, Chunk]:
    first = Chunk(
        chunk.stream,
        chunk.first_sample,
        chunk.samples[:n_samples],
        chunk.timestamps_s[:n_samples],
    )
    rest = Chunk(
        chunk.stream,
        chunk.first_sample + n_samples,
        chunk.samples[n_samples:],
        chunk.timestamps_s[n_samples:],
    )
    return first, rest
