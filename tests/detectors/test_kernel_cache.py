"""Compiled kernels never outlive what they were compiled with."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from detectors.kernels.cache import source_digest

_PACKAGE = Path(__file__).parents[2] / "detectors"


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    ignored = shutil.ignore_patterns("__pycache__")
    return Path(shutil.copytree(_PACKAGE, tmp_path / "detectors", ignore=ignored))


def test_the_digest_is_of_every_file_and_its_name(copied: Path) -> None:
    before = source_digest(copied)
    assert source_digest(copied) == before
    block = copied / "block.py"
    block.write_text(block.read_text("utf-8").replace("SATURATED = 16", "SATURATED = 1024"))
    changed = source_digest(copied)
    block.rename(copied / "blocks.py")
    assert len({before, changed, source_digest(copied)}) == 3


_PROBE = """
import numba
from detectors.kernels import probe
print(numba.config.CACHE_DIR)
print(probe.bit())
"""
_KERNEL = """
from numba import njit
from detectors.block import Taint

_BIT = int(Taint.SATURATED)


@njit(cache=True)
def bit():
    return _BIT
"""


def ask(folder: Path, **variables: str) -> list[str]:
    environment = {key: each for key, each in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", _PROBE],
        check=True,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)} | variables,
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout.split()


def test_a_change_in_another_file_compiles_anew(copied: Path) -> None:
    (copied / "kernels" / "probe.py").write_text(_KERNEL, "utf-8")
    first = ask(copied.parent)
    assert first[1] == "16"
    assert list(Path(first[0]).rglob("*.nbi"))
    block = copied / "block.py"
    block.write_text(block.read_text("utf-8").replace("SATURATED = 16", "SATURATED = 1024"))
    second = ask(copied.parent)
    assert second[1] == "1024"
    assert second[0] != first[0]


def test_a_folder_the_user_chose_is_left_alone(copied: Path, tmp_path: Path) -> None:
    (copied / "kernels" / "probe.py").write_text(_KERNEL, "utf-8")
    assert ask(copied.parent, NUMBA_CACHE_DIR=str(tmp_path / "own"))[0] == str(tmp_path / "own")
