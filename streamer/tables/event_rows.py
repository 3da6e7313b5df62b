"""Rows of `events.parquet`: what was detected, decided, sent, answered and wrong, one each."""

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

import pyarrow as pa

from detectors.conditioning.conditioner import Note
from detectors.estimates import Detection
from stimulators.decisions import Decision, EndRun, Notice, Refusal, Send, SendStop, StateChanged
from stimulators.wire.messages import Command
from stimulators.wire.received import (
    AckHeard,
    ControlHeard,
    DeviceStatusHeard,
    Flooded,
    InfoHeard,
    LinkChanged,
    StopHeard,
    Unreadable,
)
from streamer.closed_loop import Outcome
from streamer.events import Chunk, ClockCorrection, Event, Fault, Marker, Slept, StreamChanged
from streamer.tables.wall_clock import UTC_TIME, WallClock

#: Rows of a group.
N_GROUP_ROWS: Final = 1 << 12

_NAME: Final = pa.dictionary(pa.int32(), pa.string())
_NUMBER: Final = pa.float64()
COLUMNS: Final = (
    pa.field("time_s", _NUMBER),
    pa.field("time_utc", UTC_TIME),
    pa.field("known_s", _NUMBER, nullable=False),
    pa.field("event", _NAME, nullable=False),
    pa.field("kind", _NAME, nullable=False),
    pa.field("stream", _NAME),
    pa.field("sample", pa.int64()),
    pa.field("detector", _NAME),
    pa.field("channel", _NAME),
    pa.field("device", _NAME),
    pa.field("policy", _NAME),
    pa.field("program", _NAME),
    pa.field("operator", _NAME),
    pa.field("seq", pa.int64()),
    pa.field("amount", _NUMBER),
    pa.field("unit", _NAME),
    pa.field("value", _NUMBER),
    pa.field("threshold", _NUMBER),
    pa.field("onset_s", _NUMBER),
    pa.field("fire_at_s", _NUMBER),
    pa.field("duration_s", _NUMBER),
    pa.field("complete", pa.bool_(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
)
REPEATING: Final = [each.name for each in COLUMNS if each.type == _NAME]

#: One row: the columns that say something, by name.
Row: TypeAlias = dict[str, Any]

#: How the note of a gap says what is missing, and before which sample.
_GAP: Final = re.compile(
    r"\d+ samples \((?P<lost_s>[0-9.]+) s\) are missing before sample (?P<sample>\d+)"
)


class EventRows:
    """Turns steps into rows, in the order of the journal, and rows into row groups.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the table.
    clock : WallClock
        Told of every event before.
    rates_hz : mapping of str to float
        Nominal rate of each signal.
    n_group_rows : int
        Rows of a group.
    """

    def __init__(
        self,
        schema: pa.Schema,
        clock: WallClock,
        rates_hz: Mapping[str, float],
        n_group_rows: int = N_GROUP_ROWS,
    ) -> None:
        self._schema = schema
        self._clock = clock
        self._rates_hz = rates_hz
        self._n_group_rows = n_group_rows
        self._rows: list[Row] = []
        self._correction_s: dict[str, float] = {}

    def add(self, event: Event | None, now_s: float, outcome: Outcome) -> Iterator[pa.Table]:
        """Take in one step, and yield each row group that it completes.

        Parameters
        ----------
        event : Event or None
            What the loop was fed; samples may be left out where nothing was noted on them.
        now_s : float
            The service's clock.
        outcome : Outcome
            What followed.
        """
        if isinstance(event, ClockCorrection) and math.isfinite(event.correction_s):
            self._correction_s[event.stream] = event.correction_s
        for row in self._rows_of(event, now_s, outcome):
            row.setdefault("time_s", now_s)
            row["known_s"] = now_s
            row["time_utc"] = self._clock.utc_us(row["time_s"])
            row.setdefault("complete", True)
            row.setdefault("text", "")
            self._rows.append(row)
            if len(self._rows) == self._n_group_rows:
                yield from self.take()

    def take(self) -> Iterator[pa.Table]:
        """Yield what is left as a row group, if anything."""
        if self._rows:
            rows, self._rows = self._rows, []
            columns = [
                pa.array([row.get(each.name) for row in rows], each.type) for each in self._schema
            ]
            yield pa.table(columns, schema=self._schema)

    def _rows_of(self, event: Event | None, now_s: float, outcome: Outcome) -> Iterator[Row]:
        if isinstance(event, Marker):
            time_s = event.time_s + self._correction_s.get(event.stream, 0.0)
            yield _row("marker", "marker", time_s=time_s, stream=event.stream, text=event.text)
        elif event is not None and not isinstance(event, Chunk):
            heard = _heard(event)
            if heard is not None:
                yield heard
        if isinstance(event, Chunk):
            for note in outcome.notes:
                yield self._noted(note, event)
        for seen in outcome.seen:
            for detection in seen.detections:
                yield _detected(detection)
        for decision in outcome.decisions:
            row = _decided(decision)
            if row is not None:
                yield row

    def _noted(self, note: Note, chunk: Chunk) -> Row:
        """Return the row of a note, at the corrected stamp of its sample."""
        row = min(max(note.sample - chunk.first_sample, 0), chunk.timestamps_s.size - 1)
        time_s = float(chunk.timestamps_s[row]) + self._correction_s.get(note.stream, 0.0)
        gap = _GAP.match(note.text) if note.kind == "gap" else None
        if gap is None:
            columns: Row = {"sample": note.sample}
        else:  # it was confirmed some samples after it ended
            sample, lost_s = int(gap["sample"]), float(gap["lost_s"])
            time_s -= (note.sample - sample) / self._rates_hz[note.stream] + lost_s
            columns = {"sample": sample, "duration_s": lost_s}
        return _row(
            "quality" if gap is None else "gap",
            note.kind,
            time_s=time_s if math.isfinite(time_s) else None,
            stream=note.stream,
            text=note.text,
            **columns,
        )


def _row(event: str, kind: str, **columns: object) -> Row:
    return {"event": event, "kind": kind, **columns}


def _detected(detection: Detection) -> Row:
    return _row(
        "detection",
        detection.kind,
        time_s=detection.onset_s,
        sample=detection.sample,
        detector=detection.detector,
        channel=detection.channel,
        value=detection.strength,
        complete=detection.complete,
    )


def _heard(event: Event) -> Row | None:
    """Return the row of an event that is neither samples nor a marker, if it has one."""
    if isinstance(event, AckHeard | DeviceStatusHeard | InfoHeard):
        return _from_device(event)
    if isinstance(event, ControlHeard):
        asked = event.message
        return _row("operator", asked.action, operator=asked.operator, text=asked.text)
    if isinstance(event, StopHeard):
        return _row("operator", "stop", operator=event.message.operator, text=event.message.reason)
    if isinstance(event, StreamChanged):
        return _row("stream", event.what, stream=event.stream, text=event.detail)
    if isinstance(event, LinkChanged):
        return _row("link", "up" if event.is_up else "down", text=event.reason)
    if isinstance(event, Fault):
        return _row("fault", "fault", text=event.reason)
    if isinstance(event, Slept):
        return _row("machine", "slept", duration_s=event.lasted_s)
    if isinstance(event, Unreadable):
        return _row("link", "unreadable", text=f"{event.topic}: {event.problem}")
    if isinstance(event, Flooded):
        return _row("link", "flooded", text=f"{event.topic}: {event.n_dropped} dropped unread")
    return None


def _from_device(event: AckHeard | DeviceStatusHeard | InfoHeard) -> Row:
    message = event.message
    row = _row(
        "report",
        "",
        device=event.device,
        program=message.program,
        **_amount(message.applied_ma, message.applied_level),
    )
    if isinstance(event, AckHeard):
        ack = event.message
        row |= {
            "event": "ack",
            "kind": "done" if ack.refused is None else "refused",
            "seq": ack.seq,
            "text": ack.refused or "",
        }
        if ack.applied_us:
            row["time_s"] = ack.applied_us / 1e6
    elif isinstance(event, InfoHeard):
        row |= {"kind": event.message.state, "text": event.message.reason}
    else:
        row["kind"] = event.message.state
        if event.message.said_us:
            row["time_s"] = event.message.said_us / 1e6
    return row


def _decided(decision: Decision) -> Row | None:
    """Return the row of a decision; leases, which follow each other twice a second, have none."""
    if isinstance(decision, Send):
        return _commanded(decision.device, decision.message)
    if isinstance(decision, Refusal):
        return _row(
            "refusal",
            decision.reason,
            device=decision.device or None,
            policy=decision.policy or None,
            sample=decision.sample if decision.sample >= 0 else None,
            text=_expected_text(decision),
        )
    if isinstance(decision, StateChanged):
        return _row("state", decision.after, text=decision.reason)
    if isinstance(decision, Notice):
        return _row("notice", decision.kind, device=decision.device or None, text=decision.text)
    if isinstance(decision, SendStop):
        return _row("stop", "service", text=decision.reason)
    if isinstance(decision, EndRun):
        return _row("notice", "end_run", text=decision.reason)
    return None


def _commanded(device: str, message: object) -> Row | None:
    if not isinstance(message, Command):
        return None
    return _row(
        "command",
        message.kind,
        time_s=message.issued_us / 1e6,
        detector=message.reason.detector,
        channel=message.channel,
        device=device,
        policy=message.reason.policy,
        program=message.program,
        seq=message.seq,
        value=message.reason.value,
        threshold=message.reason.threshold,
        onset_s=message.onset_us / 1e6,
        fire_at_s=None if message.fire_at_us is None else message.fire_at_us / 1e6,
        **_amount(message.amplitude_ma, message.level),
    )


def _amount(amplitude_ma: float | None, level: float | None) -> Row:
    if amplitude_ma is not None:
        return {"amount": amplitude_ma, "unit": "mA"}
    return {} if level is None else {"amount": level, "unit": ""}


def _expected_text(refusal: Refusal) -> str:
    if refusal.expected and refusal.found:
        return f"expected {refusal.expected}, found {refusal.found}"
    return refusal.found or refusal.expected
