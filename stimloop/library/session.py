"""A session folder in a notebook: what was estimated, detected, sent and lost, as tables."""

import json
import warnings
from functools import cached_property
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from stimloop.library.input_errors import InputError
from stimloop.library.results.optional_packages import require_pandas
from streamer.errors import JournalError
from streamer.tables.session_tables import (
    ESTIMATES_NAME,
    EVENTS_NAME,
    FORMAT,
    METADATA_KEY,
    TablesOf,
)

if TYPE_CHECKING:
    import pandas as pd

    from replay.explanation.entries import Entry
    from stimloop.library.explained import Explained

TableName: TypeAlias = Literal["estimates", "events", "commands", "gaps"]

#: Columns of the events table that describe a command, and a gap.
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "command": (
        "time_s", "time_utc", "device", "kind", "program", "amount", "unit", "detector", "channel",
        "policy", "value", "threshold", "onset_s", "fire_at_s", "seq",
    ),
    "gap": ("time_s", "time_utc", "known_s", "stream", "sample", "duration_s", "text"),
}  # fmt: skip


class Session:
    """The tables of one session, live or replayed, and what its journal says and explains.

    Each is read when it is asked for, and then kept. Where the folder has no tables, since the
    session was killed, goes on, or could not write them, they are made from its journal, as far as
    that goes at this moment; nothing is written to the folder.

    Parameters
    ----------
    folder : path
        The session folder.

    Attributes
    ----------
    folder : Path
        As it was passed.
    summary : dict or None
        What `summary.json` says; None where the session was killed, or goes on.

    Raises
    ------
    JournalError
        Where it is no session folder, or one of another format.
    InputError
        Where a frame is asked for and pandas is not installed.

    Examples
    --------
    >>> import stimloop as sl
    >>> found = sl.session("session")
    >>> found.summary["ended"]
    'end of data'
    >>> beta = found.estimates.query("measure == 'power' and valid")
    >>> wide = beta.pivot(index="time_s", columns="channel", values="value")
    """

    def __init__(self, folder: str | PathLike[str]) -> None:
        self.folder = Path(folder)
        if not (self.folder / "journal.sqlite").is_file():
            raise JournalError(
                f"{self.folder}: expected a session folder, with journal.sqlite in it, found "
                f"{'none there' if self.folder.is_dir() else 'no such folder'}"
            )
        summary = self.folder / "summary.json"
        self.summary: dict[str, Any] | None = (
            json.loads(summary.read_bytes()) if summary.is_file() else None
        )

    def __repr__(self) -> str:
        how = "unfinished" if self.summary is None else self.summary["ended"]
        return f"session({str(self.folder)!r}): {how}"

    @property
    def about(self) -> TablesOf:
        """The session's name, how its clock relates to UTC, and its detectors."""
        return _about(self._arrow("events"))

    @cached_property
    def estimates(self) -> "pd.DataFrame":
        """Every value of every hop: a row for each hop, channel and measure."""
        return self._frame("estimates")

    @cached_property
    def events(self) -> "pd.DataFrame":
        """Everything that was detected, decided, sent, answered, and went wrong, in order."""
        return self._frame("events")

    @cached_property
    def commands(self) -> "pd.DataFrame":
        """The commands that were sent, and why."""
        return self._frame("commands")

    @cached_property
    def gaps(self) -> "pd.DataFrame":
        """The gaps of the streams: when each was known, and how long it lasted."""
        return self._frame("gaps")

    @cached_property
    def therapy(self) -> dict[str, dict[str, Any]]:
        """What each device gave, in the words of implants' reports: see the guide of sessions.

        From `summary.json`, or from the journal where that is not there.
        """
        from replay.explanation.therapy import therapy_of  # noqa: PLC0415 loads the detectors

        if self.summary is not None and "therapy" in self.summary:
            found: dict[str, dict[str, Any]] = self.summary["therapy"]
            return found
        return therapy_of(self.folder)

    def journal(
        self,
        *kinds: str,
        device: str | None = None,
        since: str | None = None,
        until: str | None = None,
    ) -> "list[Entry]":
        """Return what the journal says, an entry for each thing that happened, in order.

        Parameters
        ----------
        *kinds : str
            Only these kinds (``"command"``, ``"refusal"``, ``"state"``, ...); without one all but
            what goes on all the time.
        device : str, optional
            Only of this device.
        since, until : str, optional
            Only from this time on, up to that one, as ``stimloop journal`` takes them.

        Raises
        ------
        ValueError
            Where a kind, a device or a time is none of the session.
        JournalError
            Where the journal cannot be read.

        Examples
        --------
        >>> import stimloop as sl
        >>> [each.what for each in sl.session("session").journal("end")]
        ['ended']
        """
        from replay.explanation.reading import filtered, read_entries  # noqa: PLC0415 as above

        filters = filtered(kinds, device=device, since=since, until=until)
        return [entry for entry, _ in read_entries(self.folder, filters)]

    def explain(self, seq: int, *, window_s: float = 4.0) -> "Explained":
        """Return why one command was sent, and what came of it.

        Parameters
        ----------
        seq : int
            Its number, as in the column ``seq`` of `commands`.
        window_s : float
            Seconds that are told before and after.

        Raises
        ------
        ValueError
            Where no command has this number.
        JournalError
            Where the journal cannot be read, or not be computed here.
        """
        from replay.explanation.explain import explain_command  # noqa: PLC0415 as above
        from stimloop.library.explained import Explained  # noqa: PLC0415 as above

        return Explained(explain_command(self.folder, seq, window_s=window_s))

    def explain_at(
        self, at: str, *, device: str | None = None, window_s: float = 4.0
    ) -> "tuple[Explained, ...]":
        """Return what happened to each device at a moment, and why, also where that is nothing.

        Parameters
        ----------
        at : str
            ``12:03:07``, ``2026-03-01T12:03:07Z``, or ``+83.2``, seconds since it began.
        device : str, optional
            Of this device alone.
        window_s : float
            Seconds that are told before and after.

        Raises
        ------
        ValueError
            Where the moment or the device is none of the session.
        JournalError
            Where the journal cannot be read, or not be computed here.
        """
        from replay.explanation.explain import explain_moment  # noqa: PLC0415 as above
        from stimloop.library.explained import Explained  # noqa: PLC0415 as above

        told = explain_moment(self.folder, at, device=device, window_s=window_s)
        return tuple(map(Explained, told))

    def arrays(self, table: TableName) -> dict[str, NDArray[Any]]:
        """Return a table as arrays, one a column, without pandas.

        Parameters
        ----------
        table : {"estimates", "events", "commands", "gaps"}
            Which.

        Returns
        -------
        dict of str to ndarray, shape (n_rows,)
            Numbers that are missing are NaN, times NaT, names None.

        Raises
        ------
        InputError
            Where there is no such table.
        """
        arrow = self._arrow(table)
        return {name: _array(arrow[name]) for name in arrow.column_names}

    def _frame(self, table: TableName) -> "pd.DataFrame":
        require_pandas(instead=f"session.arrays({table!r})")
        return self._arrow(table).to_pandas()

    def _arrow(self, table: TableName) -> pa.Table:
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


def session(folder: str | PathLike[str]) -> Session:
    """Open a session folder, live or replayed, complete or not.

    Parameters
    ----------
    folder : path
        The session folder.

    Returns
    -------
    Session
        Its tables, each read when it is asked for.

    Raises
    ------
    JournalError
        Where it is no session folder, or one of another format.

    Examples
    --------
    >>> import stimloop as sl
    >>> sl.session("session")
    session('session'): end of data
    """
    return Session(folder)


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


def _array(column: pa.ChunkedArray) -> NDArray[Any]:
    if pa.types.is_dictionary(column.type):
        column = column.cast(pa.string())
    return np.asarray(column.to_numpy())
