"""Fixtures of the tests of the command line."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_rig_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own folders for running rigs, so that it finds no real one."""
    for variable, name in (
        ("XDG_RUNTIME_DIR", "runtime"),
        ("XDG_STATE_HOME", "state"),
        ("TMPDIR", "temporary"),
    ):
        folder = tmp_path / name
        folder.mkdir(mode=0o700)
        monkeypatch.setenv(variable, str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("STIMLOOP_CONFIG", raising=False)
