"""A session folder in a notebook: what was estimated, detected, sent and lost, as tables."""

import json
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from stimloop.library.results.optional_packages import require_pandas
from stimloop.library.session_tables import FolderTables, TableName, array_of
from streamer.errors import JournalError
from streamer.tables.session_tables import TablesOf

if TYPE_CHECKING:
    import pandas as pd

    from replay.explanation.entries import Entry
    from stimloop.library.explained import Explained


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
        self._tables = FolderTables(self.folder)
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
        return self._tables.about

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
        arrow = self._tables.arrow(table)
        return {name: array_of(arrow[name]) for name in arrow.column_names}

    def _frame(self, table: TableName) -> "pd.DataFrame":
        require_pandas(instead=f"session.arrays({table!r})")
        return self._tables.arrow(table).to_pandas()


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
