"""The journal's writer: everything the loop consumed and decided, in order, before it acts."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from streamer.errors import JournalError
from streamer.events import Event
from streamer.journal.checkpoints import Checkpoints
from streamer.journal.digests import Digests
from streamer.journal.end_signature import signed
from streamer.journal.records import (
    CHAIN_START,
    FORMAT,
    EndRecord,
    FailureRecord,
    Header,
    RecordKind,
    encode,
    encode_outcome,
    encode_step,
    link,
)
from streamer.journal.watched_files import WatchedFiles

if TYPE_CHECKING:
    from streamer.closed_loop import Outcome

#: Records and bytes that may wait for a commit: all that a kill can take.
_N_WAITING_MAX = 512
_N_WAITING_BYTES_MAX = 1 << 20
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


class Journal:
    """One SQLite file in write-ahead mode, written on the loop's thread.

    Entering creates the file and writes the header. `write` keeps a record in memory, `commit`
    hands all of them to the operating system: from then on a killed process loses nothing of
    them. Leaving without `end` keeps what is there, without an end record.

    No call waits for the disk but entering, `end` and leaving: the connection runs with
    ``synchronous=OFF`` and `Checkpoints` syncs beside it. A crash of the machine, not of the
    process, may therefore cost the newest records; the chain shows it.

    Parameters
    ----------
    path : Path
        The file to create.
    header : Header
        The first record.
    started_s : float
        Service clock at the start.

    Attributes
    ----------
    digests : Digests
        Of everything written so far.
    n_records : int
        Records that were committed.

    Raises
    ------
    JournalError
        Where the file is there already or cannot be written, or where it or one of the two that
        SQLite keeps beside it was removed, replaced or cut. After the first such error every
        `write` and `commit` raises it again.
    """

    def __init__(self, path: Path, header: Header, started_s: float) -> None:
        self.digests = Digests()
        self.n_records = 0
        self._path = path
        self._header = header
        self._started_s = started_s
        self._checkpoints = Checkpoints(path)
        self._files: WatchedFiles | None = None
        self._waiting: list[tuple[int, RecordKind, float, bytes, bytes]] = []
        self._n_waiting_bytes = 0
        self._n_unmoved_bytes = 0
        self._n_steps = 0
        self._chain = CHAIN_START
        self._head = CHAIN_START
        self._failure: str | None = None
        self._has_end = False

    @property
    def head(self) -> str:
        """The chain's newest committed link, hex."""
        return self._head.hex()

    def __enter__(self) -> Self:
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
            # What a umask may have taken; SQLite's own files get the mode of this one.
            self._path.chmod(0o600)
        except FileExistsError:
            raise JournalError(f"{self._path}: expected no journal yet, found one") from None
        except OSError as error:
            raise JournalError(f"{self._path}: cannot be created: {error.strerror}") from error
        self._connection = sqlite3.connect(self._path, timeout=_LOCK_S_MAX, isolation_level=None)
        try:
            self._create()
            if os.name != "nt":  # where an open file cannot be removed, by SQLite neither
                self._files = WatchedFiles(self._path)
            self._checkpoints.start()
        except BaseException as error:
            self._close()
            if not isinstance(error, sqlite3.Error | OSError):
                raise
            raise JournalError(f"{self._path}: cannot be created: {error}") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._checkpoints.stop()
        try:
            if self._failure is None:
                self.commit()
            if self._has_end:
                self._settle()
        finally:
            self._close()

    def write(self, event: Event, now_s: float, outcome: "Outcome") -> None:
        """Keep one step: the event, its now, and all that followed from it."""
        try:
            payload = encode_step(event, encode_outcome(outcome))
            self.digests.add(outcome)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._fail(f"{type(event).__name__} cannot be kept: {error}") from error
        self._n_steps += 1
        self._add("step", now_s, payload)

    def fail(self, text: str, now_s: float) -> None:
        """Keep, and commit, what failed in the service."""
        self._add("failure", now_s, encode(FailureRecord(text)))
        self.commit()

    def end(
        self, reason: str, now_s: float, *, summary_json: bytes = b"", key: bytes | None = None
    ) -> None:
        """Write and commit the end record; nothing may follow it.

        Parameters
        ----------
        reason : str
            Why the session ended.
        now_s : float
            Service clock at the end.
        summary_json : bytes
            The content of `summary.json`, which is written after it.
        key : bytes, optional
            Signs the record; without it anybody who can write the file could have made it.
        """
        self.commit()
        self._expect_files(looks_up=True)
        end = EndRecord(
            reason=reason,
            n_steps=self._n_steps,
            digest=self.digests.as_dict(),
            summary_json=summary_json,
        )
        if key is not None:
            end = signed(
                end,
                key,
                session=self._header.session,
                previous=self._chain,
                number=self.n_records,
                now_s=now_s,
            )
        self._add("end", now_s, encode(end))
        self.commit()
        self._has_end = True

    def commit(self) -> None:
        """Hand every record so far to the operating system."""
        if self._failure is not None:
            raise JournalError(self._failure)
        self._expect_files()
        if self._checkpoints.failure is not None:
            # A file that is gone makes checkpoints fail, too, in words that say less.
            self._expect_files(looks_up=True)
            raise self._fail(self._checkpoints.failure)
        if not self._waiting:
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(_INSERT, self._waiting)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise self._fail(str(error)) from error
        if self._files is not None:
            self._files.written()
        self._head = self._chain
        self.n_records += len(self._waiting)
        self._n_unmoved_bytes += self._n_waiting_bytes + _N_COMMIT_BYTES
        self._waiting.clear()
        self._n_waiting_bytes = 0
        if self._n_unmoved_bytes > _N_CHECKPOINT_BYTES:
            self._n_unmoved_bytes = 0
            self._checkpoints.ask()

    def _create(self) -> None:
        self._connection.execute(f"PRAGMA user_version={FORMAT}")
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA wal_autocheckpoint=0")
        self._connection.execute(_LAYOUT)
        self._connection.execute("PRAGMA synchronous=OFF")
        self._add("header", self._started_s, encode(self._header))
        self.commit()

    def _add(self, kind: RecordKind, now_s: float, payload: bytes) -> None:
        if self._failure is not None:
            raise JournalError(self._failure)
        if self._has_end:
            raise JournalError(f"{self._path}: expected nothing after the end, found a {kind}")
        number = self.n_records + len(self._waiting)
        self._chain = link(self._chain, number, kind, now_s, payload)
        self._waiting.append((number, kind, now_s, payload, self._chain))
        self._n_waiting_bytes += len(payload)
        if len(self._waiting) >= _N_WAITING_MAX or self._n_waiting_bytes >= _N_WAITING_BYTES_MAX:
            self.commit()

    def _expect_files(self, *, looks_up: bool = False) -> None:
        """Fail where a file is not where and what it was."""
        if self._files is None:
            return
        problem = self._files.inspect()
        if problem is None and looks_up:
            problem = self._files.look_up()
        if problem is not None:
            self._files.mend()
            raise self._fail(problem)

    def _close(self) -> None:
        if self._files is not None:
            self._files.mend()
        self._connection.close()
        # Not before: closing any descriptor of a file drops the locks that SQLite has on it.
        if self._files is not None:
            self._files.close()
        os.close(self._file)

    def _fail(self, why: str) -> JournalError:
        """Note the failure for every later call and give up what was not committed."""
        self._failure = f"{self._path}: {why}"
        self._waiting.clear()
        with suppress(sqlite3.Error):
            self._connection.execute("ROLLBACK")
        return JournalError(self._failure)

    def _settle(self) -> None:
        """Bring everything to the disk in one file that can be read from any medium."""
        self._expect_files(looks_up=True)
        try:
            self._connection.execute("PRAGMA synchronous=FULL")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            # Refused while somebody reads: then the emptied log stays beside the file.
            self._connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.DatabaseError as error:
            if error.sqlite_errorcode not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise JournalError(f"{self._path}: cannot be closed: {error}") from error
