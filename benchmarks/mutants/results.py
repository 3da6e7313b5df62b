"""What became of each mutant, kept in a file so that a run may be ended and taken up again."""

import sqlite3
from pathlib import Path

from benchmarks.mutants.judge import Judged
from benchmarks.mutants.operators import Mutant
from benchmarks.mutants.rooms import state_of

PATH = Path(".mutants.sqlite")
_CREATE = """CREATE TABLE IF NOT EXISTS results (
    room TEXT, function TEXT, original TEXT, mutated TEXT, nth INTEGER,
    state TEXT, outcome TEXT, killer TEXT, took_s REAL,
    PRIMARY KEY (room, function, original, mutated, nth))"""
_CREATE_BASELINES = """CREATE TABLE IF NOT EXISTS baselines (
    file TEXT PRIMARY KEY, state TEXT, tests TEXT)"""
_FIND = """SELECT state, outcome, killer, took_s FROM results
    WHERE (room, function, original, mutated, nth) = (?, ?, ?, ?, ?)"""
_KILLERS = "SELECT function, killer FROM results WHERE room = ? AND killer != ''"
_KEEP = "INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"


class Results:
    """The results of all files.

    A kill holds while the file and the test that killed are as they were; what survived, while all
    of its tests are, too.
    """

    def __init__(self, path: Path = PATH) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(_CREATE)
        self._file.execute(_CREATE_BASELINES)

    def of(self, room: Path, mutant: Mutant, *, any_state: bool = False) -> Judged | None:
        """Return what became of a mutant, if all that it rests on is as it was then."""
        row = self._file.execute(_FIND, _key(room, mutant)).fetchone()
        if row is None:
            return None
        state, *found = row
        judged = Judged(*found)
        return judged if any_state or state == state_of(room, judged.by) else None

    def killers(self, room: Path) -> list[tuple[str, str]]:
        """Return which test killed in which function of a file, once for each mutant."""
        return self._file.execute(_KILLERS, (room.as_posix(),)).fetchall()

    def keep(self, room: Path, mutant: Mutant, judged: Judged) -> None:
        """Keep what became of a mutant."""
        state = state_of(room, judged.by)
        self._file.execute(_KEEP, (*_key(room, mutant), state, *judged))

    def baseline_of(self, tests: Path, state: str) -> str | None:
        """Return what was kept of a file of tests in this state."""
        find = "SELECT tests FROM baselines WHERE (file, state) = (?, ?)"
        row = self._file.execute(find, (tests.as_posix(), state)).fetchone()
        return None if row is None else str(row[0])

    def keep_baseline(self, tests: Path, state: str, text: str) -> None:
        """Keep what a file of tests takes and runs without a mutant."""
        keep = "INSERT OR REPLACE INTO baselines VALUES (?, ?, ?)"
        self._file.execute(keep, (tests.as_posix(), state, text))


def _key(room: Path, mutant: Mutant) -> tuple[str, str, str, str, int]:
    return (room.as_posix(), mutant.function, mutant.original, mutant.mutated, mutant.nth)
