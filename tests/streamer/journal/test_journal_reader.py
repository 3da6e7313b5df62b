"""The journal's reader: it notices every change, and reads what any process left."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay.verification.ending import judge_end
from replay.verification.verify import verify
from streamer.errors import JournalError, LogMissingError
from streamer.events import Tick
from streamer.journal.journal import Journal
from streamer.journal.reader import JournalReader
from streamer.journal.records import FORMAT, encode
from tests.streamer.journal.journal_examples import EVENTS, HEADER, outcome

_NOBODY = 65534
_N_RECORDS = len(EVENTS) + 2


def fill(path: Path) -> None:
    with Journal(path, HEADER, 0.5) as journal:
        for number, event in enumerate(EVENTS):
            journal.write(event, 1.0 + number, outcome(number))
        journal.end("duration", 100.0)


def content(path: Path) -> list[tuple[int, float, bytes]]:
    """Return all records, in a form that can be compared."""
    with JournalReader(path) as reader:
        return [(each.number, each.now_s, encode(each.payload)) for each in reader.records()]


@pytest.fixture(scope="module")
def whole() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        fill(path)
        yield path


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def change(path: Path, statement: str, *values: object) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(statement, values)
    connection.close()


def _flipped(value: Any, draw: st.DataObject) -> Any:
    if isinstance(value, bytes):
        index = draw.draw(st.integers(0, len(value) - 1))
        changed = bytearray(value)
        changed[index] ^= draw.draw(st.integers(1, 255))
        return bytes(changed)
    if isinstance(value, float):
        return draw.draw(st.floats(allow_nan=False).filter(lambda other: other != value))
    return draw.draw(st.sampled_from(["step", "header", "end", "failure", "", "stip"]))


@pytest.mark.parametrize("column", ["kind", "now_s", "payload", "chain"])
@given(data=st.data())
def test_a_changed_column_is_found_in_its_record(
    whole: Path, column: str, data: st.DataObject
) -> None:
    number = data.draw(st.integers(0, _N_RECORDS - 1))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(shutil.copy(whole, folder))
        connection = sqlite3.connect(path)
        select = f"SELECT {column} FROM records WHERE number = ?"  # noqa: S608 the columns above
        (before,) = connection.execute(select, (number,)).fetchone()
        connection.close()
        after = _flipped(before, data)
        if after == before:
            return
        change(path, f"UPDATE records SET {column} = ? WHERE number = ?", after, number)  # noqa: S608
        with pytest.raises(JournalError, match=rf"record {number}: "):
            content(path)


@given(index=st.integers(0), mask=st.integers(1, 255))
def test_a_changed_byte_of_the_file_is_noticed_or_means_nothing(
    whole: Path, index: int, mask: int
) -> None:
    expected = content(whole)
    changed = bytearray(whole.read_bytes())
    changed[index % len(changed)] ^= mask
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        path.write_bytes(changed)
        try:
            found = content(path)
        except JournalError:
            return
        assert found == expected


@pytest.mark.parametrize("number", range(_N_RECORDS))
def test_a_missing_record_is_noticed(copy: Path, number: int) -> None:
    change(copy, "DELETE FROM records WHERE number = ?", number)
    is_last = number == _N_RECORDS - 1
    found = "the end record is missing after" if is_last else f"record {number} is missing: "
    with pytest.raises(JournalError, match=found):
        content(copy)


def test_records_in_another_order_are_noticed(copy: Path) -> None:
    for statement in (
        "UPDATE records SET number = 1000 WHERE number = 3",
        "UPDATE records SET number = 3 WHERE number = 4",
        "UPDATE records SET number = 4 WHERE number = 1000",
    ):
        change(copy, statement)
    with pytest.raises(JournalError, match="record 3: the chain is broken"):
        content(copy)


def test_a_record_after_the_end_is_noticed(copy: Path) -> None:
    change(
        copy,
        "INSERT INTO records SELECT ?, kind, now_s, payload, chain FROM records WHERE number = 1",
        _N_RECORDS,
    )
    with pytest.raises(JournalError, match="expected nothing after the end record"):
        content(copy)


@pytest.mark.parametrize(
    ("value", "found"),
    [("NULL", "expected a kind and a time"), ("7", "expected a kind and a time")],
)
def test_a_time_of_another_type_is_noticed(whole: Path, value: str, found: str) -> None:
    # The table's own column types would convert or refuse it, so it is put into one without.
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        connection = sqlite3.connect(path)
        connection.execute("ATTACH ? AS old", (str(whole),))
        with connection:
            connection.execute("CREATE TABLE records (number INTEGER, kind, now_s, payload, chain)")
            connection.execute("INSERT INTO records SELECT * FROM old.records")
            connection.execute(f"UPDATE records SET now_s = {value} WHERE number = 2")  # noqa: S608
        connection.execute(f"PRAGMA user_version={FORMAT}")
        connection.close()
        with pytest.raises(JournalError, match=f"record 2: {found}"):
            content(path)


def test_another_format_is_refused(copy: Path) -> None:
    change(copy, f"PRAGMA user_version={FORMAT - 1}")
    found = f"expected a journal of format {FORMAT}, found format {FORMAT - 1}: verify it with "
    with pytest.raises(JournalError, match=f"{found}stimloop [^ ]+, which wrote it$"):
        content(copy)
    change(copy, "UPDATE records SET payload = x'c1' WHERE number = 0")
    with pytest.raises(JournalError, match=f"{found}the stimloop that wrote it"):
        content(copy)


@pytest.mark.parametrize("text", ["", "no database at all, but long enough to be looked at" * 40])
def test_a_file_that_is_no_journal_is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text(text)
    with pytest.raises(JournalError, match=r"journal\.sqlite: "):
        content(path)


def test_a_missing_file_is_an_error_and_none_is_made(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="expected a journal, found no such file"):
        content(tmp_path / "journal.sqlite")
    assert list(tmp_path.iterdir()) == []


def test_a_journal_cut_short_is_noticed(copy: Path) -> None:
    whole = copy.read_bytes()
    for n_bytes in range(1, len(whole), 2048):
        copy.write_bytes(whole[:n_bytes])
        with pytest.raises(JournalError):
            content(copy)


def test_reading_changes_nothing(copy: Path) -> None:
    before = copy.read_bytes()
    content(copy)
    assert copy.read_bytes() == before
    assert list(copy.parent.iterdir()) == [copy]


def test_an_empty_database_keeps_its_log(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    log = path.with_name(f"{path.name}-wal")
    path.touch()
    log.write_bytes(b"what a kill left")
    with pytest.raises(JournalError, match="expected an SQLite database"):
        content(path)
    assert log.read_bytes() == b"what a kill left"


def test_a_journal_is_read_while_it_is_written_and_does_not_hold_the_writer_up(
    tmp_path: Path,
) -> None:
    path = tmp_path / "journal.sqlite"
    with Journal(path, HEADER, 0.5) as journal, JournalReader(path) as reader:
        for number in range(5):
            journal.write(Tick(), float(number), outcome(number))
        records = reader.records()
        assert next(records).payload == HEADER
        journal.commit()
        assert list(records) == []
        assert len(list(reader.records())) == 6
        journal.end("duration", 9.0)
    # The reader was there at the end, so the log stays beside the file; nothing is lost.
    assert len(content(path)) == 7


@pytest.fixture
def sealed() -> Iterator[Path]:
    """Return a folder to fill; after `seal` the test runs as a user who may only read it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    yield folder
    if is_root:
        os.seteuid(0)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def _seal(folder: Path) -> None:
    for each in folder.iterdir():
        each.chmod(0o444)
    folder.chmod(0o555)
    if os.geteuid() == 0:
        os.seteuid(_NOBODY)


