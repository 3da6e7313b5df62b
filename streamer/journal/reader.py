"""The journal, read: nothing is changed, every link of the chain is checked on the way."""

import hmac
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self
from urllib.parse import quote

import msgspec

from streamer.errors import JournalError, LogMissingError
from streamer.journal.end_signature import signed
from streamer.journal.records import (
    CHAIN_START,
    FORMAT,
    RECORD_KINDS,
    EndRecord,
    Header,
    Payload,
    decode,
    link,
)
from streamer.journal.write_ahead_log import damage

_SELECT = """
SELECT number, kind, now_s, payload, chain, typeof(kind) || typeof(payload) || typeof(chain)
FROM records ORDER BY number
"""
_FIRST = "SELECT payload FROM records ORDER BY number LIMIT 1"
#: One changed bit makes a text of a blob with the same bytes.
_TYPES = b"textblobblob"
#: What every database begins with.
_MAGIC = b"SQLite format 3\0"
#: Up to the two bytes that say how it is written and read: 2 is write-ahead mode.
_N_BEGINS = 20
_WRITE_AHEAD = b"\2\2"
#: What the driver raises on damaged pages; the second where they spoil its own message.
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record whose link fits: its place, its time on the service's clock, what it holds."""

    number: int
    now_s: float
    payload: Payload


