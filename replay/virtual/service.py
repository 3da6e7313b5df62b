"""A service in virtual time: the real loop, fed and obeyed, that may freeze or be killed."""

from collections.abc import Callable, Sequence
from typing import Literal

import msgspec

from replay.virtual.ledger import MemoryLedger
from replay.virtual.machine import KEPT_ALIVE_US, Machine
from replay.virtual.network.broker import RECONNECT_US, Broker, Client, Post
from replay.virtual.network.wire import ServiceWire
from replay.virtual.rig import STREAM_INFO
from stimulators.decisions import Notice
from stimulators.wire import topics
from stimulators.wire.messages import Status
from stimulators.wire.received import ClockAsked, ControlHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Chunk, Event, Slept, Tick
from streamer.loop_driver import LoopDriver
from streamer.running.farewell import SERVICE_OPERATOR, last_request, patience_s
from streamer.watching.heartbeat import Heartbeat

#: How long a service listens for another one before it creates anything.
LISTEN_US = 2_500_000

Phase = Literal["listening", "running", "ended"]
Observer = Callable[["VirtualService", Event, Outcome], None]


class VirtualService:
    """One life of the service: a session of its own.

    Parameters
    ----------
    config : LoopConfig
        The rig.
    broker : Broker
        Where it connects.
    session : str
        Name of its session.
    ledger : MemoryLedger
        What the rig's services before it wrote down of the past.
    machine : Machine
        What it runs on.
    listens : bool
        Whether it looks for another service before it begins.
    first : callable
        Returns what the source says at first, when the service begins.

    Attributes
    ----------
    loop : ClosedLoop
        What decides.
    phase : str
        ``listening``, ``running`` or ``ended``.
    exit_code : int or None
        Of the process, once it has ended by itself.
    wish : dict of str to (float, str)
        By device, the amount and program that its policy wants, of the newest hop.
    notices : list of Notice
        All notices for an operator.
    observers : list of callable
        Called after each step.
    """

    def __init__(
        self,
        config: LoopConfig,
        broker: Broker,
        session: str,
        ledger: MemoryLedger,
        machine: Machine,
        *,
        listens: bool = True,
        first: Callable[[], Sequence[Event]] = tuple,
    ) -> None:
        self.session = session
        self.phase: Phase = "listening"
        self.exit_code: int | None = None
        self.wish: dict[str, tuple[float, str]] = {}
        self.notices: list[Notice] = []
        self.observers: list[Observer] = []
        self.loop = ClosedLoop(config, [STREAM_INFO], session)
        self._schedule = broker.schedule
        self._tick_us = round(config.rig.tick_s * 1e6)
        self._ledger = ledger
        self._machine = machine
        self._slept_us = machine.slept_us
        self._first = first
        self._backlog: list[Event] = []
        self._frozen_until_us = 0
        self._next_sample = 0
        self._leaving_until_us: int | None = None
        self.wire = ServiceWire(broker, session, self.hear)
        self._heartbeat = Heartbeat(
            self.wire,
            self.loop.gate,
            head=lambda: "",
            session=session,
            config_digest="",
            versions={},
        )
        self._driver = LoopDriver(
            self.loop,
            journal=_Unwritten(),
            transport=self.wire,
            now_s=lambda: self.now_s,
            end=lambda error: self.end(3, str(error)),
            watchers=(self._note, self._heartbeat.watch, self._go_on_at_ticks, self._tell),
        )
        self._ear = Client(
            broker,
            topics=(topics.STATUS,),
            hear=self._overhear,
            change_link=lambda *_: None,
        )
        if listens:
            self._ear.connect()
        self._schedule.after(LISTEN_US if listens else 0, self._begin)

    @property
    def state(self) -> str:
        """The gate's state; ``offline`` where the service does not run."""
        return self.loop.gate.state if self.phase == "running" else "offline"

    @property
    def now_s(self) -> float:
        """The service's clock."""
        return self._machine.now_us / 1e6

    def hear(self, event: Event) -> None:
        """Act on an event: at once, or when a frozen process runs again."""
        if self.phase == "ended":
            return
        if isinstance(event, Chunk) and self._machine.is_asleep:
            # Nobody takes samples for it.
            return
        if self._backlog or self._schedule.now_us < self._frozen_until_us:
            self._backlog.append(event)
        elif self.phase == "running":
            self._act(event)

    def freeze(self, for_us: int) -> None:
        """Stand still, as a stopped process does: what comes waits."""
        self._frozen_until_us = max(self._frozen_until_us, self._schedule.now_us + for_us)
        self._schedule.at(self._frozen_until_us, self._thaw)

    def suspend(self) -> None:
        """Stand still with its machine; a broker does not wait for it for long."""
        for_us = self._machine.wakes_us - self._schedule.now_us
        self.freeze(for_us)
        if for_us > KEPT_ALIVE_US:
            back_us = for_us - KEPT_ALIVE_US + RECONNECT_US
            self._schedule.after(KEPT_ALIVE_US, lambda: self._lose_link(back_us))

    def _lose_link(self, back_after_us: int) -> None:
        if self.phase == "running":
            self.wire.client.disconnect("its keep-alive ended", back_after_us=back_after_us)

    def kill(self) -> None:
        """End at once and say nothing: the broker sends the Last Will."""
        if self.phase != "ended":
            self.phase = "ended"
            self._ear.disconnect("killed", back_after_us=None)
            self.wire.die()

    def end(self, exit_code: int, reason: str) -> None:
        """End by itself: first the devices are brought to safety, and their word is awaited."""
        if self.phase == "listening":
            self.phase, self.exit_code = "ended", exit_code
            self._ear.disconnect(reason, back_after_us=None)
        elif self.phase == "running" and self._leaving_until_us is None:
            self.exit_code = exit_code
            self._leaving_until_us = self._schedule.now_us
            self._act(last_request(self.session, self._machine.now_us, reason))
            self._leaving_until_us += round(patience_s(self.loop.gate) * 1e6)

    def _leave(self) -> None:
        self._keep_past()
        self._heartbeat.announce(self.now_s, state="offline")
        self.phase = "ended"
        self.wire.leave()

    def _begin(self) -> None:
        if self.phase == "ended":
            return
        if self._machine.is_asleep:
            self._schedule.at(self._machine.wakes_us, self._begin)
            return
        self.phase = "running"
        self._slept_us = self._machine.slept_us
        self._ear.disconnect("listened", back_after_us=None)
        past = self._ledger.event(self._schedule.now_us / 1e6, read_s=self.now_s)
        for event in (past, *self._first()):
            self.hear(event)
        self.wire.client.connect()
        self._schedule.after(self._tick_us, self._tick)

    def _overhear(self, post: Post, is_kept: bool) -> None:
        said = post.message
        is_alive = isinstance(said, Status) and not is_kept and said.state != "offline"
        if self.phase == "listening" and is_alive:
            self.end(3, "another service of this rig is there")

    def _thaw(self) -> None:
        if self._schedule.now_us < self._frozen_until_us:
            return
        waiting, self._backlog = self._backlog, []
        for event in waiting:
            self.hear(event)

    def _tick(self) -> None:
        if self.phase == "ended":
            return
        now_us = self._schedule.now_us
        if now_us < self._frozen_until_us:
            # The timer is looked at after what had waited: one tick, not all that were missed.
            self._schedule.at(self._frozen_until_us, self._tick)
            return
        slept_us, self._slept_us = self._machine.slept_us - self._slept_us, self._machine.slept_us
        if slept_us:
            self._act(Slept(lasted_s=slept_us / 1e6))
        self._act(Tick())
        self._schedule.after(self._tick_us, self._tick)

    def _act(self, event: Event) -> None:
        if isinstance(event, ControlHeard) and self._is_too_late(event):
            return
        if isinstance(event, Chunk):
            event = msgspec.structs.replace(event, first_sample=self._next_sample)
            self._next_sample += len(event.timestamps_s)
        elif isinstance(event, ClockAsked):
            self.wire.answer_clock(event, self._machine.now_us)
        self._driver.act(event)

    def _note(self, _event: Event, _now_s: float, outcome: Outcome) -> None:
        for target in outcome.targets:
            if target.withheld:
                self.wish.pop(target.device, None)
            elif target.kind == "amplitude":
                self.wish[target.device] = (target.amount, target.program)
        self.notices.extend(each for each in outcome.decisions if isinstance(each, Notice))

    def _go_on_at_ticks(self, event: Event, _now_s: float, _outcome: Outcome) -> None:
        if not isinstance(event, Tick):
            return
        if self._leaving_until_us is not None:
            if not self.loop.gate.driven or self._schedule.now_us >= self._leaving_until_us:
                self._leave()
        elif self._ledger.is_due(self._schedule.now_us / 1e6):
            self._keep_past()

    def _tell(self, event: Event, _now_s: float, outcome: Outcome) -> None:
        for observer in self.observers:
            observer(self, event, outcome)

    def _is_too_late(self, asked: ControlHeard) -> bool:
        """Return whether an operator's request comes after the service began to leave."""
        return self._leaving_until_us is not None and asked.message.operator != SERVICE_OPERATOR

    def _keep_past(self) -> None:
        if self.phase == "running":
            self._ledger.keep(self.loop.gate.past(self.now_s), self._schedule.now_us / 1e6)


class _Unwritten:
    """A journal that keeps nothing: nobody verifies a virtual service."""

    def write(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Keep nothing."""

    def fail(self, text: str, now_s: float) -> None:
        """Keep nothing: what raised is raised."""

    def commit(self) -> None:
        """Keep nothing."""

    def digest(self) -> None:
        """Keep nothing."""
