"""Writes the table of all mutants as a page of the documentation."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.mutants.reasons import Equivalence

PATH = Path("docs/mutants.md")
_HEAD = """# The tests are tested

Made by `make mutants`. Each mutant is one small fault in one file: a comparison turned round or
moved by its border, a condition left out, a sign, a number, a word or a statement changed or gone,
`min` for `max`. The tests of the file that take less than a second run against it: one that
fails kills it, and so does one that hangs. What is left alone: docstrings, annotations (but for the
bounds in them), imports, margins against rounding (numbers below 1e-6), and texts for people, which
are f-strings, strings with a space and what is raised.

A mutant that survives is either a hole in the tests or changes nothing that matters. No survivor
is without a reason here why it is none of the tests' business: `make mutants` fails otherwise, and
where one that has a reason is killed after all: it gets the most promising tests of ten seconds,
one without a reason all of them.

| file | mutants | killed | of them by a hang | survived | not judged as it is now |
|---|---:|---:|---:|---:|---:|
"""


class RoomCounts(NamedTuple):
    """The numbers of one file; `n_left` mutants have no result for the files as they are now."""

    room: Path
    n_mutants: int
    n_killed: int
    n_hang: int
    n_left: int

    @property
    def n_survived(self) -> int:
        """The number of mutants that no test killed."""
        return self.n_mutants - self.n_killed - self.n_left


def page(rows: Iterable[RoomCounts], reasons: Iterable[Equivalence]) -> str:
    """Return the whole page as Markdown."""
    rows = [row for row in rows if row.n_mutants]
    keys = ("n_mutants", "n_killed", "n_hang", "n_survived", "n_left")
    lines = [_line(f"`{row.room}`", [getattr(row, key) for key in keys]) for row in rows]
    lines.append(_line("all", [sum(getattr(row, key) for row in rows) for key in keys]))
    rooms = [row.room.as_posix() for row in rows]
    told = sorted(reasons, key=lambda each: (rooms.index(each.room), each.function))
    for room in dict.fromkeys(each.room for each in told):
        lines += ["", f"## Survivors of `{room}`", ""]
        for each in (each for each in told if each.room == room):
            lines.append(f"- `{each.function or 'module'}`: `{each.original}`")
            lines.append(f"  became `{each.mutated}`. {each.why}")
    return _HEAD + "\n".join(lines) + "\n"


def _line(name: str, numbers: Iterable[int]) -> str:
    return f"| {name} | " + " | ".join(map(str, numbers)) + " |"
