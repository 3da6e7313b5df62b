"""The guide to tables lists the columns that exist, and its Python runs."""

import re
from pathlib import Path
from typing import Any

import pytest

from stimloop.library.session import session
from streamer.tables import estimate_rows
from tests.replay.rig import make_session

_GUIDE = (Path(__file__).parents[3] / "docs" / "guides" / "tables.md").read_text("utf-8")
_EXAMPLE = "sessions/2026-03-01T14-05-09Z-bench"


def _section(title: str) -> str:
    return _GUIDE.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_column_of_estimates_is_told_in_order() -> None:
    told = re.findall(r"^\| `(\w+)` \| ", _section("Estimates"), re.MULTILINE)
    assert told == [each.name for each in estimate_rows.COLUMNS]


def test_every_column_and_kind_of_event_is_told(tmp_path: Path) -> None:
    told = set(re.findall(r"`(\w+)`", _section("Events")))
    make_session(tmp_path / "session")
    events = session(tmp_path / "session").events
    assert set(events.columns) <= told
    assert set(events.event) <= told


def test_its_python_runs_as_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_session(tmp_path / _EXAMPLE)
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", _section("In Python"), re.DOTALL)
    assert len(blocks) == 2
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 it is ours
        assert len(names["beta"])
    assert list(names["wide"].columns) == ["STN_13"]
    assert list(names["beta"].columns) == [
        "time_s", "channel", "measure", "unit", "value", "value_null",
    ]  # fmt: skip
