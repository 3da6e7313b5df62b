"""A policy of another package: installed, checked, run, journalled and verified as ours are."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streamer.journal.reader import JournalReader
from tests.mosquitto import free_port

_ROOT = Path(__file__).parents[3]
_EXAMPLE = _ROOT / "docs" / "examples" / "graded"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the example of the guide, as a user would, into a folder of its own."""
    target = tmp_path_factory.mktemp("installed")
    source = shutil.copytree(_EXAMPLE, tmp_path_factory.mktemp("source") / "graded")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True, timeout=100)
    return target


def _run(
    installed: Path, folder: Path, *arguments: str | Path, timeout_s: float = 110.0
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder that is no checkout."""
    paths = os.pathsep.join((str(installed), str(_ROOT)))
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )


def _rig(folder: Path, of: str = "beta_burst") -> Path:
    text = (_ROOT / "config.toml").read_text("utf-8")
    policy = (
        f'[[policies]]\nid = "slope"\nkind = "graded"\nof = "{of}"\ndevice = "stn_left"\n'
        "lowest_ma = 0.5\nhighest_ma = 2.5\ntransition_s = 2.0\n\n"
    )
    text = re.sub(
        r"\[\[policies\]\].*?(?=\[\[devices\]\])", lambda _: policy, text, flags=re.DOTALL
    )
    text = re.sub(r"threshold = \{.*", "threshold = { level = 1.0 }", text)
    text = text.replace("port = 18830", f"port = {free_port()}")
    file = folder / "rig.toml"
    file.write_text(text, "utf-8")
    return file


@pytest.mark.lsl
def test_an_installed_policy_is_run_journalled_and_verified(
    installed: Path, tmp_path: Path
) -> None:
    file, session = _rig(tmp_path), tmp_path / "session"
    told = _run(installed, tmp_path, "-m", "stimloop", "config", "check", file)
    assert (told.returncode, told.stderr) == (0, "")
    asked = ("-m", "stimloop", "run", file, "--session", session, "--duration", "5")
    told = _run(installed, tmp_path, *asked)
    assert told.returncode == 0, told.stdout + told.stderr
    summary = json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["commands"]["issued"] > 10
    assert summary["versions"]["stimloop-graded"] == "0.1.0"
    told = _run(installed, tmp_path, "-m", "stimloop", "verify", session)
    assert told.returncode == 0, told.stdout + told.stderr
    with JournalReader(session / "journal.sqlite") as journal:
        assert '"kind":"graded"' in journal.header.config_json


def test_the_laws_run_on_it_without_a_checkout(installed: Path, tmp_path: Path) -> None:
    code = (
        "from graded import Graded\n"
        "from stimulators.testing import laws_of\n"
        "for law in laws_of(Graded): law.hold(10)\n"
    )
    told = _run(installed, tmp_path, "-c", code)
    assert told.returncode == 0, told.stderr


def test_a_measure_that_no_detector_gives_is_one_line(installed: Path, tmp_path: Path) -> None:
    told = _run(installed, tmp_path, "-m", "stimloop", "config", "check", _rig(tmp_path, "beta"))
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
        told = _run(installed, tmp_path, "-m", "stimloop", "config", "check", _rig(tmp_path))
    finally:
        (tmp_path / "moved.py").rename(installed / "graded.py")
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "$.policies[0].kind" in told.stderr
    assert "policy 'graded' was refused: graded:Graded: No module" in told.stderr
