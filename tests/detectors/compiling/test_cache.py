"""A kernel is compiled once for all starts, and in memory where no folder can be written."""

import os
import shutil
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pytest
from numba import njit

from detectors.compiling import cache
from detectors.compiling.kernel import kernel

_PACKAGE = Path(__file__).parents[3] / "detectors"
_config: Any = numba.config


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Use an empty cache folder, in a process that has not warned yet."""
    monkeypatch.setattr(_config, "CACHE_DIR", str(tmp_path / "chosen"))
    monkeypatch.setattr(cache, "_said", [])
    return tmp_path / "chosen"


def _doubled() -> Any:
    """Return the same kernel as a new process would load it."""

    @kernel
    def doubled(x: Any) -> Any:
        return 2 * x

    return doubled


def _files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.kernel"))


def _n_loaded(dispatcher: Any) -> int:
    return sum(dispatcher.stats.cache_hits.values())


def test_it_is_compiled_once_for_each_signature(folder: Path) -> None:
    first, second = _doubled(), _doubled()
    assert (first(2), first(2.5)) == (4, 5.0)
    assert np.array_equal(first(np.ones(2)), np.full(2, 2.0))
    assert (_n_loaded(first), len(_files(folder))) == (0, 3)
    assert (second(2), second(2.5)) == (4, 5.0)
    assert np.array_equal(second(np.ones(2)), np.full(2, 2.0))
    assert (_n_loaded(second), len(_files(folder))) == (3, 3)
    assert second.stats.cache_path == str(_files(folder)[0].parent)


@pytest.mark.parametrize("n_bytes", [0, 10, 2000])
def test_a_damaged_one_is_compiled_anew_and_replaced(folder: Path, n_bytes: int) -> None:
    _doubled()(2)
    (file,) = _files(folder)
    os.truncate(file, n_bytes)
    with pytest.warns(
        RuntimeWarning, match=f"{file.parent}: .* compiled anew and replaced"
    ) as said:
        assert _doubled()(2) == 4
    assert len(said) == 1
    after = _doubled()
    assert (after(2), _n_loaded(after)) == (4, 1)


def test_content_that_is_whole_and_no_kernel_is_compiled_anew(folder: Path) -> None:
    _doubled()(2)
    (file,) = _files(folder)
    cache._folders().write(file.stem, b"no kernel")
    with pytest.warns(RuntimeWarning, match="compiled anew and replaced"):
        assert _doubled()(2) == 4
    after = _doubled()
    assert (after(2), _n_loaded(after)) == (4, 1)


def test_where_none_can_be_kept_it_runs_and_one_warning_names_the_folder(folder: Path) -> None:
    folder.write_text("a file where the folder should be", "utf-8")
    with pytest.warns(RuntimeWarning, match=f"cannot be kept.*{folder}.*Not a directory") as said:
        assert (_doubled()(2), _doubled()(2.5)) == (4, 5.0)
    assert len(said) == 1
    assert "NUMBA_CACHE_DIR" in str(said[0].message)


def test_a_warning_stops_nothing_where_warnings_are_errors(folder: Path) -> None:
    folder.write_text("a file where the folder should be", "utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert _doubled()(2) == 4


def test_what_reads_an_object_of_unknown_state_is_not_kept(folder: Path) -> None:
    known = [1, 2]

    @kernel
    def third(x: int, other: None = None) -> int:
        if other is None:
            return x + 2
        return x + len(known)  # never compiled, as numba leaves out what cannot be reached

    with pytest.warns(RuntimeWarning, match=r"third is not kept: it reads a list"):
        assert third(1) == 3
    assert _files(folder) == []


def test_kernels_of_other_packages_go_where_they_went(folder: Path, tmp_path: Path) -> None:
    _config.CACHE_DIR = ""
    _doubled()(2)
    assert _config.CACHE_DIR == ""
    assert "__pycache__" in _doubled().stats.cache_path
    assert not folder.exists()
    source = tmp_path / "others.py"
    source.write_text("def one():\n    return 1\n", "utf-8")
    names: dict[str, Any] = {}
    exec(compile(source.read_text("utf-8"), str(source), "exec"), names)  # noqa: S102
    other: Any = njit(cache=True)(names["one"])
    assert Path(other.stats.cache_path) == tmp_path / "__pycache__"


_PROBE = """
import numba
from detectors.kernels import probe
print(probe.bit(), sum(probe.bit.stats.cache_hits.values()), probe.bit.stats.cache_path)
"""
_KERNEL = """
from detectors.block import Taint
from detectors.compiling.kernel import kernel

_BIT = int(Taint.SATURATED)


@kernel
def bit():
    return _BIT
"""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """Copy the package and add a kernel to it."""
    ignored = shutil.ignore_patterns("__pycache__")
    package = Path(shutil.copytree(_PACKAGE, tmp_path / "detectors", ignore=ignored))
    (package / "kernels" / "probe.py").write_text(_KERNEL, "utf-8")
    return package


def _ask(folder: Path) -> list[str]:
    environment = {key: each for key, each in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", _PROBE],
        check=True,
        cwd=folder,
        env=environment | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout.split()


def test_a_new_process_loads_it_until_a_value_of_another_file_changes(copied: Path) -> None:
    folder = str(copied / "__pycache__")
    first = _ask(copied.parent)
    assert (first[:2], first[2].startswith(folder)) == (["16", "0"], True)
    block = copied / "block.py"
    source = block.read_text("utf-8")
    block.write_text(source + "# A comment.\n", "utf-8")
    assert _ask(copied.parent)[:2] == ["16", "1"]
    block.write_text(source.replace("SATURATED = 16", "SATURATED = 1024"), "utf-8")
    assert _ask(copied.parent)[:2] == ["1024", "0"]
