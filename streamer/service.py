"""The service: it feeds the loop from sources, transport and timer, and ends a session in order."""

import asyncio
import math
from collections.abc import Callable, Sequence

from stimulators.gate.usage.past import DevicePast
from stimulators.wire.received import ControlHeard
from stimulators.wire.transport import Transport
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.deferred_work import DeferredWork
from streamer.errors import JournalError, UnsafeEndError
from streamer.events import Chunk, Event, Fault, PastKnown, Slept, Tick
from streamer.loop_driver import LoopDriver, StepWriter
from streamer.running.event_order import EventOrder
from streamer.running.farewell import last_request, patience_s
from streamer.running.interrupts import undisturbed
from streamer.running.run_end import RunEnd
from streamer.source import Source
from streamer.watching.heartbeat import Heartbeat
from streamer.watching.watchers import Watcher

#: An interrupt within this time of the first counts as the same; a later one ends the waiting.
_SAME_INTERRUPT_S = 1.0
#: The clocks that tell a sleep of the machine are read one after the other.
_SLEPT_S_MIN = 0.1
#: What devices have given is kept for the next service this often.
_KEEP_S = 1.0


class Service:
    """Feeds the loop: every event is stamped and journalled before anything follows from it.

    Parameters
    ----------
    loop : ClosedLoop
        What decides.
    journal : StepWriter
        Open and with its header written.
    transport : Transport
        Where commands go.
    heartbeat : Heartbeat
        The service's status.
    now_s : callable
        The service's clock.
    session : str
        Its name.
    tick_s : float
        Interval between two `Tick` events, in seconds.
    watchers : sequence of Watcher
        Called after each step, in this order, and after them the heartbeat's.
    past : sequence of DevicePast
        What earlier services of the rig gave, of devices that are not simulated.
    past_s : float, optional
        When that was read, at the earliest, by the service's clock; without, as the run begins.
    keep_past : callable, optional
        Given once a second, and at the end, what the next service is to know.
    slept_s : callable, optional
        How long the machine has slept since then.
    deferred : DeferredWork, optional
        Computes beside the loop what detectors will need; without it their steps do.

    Attributes
    ----------
    loop : ClosedLoop
        As given.
    watchers : list of Watcher
        More may be added until `run` begins.

    Notes
    -----
    A step that raises is journalled as a failure, its event is not: from then on no samples are
    taken, the devices are told to go safe and the run ends with that error.
    """

    def __init__(
        self,
        *,
        loop: ClosedLoop,
        journal: StepWriter,
        transport: Transport,
        heartbeat: Heartbeat,
        now_s: Callable[[], float],
        session: str,
        tick_s: float,
        watchers: Sequence[Watcher] = (),
        past: Sequence[DevicePast] = (),
        past_s: float | None = None,
        keep_past: Callable[[Sequence[DevicePast]], None] = lambda _: None,
        slept_s: Callable[[], float] = lambda: 0.0,
        deferred: DeferredWork | None = None,
    ) -> None:
        self.loop = loop
        self._end = RunEnd(lambda text: loop.gate.fail(text, now_s()))
        self._driver = LoopDriver(
            loop,
            journal=journal,
            transport=transport,
            now_s=now_s,
            end=self._end.reach,
            watchers=(*watchers, heartbeat.watch, self._keep_past_at_ticks),
        )
        self.watchers = self._driver.watchers
        self._transport = transport
        self._heartbeat = heartbeat
        self._now_s = now_s
        self._session = session
        self._tick_s = tick_s
        self._past = PastKnown(past=tuple(past), read_s=past_s)
        self._keep_past = keep_past
        self._slept_s = slept_s
        self._deferred = deferred
        self._keep_due_s = -math.inf
        self._order = EventOrder(self._act, self._end.reach)
        self._is_leaving = False

    async def run(self, sources: Sequence[Source], *, duration_s: float | None = None) -> str:
        """Run until the sources end, `duration_s` has passed, or the task is cancelled.

        Cancelled again after a second, it waits no longer for the devices, and ends as it would
        have.

        Parameters
        ----------
        sources : sequence of Source
            Entered already.
        duration_s : float, optional
            Seconds after which the session ends by itself.

        Returns
        -------
        str
            Why it ended: ``end of data``, ``duration``, ``stopped``, or what `end` was told.

        Raises
        ------
        JournalError
            Where the journal could not be written: leases end and the devices go safe.
        Exception
            What a source or the transport failed with, after the devices were told to go safe.
        """
        ended = self._end.begin()
        self.emit(self._past)
        tasks = [
            asyncio.create_task(self._transport.feed(self.emit), name="transport"),
            asyncio.create_task(self._tick(), name="tick"),
            asyncio.create_task(self._feed(sources), name="sources"),
        ]
        if duration_s is not None:
            tasks.append(asyncio.create_task(self._time_out(duration_s), name="duration"))
        for task in tasks:
            task.add_done_callback(self._end.notice_failure)
        try:
            try:
                reason = "stopped"
                with undisturbed():
                    reason = await ended
            except JournalError:
                await self._leave()
                raise
            await self._say_farewell()
            if self._end.failure is not None:
                raise self._end.failure
        finally:
            for task in tasks:
                task.cancel()
            while not all(task.done() for task in tasks):
                with undisturbed():
                    await asyncio.wait(tasks)
        return reason

    def emit(self, event: Event) -> None:
        """Act on one event, after all that came before it; call on the loop's thread only."""
        self._order.emit(event)

    def end(self, reason: str) -> None:
        """End the run in order, as at the end of data; the first reason counts."""
        self._end.reach(reason)

    def _act(self, event: Event) -> None:
        if self._end.failure is not None and isinstance(event, Chunk):
            return
        if self._is_leaving and isinstance(event, ControlHeard):
            return  # an operator must not arm what is about to be gone
        if self._deferred is not None:
            self._report_deferred(self._deferred, event)
        self._driver.act(event)

    def _keep_past_at_ticks(self, event: Event, now_s: float, _outcome: Outcome) -> None:
        if isinstance(event, Tick) and now_s >= self._keep_due_s:
            self._keep_due_s = now_s + _KEEP_S
            self._keep_past(self.loop.gate.past(now_s))

    def _report_deferred(self, deferred: DeferredWork, event: Event) -> None:
        """Emit late results: before samples that need them, and at a tick those that arrived."""
        if isinstance(event, Chunk):
            deferred.take()
            for late in deferred.before(event):
                self._act(late)
        elif isinstance(event, Tick):
            for arrived in deferred.arrived():
                self.emit(arrived)

    async def _tick(self) -> None:
        slept_s = 0.0
        while True:
            await asyncio.sleep(self._tick_s)
            before_s, slept_s = slept_s, self._slept_s()
            if slept_s - before_s > _SLEPT_S_MIN:
                self.emit(Slept(lasted_s=slept_s - before_s))
            self.emit(Tick())

    async def _feed(self, sources: Sequence[Source]) -> None:
        async with asyncio.TaskGroup() as group:
            for source in sources:
                name = ", ".join(info.name for info in source.infos)
                group.create_task(source.feed(self.emit), name=f"source {name}")
        self._end.reach("end of data")

    async def _time_out(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)
        self._end.reach("duration")

    async def _say_farewell(self) -> None:
        """Disarm, wait until all devices say that they are safe, and announce ``offline``."""
        if self._end.failure is not None:
            self.emit(Fault(reason=_described(self._end.failure)))
        now_us = round(self._now_s() * 1e6)
        self.emit(last_request(self._session, now_us, "the session ends"))
        self._is_leaving = True
        gate = self.loop.gate
        deadline_s = self._now_s() + patience_s(gate)
        # Who interrupts the waiting still sees us go: with a goodbye there is no Last Will.
        patient_until_s = self._now_s() + _SAME_INTERRUPT_S
        while gate.driven and self._now_s() < deadline_s:
            is_interrupted = True
            with undisturbed():
                await asyncio.sleep(self._tick_s)
                is_interrupted = False
            if is_interrupted and self._now_s() >= patient_until_s:
                break
        if gate.driven and self._end.failure is None:
            self._end.failure = UnsafeEndError(_unsafe_text(gate.driven))
        await self._leave()

    async def _leave(self) -> None:
        """Announce ``offline``, keep the past, and leave a tick's time for both to be sent."""
        self._heartbeat.announce(self._now_s(), state="offline")
        self._keep_past(self.loop.gate.past(self._now_s()))
        with undisturbed():
            await asyncio.sleep(self._tick_s)


def _unsafe_text(devices: Sequence[str]) -> str:
    return (
        f"device {', '.join(devices)}: expected its word that it is at its safe amount, found "
        "none in time: look at it, and switch it off by its own switch"
    )


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
