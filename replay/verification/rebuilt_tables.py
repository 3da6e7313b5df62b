"""The tables of a session made again from its journal, bit for bit as they were written live."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from replay.recorded_loop import journal_of, recorded_loop
from replay.verification.recomputation import of_other_origin
from streamer.closed_loop import Outcome
from streamer.journal.reader import JournalReader, JournalRecord
from streamer.journal.records import Header, StepRecord, encode_outcome
from streamer.tables.session_tables import SessionTables
from streamer.watching.therapy import Therapy


class RebuiltTables(msgspec.Struct, frozen=True, kw_only=True):
    """What was made.

    Parameters
    ----------
    session : str
        Name of the session.
    estimates, events : Path
        The files.
    n_estimates, n_events : int
        Their rows.
    n_records : int
        Records that the journal has.
    has_ended : bool
        Whether the session ended by itself: one that was killed, or goes on, has rows up to the
        newest record.
    difference : str or None
        The first step that came out otherwise than it was recorded; its rows, and all later ones,
        are what is computed here and not what was acted on.
    warnings : tuple of str
        What may explain that.
    therapy : dict
        Of each device, as `summary.json` has it.
    """

    session: str
    estimates: Path
    events: Path
    n_estimates: int
    n_events: int
    n_records: int
    has_ended: bool
    difference: str | None
    warnings: tuple[str, ...]
    therapy: dict[str, dict[str, Any]]


def rebuild_tables(
    session: Path, folder: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> RebuiltTables:
    """Compute a session again from its journal, and write its tables to a folder.

    Estimates are computed from the recorded configuration and samples; each step is held against
    the journal's own mark of it, as `verify` does.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    folder : Path
        Where both tables are put; those that are there are replaced.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format, or it is damaged: then no table is
        written.
    OSError
        What the disk, or the folder, refused.
    """
    with JournalReader(journal_of(session)) as reader:
        header = reader.header
        _, loop = recorded_loop(reader)
        tables = SessionTables(folder, loop, header, part_name="rebuilt")
        therapy = Therapy(loop)
        difference: str | None = None
        try:
            for record in reader.records():
                if isinstance(record.payload, Header):
                    therapy.take(record.now_s, (), ())
                elif isinstance(record.payload, StepRecord):
                    outcome = loop.step(record.payload.event, record.now_s)
                    tables.add(record.payload.event, record.now_s, outcome)
                    therapy.take(record.now_s, outcome.targets, outcome.device_events)
                    difference = difference or difference_of(record, record.payload, outcome)
                progress(reader.n_records)
            tables.finish()
        except BaseException:
            tables.abandon()
            raise
        estimates, events = tables.files
        return RebuiltTables(
            session=header.session,
            estimates=estimates.path,
            events=events.path,
            n_estimates=estimates.n_rows,
            n_events=events.n_rows,
            n_records=reader.n_records,
            has_ended=reader.end is not None,
            difference=difference,
            warnings=tuple(of_other_origin(header)),
            therapy=therapy.as_dict(),
        )


def difference_of(record: JournalRecord, step: StepRecord, outcome: Outcome) -> str | None:
    """Return how a step that was computed again differs from what was recorded, if it does."""
    if encode_outcome(outcome) == bytes(step.outcome):
        return None
    return f"record {record.number} ({type(step.event).__name__}) comes out otherwise here"
