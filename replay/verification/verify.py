"""Verification: a session computed again from its journal, and compared bit for bit."""

from collections.abc import Callable
from pathlib import Path

from replay.recorded_loop import journal_of
from replay.verification.beside import check_config, check_summary
from replay.verification.ending import UNKNOWN, judge_end
from replay.verification.recomputation import Recomputation, of_other_origin
from replay.verification.recording.check import check_recording, recording_of
from replay.verification.recording.result import RecordingCheck
from replay.verification.verdict import Difference, EndVerdict, Verdict
from streamer.errors import JournalError, LogMissingError
from streamer.journal.reader import JournalReader
from streamer.journal.records import FailureRecord, Header, StepRecord


def verify(
    session: Path,
    progress: Callable[[int], None] | None = None,
    *,
    head: str | None = None,
    key: bytes | None = None,
    is_unfinished: bool = False,
    recording: Path | None = None,
) -> Verdict:
    """Compute a session again from its journal, compare everything, and look for its end.

    Checked are: every link of the chain; every step's notes, estimates, detections, targets and
    decisions, recomputed from the recorded configuration and (event, now); the digests and the
    summary of the end record; `config.toml` and `summary.json` beside it; the law itself, by
    recomputing estimates and detections with the same samples in other chunks; and whether
    records may have been taken away from the end.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    progress : callable, optional
        Called with the number of records done so far.
    head : str, optional
        A head of this session's chain that its status published, hex.
    key : bytes, optional
        The key that its end record has to be signed with.
    is_unfinished : bool
        Accept a journal without an end record, as a kill leaves it.
    recording : Path, optional
        A recorder's file that is held against the journal; without, the one that the summary
        names, or that lies in the session's folder.

    Returns
    -------
    Verdict
        A damaged journal is a difference, not an error.

    Raises
    ------
    JournalError
        Where there is no journal, or it was copied without its log.
    """
    check = _Verification(journal_of(session), head)
    try:
        check.run(progress)
    except LogMissingError:
        raise  # nothing in it is wrong: it is not all there
    except (Difference, JournalError) as difference:
        return check.verdict(UNKNOWN, str(difference), passes=False)
    reader = check.reader
    end = judge_end(reader, head=head, head_number=check.head_number, key=key)
    is_excused = is_unfinished and reader.end is None and head is None
    recorded = check.recording(recording)
    is_equal = recorded is None or recorded.is_equal
    passes = (end.is_proven or is_excused) and is_equal
    return check.verdict(end, None, passes=passes, recording=recorded)


class _Verification:
    """One pass over a journal; its findings stay readable when a difference ends it."""

    def __init__(self, path: Path, head: str | None) -> None:
        self.reader = JournalReader(path)
        self.head_number: int | None = None
        self._path = path
        self._head = head
        self._session = ""
        self._recomputation: Recomputation | None = None
        self._warnings: list[str] = []

    def recording(self, given: Path | None) -> RecordingCheck | None:
        """Hold a recorder's file against the journal, where there is one."""
        file, warning = recording_of(self._path, self.reader.end) if given is None else (given, "")
        self._warn(warning or None)
        return None if file is None else check_recording(self._path, file)

    def verdict(
        self,
        end: EndVerdict,
        first_difference: str | None,
        *,
        passes: bool,
        recording: RecordingCheck | None = None,
    ) -> Verdict:
        recomputation = self._recomputation
        return Verdict(
            session=self._session,
            passes=passes,
            holds=first_difference is None,
            first_difference=first_difference,
            end=end,
            n_records=self.reader.n_records,
            n_samples=0 if recomputation is None else recomputation.n_samples,
            head=self.reader.head,
            digest={} if recomputation is None else recomputation.digests.as_dict(),
            warnings=tuple(self._warnings),
            recording=recording,
        )

    def run(self, progress: Callable[[int], None] | None) -> None:
        with self.reader as reader:
            self._session = reader.header.session
            self._warnings += of_other_origin(reader.header)
            self._warn(check_config(self._path.with_name("config.toml"), reader.header))
            recomputation = self._recomputation = Recomputation(reader.header)
            head, n_records = reader.head, 0
            for record in reader.records():
                if reader.end is None:
                    head, n_records = reader.head, reader.n_records
                if reader.head == self._head:
                    self.head_number = record.number
                if isinstance(record.payload, StepRecord):
                    recomputation.step(record, record.payload)
                elif isinstance(record.payload, Header):
                    recomputation.begin(record)
                elif isinstance(record.payload, FailureRecord):
                    self._warnings.append(
                        f"record {record.number}: the service failed: {record.payload.text}"
                    )
                if progress is not None:
                    progress(reader.n_records)
            if reader.end is not None:
                recomputation.check_end(reader.end)
            summary = recomputation.summary(reader.end, head=head, n_records=n_records)
            self._warn(check_summary(self._path.with_name("summary.json"), reader.end, summary))
            recomputation.check_law()

    def _warn(self, warning: str | None) -> None:
        if warning is not None:
            self._warnings.append(warning)