class JournalReader:
    """Opens a journal read-only; one that a killed process left behind, too.

    Where the folder cannot be written to and the log of such a journal has to be worked in, both
    are copied to a temporary folder first.

    Parameters
    ----------
    path : Path
        The SQLite file.

    Attributes
    ----------
    path : Path
        As given.
    header : Header
        The first record, known once entered.
    head : str
        Link of the newest record read so far, hex.
    n_records : int
        Records read so far.
    is_log_missing : bool
        Whether the log is not there that a writer leaves which did not end: the journal was
        copied without it, or its writer failed and closed it. Known once entered.
    end : EndRecord or None
        The end record, once `records` came to it.

    Raises
    ------
    JournalError
        On entering, where there is no journal, its log is missing (`LogMissingError`), it is of
        another format or its pages are damaged; from `records`, naming the first record that is
        not what was written.
    """

    def __init__(self, path: Path) -> None:
        self.end: EndRecord | None = None
        self.n_records = 0
        self.path = path
        self._chain = CHAIN_START
        self._before_end = CHAIN_START
        self._ended_s = 0.0
        self.is_log_missing = False
        self._is_open_ended = False
        self._open = ExitStack()

    @property
    def head(self) -> str:
        """Link of the newest record read so far, hex."""
        return self._chain.hex()

    def __enter__(self) -> Self:
        if not self.path.is_file():
            raise JournalError(f"{self.path}: expected a journal, found no such file")
        # Asked before SQLite is, which makes an empty one to read.
        self.is_log_missing = self._expect_database() and not _n_bytes(self._log)
        with self._open:
            try:
                self._connection = self._connect()
                if self.is_log_missing and not self._has_table():
                    raise LogMissingError(
                        f"{self.path}: its log is missing: {self._log.name}, which has all that "
                        "was written; copy both files"
                    )
                self._check_file()
                first = next(self.records(), None)
            except _UNREADABLE as error:
                raise JournalError(f"{self.path}: {error}") from error
            if first is None or not isinstance(first.payload, Header):
                raise JournalError(f"{self.path}: record 0: expected the header, found none")
            self.header = first.payload
            self._open = self._open.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    def records(self) -> Iterator[Record]:
        """Yield every record in order, from the header on.

        Raises
        ------
        JournalError
            At the first record that is missing, changed, or stands after the end.
        """
        self._chain, self.n_records, self.end = CHAIN_START, 0, None
        try:
            for row in self._connection.execute(_SELECT):
                record = self._read(row)
                self.n_records += 1
                if isinstance(record.payload, EndRecord):
                    self.end = record.payload
                yield record
        except _UNREADABLE as error:
            raise JournalError(
                f"{self.path}: after record {self.n_records - 1}: {error}"
            ) from error
        if self.end is None and not self._is_open_ended:
            newest = self.n_records - 1
            raise JournalError(
                f"{self.path}: the end record is missing after record {newest}: this file was "
                "closed at the end of its session, so what followed was taken away"
            )

    def is_end_signed_with(self, key: bytes) -> bool:
        """Whether the end record that `records` came to was signed with a key."""
        if self.end is None:
            return False
        again = signed(
            self.end,
            key,
            session=self.header.session,
            previous=self._before_end,
            number=self.n_records - 1,
            now_s=self._ended_s,
        )
        return hmac.compare_digest(again.signature.encode(), self.end.signature.encode())

    def _read(self, row: tuple[object, ...]) -> Record:
        number, kind, now_s, payload, chain, types = row
        expected = self.n_records
        where = f"{self.path}: record {expected}"
        if self.end is not None:
            raise JournalError(f"{where}: expected nothing after the end record, found a record")
        if number != expected:
            raise JournalError(
                f"{where} is missing: the next record in the file is number {number}"
            )
        name = kind.decode(errors="replace") if isinstance(kind, bytes) else repr(kind)
        if name not in RECORD_KINDS or not isinstance(now_s, float):
            raise JournalError(f"{where}: expected a kind and a time, found {name!r} and {now_s!r}")
        if types != _TYPES or not isinstance(payload, bytes) or not isinstance(chain, bytes):
            raise JournalError(f"{where}: expected a text and bytes, found another type")
        if link(self._chain, expected, name, now_s, payload) != chain:
            raise JournalError(f"{where}: the chain is broken: it was changed after it was written")
        if name == "end":
            self._before_end, self._ended_s = self._chain, now_s
        self._chain = chain
        try:
            return Record(expected, now_s, decode(name, payload))
        except ValueError as error:
            raise JournalError(f"{where}: cannot be read: {error}") from error

    @property
    def _log(self) -> Path:
        return self.path.with_name(f"{self.path.name}-wal")

    def _expect_database(self) -> bool:
        """Return whether the file is in write-ahead mode.

        Fail where it cannot be a database: of an empty one SQLite would remove the log.
        """
        with self.path.open("rb") as file:
            begins = file.read(_N_BEGINS)
        if not begins.startswith(_MAGIC):
            raise JournalError(
                f"{self.path}: expected an SQLite database, found a file that begins otherwise"
            )
        return begins.endswith(_WRITE_AHEAD)

    def _connect(self) -> sqlite3.Connection:
        try:
            return self._connect_to(self.path)
        except sqlite3.OperationalError:
            folder = Path(self._open.enter_context(TemporaryDirectory()))
            for suffix in ("", "-wal"):
                source = self.path.with_name(self.path.name + suffix)
                if source.exists():
                    shutil.copy(source, folder / source.name)
            return self._connect_to(folder / self.path.name)

    def _connect_to(self, path: Path) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(os.fsencode(path.absolute()))}?mode=ro", uri=True, isolation_level=None
        )
        self._open.callback(connection.close)
        # Damaged text must reach our own check, not fail in the driver's decoding.
        connection.text_factory = bytes
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return connection

    def _has_table(self) -> bool:
        (n_tables,) = self._connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return bool(n_tables)

    def _writer(self) -> str:
        """Return which stimloop wrote a journal of another format, as far as its header says."""
        try:
            first = self._connection.execute(_FIRST).fetchone()
            version = msgspec.msgpack.decode(first[0])["versions"]["stimloop"]
        except (*_UNREADABLE, ValueError, TypeError, LookupError):
            return "the stimloop that wrote it (`versions` in its summary.json)"
        return f"stimloop {version!s:.20}, which wrote it"

    def _check_file(self) -> None:
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version != FORMAT:
            raise JournalError(
                f"{self.path}: expected a journal of format {FORMAT}, found format {version}: "
                f"verify it with {self._writer()}"
            )
        (mode,) = self._connection.execute("PRAGMA journal_mode").fetchone()
        # Only a clean end leaves write-ahead mode: this was left by a kill, or is being written.
        self._is_open_ended = mode == b"wal"
        problem = damage(self._log)
        if problem is not None:
            raise JournalError(f"{self.path}: {problem}")
        (verdict,) = self._connection.execute("PRAGMA integrity_check(1)").fetchone()
        if verdict != b"ok":
            raise JournalError(f"{self.path}: {verdict.decode(errors='replace')}")


def _n_bytes(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
