"""Checkpoints beside the writer: the log stops growing, and a failure is not kept quiet."""

import sqlite3
import threading
from pathlib import Path

import pytest

from streamer.errors import JournalError
from streamer.events import Tick
from streamer.journal import journal as journal_module
from streamer.journal.checkpoints import Checkpoints
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome

_N_BYTES = 200_000


def test_the_log_of_a_long_session_stays_small(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Semaphore(0)

    class Awaited(Checkpoints):
        """The writer pauses for each round, as it does between the ticks of a session."""

        def ask(self) -> None:
            super().ask()
            assert done.acquire(timeout=10.0)

        def _checkpoint(self, connection: sqlite3.Connection) -> None:
            super()._checkpoint(connection)
            done.release()

    monkeypatch.setattr(journal_module, "Checkpoints", Awaited)
    monkeypatch.setattr(journal_module, "_N_CHECKPOINT_BYTES", _N_BYTES)
    path = tmp_path / "journal.sqlite"
    log = path.with_name(f"{path.name}-wal")
    largest = 0
    with Journal(path, HEADER, 0.0) as journal:
        for number in range(1500):
            journal.write(EVENTS[number % len(EVENTS)], float(number), outcome(number))
            journal.commit()
            largest = max(largest, log.stat().st_size)
        assert path.stat().st_size > 5 * _N_BYTES
    # Without them it would come to more than forty times as much.
    assert largest < 2 * _N_BYTES
    with JournalReader(path) as reader:
        assert len(list(reader.records())) == 1501


def test_a_database_that_cannot_be_moved_into_is_told(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "missing" / "journal.sqlite")
    checkpoints.start()
    checkpoints.ask()
    checkpoints.stop()
    assert checkpoints.failure == "unable to open database file"


def test_a_failed_checkpoint_fails_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path / "journal.sqlite", HEADER, 0.0) as journal:
        monkeypatch.setattr(journal._checkpoints, "failure", "disk I/O error")
        journal.write(Tick(), 1.0, outcome())
        for _ in range(2):
            with pytest.raises(JournalError, match=r"journal.sqlite: disk I/O error"):
                journal.commit()
        with pytest.raises(JournalError, match="disk I/O error"):
            journal.write(Tick(), 2.0, outcome())


def test_stopping_before_anything_was_asked_ends_the_thread(tmp_path: Path) -> None:
    before = threading.active_count()
    with Journal(tmp_path / "journal.sqlite", HEADER, 0.0):
        assert threading.active_count() == before + 1
    assert threading.active_count() == before
