"""Results of mutants, kept in a file so that a run can be interrupted and resumed."""

import sqlite3
from pathlib import Path

from benchmarks.mutants.judge import Judgement
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

    A kill holds while the code of the file and of the test that killed is as it was; what survived,
    while that of all its tests is, too.
    """

    def __init__(self, path: Path = PATH) -> None:
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.execute(_CREATE)
        self._file.execute(_CREATE_BASELINES)

    def of(self, room: Path, mutant: Mutant, *, any_state: bool = False) -> Judgement | None:
        """Return the result of a mutant, if no file that it depends on has changed since."""
        row = self._file.execute(_FIND, _key(room, mutant)).fetchone()
        if row is None:
            return None
        state, *found = row
        judged = Judgement(*found)
        return judged if any_state or state == state_of(room, judged.by) else None

    def killers(self, room: Path) -> list[tuple[str, str]]:
        """Return the test and the function of each killed mutant of a file."""
        return self._file.execute(_KILLERS, (room.as_posix(),)).fetchall()

    def keep(self, room: Path, mutant: Mutant, judged: Judgement) -> None:
        """Keep the result of a mutant."""
        state = state_of(room, judged.by)
        self._file.execute(_KEEP, (*_key(room, mutant), state, *judged))

    def baseline_of(self, tests: Path, state: str) -> str | None:
        """Return the kept duration and coverage of a file of tests, if it has not changed."""
        find = "SELECT tests FROM baselines WHERE (file, state) = (?, ?)"
        row = self._file.execute(find, (tests.as_posix(), state)).fetchone()
        return None if row is None else str(row[0])

    def keep_baseline(self, tests: Path, state: str, text: str) -> None:
        """Keep duration and coverage of a file of tests without a mutant."""
        keep = "INSERT OR REPLACE INTO baselines VALUES (?, ?, ?)"
        self._file.execute(keep, (tests.as_posix(), state, text))


def _key(room: Path, mutant: Mutant) -> tuple[str, str, str, str, int]:
    return (room.as_posix(), mutant.function, mutant.original, mutant.mutated, mutant.nth)
