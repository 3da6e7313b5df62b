"""`stimloop what-if` as a user types it."""

import json
from pathlib import Path

import pytest

from stimloop.__main__ import run_command

_ONE = ["--fault", "service killed"]


def test_it_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["what-if", *_ONE]) == 0
    printed = capsys.readouterr().out
    assert "service killed: The service is killed and says nothing more." in printed
    assert "from active: noticed after" in printed
    assert "stimloop arm" in printed


def test_it_prints_a_list_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["what-if", *_ONE, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in found] == ["idle", "armed", "active", "hold", "paused", "safe"]
    assert found[2]["at_rest_s"] < 2.0


def test_it_writes_a_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "what-if.html"
    assert run_command(["what-if", *_ONE, "--out", str(page)]) == 0
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert str(page) in capsys.readouterr().out


def test_a_fault_that_is_not_known_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["what-if", "--fault", "war"]) == 2
    assert "expected one of service killed, " in capsys.readouterr().err
