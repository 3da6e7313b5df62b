"""The tables of a session folder, as it has them, or made from its journal where it has none."""

import warnings
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stimloop.library.input_errors import InputError
from streamer.errors import JournalError
from streamer.tables.session_tables import (
    ESTIMATES_NAME,
    EVENTS_NAME,
    FORMAT,
    METADATA_KEY,
    TablesOf,
)

TableName: TypeAlias = Literal["estimates", "events", "commands", "gaps"]

#: Columns of the events table that describe a command, and a gap.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "command": (
        "time_s", "time_utc", "device", "kind", "program", "amount", "unit", "detector", "channel",
        "policy", "value", "threshold", "onset_s", "fire_at_s", "seq",
    ),
    "gap": ("time_s", "time_utc", "known_s", "stream", "sample", "duration_s", "text"),
}  # fmt: skip


class FolderTables:
    """The tables of a session folder, each read when it is asked for and then kept.

    Parameters
    ----------
    folder : Path
        The session folder. Nothing is written to it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def about(self) -> TablesOf:
        """The session's name, how its clock relates to UTC, and its detectors."""
        return _about(self._events)

    def arrow(self, table: TableName) -> pa.Table:
        """Return a table.

        Raises
        ------
        InputError
            Where there is no such table.
        """
        if table == "estimates":
            return self._estimates
        if table == "events":
            return self._events
        if table not in ("commands", "gaps"):
            raise InputError(
                f"table: expected estimates, events, commands or gaps, found {table!r}"
            )
        kind, events = table.removesuffix("s"), self._events
        return events.filter(pc.equal(events["event"], kind)).select(_COLUMNS[kind])

    @cached_property
    def _estimates(self) -> pa.Table:
        if self._has_tables:
            return _read(self.folder / ESTIMATES_NAME)
        return self._rebuilt[0]

    @cached_property
    def _events(self) -> pa.Table:
        if self._has_tables:
            return _read(self.folder / EVENTS_NAME)
        return self._rebuilt[1]

    @property
    def _has_tables(self) -> bool:
        return all((self.folder / each).is_file() for each in (ESTIMATES_NAME, EVENTS_NAME))

    @cached_property
    def _rebuilt(self) -> tuple[pa.Table, pa.Table]:
        from replay.verification.rebuilt_tables import rebuild_tables  # noqa: PLC0415 compiles the detectors

        with TemporaryDirectory(prefix="stimloop-") as folder:
            made = rebuild_tables(self.folder, Path(folder))
            if made.difference is not None:
                warnings.warn(
                    f"{self.folder}: {made.difference}: from there on the tables have what is "
                    "computed here, not what was acted on",
                    stacklevel=2,
                )
            return _read(made.estimates), _read(made.events)


def _read(file: Path) -> pa.Table:
    try:
        # Read into memory, so that the file may be removed afterwards.
        table = pq.read_table(file, memory_map=False)
        found = _about(table).format
    except (pa.ArrowException, msgspec.MsgspecError, LookupError) as error:
        raise JournalError(
            f"{file}: expected a table that stimloop wrote, found another file ({error}): make it "
            "again with stimloop export"
        ) from error
    if found != FORMAT:
        raise JournalError(
            f"{file}: expected a table of format {FORMAT}, found format {found}: make it again "
            "with stimloop export"
        )
    return table


def _about(table: pa.Table) -> TablesOf:
    return msgspec.json.decode((table.schema.metadata or {})[METADATA_KEY], type=TablesOf)


def array_of(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return a column as an array: numbers that are missing are NaN, times NaT, names None."""
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return np.asarray(column.to_numpy())
