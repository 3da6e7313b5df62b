"""A journal whose files are removed or replaced while it is written fails at the next commit."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from streamer.errors import JournalError
from streamer.events import Tick
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from tests.streamer.journal.journal_examples import HEADER, outcome

pytestmark = pytest.mark.skipif(
    os.name == "nt", reason="there an open file can neither be removed nor replaced"
)

#: A loss is noticed within this many commits, whatever the clock of the file system.
_N_COMMITS_MAX = 16


def _removed(path: Path) -> None:
    path.unlink()


def _replaced(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def _moved_and_replaced(path: Path) -> None:
    content = path.read_bytes()
    path.rename(path.with_name("moved"))
    path.write_bytes(content)


def _emptied(path: Path) -> None:
    os.truncate(path, 0)


def _shortened(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 1)


def _go_on(journal: Journal) -> None:
    for number in range(_N_COMMITS_MAX):
        journal.write(Tick(), float(number), outcome(number))
        journal.commit()


def _written(path: Path, suffix: str, loss: Callable[[Path], None]) -> str:
    """Write a journal, lose one of its files, and return the errors of the next commits."""
    lost = path.with_name(path.name + suffix)
    with Journal(path, HEADER, 0.5) as journal:
        for number in range(40):
            journal.write(Tick(), float(number), outcome(number))
            journal.commit()
        loss(lost)
        with pytest.raises(JournalError) as error:
            _go_on(journal)
        # The failure is final, and every later call raises the same error.
        for call in (journal.commit, lambda: journal.end("over", 0.0)):
            with pytest.raises(JournalError) as again:
                call()
            assert str(again.value) == str(error.value)
    return str(error.value)


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm"])
@pytest.mark.parametrize(
    ("loss", "word"),
    [(_removed, "removed"), (_replaced, "replaced"), (_moved_and_replaced, "replaced")],
)
def test_a_file_that_is_not_where_it_was_fails_the_journal(
    tmp_path: Path, suffix: str, loss: Callable[[Path], None], word: str
) -> None:
    said = _written(tmp_path / "journal.sqlite", suffix, loss)
    # SQLite may have created a new log before the removal of the old one is noticed.
    words = [word, "replaced"] if suffix == "-wal" else [word]
    ends = tuple(f"journal.sqlite{suffix} was {each} while it was written" for each in words)
    assert said.endswith(ends)


@pytest.mark.parametrize(("suffix", "what"), [("", "database"), ("-wal", "write-ahead log (-wal)")])
@pytest.mark.parametrize("loss", [_emptied, _shortened])
def test_a_file_that_was_cut_fails_the_journal(
    tmp_path: Path, suffix: str, what: str, loss: Callable[[Path], None]
) -> None:
    assert f"the {what} was cut" in _written(tmp_path / "journal.sqlite", suffix, loss)


_INDEX_CUT = """
import sys
from pathlib import Path
from tests.streamer.journal.test_watched_files import _emptied, _written

print(_written(Path(sys.argv[1]), "-shm", _emptied))
"""


def test_an_index_that_was_cut_fails_the_journal_and_not_the_process(tmp_path: Path) -> None:
    # In a process of its own: SQLite maps the index, and looking past its end is a bus error.
    path = tmp_path / "journal.sqlite"
    done = subprocess.run(
        [sys.executable, "-c", _INDEX_CUT, str(path)],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the index (-shm) was cut" in done.stdout
    with JournalReader(path) as reader:
        assert len(list(reader.records())) == 41


def test_a_log_that_somebody_else_writes_to_fails_the_journal(tmp_path: Path) -> None:
    def grown(path: Path) -> None:
        with path.open("ab") as file:
            file.write(b"more")

    said = _written(tmp_path / "journal.sqlite", "-wal", grown)
    assert "the write-ahead log (-wal) was cut, or written by somebody else" in said


def test_what_happens_beside_the_journal_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path, HEADER, 0.5) as journal:
        for number in range(3 * _N_COMMITS_MAX):
            note = tmp_path / "note"
            note.write_text(str(number), encoding="utf-8")
            journal.write(Tick(), float(number), outcome(number))
            journal.commit()
            with JournalReader(path) as reader:
                assert len(list(reader.records())) == number + 2
        journal.end("duration", 100.0)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="Linux tells what is open")
def test_no_file_is_left_open(tmp_path: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(3):
        with Journal(tmp_path / f"{number}.sqlite", HEADER, 0.5) as journal:
            journal.end("duration", 1.0)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
