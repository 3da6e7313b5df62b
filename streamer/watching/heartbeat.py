"""Publishes the service's status: once a second, and at the next tick after a change."""

from collections import deque
from collections.abc import Callable, Sequence

from stimulators.decisions import Decision, Notice, Refusal, StateChanged
from stimulators.gate.gate import SafetyGate
from stimulators.wire.messages import Status
from stimulators.wire.received import ControlHeard
from stimulators.wire.transport import Transport
from streamer.closed_loop import Outcome
from streamer.events import Event, Tick

_PERIOD_S = 1.0
#: A status is no place for more.
_N_REFUSED_MAX = 500
#: Nor for a longer name of a request, which nobody who wants an answer gives.
_N_REQUEST_MAX = 200
#: Answers that wait for a beat of their own.
_N_ANSWERS_MAX = 16


class Heartbeat:
    """Publishes the service's status.

    Parameters
    ----------
    transport : Transport
        Where it is said.
    gate : SafetyGate
        Whose state, reason and beliefs are told.
    head : callable
        Returns the newest committed link of the journal.
    session, config_digest, versions, allow
        What every status says.
    """

    def __init__(
        self,
        transport: Transport,
        gate: SafetyGate,
        *,
        head: Callable[[], str],
        session: str,
        config_digest: str,
        versions: dict[str, str],
        allow: tuple[str, ...] = (),
    ) -> None:
        self._allow = allow
        self._transport = transport
        self._gate = gate
        self._head = head
        self._session = session
        self._config_digest = config_digest
        self._versions = versions
        self._answered = ""
        self._refused = ""
        self._answers: deque[tuple[str, str]] = deque(maxlen=_N_ANSWERS_MAX)
        self._due_s = float("-inf")

    def watch(self, event: Event, now_s: float, outcome: Outcome) -> None:
        """Note changes and answered requests of a step, and publish at a tick where due."""
        if any(isinstance(each, StateChanged | Notice) for each in outcome.decisions):
            self._due_s = float("-inf")
        if isinstance(event, ControlHeard):
            self._answer(event.message.request_id, outcome.decisions)
        elif isinstance(event, Tick) and now_s >= self._due_s:
            self.announce(now_s)

    def _answer(self, request_id: str, decisions: Sequence[Decision]) -> None:
        """Put an operator's request into the status, with its refusal where it has one.

        Each has a beat of its own: of two within a tick, neither operator waits in vain.
        """
        refusals = [
            f"{each.reason} ({_about(each.device)}expected {each.expected}, found {each.found})"
            for each in decisions
            if isinstance(each, Refusal) and each.request_id == request_id
        ]
        refused = "; ".join(refusals)[:_N_REFUSED_MAX]
        self._answers.append((request_id[:_N_REQUEST_MAX], refused))
        self._due_s = float("-inf")

    def announce(self, now_s: float, *, state: str = "") -> None:
        """Publish the status now.

        Parameters
        ----------
        now_s : float
            The service's clock.
        state : str
            What is told in place of the gate's state: ``offline`` at the end.
        """
        gate = self._gate
        if self._answers:
            self._answered, self._refused = self._answers.popleft()
        self._due_s = float("-inf") if self._answers else now_s + _PERIOD_S
        self._transport.announce(
            Status(
                state=state or gate.state,
                session=self._session,
                reason=gate.status_text,
                now_us=round(now_s * 1e6),
                config_digest=self._config_digest,
                journal_head=self._head(),
                versions=self._versions,
                answered=self._answered,
                refused=self._refused,
                drives=gate.driven,
                devices=gate.beliefs(now_s),
                allow=self._allow,
                stage=gate.stage,
                offers=gate.offers(),
            )
        )


def _about(device: str) -> str:
    return f"{device}: " if device else ""
