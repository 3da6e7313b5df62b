"""The table of all mutants, as a page of the documentation."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from benchmarks.mutants.reasons import Reason

PATH = Path("docs/mutants.md")
_HEAD = """# The tests are tested

Made by `make mutants`. Each mutant is one small fault in one file: a comparison turned round or
moved by its border, a condition left out, a sign, a number, a word or a statement changed or gone,
`min` for `max`. The tests of the file run against it: a test that fails kills it, and so does one
that hangs. What is left alone: docstrings, annotations (but for the bounds in them), imports, and
texts for people, which are f-strings, strings with a space and what is raised.

A mutant that survives is either a hole in the tests or changes nothing that matters. No survivor
is without a reason here why it is none of the tests' business: `make mutants` fails otherwise, and
where one that has a reason is killed after all.

| file | mutants | killed | of them by a hang | survived, with a reason |
|---|---:|---:|---:|---:|
"""


class Row(NamedTuple):
    """One file's numbers."""

    room: Path
    n_mutants: int
    n_killed: int
    n_hang: int

    @property
    def n_survived(self) -> int:
        """How many no test killed."""
        return self.n_mutants - self.n_killed


def page(rows: Iterable[Row], reasons: Iterable[Reason]) -> str:
    """Return the whole page."""
    rows = [row for row in rows if row.n_mutants]
    lines = [
        f"| `{row.room}` | {row.n_mutants} | {row.n_killed} | {row.n_hang} | {row.n_survived} |"
        for row in rows
    ]
    sums = [sum(getattr(row, key) for row in rows) for key in (*Row._fields[1:], "n_survived")]
    lines.append("| all | " + " | ".join(map(str, sums)) + " |")
    rooms = [row.room.as_posix() for row in rows]
    told = sorted(reasons, key=lambda each: (rooms.index(each.room), each.function))
    for room in dict.fromkeys(each.room for each in told):
        lines += ["", f"## Survivors of `{room}`", ""]
        for each in (each for each in told if each.room == room):
            lines.append(f"- `{each.function or 'module'}`: `{each.original}`")
            lines.append(f"  became `{each.mutated}`. {each.why}")
    return _HEAD + "\n".join(lines) + "\n"
