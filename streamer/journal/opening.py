"""A journal's database opened to be read: nothing is changed, and what is damaged is refused."""

import os
import shutil
import sqlite3
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from streamer.errors import JournalError, LogMissingError
from streamer.journal.records import FORMAT
from streamer.journal.write_ahead_log import damage

#: What the driver raises on damaged pages; the second where they spoil its own message.
UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

_FIRST = "SELECT payload FROM records ORDER BY number LIMIT 1"
#: What every database begins with.
_MAGIC = b"SQLite format 3\0"
#: Up to the two bytes that say how it is written and read: 2 is write-ahead mode.
_N_BEGINS = 20
_WRITE_AHEAD = b"\2\2"


class OpenedJournal(NamedTuple):
    """A journal that can be read.

    Parameters
    ----------
    connection : Connection
        Read-only; text comes as bytes.
    is_log_missing : bool
        Whether the log is not there that a writer leaves which did not end.
    is_open_ended : bool
        Whether its writer did not end, or writes still.
    """

    connection: sqlite3.Connection
    is_log_missing: bool
    is_open_ended: bool


def open_journal(path: Path, held: ExitStack) -> OpenedJournal:
    """Open a journal read-only; one that a killed process left behind, too.

    Parameters
    ----------
    path : Path
        The SQLite file. Where its folder cannot be written to and its log has to be worked in,
        both are copied to a temporary folder first.
    held : ExitStack
        Closes the connection, and removes the copies.

    Raises
    ------
    JournalError
        Where there is no journal, its log is missing (`LogMissingError`), it is of another format
        or its pages are damaged.
    """
    if not path.is_file():
        raise JournalError(f"{path}: expected a journal, found no such file")
    log = path.with_name(f"{path.name}-wal")
    # Asked before SQLite is, which makes an empty log to read.
    is_log_missing = _is_in_write_ahead_mode(path) and not _n_bytes(log)
    try:
        connection = _connect(path, held)
        if is_log_missing and not _has_table(connection):
            raise LogMissingError(
                f"{path}: its log is missing: {log.name}, which has all that was written; copy "
                "both files"
            )
        _expect_format(path, connection)
        (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
        problem = damage(log)
        if problem is not None:
            raise JournalError(f"{path}: {problem}")
        (verdict,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != b"ok":
            raise JournalError(f"{path}: {verdict.decode(errors='replace')}")
    except UNREADABLE as error:
        raise JournalError(f"{path}: {error}") from error
    # Only a clean end leaves write-ahead mode: this was left by a kill, or is being written.
    return OpenedJournal(connection, is_log_missing, is_open_ended=mode == b"wal")


def _is_in_write_ahead_mode(path: Path) -> bool:
    """Return whether a file is; raise where it is no database, or SQLite would remove its log."""
    with path.open("rb") as file:
        begins = file.read(_N_BEGINS)
    if not begins.startswith(_MAGIC):
        raise JournalError(
            f"{path}: expected an SQLite database, found a file that begins otherwise"
        )
    return begins.endswith(_WRITE_AHEAD)


def _connect(path: Path, held: ExitStack) -> sqlite3.Connection:
    try:
        return _connect_to(path, held)
    except sqlite3.OperationalError:
        folder = Path(held.enter_context(TemporaryDirectory()))
        for suffix in ("", "-wal"):
            source = path.with_name(path.name + suffix)
            if source.exists():
                shutil.copy(source, folder / source.name)
        return _connect_to(folder / path.name, held)


def _connect_to(path: Path, held: ExitStack) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(os.fsencode(path.absolute()))}?mode=ro", uri=True, isolation_level=None
    )
    held.callback(connection.close)
    # Damaged text must reach the reader's own check, not fail in the driver's decoding.
    connection.text_factory = bytes
    _has_table(connection)
    return connection


def _has_table(connection: sqlite3.Connection) -> bool:
    (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return bool(n_tables)


def _expect_format(path: Path, connection: sqlite3.Connection) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise JournalError(
            f"{path}: expected a journal of format {FORMAT}, found format {version}: verify it "
            f"with {_writer(connection)}"
        )


def _writer(connection: sqlite3.Connection) -> str:
    """Return which stimloop wrote a journal of another format, as far as its header says."""
    try:
        first = connection.execute(_FIRST).fetchone()
        version = msgspec.msgpack.decode(first[0])["versions"]["stimloop"]
    except (*UNREADABLE, ValueError, TypeError, LookupError):
        return "the stimloop that wrote it (`versions` in its summary.json)"
    return f"stimloop {version!s:.20}, which wrote it"


def _n_bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
