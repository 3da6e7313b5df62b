"""The journal's writer: everything the loop consumed and decided, in order, before it acts."""

from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from streamer.errors import JournalError
from streamer.events import Event
from streamer.journal.digests import Digests
from streamer.journal.end_signature import signed
from streamer.journal.journal_file import JournalFile, RecordRow
from streamer.journal.records import (
    CHAIN_START,
    EndRecord,
    FailureRecord,
    Header,
    RecordKind,
    encode,
    encode_outcome,
    encode_step,
    link,
)

if TYPE_CHECKING:
    from streamer.closed_loop import Outcome

#: Records and bytes that may wait for a commit: all that a kill can take.
_N_WAITING_MAX = 512
_N_WAITING_BYTES_MAX = 1 << 20


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
    n_records : int
        Records that were committed.
    n_steps : int
        Steps written, committed or not.

    Raises
    ------
    JournalError
        Where the file is there already or cannot be written, or where it or one of the two that
        SQLite keeps beside it was removed, replaced or cut. After the first such error every
        `write` and `commit` raises it again.
    """

    def __init__(self, path: Path, header: Header, started_s: float) -> None:
        self._digests = Digests()
        self._undigested: Outcome | None = None
        self.n_records = 0
        self._path = path
        self._header = header
        self._started_s = started_s
        self._file = JournalFile(path)
        self._waiting: list[RecordRow] = []
        self._n_waiting_bytes = 0
        self.n_steps = 0
        self._chain = CHAIN_START
        self._head = CHAIN_START
        self._failure: str | None = None
        self._has_end = False

    @property
    def digests(self) -> Digests:
        """Of everything written so far."""
        self.digest()
        return self._digests

    @property
    def head(self) -> str:
        """The chain's newest committed link, hex."""
        return self._head.hex()

    def __enter__(self) -> Self:
        self._file.create()
        try:
            self._add("header", self._started_s, encode(self._header))
            self.commit()
            self._file.watch()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.stop()
        try:
            if self._failure is None:
                self.commit()
            if self._has_end:
                self._file.settle()
        finally:
            self._file.close()

    def write(self, event: Event, now_s: float, outcome: "Outcome") -> None:
        """Keep one step: the event, its now, and all that followed from it."""
        self.digest()
        try:
            payload = encode_step(event, encode_outcome(outcome))
        except (TypeError, ValueError, OverflowError) as error:
            failure = f"{self._path}: {type(event).__name__} cannot be kept: {error}"
            self._give_up(failure)
            raise JournalError(failure) from error
        self._undigested = outcome
        self.n_steps += 1
        self._add("step", now_s, payload)

    def digest(self) -> None:
        """Fold the newest step into the digests: what no message has to wait for."""
        newest, self._undigested = self._undigested, None
        if newest is not None:
            self._digests.add(newest)

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
        self._expect_files()
        end = EndRecord(
            reason=reason,
            n_steps=self.n_steps,
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
        try:
            self._file.append(self._waiting)
        except JournalError as error:
            self._give_up(str(error))
            raise
        self._head = self._chain
        self.n_records += len(self._waiting)
        self._waiting.clear()
        self._n_waiting_bytes = 0

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

    def _expect_files(self) -> None:
        try:
            self._file.expect_whole(looks_up=True)
        except JournalError as error:
            self._give_up(str(error))
            raise

    def _give_up(self, failure: str) -> None:
        """Keep the failure for every later call, and drop what was not committed."""
        self._failure = failure
        self._waiting.clear()