def test_a_whole_journal_is_read_from_a_folder_that_cannot_be_written_to(sealed: Path) -> None:
    path = sealed / "journal.sqlite"
    fill(path)
    _seal(sealed)
    assert len(content(path)) == _N_RECORDS


@pytest.mark.parametrize("n_moved", [0, 1])
def test_a_journal_that_was_copied_without_its_log_is_told_as_that(
    tmp_path: Path, n_moved: int
) -> None:
    (tmp_path / "copy").mkdir()
    source = tmp_path / "journal.sqlite"
    with Journal(source, HEADER, 0.5) as journal:
        for number in range(2):
            journal.write(Tick(), 1.0 + number, outcome())
            journal.commit()
            if number < n_moved:  # what has left the log is in the file itself
                with contextlib.closing(sqlite3.connect(source)) as connection:
                    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
        copied = Path(shutil.copy(source, tmp_path / "copy"))
    for _ in range(2):  # to read it leaves an empty log beside it
        if n_moved:
            with JournalReader(copied) as reader:
                assert len(list(reader.records())) == 1 + n_moved
                end = judge_end(reader, head=None, head_number=None, key=None)
            assert "its log is missing: after a kill journal.sqlite-wal has" in end.text
            assert not end.is_proven
        else:
            with pytest.raises(LogMissingError, match=r"its log is missing: journal\.sqlite-wal"):
                content(copied)
            with pytest.raises(LogMissingError, match="its log is missing"):
                verify(copied)


def test_what_a_kill_left_is_read_from_a_folder_that_cannot_be_written_to(
    tmp_path: Path, sealed: Path
) -> None:
    source = tmp_path / "journal.sqlite"
    with Journal(source, HEADER, 0.5) as journal:
        journal.write(Tick(), 1.0, outcome())
        journal.commit()
        for name in (source.name, f"{source.name}-wal"):
            shutil.copy(tmp_path / name, sealed)
    _seal(sealed)
    assert len(content(sealed / source.name)) == 2
    assert sorted(each.name for each in sealed.iterdir()) == [source.name, f"{source.name}-wal"]
