"""The journal, read: nothing is changed, every link of the chain is checked on the way."""

import hmac
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from streamer.errors import JournalError
from streamer.journal.end_signature import signed
from streamer.journal.opening import UNREADABLE, open_journal
from streamer.journal.records import (
    CHAIN_START,
    RECORD_KINDS,
    EndRecord,
    Header,
    Payload,
    StepRecord,
    decode,
    link,
)
from streamer.watching.wall_clock import WallClock

_SELECT = """
SELECT number, kind, now_s, payload, chain, typeof(kind) || typeof(payload) || typeof(chain)
FROM records ORDER BY number
"""
#: One changed bit makes a text of a blob with the same bytes.
_TYPES = b"textblobblob"


class JournalRecord(msgspec.Struct, frozen=True, gc=False):
    """One record whose link fits.

    Parameters
    ----------
    number : int
        From 0, the header's.
    now_s : float
        Its time on the service's clock.
    payload : Header, StepRecord, FailureRecord or EndRecord
        Its content.
    utc_us : int or None
        Its wall clock, as Unix time in microseconds: see `WallClock`. None where the session's
        clock relates to none.
    """

    number: int
    now_s: float
    payload: Payload
    utc_us: int | None = None


class JournalReader:
    """Reads a journal, and checks each record's link of the chain on the way.

    One that a killed process left behind is read, too: see `open_journal`.

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
        self._held = ExitStack()
        self._clock = WallClock(None)

    @property
    def head(self) -> str:
        """Link of the newest record read so far, hex."""
        return self._chain.hex()

    def __enter__(self) -> Self:
        with self._held:
            opened = open_journal(self.path, self._held)
            self._connection = opened.connection
            self.is_log_missing = opened.is_log_missing
            self._is_open_ended = opened.is_open_ended
            first = next(self.records(), None)
            if first is None or not isinstance(first.payload, Header):
                raise JournalError(f"{self.path}: record 0: expected the header, found none")
            self.header = first.payload
            self._held = self._held.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._held.close()

    def records(self) -> Iterator[JournalRecord]:
        """Yield every record in order, from the header on.

        Raises
        ------
        JournalError
            At the first record that is missing, changed, or stands after the end.
        """
        self._chain, self.n_records, self.end = CHAIN_START, 0, None
        self._clock = WallClock(None)
        try:
            for row in self._connection.execute(_SELECT):
                record = self._read(row)
                self.n_records += 1
                if isinstance(record.payload, EndRecord):
                    self.end = record.payload
                yield record
        except UNREADABLE as error:
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

    def _read(self, row: tuple[object, ...]) -> JournalRecord:
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
            decoded = decode(name, payload)
        except ValueError as error:
            raise JournalError(f"{where}: cannot be read: {error}") from error
        if isinstance(decoded, Header):
            self._clock = WallClock(decoded.utc_offset_us)
        elif isinstance(decoded, StepRecord):
            self._clock.hear(decoded.event)
        return JournalRecord(expected, now_s, decoded, self._clock.utc_us(now_s))
