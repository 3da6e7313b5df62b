"""The records of a journal as entries for people: one for each thing that happened in a step."""

from collections.abc import Iterator
from functools import singledispatch
from typing import Any, Final

import msgspec

from replay.recorded_outcome import ReadOutcome, read_outcome
from stimulators.decisions import Decision, Send
from stimulators.wire.messages import Lease
from stimulators.wire.received import ClockAsked, StatusHeard
from streamer.events import (
    Chunk,
    ClockCorrection,
    Event,
    Marker,
    NullArrived,
    NullLate,
    PastKnown,
    Tick,
)
from streamer.journal.reader import JournalRecord
from streamer.journal.records import EndRecord, FailureRecord, Header, StepRecord
from streamer.tables.decided_rows import decided
from streamer.tables.heard_rows import heard
from streamer.tables.row import Row, row
from streamer.tables.seen_rows import detected

#: Kinds that occur all the time and are left out unless asked for.
OFTEN: Final = ("samples", "tick", "target", "lease", "clock", "device")
#: Every kind of entry, in the order of the guide.
KINDS: Final = (
    "header",
    "detection",
    "command",
    "nothing",
    "ack",
    "report",
    "refusal",
    "state",
    "quality",
    "stream",
    "marker",
    "operator",
    "stop",
    "notice",
    "link",
    "fault",
    "machine",
    "recorder",
    "past",
    "null",
    "service",
    "failure",
    "end",
    *OFTEN,
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    Parameters
    ----------
    record : int
        Number of the record.
    now_s : float
        When the service knew of it, in seconds of its clock.
    since_s : float
        The same since the session began.
    utc_us : int or None
        The same as wall clock, Unix time in microseconds; None where the session has none.
    kind, what : str
        One of `KINDS`, and which of these.
    device : str
        Of which device, if of one.
    columns : dict
        What else is said, by the names of `events.parquet`.
    """

    record: int
    now_s: float
    since_s: float
    utc_us: int | None
    kind: str
    what: str
    device: str
    columns: dict[str, Any]


def entries_of(
    record: JournalRecord, since_s: float, outcome: ReadOutcome | None = None
) -> Iterator[Entry]:
    """Yield the entries of a record, in order.

    Parameters
    ----------
    record : JournalRecord
        The record.
    since_s : float
        When it was written, in seconds since the session began.
    outcome : ReadOutcome, optional
        That of a step, where it was read already.

    Raises
    ------
    JournalError
        Where it holds something that this version of the program does not know.
    """
    for each in _rows(record, outcome):
        columns = {key: value for key, value in each.items() if value not in (None, "")}
        yield Entry(
            record=record.number,
            now_s=record.now_s,
            since_s=since_s,
            utc_us=record.utc_us,
            kind=columns.pop("event"),
            what=columns.pop("kind"),
            device=columns.pop("device", ""),
            columns=columns,
        )


def _rows(record: JournalRecord, outcome: ReadOutcome | None) -> Iterator[Row]:
    payload = record.payload
    if isinstance(payload, Header):
        yield row("header", "began", text=f"session {payload.session}")
    elif isinstance(payload, FailureRecord):
        yield row("failure", "failed", text=payload.text)
    elif isinstance(payload, EndRecord):
        yield row("end", "ended", text=payload.reason)
    else:
        yield from _rows_of_step(record, payload, outcome)


def _rows_of_step(
    record: JournalRecord, step: StepRecord, outcome: ReadOutcome | None
) -> Iterator[Row]:
    yield from told(step.event)
    found = read_outcome(record, step) if outcome is None else outcome
    for note in found.notes:
        kind = "null" if note.kind == "null" else "quality"
        yield row(kind, note.kind, stream=note.stream, sample=note.sample, text=note.text)
    yield from map(detected, found.detections)
    for target in found.targets:
        yield row(
            "target",
            "withheld" if target.withheld else target.kind,
            device=target.device,
            policy=target.policy,
            program=target.program,
            sample=target.sample,
            amount=target.amount,
            value=target.value,
            threshold=target.threshold,
        )
    for decision in found.decisions:
        yield from _decided(decision)
    for event in found.device_events:
        yield row(
            "device",
            event.change,
            device=event.device,
            policy=event.policy,
            sample=event.sample,
            lowest=event.lowest,
            highest=event.highest,
        )


def _decided(decision: Decision) -> Iterator[Row]:
    if isinstance(decision, Send) and isinstance(decision.message, Lease):
        lease = decision.message
        yield row(
            "lease",
            "given",
            device=decision.device,
            lease_seq=lease.lease_seq,
            duration_s=lease.valid_us / 1e6,
        )
    yield from decided(decision)


@singledispatch
def told(event: Event) -> Iterator[Row]:
    """Yield the entry of the event that the loop was fed."""
    yield from heard(event)


@told.register
def _(event: Chunk) -> Iterator[Row]:
    yield row(
        "samples",
        "chunk",
        stream=event.stream,
        sample=event.first_sample,
        n=event.timestamps_s.size,
    )


@told.register
def _(event: Marker) -> Iterator[Row]:
    yield row("marker", "marker", stream=event.stream, time_s=event.time_s, text=event.text)


@told.register
def _(event: ClockCorrection) -> Iterator[Row]:
    yield row(
        "clock",
        "correction",
        stream=event.stream,
        correction_s=event.correction_s,
        uncertainty_s=event.uncertainty_s,
    )


@told.register
def _(event: ClockAsked) -> Iterator[Row]:
    yield row("clock", "asked", device=event.device)


@told.register
def _(_event: Tick) -> Iterator[Row]:
    yield row("tick", "tick")


@told.register
def _(event: PastKnown) -> Iterator[Row]:
    names = ", ".join(each.device for each in event.past)
    yield row("past", "known", text=f"what earlier services gave: {names or 'no device'}")


@told.register
def _(event: NullLate) -> Iterator[Row]:
    yield row("null", "late", detector=event.detector, channel=event.channel, text=event.reason)


@told.register
def _(event: NullArrived) -> Iterator[Row]:
    yield row("null", "arrived", detector=event.detector, channel=event.channel)


@told.register
def _(event: StatusHeard) -> Iterator[Row]:
    yield row("service", event.message.state, text=f"session {event.message.session}")
