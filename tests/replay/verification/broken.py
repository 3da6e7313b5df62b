"""Ways to break a session: by accident, which digests show, or by forgery, which they cannot."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeAlias

from streamer.events import Event
from streamer.journal.records import CHAIN_START, StepRecord, decode, encode, link

Row: TypeAlias = tuple[int, str, float, bytes, bytes]


@contextmanager
def opened(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open a session's journal to change it; the changes are committed at the end."""
    with closing(sqlite3.connect(folder / "journal.sqlite")) as connection:
        yield connection
        connection.commit()


def rows(folder: Path) -> list[Row]:
    """Return all records."""
    with opened(folder) as connection:
        return list(connection.execute("SELECT * FROM records ORDER BY number"))


def change(folder: Path, number: int, column: str, value: object) -> None:
    """Replace one value of one record."""
    with opened(folder) as connection:
        connection.execute(
            f"UPDATE records SET {column} = ? WHERE number = ?",  # noqa: S608 names of ours
            (value, number),
        )


def forge(folder: Path, edit: Callable[[list[Row]], list[Row]]) -> None:
    """Write the whole journal again with a valid chain of digests, as a forger would."""
    chain = CHAIN_START
    with opened(folder) as connection:
        edited = edit(list(connection.execute("SELECT * FROM records ORDER BY number")))
        connection.execute("DELETE FROM records")
        for number, (_, kind, now_s, payload, _) in enumerate(edited):
            chain = link(chain, number, kind, now_s, payload)
            connection.execute(
                "INSERT INTO records VALUES (?, ?, ?, ?, ?)", (number, kind, now_s, payload, chain)
            )
    (folder / "summary.json").unlink(missing_ok=True)


def step(row: Row) -> StepRecord:
    """Return the decoded content of a step record."""
    record = decode(row[1], row[3])
    assert isinstance(record, StepRecord)
    return record


def with_event(row: Row, event: Event) -> Row:
    """Return the record with another event and the same outcome."""
    return row[0], row[1], row[2], encode(StepRecord(event, step(row).outcome)), row[4]
