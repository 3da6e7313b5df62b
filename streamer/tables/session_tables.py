"""Both tables of a session as a fold over its steps: the same live and from the journal."""

from contextlib import ExitStack
from pathlib import Path
from typing import Final

import msgspec
import pyarrow as pa

from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Event
from streamer.journal.records import Header
from streamer.tables import estimate_rows, event_rows
from streamer.tables.estimate_rows import EstimateRows
from streamer.tables.event_rows import EventRows
from streamer.tables.table_file import TableFile
from streamer.watching.wall_clock import WallClock

#: Counted up where columns change their name or their meaning.
FORMAT: Final = 1
#: Where the metadata of both files says what they are of.
METADATA_KEY: Final = b"stimloop"
ESTIMATES_NAME: Final = "estimates.parquet"
EVENTS_NAME: Final = "events.parquet"


class TablesOf(msgspec.Struct, frozen=True, kw_only=True):
    """What a session's tables are of, as JSON in the metadata of both.

    Parameters
    ----------
    format : int
        Version of the columns.
    session : str
        Name of the session.
    config_sha256 : str
        Digest of the resolved configuration.
    versions : dict of str to str
        What computed the estimates first.
    utc_offset_us : int or None
        Unix time less the service's clock as the session began; None where nobody knows.
    detectors : dict of str to DetectorOf
        By id.
    """

    format: int
    session: str
    config_sha256: str
    versions: dict[str, str]
    utc_offset_us: int | None
    detectors: "dict[str, DetectorOf]"


class DetectorOf(msgspec.Struct, frozen=True, kw_only=True):
    """The stream that a detector's `sample` counts, its rate, hop, and declared delay."""

    stream: str
    rate_hz: float
    hop_samples: int
    delay_s: float


class SessionTables:
    """Writes `estimates.parquet` and `events.parquet`, a row group at a time.

    Memory is bounded by one row group a detector. The same steps give the same bytes, whoever
    feeds them and in whatever pieces of time.

    Parameters
    ----------
    folder : Path
        Where both are put, once they are whole.
    loop : ClosedLoop
        Whose steps they are of.
    header : Header
        Of the session's journal.
    part_name : str
        See `TableFile`.

    Attributes
    ----------
    files : tuple of TableFile
        Both.

    Raises
    ------
    OSError
        From every call: what the disk, or the folder, refused.
    """

    def __init__(
        self, folder: Path, loop: ClosedLoop, header: Header, *, part_name: str = "part"
    ) -> None:
        detectors = loop.chain.detectors
        about = TablesOf(
            format=FORMAT,
            session=header.session,
            config_sha256=header.config_sha256,
            versions=header.versions,
            utc_offset_us=header.utc_offset_us,
            detectors={
                name: DetectorOf(
                    stream=loop.chain.streams[name],
                    rate_hz=float(each.rate_hz),
                    hop_samples=int(each.hop_samples),
                    delay_s=float(each.delay_s),
                )
                for name, each in detectors.items()
            },
        )
        metadata = {METADATA_KEY: msgspec.json.encode(about)}
        of_estimates = pa.schema(estimate_rows.COLUMNS, metadata)
        of_events = pa.schema(event_rows.COLUMNS, metadata)
        self._clock = WallClock(header.utc_offset_us)
        self._rows = {name: EstimateRows(each, of_estimates) for name, each in detectors.items()}
        rates_hz = {name: each.layout.rate_hz for name, each in loop.conditioners.items()}
        self._event_rows = EventRows(of_events, self._clock, rates_hz)
        with ExitStack() as on_error:
            self._estimates = TableFile(
                folder / ESTIMATES_NAME, of_estimates, estimate_rows.REPEATING, part_name=part_name
            )
            on_error.callback(self._estimates.abandon)
            self._events = TableFile(
                folder / EVENTS_NAME, of_events, event_rows.REPEATING, part_name=part_name
            )
            on_error.pop_all()
        self.files = (self._estimates, self._events)

    def add(self, event: Event | None, now_s: float, outcome: Outcome) -> None:
        """Take in one step; see `EventRows.add`."""
        self._clock.hear(event)
        for seen in outcome.seen:
            estimates = seen.estimates
            if estimates.sample.size:
                rows = self._rows[estimates.detector]
                for group in rows.add(estimates, self._clock.offset_us):
                    self._estimates.write(group)
        for group in self._event_rows.add(event, now_s, outcome):
            self._events.write(group)

    def finish(self) -> None:
        """Write what is left, and put both tables in place."""
        for rows in self._rows.values():
            for group in rows.take():
                self._estimates.write(group)
        for group in self._event_rows.take():
            self._events.write(group)
        for file in self.files:
            file.close()
        for file in self.files:
            file.put_in_place()

    def abandon(self) -> None:
        """Remove both."""
        for file in self.files:
            file.abandon()
