"""Rows of events: each kind of event and decision has one, or is listed as having none."""

import typing
from typing import Any

import msgspec
import pyarrow as pa

from detectors.conditioning.conditioner import Note
from detectors.estimates import Seen
from stimulators.decisions import Decision, EndRun, Refusal, Send
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Lease
from stimulators.wire.received import ClockAsked, StatusHeard
from streamer.closed_loop import Outcome
from streamer.events import (
    Chunk,
    ClockCorrection,
    Event,
    Marker,
    NullArrived,
    NullLate,
    PastKnown,
    Slept,
    Tick,
)
from streamer.tables import event_rows
from streamer.tables.event_rows import EventRows
from streamer.watching.wall_clock import WallClock
from tests.streamer.journal.journal_examples import DECISIONS, DETECTION, EVENTS, estimates

_SCHEMA = pa.schema(event_rows.COLUMNS)
#: What has no row: what follows from these is a decision, or nothing.
_WITHOUT_ROW = {Tick, PastKnown, NullLate, NullArrived, ClockAsked, StatusHeard, ClockCorrection}


def _rows(
    *steps: tuple[Event | None, Outcome], offset_us: int | None = None
) -> list[dict[str, Any]]:
    clock = WallClock(offset_us)
    rows = EventRows(_SCHEMA, clock, {"LFP": 10.0})
    groups: list[pa.Table] = []
    for number, (event, outcome) in enumerate(steps):
        clock.hear(event)
        groups.extend(rows.add(event, float(number), outcome))
    groups.extend(rows.take())
    return [row for group in groups for row in group.to_pylist()]


def _said(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value
        for name, value in row.items()
        if value is not None and value != "" and name not in {"known_s", "complete"}
    }


def test_every_kind_of_event_has_a_row_or_is_known_to_have_none() -> None:
    kinds = set(typing.get_args(Event))
    assert {type(each) for each in EVENTS} == kinds
    for event in EVENTS:
        n_rows = len(_rows((event, Outcome())))
        has_none = type(event) in {*_WITHOUT_ROW, Chunk}
        assert n_rows == (0 if has_none else 1), event


def test_every_kind_of_decision_has_a_row_but_leases() -> None:
    decisions = (*DECISIONS, EndRun("another service"))
    assert {type(each) for each in decisions} == set(typing.get_args(Decision))
    for decision in decisions:
        n_rows = len(_rows((Tick(), Outcome(decisions=(decision,)))))
        is_lease = isinstance(decision, Send) and isinstance(decision.message, Lease)
        assert n_rows == (0 if is_lease else 1), decision


def test_a_command_says_what_is_sent_and_why() -> None:
    (row,) = _rows((Tick(), Outcome(decisions=DECISIONS[:1])))
    assert _said(row) == {
        "time_s": 0.002,
        "event": "command",
        "kind": "amplitude",
        "detector": "beta",
        "channel": "STN_L_13",
        "device": "stn_left",
        "policy": "adbs",
        "program": "adbs",
        "seq": 1,
        "amount": 1.5,
        "unit": "mA",
        "value": 0.1,
        "threshold": 0.2,
        "onset_s": 0.001,
        "reason": "wanted",
        "limit": "slew_ma_per_s_max",
        "limit_share": 1.0,
        "runner_up": "amplitude_ma_max",
        "runner_up_share": 0.5,
    }


def test_nothing_has_its_reason_and_the_limits_that_bind_most() -> None:
    (row,) = _rows((Tick(), Outcome(decisions=DECISIONS[1:2])))
    assert (row["event"], row["kind"], row["device"]) == ("nothing", "limit", "stn_left")
    assert (row["limit"], row["limit_share"]) == ("slew_ma_per_s_max", 1.0)
    assert (row["runner_up"], row["runner_up_share"]) == ("amplitude_ma_max", 0.5)


def test_a_level_is_an_amount_without_unit() -> None:
    (send,) = DECISIONS[:1]
    assert isinstance(send, Send)
    command = msgspec.structs.replace(send.message, amplitude_ma=None, level=0.5)
    (row,) = _rows((Tick(), Outcome(decisions=(Send("stn_left", command),))))
    assert (row["amount"], row["unit"]) == (0.5, "")


def test_a_refusal_says_the_reason_and_what_was_found() -> None:
    refusal = Refusal(RefusalReason.LATE, device="stn", policy="adbs", found="2 s", expected="1 s")
    (row,) = _rows((Tick(), Outcome(decisions=(refusal,))))
    assert (row["event"], row["kind"], row["sample"]) == ("refusal", "late", None)
    assert row["text"] == "expected 1 s, found 2 s"


def test_a_detection_stands_at_its_own_time_and_says_when_it_was_known() -> None:
    seen = Seen(estimates("burst"), (DETECTION, msgspec.structs.replace(DETECTION, complete=False)))
    first, second = _rows((Tick(), Outcome()), (None, Outcome(seen=(seen,))))
    assert (first["time_s"], first["known_s"], first["sample"]) == (0.05, 1.0, 5)
    assert (first["event"], first["kind"], first["value"]) == ("detection", "onset", 0.3)
    assert (first["complete"], second["complete"]) == (True, False)


def test_a_gap_stands_where_it_began_however_late_it_is_confirmed() -> None:
    note = Note("LFP", 24, "gap", "75 samples (0.300 s) are missing before sample 20")
    chunk = EVENTS[0]
    assert isinstance(chunk, Chunk)
    chunk = msgspec.structs.replace(chunk, first_sample=23)  # stamped 1.0 and 1.1
    (row,) = _rows((chunk, Outcome(notes=(note,))))
    assert (row["event"], row["sample"], row["duration_s"]) == ("gap", 20, 0.3)
    assert abs(row["time_s"] - (1.1 - 0.4 - 0.3)) < 1e-12


def test_markers_and_notes_are_corrected_to_the_services_clock() -> None:
    note = Note("LFP", 1, "late", "")
    corrections = [(ClockCorrection(name, 5.0, 1e-4), Outcome()) for name in ("LFP", "events")]
    spoilt = ClockCorrection("LFP", float("nan"), 1e-4)
    marked, noted = _rows(
        *corrections,
        (spoilt, Outcome()),
        (Marker("events", 1.25, "cue"), Outcome()),
        (EVENTS[0], Outcome(notes=(note,))),
    )
    assert (marked["event"], marked["time_s"], marked["text"]) == ("marker", 6.25, "cue")
    assert (noted["event"], noted["time_s"]) == ("quality", 6.1)


def test_wall_clock_follows_a_sleep_of_the_machine() -> None:
    fault = EVENTS[10]
    before, slept, after = _rows(
        (fault, Outcome()), (Slept(60.0), Outcome()), (fault, Outcome()), offset_us=1_000_000
    )
    seconds = [row["time_utc"].timestamp() for row in (before, slept, after)]
    assert seconds == [1.0, 62.0, 63.0]
    assert slept["duration_s"] == 60.0


def test_rows_keep_the_order_of_the_journal_over_groups() -> None:
    rows = EventRows(_SCHEMA, WallClock(None), {}, n_group_rows=4)
    groups: list[pa.Table] = []
    for number in range(10):
        groups.extend(rows.add(EVENTS[10], float(number), Outcome()))
    groups.extend(rows.take())
    assert [each.num_rows for each in groups] == [4, 4, 2]
    assert pa.concat_tables(groups)["known_s"].to_pylist() == list(map(float, range(10)))
