"""What an operator should know of a step, a line each."""

from collections.abc import Iterator

from stimulators.decisions import Decision, Notice, Refusal, StateChanged
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import Event

#: A target has no chance in these states, which are told themselves; nor has an older one.
_EXPECTED = {"superseded", "idle", "armed", "hold", "safe"}


def news(event: Event, outcome: Outcome) -> Iterator[str]:
    """Yield a line for every note on the data, change of state, notice and unexpected refusal."""
    if isinstance(event, LinkChanged):
        yield "broker reached" if event.is_up else f"broker away: {event.reason}"
    for note in outcome.notes:
        yield f"{note.stream}: {note.kind} at sample {note.sample}: {note.text}".rstrip(": ")
    for decision in outcome.decisions:
        line = _told(decision)
        if line:
            yield line


def _told(decision: Decision) -> str:
    if isinstance(decision, StateChanged):
        return f"{decision.before} -> {decision.after}: {decision.reason}"
    if isinstance(decision, Notice):
        return f"{decision.kind}: {decision.text}"
    if isinstance(decision, Refusal) and decision.reason not in _EXPECTED:
        why = f"expected {decision.expected}, found {decision.found}" if decision.found else ""
        return f"refused, {decision.reason}: {why}".rstrip(": ")
    return ""
