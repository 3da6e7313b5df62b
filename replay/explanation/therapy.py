"""The therapy of a session from its journal alone: nothing that was detected is computed again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from replay.recorded_loop import journal_of, recorded_loop
from replay.recorded_outcome import read_outcome
from streamer.journal.reader import JournalReader
from streamer.journal.records import Header, StepRecord
from streamer.watching.therapy import Therapy


def therapy_of(
    session: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> dict[str, dict[str, Any]]:
    """Return what `summary.json` has under ``therapy``, of a session in any state.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format or version, or it is damaged.
    """
    with JournalReader(journal_of(session)) as reader:
        _, loop = recorded_loop(reader)
        therapy = Therapy(loop)
        for record in reader.records():
            if isinstance(record.payload, Header):
                therapy.take(record.now_s, (), ())
            elif isinstance(record.payload, StepRecord):
                outcome = read_outcome(record, record.payload)
                therapy.take(record.now_s, outcome.targets, outcome.device_events)
            progress(reader.n_records)
    return therapy.as_dict()
