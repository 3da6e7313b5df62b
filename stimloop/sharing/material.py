"""A session read once, from its journal: where its samples stand, how good they are, its events."""

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from detectors.conditioning.conditioner import Note
from detectors.conditioning.tally import Tallied
from replay.patient.patient import PatientConfig
from replay.recorded_loop import journal_of, recorded_loop
from replay.scoring.online import WatchedLoop
from replay.verification.rebuilt_tables import difference_of
from stimloop.sharing.file_time import FileTime
from stimloop.sharing.followed import Followed
from streamer.events import Chunk
from streamer.journal.reader import JournalReader, JournalRecord
from streamer.journal.records import EndRecord, Header, StepRecord
from streamer.source import StreamInfo
from streamer.streams import StreamConfig
from streamer.tables.row import Row
from streamer.watching.wall_clock import WallClock

#: Kinds of flaw that are counted in samples of single channels.
FLAWS: Final = ("not_finite", "frozen", "saturated", "implausible")


class SharedSession:
    """What a dataset has of a session, gathered record by record.

    Parameters
    ----------
    reader : JournalReader
        Its journal, entered.
    session : Path
        The session folder, or its journal.

    Attributes
    ----------
    header : Header
        Of the journal.
    config : LoopConfig
        The rig.
    loop : WatchedLoop
        Which computed it again.
    times : dict of str to FileTime
        Of each stream that gives samples.
    difference : str or None
        The first step that came out otherwise here than it was recorded.
    end : EndRecord or None
        The last record, where the session ended by itself.
    n_records : int
        Records that the journal has.

    Raises
    ------
    JournalError
        Where the journal's configuration cannot be used here.
    """

    def __init__(self, reader: JournalReader, session: Path) -> None:
        self.path = session
        self.header = reader.header
        self.config, self.loop = recorded_loop(reader, WatchedLoop)
        self.times = {
            name: FileTime(each.layout.rate_hz) for name, each in self.loop.conditioners.items()
        }
        self._clock = WallClock(reader.header.utc_offset_us)
        self._followed = Followed(self.loop, self._clock, is_timed=self.is_timed)
        self.difference: str | None = None
        self.end: EndRecord | None = None
        self.n_records = 0

    @property
    def is_timed(self) -> bool:
        """Whether its clock was a real one; that of a recording is virtual."""
        return self.header.utc_offset_us is not None

    @property
    def rows(self) -> list[Row]:
        """Its events, see `Followed`."""
        return self._followed.rows

    @property
    def infos(self) -> dict[str, StreamInfo]:
        """What each stream said of itself."""
        return {each.name: each for each in self.header.infos}

    @property
    def streams(self) -> dict[str, StreamConfig]:
        """The table of each stream that gave samples."""
        return {
            each.name: each
            for each in self.config.streams
            if each.name in self.times and self.times[each.name].n_samples
        }

    @property
    def tables(self) -> dict[str, Any]:
        """The session folder's configuration, see `config_tables`."""
        return config_tables(self.path, self.header)

    @property
    def simulated_streams(self) -> list[str]:
        """The streams that come from a simulated patient."""
        sources = {PatientConfig().source_id, self.tables.get("patient", {}).get("source_id")}
        return [name for name in self.streams if self.infos[name].source_id in sources]

    def utc_us(self, time_s: float) -> int | None:
        """Return a time near the session's begin as Unix time in microseconds, if it has one."""
        return WallClock(self.header.utc_offset_us).utc_us(time_s)

    def flaws(self, stream: str) -> dict[str, list[Tallied]]:
        """Return what was wrong with each channel that a stream has of its own."""
        found: dict[str, list[Tallied]] = {}
        for each in self.loop.conditioners[stream].tallied:
            if each.kind in FLAWS and each.channel:
                found.setdefault(each.channel, []).append(each)
        return found

    def take(self, record: JournalRecord, step: StepRecord) -> None:
        """Compute a step again, and gather what it gave."""
        event, now_s = step.event, record.now_s
        self._clock.hear(event)
        outcome = self.loop.step(event, now_s)
        if isinstance(event, Chunk) and event.timestamps_s.size:
            self._place(event.stream, outcome.notes, now_s)
        self._followed.take(event, now_s, outcome)
        self.difference = self.difference or difference_of(record, step, outcome)

    def _place(self, stream: str, notes: tuple[Note, ...], now_s: float) -> None:
        """Find the positions of the newest samples, which the loop has just conditioned."""
        block = self.loop.block
        if block is not None and block.stream == stream:
            self.times[stream].take(block, notes, now_s)


def config_tables(session: Path, header: Header) -> dict[str, Any]:
    """Return a session folder's `config.toml`, or nothing where it is not what its journal names.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    header : Header
        Of the journal.
    """
    folder = session if session.is_dir() else session.parent
    try:
        content = (folder / "config.toml").read_bytes()
    except OSError:
        return {}
    if hashlib.sha256(content).hexdigest() != header.config_toml_sha256:
        return {}
    return tomllib.loads(content.decode())


def read_session(
    session: Path, progress: Callable[[int], None] = lambda _n_records: None
) -> SharedSession:
    """Read a session, and compute it again.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that goes on, or was killed, too.
    progress : callable, optional
        Called with the number of records done so far.

    Raises
    ------
    JournalError
        Where there is no journal, it is of another format, it is damaged, or it cannot be computed
        here.
    """
    with JournalReader(journal_of(session)) as reader:
        found = SharedSession(reader, session)
        for record in reader.records():
            if isinstance(record.payload, StepRecord):
                found.take(record, record.payload)
            progress(reader.n_records)
        found.end, found.n_records = reader.end, reader.n_records
    return found
