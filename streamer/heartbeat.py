"""The service's status: said once a second, and at the next tick after anything of note."""

from collections import deque
from collections.abc import Sequence

from stimulators.decisions import Decision, Refusal
from stimulators.gate.gate import SafetyGate
from stimulators.wire.messages import Status
from stimulators.wire.transport import Transport

_PERIOD_S = 1.0
#: A status is no place for more.
_N_REFUSED_MAX = 500
#: Nor for a longer name of a request, which nobody who wants an answer gives.
_N_REQUEST_MAX = 200
#: Answers that wait for a beat of their own.
_N_ANSWERS_MAX = 16


class Heartbeat:
    """Announces what the service is and does.

    Parameters
    ----------
    transport : Transport
        Where it is said.
    session, config_digest, versions, allow
        What every status says.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        session: str,
        config_digest: str,
        versions: dict[str, str],
        allow: tuple[str, ...] = (),
    ) -> None:
        self._allow = allow
        self._transport = transport
        self._session = session
        self._config_digest = config_digest
        self._versions = versions
        self._answered = ""
        self._refused = ""
        self._answers: deque[tuple[str, str]] = deque(maxlen=_N_ANSWERS_MAX)
        self._due_s = float("-inf")

    def hasten(self) -> None:
        """Let the next `beat` announce, whenever the last one was."""
        self._due_s = float("-inf")

    def answer(self, request_id: str, decisions: Sequence[Decision] = ()) -> None:
        """Name an operator's request that was acted on, and why it was refused.

        Each has a beat of its own: of two within a tick, neither operator waits in vain.
        """
        refusals = [
            f"{each.reason} ({_about(each.device)}expected {each.expected}, found {each.found})"
            for each in decisions
            if isinstance(each, Refusal) and each.request_id == request_id
        ]
        refused = "; ".join(refusals)[:_N_REFUSED_MAX]
        self._answers.append((request_id[:_N_REQUEST_MAX], refused))
        self.hasten()

    def beat(self, now_s: float, gate: SafetyGate, *, head: str) -> None:
        """Announce where it is time to; see `announce`."""
        if now_s >= self._due_s:
            self.announce(now_s, gate, head=head)

    def announce(self, now_s: float, gate: SafetyGate, *, head: str, state: str = "") -> None:
        """Announce.

        Parameters
        ----------
        now_s : float
            The service's clock.
        gate : SafetyGate
            Whose state, reason and beliefs are told.
        head : str
            Newest committed link of the journal.
        state : str
            What is told in place of the gate's state: ``offline`` at the end.
        """
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
                journal_head=head,
                versions=self._versions,
                answered=self._answered,
                refused=self._refused,
                drives=gate.driven,
                devices=gate.beliefs(now_s),
                allow=self._allow,
            )
        )


def _about(device: str) -> str:
    return f"{device}: " if device else ""
