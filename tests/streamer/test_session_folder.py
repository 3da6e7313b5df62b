"""A session's folder: its own, and each file in it whole or not there."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamer.closed_loop import ClosedLoop
from streamer.errors import JournalError
from streamer.events import Tick
from streamer.journal import Journal
from streamer.journal_reader import JournalReader
from streamer.session_folder import SessionFolder
from streamer.summary import Summary
from tests.streamer.journal_examples import HEADER, outcome
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
