"""The SQLite file of a journal while it is written: created, appended to, watched and closed."""

import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from streamer.errors import JournalError
from streamer.journal.checkpoints import Checkpoints
from streamer.journal.records import FORMAT, RecordKind
from streamer.journal.watched_files import WatchedFiles

#: Bytes written between two requests for a checkpoint.
_N_CHECKPOINT_BYTES = 16 << 20
#: What a commit writes beyond its payloads: about two pages.
_N_COMMIT_BYTES = 8192
#: Nobody else writes; a lock held longer than this is a failure, not a wait.
_LOCK_S_MAX = 0.1

_LAYOUT = """
CREATE TABLE records (
    number INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    now_s REAL NOT NULL,
    payload BLOB NOT NULL,
    chain BLOB NOT NULL
)
"""
_INSERT = "INSERT INTO records VALUES (?, ?, ?, ?, ?)"

#: Number, kind, time on the service's clock, payload and link of the chain.
RecordRow = tuple[int, RecordKind, float, bytes, bytes]


class JournalFile:
    """One SQLite file in write-ahead mode; the disk is waited for in `settle` alone.

    Parameters
    ----------
    path : Path
        The file to create.

    Notes
    -----
    The order is `create`, the first `append`, `watch`, further ones, `stop`, and `close` whatever
    came before. What any of them finds wrong is a `JournalError` that begins with the path.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._checkpoints = Checkpoints(path)
        self._files: WatchedFiles | None = None
        self._n_unmoved_bytes = 0

    def create(self) -> None:
        """Create the file with its empty table.

        Raises
        ------
        JournalError
            Where it is there already, or cannot be created.
        """
        try:
            self._descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            # What a umask may have taken; SQLite's own files get the mode of this one.
            self._path.chmod(0o600)
        except FileExistsError:
            raise JournalError(f"{self._path}: expected no journal yet, found one") from None
        except OSError as error:
            raise JournalError(f"{self._path}: cannot be created: {error.strerror}") from error
        self._connection = sqlite3.connect(self._path, timeout=_LOCK_S_MAX, isolation_level=None)
        try:
            self._connection.execute(f"PRAGMA user_version={FORMAT}")
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA wal_autocheckpoint=0")
            self._connection.execute(_LAYOUT)
            self._connection.execute("PRAGMA synchronous=OFF")
        except BaseException as error:
            self.close()
            if not isinstance(error, sqlite3.Error):
                raise
            raise JournalError(f"{self._path}: cannot be created: {error}") from error

    def watch(self) -> None:
        """Watch the files from now on, and move what is committed into the database beside us.

        Raises
        ------
        JournalError
            Where they cannot be opened.
        """
        try:
            if os.name != "nt":  # where an open file cannot be removed, by SQLite neither
                self._files = WatchedFiles(self._path)
            self._checkpoints.start()
        except (sqlite3.Error, OSError) as error:
            raise JournalError(f"{self._path}: cannot be created: {error}") from error

    def append(self, rows: Sequence[RecordRow]) -> None:
        """Hand rows to the operating system, all or none of them.

        Raises
        ------
        JournalError
            Where that fails, a checkpoint failed, or a file is not where and what it was.
        """
        self.expect_whole()
        if self._checkpoints.failure is not None:
            # A file that is gone makes checkpoints fail, too, in words that say less.
            self.expect_whole(looks_up=True)
            raise JournalError(f"{self._path}: {self._checkpoints.failure}")
        if not rows:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, rows)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise JournalError(f"{self._path}: {error}") from error
        if self._files is not None:
            self._files.written()
        self._n_unmoved_bytes += sum(len(payload) for *_, payload, _ in rows) + _N_COMMIT_BYTES
        if self._n_unmoved_bytes > _N_CHECKPOINT_BYTES:
            self._n_unmoved_bytes = 0
            self._checkpoints.ask()

    def expect_whole(self, *, looks_up: bool = False) -> None:
        """Raise a `JournalError` where one of the files was removed, replaced or cut.

        Parameters
        ----------
        looks_up : bool
            Look their names up now, which otherwise is done from time to time.
        """
        if self._files is None:
            return
        problem = self._files.inspect()
        if problem is None and looks_up:
            problem = self._files.look_up()
        if problem is not None:
            self._files.mend()
            raise JournalError(f"{self._path}: {problem}")

    def stop(self) -> None:
        """End the thread of checkpoints."""
        self._checkpoints.stop()

    def settle(self) -> None:
        """Bring everything to the disk in one file that can be read from any medium.

        Raises
        ------
        JournalError
            Where that fails, or a file is not where and what it was.
        """
        self.expect_whole(looks_up=True)
        try:
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # Refused while somebody reads: then the emptied log stays beside the file.
            self._connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise JournalError(f"{self._path}: cannot be closed: {error}") from error

    def close(self) -> None:
        """Let go of the file, whatever state it is in."""
        if self._files is not None:
            self._files.mend()
        self._connection.close()
        # Not before: closing any descriptor of a file drops the locks that SQLite has on it.
        if self._files is not None:
            self._files.close()
        os.close(self._descriptor)
