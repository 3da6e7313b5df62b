"""A policy of another package: installed, checked, run, journalled and verified as ours are."""

import json
from pathlib import Path
from typing import Any

import pytest

from streamer.journal.reader import JournalReader
from tests.support.mosquitto import free_port
from tests.support.packages import install_example, run_beside
from tests.support.rig_toml import rig_file


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_example("graded", tmp_path_factory)


def _rig(folder: Path, of: str = "beta_burst") -> Path:
    def change(rig: dict[str, Any]) -> None:
        rig["policies"] = [
            {
                "id": "slope",
                "kind": "graded",
                "of": of,
                "device": "stn_left",
                "lowest_ma": 0.5,
                "highest_ma": 2.5,
                "transition_s": 2.0,
            }
        ]
        rig["detectors"][1]["threshold"] = {"level": 1.0}
        rig["broker"]["port"] = free_port()

    return rig_file(folder / "rig.toml", change)


@pytest.mark.lsl
def test_an_installed_policy_is_run_journalled_and_verified(
    installed: Path, tmp_path: Path
) -> None:
    file, session = _rig(tmp_path), tmp_path / "session"
    told = run_beside(installed, tmp_path, "-m", "stimloop", "config", "check", file)
    assert (told.returncode, told.stderr) == (0, "")
    asked = ("-m", "stimloop", "run", file, "--session", session, "--duration", "5")
    told = run_beside(installed, tmp_path, *asked)
    assert told.returncode == 0, told.stdout + told.stderr
    summary = json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["commands"]["issued"] > 10
    assert summary["versions"]["stimloop-graded"] == "0.1.0"
    told = run_beside(installed, tmp_path, "-m", "stimloop", "verify", session)
    assert told.returncode == 0, told.stdout + told.stderr
    with JournalReader(session / "journal.sqlite") as journal:
        assert '"kind":"graded"' in journal.header.config_json


def test_the_laws_run_on_it_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    code = (
        "from graded import Graded\n"
        "from stimulators.testing import laws_of\n"
        "for law in laws_of(Graded): law.hold(10)\n"
    )
    told = run_beside(installed, tmp_path, "-c", code)
    assert told.returncode == 0, told.stderr


def test_a_measure_that_no_detector_gives_is_one_line(installed: Path, tmp_path: Path) -> None:
    told = run_beside(
        installed, tmp_path, "-m", "stimloop", "config", "check", _rig(tmp_path, "beta")
    )
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    expected = (
        "policy 'slope': $.policies[0].of: expected a detector that gives 'value' (beta_burst), "
        "found 'beta', which gives power"
    )
    assert expected in told.stderr


def test_an_unknown_kind_says_which_policy_was_refused(installed: Path, tmp_path: Path) -> None:
    (installed / "graded.py").rename(tmp_path / "moved.py")
    try:
        told = run_beside(installed, tmp_path, "-m", "stimloop", "config", "check", _rig(tmp_path))
    finally:
        (tmp_path / "moved.py").rename(installed / "graded.py")
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "$.policies[0].kind" in told.stderr
    assert "policy 'graded' was refused: graded:Graded: No module" in told.stderr
