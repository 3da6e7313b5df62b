"""A session's folder belongs to it alone, and each file is complete or missing."""

import json
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamer.closed_loop import ClosedLoop
from streamer.errors import JournalError
from streamer.events import Tick
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from streamer.journal.session_folder import SessionFolder, require_free
from streamer.watching.summary import Summary
from tests.streamer.journal.journal_examples import HEADER, outcome
from tests.streamer.rigs import CONFIG, INFOS, SESSION


@contextmanager
def _umask(mask: int) -> Iterator[None]:
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def test_a_new_folder_holds_the_configuration_byte_for_byte(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path / "deep" / "session", b"[rig]\r\n\xc2\xb5")
    assert folder.config_file.read_bytes() == b"[rig]\r\n\xc2\xb5"
    assert [path.name for path in folder.path.iterdir()] == ["config.toml"]


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert SessionFolder.create(tmp_path, b"").config_file.exists()


def test_a_folder_that_holds_something_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(JournalError, match=r"expected an empty or new folder, found notes\.txt"):
        SessionFolder.create(tmp_path, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_name_of_our_own_is_numbered_where_it_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "2026.session"
    made = [SessionFolder.create(path, b"", may_number=True).path.name for _ in range(3)]
    assert made == ["2026.session", "2026.session-2", "2026.session-3"]
    (tmp_path / "empty").mkdir()
    other = SessionFolder.create(tmp_path / "empty", b"", may_number=True)
    assert other.path.name == "empty-2"


@pytest.mark.parametrize("is_there", [False, True])
def test_of_many_that_take_one_folder_one_has_it(tmp_path: Path, *, is_there: bool) -> None:
    path = tmp_path / "session"
    if is_there:
        path.mkdir()
    n_takers = 8
    start = threading.Barrier(n_takers)
    taken: list[int] = []
    refused: list[str] = []

    def take(number: int) -> None:
        start.wait()
        try:
            SessionFolder.create(path, b"%d" % number)
            taken.append(number)
        except JournalError as error:
            refused.append(str(error))

    takers = [threading.Thread(target=take, args=(number,)) for number in range(n_takers)]
    for taker in takers:
        taker.start()
    for taker in takers:
        taker.join()
    assert len(taken) == 1
    assert len(refused) == n_takers - 1
    assert all("expected an empty or new folder, found " in each for each in refused)
    assert [each.name for each in path.iterdir()] == ["config.toml"]
    assert (path / "config.toml").read_bytes() == b"%d" % taken[0]


def test_whether_a_folder_is_free_is_known_without_making_it(tmp_path: Path) -> None:
    require_free(tmp_path / "deep" / "session")
    require_free(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(JournalError, match=r"expected an empty or new folder, found notes\.txt"):
        require_free(tmp_path)
    with pytest.raises(JournalError, match=r"notes\.txt: cannot be written: Not a directory"):
        require_free(tmp_path / "notes.txt")
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(JournalError, match="file: cannot be written: File exists"):
        SessionFolder.create(file, b"")
    with pytest.raises(JournalError, match="within: cannot be written: Not a directory"):
        SessionFolder.create(file / "within", b"")


@pytest.mark.skipif(os.name == "nt", reason="modes say nothing there")
@pytest.mark.parametrize("mask", [0o000, 0o022, 0o277])
@pytest.mark.parametrize("is_there", [False, True])
def test_a_session_is_its_owners_alone_whatever_the_umask(
    tmp_path: Path, mask: int, *, is_there: bool
) -> None:
    parent = tmp_path / "sessions"
    parent.mkdir(mode=0o755)
    path = parent / "session"
    if is_there:
        path.mkdir(mode=0o755)
    with _umask(mask):
        folder = SessionFolder.create(path, b"")
        with Journal(folder.journal_file, HEADER, 0.5) as journal:
            journal.write(Tick(), 1.0, outcome())
            journal.commit()
            while_written = {each.name: each.stat().st_mode & 0o777 for each in path.iterdir()}
            summary = Summary(ClosedLoop(CONFIG, INFOS, SESSION))
            folder.end(summary, journal, reason="duration", now_s=2.0)
    modes = {each.name: each.stat().st_mode & 0o777 for each in path.iterdir()}
    files = ("config.toml", "journal.sqlite")
    logs = ("journal.sqlite-wal", "journal.sqlite-shm")
    assert while_written == dict.fromkeys((*files, *logs), 0o600)
    assert modes == dict.fromkeys((*files, "summary.json"), 0o600)
    assert path.stat().st_mode & 0o777 == 0o700
    assert parent.stat().st_mode & 0o777 == 0o755


def test_the_end_record_holds_the_summary_as_it_is_written(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path / "session", b"")
    with Journal(folder.journal_file, HEADER, 0.5) as journal:
        journal.write(Tick(), 1.0, outcome())
        journal.commit()
        head = journal.head
        summary = Summary(ClosedLoop(CONFIG, INFOS, SESSION))
        said = folder.end(summary, journal, reason="duration", now_s=2.0)
    with JournalReader(folder.journal_file) as reader:
        assert len(list(reader.records())) == 3
        assert reader.end is not None
        assert reader.end.summary_json == folder.summary_file.read_bytes()
    assert json.loads(folder.summary_file.read_bytes()) == said
    assert said["journal"] == {"head": head, "records": 2}


def test_a_journal_that_failed_leaves_no_summary(tmp_path: Path) -> None:
    folder = SessionFolder.create(tmp_path / "session", b"")
    with Journal(folder.journal_file, HEADER, 0.5) as journal:
        folder.journal_file.unlink()
        summary = Summary(ClosedLoop(CONFIG, INFOS, SESSION))
        with pytest.raises(JournalError, match="was removed while it was written"):
            folder.end(summary, journal, reason="duration", now_s=2.0)
    assert not folder.summary_file.exists()
