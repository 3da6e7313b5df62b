"""`stimloop journal` and `stimloop explain` at the command line: lines, JSON, one line of error."""

import json
from pathlib import Path
from typing import Any

import pytest

from stimloop.__main__ import run_command
from tests.replay.rig import make_session, short_recording


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "session"
    make_session(folder, short_recording(4.0))
    return folder


def _said(capsys: pytest.CaptureFixture[str], *words: object) -> list[str]:
    assert run_command([str(each) for each in words]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.splitlines()


def _error(capsys: pytest.CaptureFixture[str], *words: object) -> str:
    assert run_command([str(each) for each in words]) == 2
    error = capsys.readouterr().err
    assert error.startswith("stimloop: ")
    assert error.count("\n") == 1
    return error


def test_the_journal_is_shown_by_kind_time_and_device(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = _said(capsys, "journal", session)
    assert "header began" in usual[0]
    assert "end ended" in usual[-1]
    assert not any(" tick" in line for line in usual)
    whole = _said(capsys, "journal", session, "--all")
    assert len(whole) > 5 * len(usual)
    commands = _said(capsys, "journal", session, "--kind", "command", "--device", "left")
    assert len(commands) > 2
    assert set(commands) < set(usual)
    assert "left: seq 1, 1.2 mA, " in commands[0]
    part = _said(capsys, "journal", session, "--from", "+2", "--to", "+2.5")
    assert part == [line for line in usual if 2.0 <= float(line.split(" s")[0][1:]) <= 2.6]


def test_a_machine_reads_a_document_a_line(
    session: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _said(capsys, "journal", session, "--kind", "state", "--kind", "command", "--json")
    read: list[dict[str, Any]] = [json.loads(line) for line in lines]
    assert {each["kind"] for each in read} == {"state", "command"}
    assert read[0]["what"] == "armed"
    assert read[0]["time_utc"] is None  # of a recording
    assert [each["record"] for each in read] == sorted(each["record"] for each in read)


def test_a_command_and_a_moment_are_explained_as_text_json_and_picture(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "why.svg"
    lines = _said(capsys, "explain", session, 1, "--picture", picture)
    assert "command 1 to left: amplitude" in lines[0]
    assert lines[-1] == f"picture: {picture}"
    assert picture.read_bytes().startswith(b"<?xml")
    document = json.loads("\n".join(_said(capsys, "explain", session, "--at", "+0.5", "--json")))
    (told,) = document["explanations"]
    assert (told["device"], told["command"], told["state"]) == ("left", None, "idle")
    assert told["why"]


def test_what_is_not_there_is_one_line(
    session: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "expected the number of a command, from 1 to" in _error(
        capsys, "explain", session, "999"
    )
    assert "expected SEQ or --at TIME, found neither" in _error(capsys, "explain", session)
    assert "found both" in _error(capsys, "explain", session, "1", "--at", "+1")
    assert "expected it with --at" in _error(capsys, "explain", session, "1", "--device", "left")
    assert "expected seconds since" in _error(capsys, "explain", session, "--at", "12:03:07")
    assert "expected a time of the session" in _error(capsys, "explain", session, "--at", "+99")
    for command in ("journal", "explain"):
        words = [command, tmp_path, *(["1"] if command == "explain" else [])]
        assert "expected a session folder with a journal, found none" in _error(capsys, *words)
    assert "kind: expected one of header, " in _error(capsys, "journal", session, "--kind", "x")
    assert "expected a device (left), found 'x'" in _error(
        capsys, "journal", session, "--device", "x"
    )
    assert "--from: expected a time as" in _error(capsys, "journal", session, "--from", "dawn")
    assert "expected a file .png, .svg or .pdf" in _error(
        capsys, "explain", session, "1", "--picture", tmp_path / "why.docx"
    )
