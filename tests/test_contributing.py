"""The tasks of CONTRIBUTING.md: each diff applies, and the laws find what it adds."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / "CONTRIBUTING.md").read_text("utf-8")
_DIFF = re.compile(r"^### (.+)\n(?:(?!^#).*\n)*?````diff\n((?:.*\n)*?)````", re.MULTILINE)
_DIFFS = dict(_DIFF.findall(_TEXT))
_IS_CHECKOUT = (_ROOT / ".git").exists() and shutil.which("git") is not None


class Law(NamedTuple):
    """The names of every class of a kind in the tree.

    Parameters
    ----------
    file : str
        The tests that look for all of a kind.
    found : str
        What the names of the tests on the new one hold.
    n_tests : int
        How many these are at least.
    """

    file: str
    found: str
    n_tests: int


_LAWS = {
    "A detector": (
        Law("tests/detectors/test_laws.py", "PeakToPeak", 30),
        Law("tests/test_docs.py", "test_the_detectors_of_the_guide", 1),
    ),
    "A policy": (Law("tests/stimulators/policies/test_laws.py", "EveryOther", 7),),
    "A reader": (Law("tests/replay/readers/test_reader_laws.py", "WAV", 8),),
    "A limit": (Law("tests/stimulators/gate/limits/test_every_limit.py", "TriggerAmountLimit", 4),),
    "A command": (Law("tests/stimloop/commands/test_help.py", "kinds", 1),),
}


#: What a thing of a kind needs beside its file and its test: a key, and who judges by it.
_BESIDE = {"A limit": {"stimulators/limits.py", "tests/world/electrode_oracle.py"}}


def _tests(diff: str) -> list[str]:
    return re.findall(r"^\+\+\+ b/(tests/(?:.*/)?test_.*)$", diff, re.MULTILINE)


def _run(copy: Path, *command: str, given: str = "") -> str:
    # Above the copy there may be another repository, and the tests' own folder is not of interest.
    settings = {"PYTHONPATH": str(copy), "GIT_CEILING_DIRECTORIES": str(copy.parent)}
    done = subprocess.run(
        command,
        check=False,
        cwd=copy,
        env=os.environ | settings,
        input=given,
        capture_output=True,
        encoding="utf-8",
        timeout=200,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Copy the files that git knows."""
    if not _IS_CHECKOUT:
        pytest.skip("this is no checkout of git, which knows the files and applies the diffs")
    target = tmp_path / "tree"
    listed = _run(_ROOT, "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in filter(None, listed.split("\0")):
        if (_ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(_ROOT / name, target / name)
    # Kernels are kept by what they depend on: what is compiled here need not be compiled there.
    (target / "detectors" / "__pycache__").mkdir()
    for kept in (_ROOT / "detectors" / "__pycache__").glob("kernels-*"):
        (target / kept.relative_to(_ROOT)).symlink_to(kept)
    return target


def test_there_is_a_diff_for_each_task() -> None:
    assert _DIFFS.keys() == _LAWS.keys()


@pytest.mark.parametrize("task", _LAWS)
def test_a_task_is_one_file_and_its_test(task: str) -> None:
    named = re.findall(r"^diff --git a/(.*) b/\1\n(new file)?", _DIFFS[task], re.MULTILINE)
    new = [name for name, is_new in named if is_new]
    assert [name for name in new if not name.startswith("tests/")] == [new[0]]
    assert _tests(_DIFFS[task]) == new[1:]
    assert len(new) == 2
    changed = {name for name, is_new in named if not is_new}
    assert {name for name in changed if not name.startswith("docs/")} == _BESIDE.get(task, set())


@pytest.mark.parametrize("task", _LAWS)
def test_its_diff_applies_and_what_it_adds_keeps_the_laws(task: str, copy: Path) -> None:
    laws, (own,) = _LAWS[task], _tests(_DIFFS[task])
    _run(copy, "git", "apply", "-", given=_DIFFS[task])
    python = (sys.executable, "-m")
    written = re.findall(r"^\+\+\+ b/(.*\.py)$", _DIFFS[task], re.MULTILINE)
    _run(copy, *python, "ruff", "check", "--no-cache", *written)
    _run(copy, *python, "ruff", "format", "--no-cache", "--check", *written)
    chosen = " or ".join((Path(own).stem, *(law.found for law in laws)))
    files = (own, *(law.file for law in laws))
    told = _run(copy, *python, "pytest", "-v", "-p", "no:cacheprovider", "-k", chosen, *files)
    passed = [line.partition(" PASSED")[0] for line in told.splitlines() if " PASSED" in line]
    assert [name for name in passed if name.startswith(own)], told
    for law in laws:
        found = [name for name in passed if name.startswith(law.file) and law.found in name]
        assert len(found) >= law.n_tests, told


def test_every_target_that_is_named_is_one() -> None:
    made = (_ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"`make (\w+)", _TEXT))
    assert targets >= {"run", "test", "check", "bench"}
    assert [each for each in targets if f"\n{each}:" not in made] == []


def test_what_is_said_to_try_is_there() -> None:
    shown = re.findall(r"pytest (tests/\S+)", _TEXT)
    assert len(shown) > 3
    assert [each for each in shown if not (_ROOT / each).exists()] == []
