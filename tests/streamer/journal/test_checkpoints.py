"""Checkpoints beside the writer: the log stays short, and a failure is reported."""

import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from streamer.errors import JournalError
from streamer.events import Tick
from streamer.journal import journal_file
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

        def _checkpoint(self) -> None:
            super()._checkpoint()
            done.release()

    monkeypatch.setattr(journal_file, "Checkpoints", Awaited)
    monkeypatch.setattr(journal_file, "_N_CHECKPOINT_BYTES", _N_BYTES)
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


def test_a_database_that_cannot_be_opened_is_not_made(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with pytest.raises(sqlite3.Error, match="unable to open database file"):
        Checkpoints(path).start()
    assert not path.exists()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells what is open")
def test_the_database_is_open_before_another_file_can_have_its_name(tmp_path: Path) -> None:
    # A connection opened later to another file would end the process: see `Checkpoints`.
    path = tmp_path / "journal.sqlite"
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute("CREATE TABLE records (number)")
    checkpoints = Checkpoints(path)
    before = _n_open(path)
    checkpoints.start()
    assert _n_open(path) == before + 1
    checkpoints.stop()
    writer.close()


#: A file that may not grow is the nearest to a full disk that needs no rights.
_FULL = """
import resource, sqlite3, sys
from pathlib import Path
from streamer.journal.checkpoints import Checkpoints

writer = sqlite3.connect(sys.argv[1], isolation_level=None)
writer.execute("PRAGMA journal_mode=WAL")
writer.execute("PRAGMA wal_autocheckpoint=0")
writer.execute("CREATE TABLE records (content)")
writer.execute("INSERT INTO records VALUES (zeroblob(100000))")
checkpoints = Checkpoints(Path(sys.argv[1]))
checkpoints.start()
resource.setrlimit(resource.RLIMIT_FSIZE, (8192, resource.RLIM_INFINITY))
checkpoints.ask()
while checkpoints.failure is None:
    pass
print(checkpoints.failure)
"""


@pytest.mark.skipif(os.name == "nt", reason="there a file's size has no limit to be set")
def test_a_checkpoint_that_fails_is_told(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FULL, str(tmp_path / "journal.sqlite")],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout == "disk I/O error\n", done.stderr


def _n_open(path: Path) -> int:
    return sum(each.resolve() == path for each in Path("/proc/self/fd").iterdir())


def test_a_failed_checkpoint_fails_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Journal(tmp_path / "journal.sqlite", HEADER, 0.0) as journal:
        monkeypatch.setattr(journal._file._checkpoints, "failure", "disk I/O error")
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
