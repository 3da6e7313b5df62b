"""What became of each mutant, kept in a file so that a run may be ended and taken up again."""

import sqlite3
from pathlib import Path

from benchmarks.mutants.judge import Judged
from benchmarks.mutants.operators import Mutant

PATH = Path(".mutants.sqlite")
_CREATE = """CREATE TABLE IF NOT EXISTS results (
    room TEXT, function TEXT, original TEXT, mutated TEXT, nth INTEGER,
    state TEXT, outcome TEXT, killer TEXT, took_s REAL,
    PRIMARY KEY (room, function, original, mutated, nth))"""
_FIND = """SELECT outcome, killer, took_s FROM results
    WHERE (room, function, original, mutated, nth) = (?1, ?2, ?3, ?4, ?5)
    AND (?6 IS NULL OR state = ?6)"""
_KEEP = "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Results:
    """The results of all rooms, each with the state of room and tests that it holds for."""

    def __init__(self, path: Path = PATH) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(_CREATE)

    def of(self, room: Path, mutant: Mutant, state: str | None) -> Judged | None:
        """Return what became of a mutant in a state of room and tests; None for any state."""
        row = self._file.execute(_FIND, (*_key(room, mutant), state)).fetchone()
        return None if row is None else Judged(*row)

    def keep(self, room: Path, mutant: Mutant, state: str, judged: Judged) -> None:
        """Keep what became of a mutant."""
        self._file.execute(_KEEP, (*_key(room, mutant), state, *judged))


def _key(room: Path, mutant: Mutant) -> tuple[str, str, str, str, int]:
    return (room.as_posix(), mutant.function, mutant.original, mutant.mutated, mutant.nth)
