"""Lines that tell an operator what happened in a step of the loop."""

from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from detectors.conditioning.conditioner import Note
from stimloop.terminal.plain_text import plain
from stimulators.decisions import Decision, EndRun, Notice, Refusal, StateChanged
from stimulators.refusals import RefusalReason
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import Event

#: Reasons of refusals that are no news: state, stage or offer are told themselves, or a newer
#: target counts.
_EXPECTED = {
    RefusalReason.SUPERSEDED,
    RefusalReason.IDLE,
    RefusalReason.ARMED,
    RefusalReason.HOLD,
    RefusalReason.PAUSED,
    RefusalReason.SAFE,
    RefusalReason.UNCONFIRMED,
    RefusalReason.WITHHELD,
}
#: Notices that are no alarm: something is in order again, or an operator is asked or has spoken.
_GOOD = {
    "stream_resumed",
    "stream_heard",
    "null_arrived",
    "offered",
    "confirmed",
    "yes_over",
    "recording",
}


Weight: TypeAlias = Literal["plain", "alarm"]


class NewsLine(msgspec.Struct, frozen=True):
    """A line of news and how much it stands out; text from elsewhere is already escaped."""

    text: str
    weight: Weight = "plain"


def news(event: Event, outcome: Outcome) -> Iterator[NewsLine]:
    """Yield a line for every data flaw, change of state, notice and refusal that is news."""
    if isinstance(event, LinkChanged):
        text = "broker reached" if event.is_up else f"broker away: {event.reason}"
        yield NewsLine(plain(text), "plain" if event.is_up else "alarm")
    yield from _noted(outcome.notes)
    for decision in outcome.decisions:
        line = _told(decision)
        if line is not None:
            yield line


def _noted(notes: Sequence[Note]) -> Iterator[NewsLine]:
    """Yield a line for each kind of data flaw at one sample, however many channels have it."""
    alike: dict[tuple[str, str, int], list[str]] = {}
    for note in notes:
        alike.setdefault((note.stream, note.kind, note.sample), []).append(note.text)
    for (stream, kind, sample), texts in alike.items():
        if kind == "unusual" and (stream, "implausible", sample) in alike:
            continue  # the graver word says it all
        text = f"{stream}: {kind} at sample {sample}: {texts[0]}".rstrip(": ")
        more = f" (and {len(texts) - 1} more like it)" if len(texts) > 1 else ""
        yield NewsLine(plain(text + more))


def _told(decision: Decision) -> NewsLine | None:
    if isinstance(decision, StateChanged):
        text = f"{decision.before} -> {decision.after}: {decision.reason}"
        return NewsLine(plain(text), "alarm" if decision.after == "safe" else "plain")
    if isinstance(decision, Notice):
        weight: Weight = "plain" if decision.kind in _GOOD else "alarm"
        return NewsLine(plain(f"{_about(decision)}{decision.kind}: {decision.text}"), weight)
    if isinstance(decision, EndRun):
        return NewsLine(plain(f"this service ends: {decision.reason}"), "alarm")
    if isinstance(decision, Refusal) and decision.reason is RefusalReason.REFUSED:
        return NewsLine(plain(f"{decision.device} refused a command: {decision.found}"))
    if isinstance(decision, Refusal) and decision.reason not in _EXPECTED:
        why = f"expected {decision.expected}, found {decision.found}" if decision.found else ""
        text = f"{_about(decision)}refused, {decision.reason}: {why}"
        return NewsLine(plain(text.rstrip(": ")))
    return None


def _about(decision: Notice | Refusal) -> str:
    return f"{decision.device}: " if decision.device else ""
