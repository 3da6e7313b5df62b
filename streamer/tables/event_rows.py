"""Rows of `events.parquet`: what was detected, decided, sent, answered and wrong, one each."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from streamer.closed_loop import Outcome
from streamer.events import Event
from streamer.tables.columns import column
from streamer.tables.step_rows import StepRows
from streamer.tables.utc_time import UTC_TIME
from streamer.watching.wall_clock import WallClock

if TYPE_CHECKING:
    from streamer.tables.row import Row

#: Rows of a group.
N_GROUP_ROWS: Final = 1 << 12

_NAME: Final = pa.dictionary(pa.int32(), pa.string())
_NUMBER: Final = pa.float64()
COLUMNS: Final = (
    pa.field("time_s", _NUMBER),
    pa.field("time_utc", UTC_TIME),
    pa.field("known_s", _NUMBER, nullable=False),
    pa.field("event", _NAME, nullable=False),
    pa.field("kind", _NAME, nullable=False),
    pa.field("stream", _NAME),
    pa.field("sample", pa.int64()),
    pa.field("detector", _NAME),
    pa.field("channel", _NAME),
    pa.field("device", _NAME),
    pa.field("policy", _NAME),
    pa.field("program", _NAME),
    pa.field("operator", _NAME),
    pa.field("seq", pa.int64()),
    pa.field("amount", _NUMBER),
    pa.field("unit", _NAME),
    pa.field("value", _NUMBER),
    pa.field("threshold", _NUMBER),
    pa.field("onset_s", _NUMBER),
    pa.field("fire_at_s", _NUMBER),
    pa.field("duration_s", _NUMBER),
    pa.field("reason", _NAME),
    pa.field("limit", _NAME),
    pa.field("limit_share", _NUMBER),
    pa.field("runner_up", _NAME),
    pa.field("runner_up_share", _NUMBER),
    pa.field("complete", pa.bool_(), nullable=False),
    pa.field("text", pa.string(), nullable=False),
)
REPEATING: Final = [each.name for each in COLUMNS if each.type == _NAME]


class EventRows:
    """Turns steps into rows, in the order of the journal, and rows into row groups.

    Parameters
    ----------
    schema : pyarrow.Schema
        Of the table.
    clock : WallClock
        Told of every event before.
    rates_hz : mapping of str to float
        Nominal rate of each signal.
    n_group_rows : int
        Rows of a group.
    """

    def __init__(
        self,
        schema: pa.Schema,
        clock: WallClock,
        rates_hz: Mapping[str, float],
        n_group_rows: int = N_GROUP_ROWS,
    ) -> None:
        self._schema = schema
        self._clock = clock
        self._steps = StepRows(rates_hz)
        self._n_group_rows = n_group_rows
        self._rows: list[Row] = []

    def add(self, event: Event | None, now_s: float, outcome: Outcome) -> Iterator[pa.Table]:
        """Take in one step, and yield each row group that it completes.

        Parameters
        ----------
        event : Event or None
            What the loop was fed; samples may be left out where nothing was noted on them.
        now_s : float
            The service's clock.
        outcome : Outcome
            What followed.
        """
        for each in self.rows(event, now_s, outcome):
            self._rows.append(each)
            if len(self._rows) == self._n_group_rows:
                yield from self.take()

    def rows(self, event: Event | None, now_s: float, outcome: Outcome) -> "Iterator[Row]":
        """Take in one step, and yield its rows without keeping them; parameters as of `add`."""
        rows = self._steps.rows(
            event,
            now_s,
            notes=outcome.notes,
            detections=[each for seen in outcome.seen for each in seen.detections],
            decisions=outcome.decisions,
        )
        for each in rows:
            each["time_utc"] = self._clock.utc_us(each["time_s"])
            each.setdefault("complete", True)
            each.setdefault("text", "")
            yield each

    def take(self) -> Iterator[pa.Table]:
        """Yield what is left as a row group, if anything."""
        if self._rows:
            rows, self._rows = self._rows, []
            columns = [
                column([row.get(field.name) for row in rows], field.type) for field in self._schema
            ]
            yield pa.table(columns, schema=self._schema)
