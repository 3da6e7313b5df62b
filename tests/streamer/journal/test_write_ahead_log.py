"""The log of a killed process: a torn write is accepted, a changed byte is not."""

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streamer.errors import JournalError
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from streamer.journal.write_ahead_log import damage
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome

_HEADER_BYTES = 32
_FRAME_BYTES = 24 + 4096


def _left_behind(folder: Path, into: Path, n_steps: int) -> Path:
    """Copy a journal while it is open: what a kill leaves, byte for byte."""
    path = folder / "journal.sqlite"
    with Journal(path, HEADER, 0.5) as journal:
        for number in range(n_steps):
            journal.write(EVENTS[number % len(EVENTS)], 1.0 + number, outcome(number))
            journal.commit()
        for name in (path.name, f"{path.name}-wal"):
            shutil.copy(folder / name, into)
    return into / path.name


@pytest.fixture(scope="module")
def left() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as into:
        yield _left_behind(Path(folder), Path(into), n_steps=20)


def _log(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _n_read(path: Path) -> int:
    with JournalReader(path) as reader:
        return len(list(reader.records()))


def _changed(left: Path, folder: str, content: bytes) -> Path:
    path = Path(shutil.copy(left, folder))
    _log(path).write_bytes(content)
    return path


def test_a_log_that_nobody_changed_is_whole(left: Path) -> None:
    assert damage(_log(left)) is None
    assert _n_read(left) == 21


def test_no_log_and_an_empty_one_are_whole(tmp_path: Path) -> None:
    assert damage(tmp_path / "journal.sqlite-wal") is None
    (tmp_path / "empty").touch()
    assert damage(tmp_path / "empty") is None


@given(index=st.integers(0), mask=st.integers(1, 255))
def test_any_changed_byte_of_the_log_is_noticed(left: Path, index: int, mask: int) -> None:
    content = bytearray(_log(left).read_bytes())
    content[index % len(content)] ^= mask
    with tempfile.TemporaryDirectory() as folder:
        path = _changed(left, folder, bytes(content))
        assert damage(_log(path)) is not None
        with pytest.raises(JournalError, match=r"journal\.sqlite-wal: "):
            _n_read(path)


@given(n_bytes=st.integers(1, _FRAME_BYTES - 1))
def test_a_write_that_was_torn_costs_its_own_records_and_is_no_damage(
    left: Path, n_bytes: int
) -> None:
    content = _log(left).read_bytes()
    assert len(content) % _FRAME_BYTES == _HEADER_BYTES
    with tempfile.TemporaryDirectory() as folder:
        path = _changed(left, folder, content[:-n_bytes])
        assert damage(_log(path)) is None
        assert _n_read(path) == 20


def test_a_header_cut_short_is_damage(left: Path, tmp_path: Path) -> None:
    path = _changed(left, str(tmp_path), _log(left).read_bytes()[:20])
    assert damage(_log(path)) == "journal.sqlite-wal: expected a header of 32 bytes, found 20"


def _begun_anew(folder: Path) -> bytes:
    """Return a log that was begun anew over older frames, some of which are left."""
    path = folder / "anew.sqlite"
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE records (payload BLOB)")
    for _ in range(8):
        connection.execute("INSERT INTO records VALUES (randomblob(6000))")
    connection.execute("PRAGMA wal_checkpoint(RESTART)")
    for _ in range(2):
        connection.execute("INSERT INTO records VALUES (randomblob(6000))")
    content = _log(path).read_bytes()
    connection.close()
    return content


def test_a_torn_write_in_front_of_older_frames_is_no_damage(tmp_path: Path) -> None:
    content = bytearray(_begun_anew(tmp_path))
    log = tmp_path / "torn-wal"
    salt = bytes(content[16:24])
    frames = range(_HEADER_BYTES, len(content), _FRAME_BYTES)
    own = [start for start in frames if bytes(content[start + 8 : start + 16]) == salt]
    assert 1 < len(own) < len(frames)
    log.write_bytes(content)
    assert damage(log) is None
    content[own[-1] + 100] ^= 1
    log.write_bytes(content)
    assert damage(log) is None
    content[own[0] + 100] ^= 1
    log.write_bytes(content)
    assert damage(log) == "torn-wal: frame 0 does not fit its checksum"
