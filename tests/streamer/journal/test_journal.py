"""The journal's writer: all records come back in order, and a failure is final."""

import hashlib
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import numpy as np
import pytest

from streamer.errors import JournalError
from streamer.events import Chunk, Tick
from streamer.journal.digests import Digests
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from streamer.journal.records import (
    EndRecord,
    FailureRecord,
    StepRecord,
    encode,
    encode_outcome,
    link,
)
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome
from tests.streamer.journal.journal_process import later_calls


def fill(path: Path, n_steps: int = len(EVENTS)) -> None:
    """Write a whole session of `n_steps` steps."""
    with Journal(path, HEADER, 0.5) as journal:
        for number in range(n_steps):
            journal.write(EVENTS[number % len(EVENTS)], 1.0 + number, outcome(number))
            for _ in range(number % 3):  # at once, later, or more than once: each step counts once
                journal.digest()
        journal.end("duration", 100.0)


def test_every_kind_of_event_comes_back_in_order_with_its_now_and_its_outcome(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    fill(path)
    digests = Digests()
    for number in range(len(EVENTS)):
        digests.add(outcome(number))
    with JournalReader(path) as reader:
        assert reader.header == HEADER
        header, *steps, end = reader.records()
        assert (header.number, header.now_s, header.payload) == (0, 0.5, HEADER)
        for number, (event, record) in enumerate(zip(EVENTS, steps, strict=True)):
            assert (record.number, record.now_s) == (number + 1, 1.0 + number)
            assert isinstance(record.payload, StepRecord)
            assert encode(record.payload.event) == encode(event)
            assert bytes(record.payload.outcome) == encode_outcome(outcome(number))
        assert end.payload == reader.end
        assert reader.end == EndRecord(
            reason="duration", n_steps=len(EVENTS), digest=digests.as_dict()
        )
        assert reader.n_records == len(EVENTS) + 2


def test_each_record_is_chained_to_the_one_before(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    fill(path)
    chain = bytes(32)
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute("SELECT * FROM records ORDER BY number").fetchall()
    for number, kind, now_s, payload, found in rows:
        chain = link(chain, number, kind, now_s, payload)
        assert found == chain
    assert len(rows) == len(EVENTS) + 2


def test_a_clean_end_leaves_one_file(tmp_path: Path) -> None:
    fill(tmp_path / "journal.sqlite")
    assert [each.name for each in tmp_path.iterdir()] == ["journal.sqlite"]


def test_the_same_session_gives_the_same_chain_wherever_it_is_committed(tmp_path: Path) -> None:
    heads = set()
    for n_to_commit in (1, 3, 100):
        with Journal(tmp_path / f"{n_to_commit}.sqlite", HEADER, 0.5) as journal:
            for number in range(20):
                journal.write(EVENTS[number % len(EVENTS)], float(number), outcome(number))
                if number % n_to_commit == 0:
                    journal.commit()
            journal.commit()
            heads.add(journal.head)
    assert len(heads) == 1


def test_the_head_is_the_newest_link_that_was_committed(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path, HEADER, 0.5) as journal:
        assert journal.n_records == 1
        before = journal.head
        journal.write(Tick(), 1.0, outcome())
        assert (journal.head, journal.n_records) == (before, 1)
        journal.commit()
        assert journal.head != before
        assert journal.n_records == 2
        with JournalReader(path) as reader:
            assert [record.number for record in reader.records()] == [0, 1]
            assert reader.head == journal.head


def test_no_more_than_a_batch_ever_waits_for_a_commit(tmp_path: Path) -> None:
    with Journal(tmp_path / "many.sqlite", HEADER, 0.5) as journal:
        for number in range(1500):
            journal.write(Tick(), float(number), outcome())
            assert number + 2 - journal.n_records < 512
    large = Chunk("LFP", 0, np.zeros((100_000, 2), np.float32), np.zeros(100_000))
    with Journal(tmp_path / "large.sqlite", HEADER, 0.5) as journal:
        journal.write(large, 1.0, outcome())
        assert journal.n_records == 2


def test_leaving_without_an_end_keeps_every_record(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with suppress(ZeroDivisionError), Journal(path, HEADER, 0.5) as journal:
        journal.write(Tick(), 1.0, outcome())
        raise ZeroDivisionError
    with JournalReader(path) as reader:
        assert [record.number for record in reader.records()] == [0, 1]
        assert reader.end is None


def test_what_failed_in_the_service_is_kept_at_once(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path, HEADER, 0.5) as journal:
        journal.fail("detector beta: division by zero", 2.0)
        with JournalReader(path) as reader:
            *_, newest = reader.records()
            assert newest.payload == FailureRecord("detector beta: division by zero")
            assert newest.now_s == 2.0


def test_nothing_may_follow_the_end(tmp_path: Path) -> None:
    with Journal(tmp_path / "journal.sqlite", HEADER, 0.5) as journal:
        journal.end("duration", 1.0)
        with pytest.raises(JournalError, match="expected nothing after the end, found a step"):
            journal.write(Tick(), 2.0, outcome())


def test_a_journal_that_is_there_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    fill(path)
    before = hashlib.sha256(path.read_bytes()).digest()
    with pytest.raises(JournalError, match="expected no journal yet, found one"):
        fill(path)
    assert hashlib.sha256(path.read_bytes()).digest() == before


def test_a_folder_that_is_not_there_is_an_error_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="cannot be created: No such file or directory"):
        fill(tmp_path / "missing" / "journal.sqlite")


def test_after_what_cannot_be_kept_every_call_fails_and_what_was_committed_stays(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    unkeepable = Chunk("LFP", 0, np.array([[object()]]), np.zeros(1))
    with Journal(path, HEADER, 0.5) as journal:
        journal.write(Tick(), 1.0, outcome())
        journal.commit()
        journal.write(Tick(), 2.0, outcome())
        with pytest.raises(JournalError, match="Chunk cannot be kept"):
            journal.write(unkeepable, 3.0, outcome())
        for call in later_calls(journal):
            with pytest.raises(JournalError, match="Chunk cannot be kept"):
                call()
    with JournalReader(path) as reader:
        assert [record.number for record in reader.records()] == [0, 1]


def test_the_end_keeps_the_summary_and_is_signed_only_with_a_key(tmp_path: Path) -> None:
    for name, key in (("plain", None), ("signed", b"k" * 32)):
        path = tmp_path / f"{name}.sqlite"
        with Journal(path, HEADER, 0.5) as journal:
            journal.write(Tick(), 1.0, outcome())
            journal.end("duration", 2.0, summary_json=b"{}", key=key)
        with JournalReader(path) as reader:
            list(reader.records())
            assert reader.end is not None
            assert reader.end.summary_json == b"{}"
            assert bool(reader.end.signature) == (key is not None)
            assert reader.is_end_signed_with(b"k" * 32) == (key is not None)
            assert not reader.is_end_signed_with(b"other")
