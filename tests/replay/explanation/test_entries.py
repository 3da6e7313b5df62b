"""Every record of a journal is an entry, of a kind that the guide lists, with its wall clock."""

import re
from pathlib import Path

import msgspec
import pytest

from detectors.conditioning.conditioner import Note
from detectors.estimates import Seen
from replay.explanation.entries import KINDS, OFTEN, Entry, entries_of
from replay.recorded_outcome import read_outcome
from stimulators.decisions import Decision
from stimulators.targets import DeviceEvent
from streamer.closed_loop import Outcome
from streamer.errors import JournalError
from streamer.events import Event, Slept, Tick
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader, JournalRecord
from streamer.journal.records import Header, StepRecord, encode_outcome
from tests.streamer.journal.journal_examples import DECISIONS, DETECTION, EVENTS, TARGET, estimates

_GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "sessions.md"
_CHANGED = DeviceEvent(
    policy="adbs",
    device="stn_left",
    change="engaged",
    sample=5,
    lowest=0.5,
    highest=1.0,
    certain=False,
)


def _record(event: Event, outcome: Outcome) -> JournalRecord:
    return JournalRecord(3, 12.5, StepRecord(event, msgspec.Raw(encode_outcome(outcome))), 77)


def _entries(event: Event, outcome: Outcome = Outcome()) -> list[Entry]:  # noqa: B008 frozen
    return list(entries_of(_record(event, outcome), 2.5))


@pytest.mark.parametrize("event", EVENTS, ids=lambda each: type(each).__name__)
def test_every_event_is_an_entry(event: Event) -> None:
    (entry,) = _entries(event)
    assert entry.kind in KINDS
    assert (entry.record, entry.now_s, entry.since_s, entry.utc_us) == (3, 12.5, 2.5, 77)


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda each: type(each).__name__)
def test_every_decision_is_an_entry(decision: Decision) -> None:
    tick, entry = _entries(Tick(), Outcome(decisions=(decision,)))
    assert (tick.kind, entry.kind in KINDS) == ("tick", True)
    assert getattr(decision, "device", "") == entry.device


def test_an_outcome_is_read_as_it_was_written() -> None:
    note = Note("LFP", 4, "gap", "3 samples are missing")
    outcome = Outcome(
        notes=(note,),
        seen=(Seen(estimates(), (DETECTION,)),),
        targets=(TARGET,),
        decisions=DECISIONS,
        device_events=(_CHANGED,),
    )
    record = _record(Tick(), outcome)
    assert isinstance(record.payload, StepRecord)
    found = read_outcome(record, record.payload)
    assert (found.notes, found.targets, found.decisions) == ((note,), (TARGET,), DECISIONS)
    assert (found.detections, found.device_events) == ((DETECTION,), (_CHANGED,))
    kinds = [each.kind for each in entries_of(record, 0.0)]
    assert kinds[:4] == ["tick", "quality", "detection", "target"]
    assert kinds[-1] == "device"


def test_what_another_version_wrote_is_one_line() -> None:
    step = StepRecord(Tick(), msgspec.Raw(msgspec.msgpack.encode({"decisions": [{"type": "New"}]})))
    with pytest.raises(JournalError, match="record 3: its outcome cannot be read, as another"):
        list(entries_of(JournalRecord(3, 0.0, step), 0.0))


def test_the_guide_lists_every_kind() -> None:
    table = _GUIDE.read_text("utf-8").partition("| kind | is |")[2].partition("\n\n")[0]
    listed = re.findall(r"`(\w+)`", " ".join(row.split("|")[1] for row in table.splitlines()[2:]))
    assert sorted(listed) == sorted(KINDS)
    assert set(OFTEN) < set(KINDS)


def test_every_record_has_a_wall_clock_that_goes_on_while_the_machine_sleeps(
    tmp_path: Path,
) -> None:
    header = Header(
        session="s",
        config_json="{}",
        config_toml_sha256="",
        infos=(),
        versions={},
        machine={},
        utc_offset_us=1_000_000_000,
    )
    path = tmp_path / "journal.sqlite"
    with Journal(path, header, 1.0) as journal:
        journal.write(Tick(), 2.0, Outcome())
        journal.write(Slept(60.0), 2.5, Outcome())
        journal.write(Tick(), 3.0, Outcome())
        journal.end("stopped", 4.0)
    with JournalReader(path) as reader:
        for _ in range(2):  # it can be read again
            found = [(each.utc_us or 0) / 1e6 - 1000.0 for each in reader.records()]
            assert found == [1.0, 2.0, 62.5, 63.0, 64.0]
