"""The therapy of a session from its journal alone: nothing that was detected is computed again."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from replay.explanation.outcomes import read_outcome
from replay.explanation.scan import journal_of
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.errors import JournalError
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
    path = journal_of(session)
    with JournalReader(path) as reader:
        header = reader.header
        try:
            config = msgspec.json.decode(header.config_json, type=LoopConfig)
            therapy = Therapy(ClosedLoop(config, header.infos, header.session))
        except ValueError as error:
            text = f"{path}: record 0: the configuration cannot be used: {error}"
            raise JournalError(text) from error
        for record in reader.records():
            if isinstance(record.payload, Header):
                therapy.take(record.now_s, (), ())
            elif isinstance(record.payload, StepRecord):
                outcome = read_outcome(record, record.payload)
                therapy.take(record.now_s, outcome.targets, outcome.device_events)
            progress(reader.n_records)
    return therapy.as_dict()
