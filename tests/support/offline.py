"""A session's events again, out of its journal, for a loop of today."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.events import Event
from streamer.journal.reader import JournalReader
from streamer.journal.records import Header, StepRecord


class JournalledSession(NamedTuple):
    """What a loop was made of, and each event that it was given with the service's time."""

    header: Header
    steps: tuple[tuple[float, Event], ...]

    def new_loop(self) -> ClosedLoop:
        """Return a loop like the session's, before its first event."""
        config = msgspec.json.decode(self.header.config_json, type=LoopConfig)
        return ClosedLoop(config, self.header.infos, self.header.session)


def journalled(folder: Path) -> JournalledSession:
    """Return what the journal of a session folder holds of its events."""
    with JournalReader(folder / "journal.sqlite") as journal:
        steps = tuple(
            (record.now_s, record.payload.event)
            for record in journal.records()
            if isinstance(record.payload, StepRecord)
        )
        return JournalledSession(journal.header, steps)
