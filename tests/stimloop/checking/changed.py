"""A laboratory's file with a mistake in it, and the output of `config check`."""

import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest

from stimloop.__main__ import run_command

_FOLDER = Path(__file__).parent
LAB = (_FOLDER / "lab.toml").read_text(encoding="utf-8")
_DEVICE = LAB[LAB.index("[[devices]]") : LAB.index("[broker]")]


class MistakeRow(NamedTuple):
    """One row of `mistakes.toml`."""

    what: str
    before: str
    after: str
    line: str

    def fits(self, line: str, folder: Path) -> bool:
        """Return whether a line is the expected one; ``...`` stands for any list."""
        start, gap, end = self.line.replace("{folder}", str(folder)).partition("...")
        if not gap:
            return line == start
        return line.startswith(start) and line.endswith(end) and len(line) >= len(start + end)


def rows() -> list[MistakeRow]:
    """Return the table of mistakes."""
    table = tomllib.loads((_FOLDER / "mistakes.toml").read_text(encoding="utf-8"))
    return [MistakeRow(**each) for each in table["mistake"]]


def changed(*made: MistakeRow, folder: Path, allow: tuple[str, ...] = ()) -> Path:
    """Write the laboratory's file with these changes and return its path."""
    text = LAB
    for row in made:
        assert text.count(row.before) == 1, row.what
        after = row.after.replace("{folder}", str(folder)).replace("{device}", _DEVICE)
        text = text.replace(row.before, after)
    if allow:
        words = ", ".join(f'"{word}"' for word in allow)
        text = text.replace("[rig]", f"[rig]\nallow = [{words}]")
    file = folder / "rig.toml"
    file.write_text(text, encoding="utf-8")
    return file


def told_of(file: Path, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    """Check a file; return the exit code and the lines on stderr, without the file's name."""
    code = run_command(["config", "check", str(file)])
    lines = capsys.readouterr().err.splitlines()
    front = f"stimloop: {file}: "
    assert all(line.startswith(front) for line in lines), lines
    return code, [line.removeprefix(front) for line in lines]
