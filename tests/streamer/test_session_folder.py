"""A session's folder: its own, and each file in it whole or not there."""

from pathlib import Path

import pytest

from streamer.errors import JournalError
from streamer.session_folder import SessionFolder


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
