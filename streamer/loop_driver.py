"""Takes one event through the loop: step, journal, messages, then the watchers."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from stimulators.decisions import Decision, EndRun, Send, SendStop
from stimulators.wire.messages import Stop
from stimulators.wire.transport import Transport
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.errors import RivalError
from streamer.events import Event, Tick
from streamer.watching.watchers import Delivered, Sent, Watcher


class StepWriter(Protocol):
    """Writes steps down before any message of them leaves; the journal is one."""

    def write(self, event: Event, now_s: float, outcome: Outcome) -> object:
        """Write one step."""
        ...

    def fail(self, text: str, now_s: float) -> object:
        """Write that a step raised an error."""
        ...

    def commit(self) -> object:
        """Hand everything written so far to the operating system."""
        ...

    def digest(self) -> object:
        """Finish the newest step: work that no message waits for."""
        ...


class LoopDriver:
    """Drives a loop: turns each event into decisions, and decisions into messages.

    Parameters
    ----------
    loop : ClosedLoop
        What decides.
    journal : StepWriter
        Has every step before a message of it leaves.
    transport : Transport
        Where messages go.
    now_s : callable
        The service's clock.
    end : callable
        Given an error where the loop decides that the run must end.

    Attributes
    ----------
    watchers : list of Watcher
        Called in this order after each step.
    """

    def __init__(
        self,
        loop: ClosedLoop,
        *,
        journal: StepWriter,
        transport: Transport,
        now_s: Callable[[], float],
        end: Callable[[BaseException], None],
        watchers: Iterable[Watcher] = (),
    ) -> None:
        self.watchers = list(watchers)
        self._loop = loop
        self._journal = journal
        self._transport = transport
        self._now_s = now_s
        self._end = end

    def act(self, event: Event) -> None:
        """Take the next event through the loop.

        Raises
        ------
        Exception
            What the step, the journal, the transport or a watcher raised. A step that raises is
            written down as a failure, its event is not.
        """
        now_s = self._now_s()
        outcome = self._step(event, now_s)
        decided_s = self._now_s()
        self._journal.write(event, now_s, outcome)
        sent = self._deliver(outcome.decisions) if outcome.decisions else ()
        if isinstance(event, Tick):
            self._journal.commit()
        self._journal.digest()
        delivered = Delivered.of(outcome, decided_s, sent)
        for watcher in self.watchers:
            watcher(event, now_s, delivered)

    def _step(self, event: Event, now_s: float) -> Outcome:
        try:
            return self._loop.step(event, now_s)
        except Exception as error:
            self._journal.fail(f"{type(event).__name__}: {type(error).__name__}: {error}", now_s)
            raise

    def _deliver(self, decisions: Sequence[Decision]) -> tuple[Sent, ...]:
        """Send the messages of decisions; return what became of each command and lease."""
        sent: list[Sent] = []
        if any(isinstance(each, Send | SendStop) for each in decisions):
            self._journal.commit()
        for each in decisions:
            if isinstance(each, Send):
                was_sent = self._transport.send(each.device, each.message)
                sent.append(Sent(each, was_sent, self._now_s()))
            elif isinstance(each, SendStop):
                self._transport.stop(
                    Stop(request_id=each.request_id, operator="service", reason=each.reason)
                )
            elif isinstance(each, EndRun):
                self._end(RivalError(each.reason))
        return tuple(sent)
