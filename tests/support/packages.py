"""Packages of others: an example of the guides, installed into a folder and run there."""

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
EXAMPLES = _ROOT / "docs" / "examples"


def entry_points(group: str, **named: str) -> list[metadata.EntryPoint]:
    """Return entry points as another package would declare them."""
    return [metadata.EntryPoint(name, value, group) for name, value in named.items()]


def install_example(name: str, folders: pytest.TempPathFactory) -> Path:
    """Install an example of the guides as a user would, and return the folder it is in."""
    target = folders.mktemp("installed")
    source = shutil.copytree(EXAMPLES / name, folders.mktemp("source") / name)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--target", str(target), str(source)]
    subprocess.run(command, check=True, timeout=100)
    return target


def run_beside(
    installed: Path, folder: Path, *arguments: str | Path, timeout_s: float = 110.0
) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder without a checkout, with installed packages on its path.

    Parameters
    ----------
    installed : Path
        What `install_example` returned, or any folder of modules.
    folder : Path
        The working directory.
    *arguments : str or Path
        After the interpreter's name.
    timeout_s : float
        A process that takes longer is ended, and the test fails.
    """
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
