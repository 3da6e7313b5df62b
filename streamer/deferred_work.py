"""What detectors will need at later samples, computed beside the loop so that no step waits."""

import queue
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from detectors.chain import DetectorChain
from detectors.deferral import Deferral
from streamer.events import Chunk, NullArrived, NullLate


@dataclass(eq=False)
class _Work:
    """One computation that was put off: done once it has its result, or has failed."""

    deferral: Deferral
    stream: str
    done: threading.Event = field(default_factory=threading.Event)
    failure: str = ""
    is_late: bool = False


class DeferredWork:
    """A thread that computes what a chain of detectors put off, one computation after the other.

    A result that is there before the samples at which it is due changes nothing: the detector
    would have computed the same. So it is not told. Before samples at which one is due that is not
    there, `before` gives the events that let the detector go on without it, and `arrived` those
    that bind it once it is there.

    Parameters
    ----------
    chain : DetectorChain
        Of the loop.
    waits : bool
        Whether samples wait for what is due at them, as those of a file may.
    """

    def __init__(self, chain: DetectorChain, *, waits: bool = False) -> None:
        self._chain = chain
        self._waits = waits
        self._open: list[_Work] = []
        self._wanted: queue.SimpleQueue[_Work | None] = queue.SimpleQueue()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="deferred work", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the thread after the computation it is at."""
        self._is_over = True
        self._wanted.put(None)
        self._thread.join()

    def take(self) -> None:
        """Start the computations that the chain newly needs; call after each step with samples."""
        deferrals = self._chain.deferrals
        if not deferrals and not self._open:
            return
        self._open = [each for each in self._open if each.deferral in deferrals]
        known = [each.deferral for each in self._open]
        for deferral in deferrals:
            if deferral not in known:
                work = _Work(deferral, self._chain.streams[deferral.detector])
                self._open.append(work)
                self._wanted.put(work)

    def before(self, chunk: Chunk) -> list[NullLate]:
        """Return an event for each result that the samples of a chunk need and do not have yet.

        Where samples may wait, wait for the results instead.
        """
        if not self._open:
            return []
        late: list[NullLate] = []
        end = chunk.first_sample + chunk.timestamps_s.size
        for work in self._open:
            due = work.deferral.due_sample
            if work.stream != chunk.stream or due is None or due >= end:
                continue
            if self._waits:
                work.done.wait()
            elif work.failure or not work.done.is_set():
                work.is_late = True
                late.append(NullLate(work.deferral.detector, work.deferral.channel, work.failure))
        return late

    def arrived(self) -> list[NullArrived]:
        """Return an event, once, for each late result that is computed now."""
        arrived: list[NullArrived] = []
        for work in self._open:
            if work.is_late and work.done.is_set() and not work.failure:
                work.is_late = False
                arrived.append(NullArrived(work.deferral.detector, work.deferral.channel))
        return arrived

    def _run(self) -> None:
        while (work := self._wanted.get()) is not None and not self._is_over:
            try:
                work.deferral.result()
            except Exception as error:  # noqa: BLE001 told where it is due; the loop goes on
                work.failure = f"{type(error).__name__}: {error}"
            work.done.set()
