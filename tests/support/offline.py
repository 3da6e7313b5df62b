"""Reads a session's events from its journal, for a loop as it is now."""

from pathlib import Path
from typing import NamedTuple

import msgspec

from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.events import Event
from streamer.journal.reader import JournalReader
from streamer.journal.records import Header, StepRecord


class JournalledSession(NamedTuple):
    """The configuration of a loop, and each event of it with the service's time."""

    header: Header
    steps: tuple[tuple[float, Event], ...]

    def new_loop(self) -> ClosedLoop:
        """Return a loop like the session's, before its first event."""
        config = msgspec.json.decode(self.header.config_json, type=LoopConfig)
        return ClosedLoop(config, self.header.infos, self.header.session)


def journalled(folder: Path) -> JournalledSession:
    """Return the events in the journal of a session folder."""
    with JournalReader(folder / "journal.sqlite") as journal:
        steps = tuple(
            (record.now_s, record.payload.event)
            for record in journal.records()
            if isinstance(record.payload, StepRecord)
        )
        return JournalledSession(journal.header, steps)
