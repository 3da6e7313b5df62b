"""What a session is called where nobody says so, from its journal and its configuration alone."""

from pathlib import Path
from typing import NamedTuple

from replay.recorded_loop import journal_of
from stimloop.errors import ConfigError
from stimloop.sharing.labels import Labels, cleaned
from stimloop.sharing.material import config_tables
from streamer.journal.reader import JournalReader
from streamer.watching.wall_clock import WallClock, utc_of

TASK = "closedloop"


class Named(NamedTuple):
    """The labels of a session, what was not said, and the names of its streams."""

    labels: Labels
    remarks: list[str]
    streams: list[str]


def named(
    session: Path,
    *,
    subject: str | None,
    label: str | None,
    task: str | None,
    run: str | None,
    acquisition: str | None,
    has_dates: bool,
) -> Named:
    """Return the labels of a session.

    Parameters
    ----------
    session : Path
        The session folder, or its journal.
    subject, label, task, run, acquisition : str or None
        As somebody said them. Without, the subject is `[session] subject` of the configuration,
        else the name of the rig; `label`, the session's own, is when it began, in UTC, or of a
        recording the digest of that; the task is ``closedloop``.
    has_dates : bool
        Whether the date may go into the dataset.

    Raises
    ------
    JournalError
        Where there is no journal that can be read.
    ConfigError
        Where a label is not as BIDS has it, or none can be made.
    """
    with JournalReader(journal_of(session)) as reader:
        header = reader.header
        first = next(reader.records())
    tables = config_tables(session, header)
    remarks: list[str] = []
    if subject is None:
        said = tables.get("session", {}).get("subject", "")
        rig = tables.get("rig", {}).get("name", "")
        subject = cleaned(said) or cleaned(rig) or "01"
        where = "[session] subject" if cleaned(said) else "[rig] name" if cleaned(rig) else "none"
        remarks.append(f"subject {subject!r}, from {where} of its configuration: --subject")
    if label is None:
        began_us = WallClock(header.utc_offset_us).utc_us(first.now_s)
        if began_us is None:
            label = f"replay{header.session[-8:]}"
        elif has_dates:
            label = f"{utc_of(began_us):%Y%m%dT%H%M%S}"
        else:
            raise ConfigError("--session: expected a label with --no-dates, found none")
    labels = Labels(
        subject=subject,
        session=label,
        task=TASK if task is None else task,
        run=run or "",
        acquisition=acquisition or "",
    )
    return Named(labels, remarks, [each.name for each in header.infos])
