"""A user's folder with modules named like ours: none of them is imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[2]
_FOREIGN = "from pathlib import Path; Path('was_run').touch()"


def _started(folder: Path, *flags: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *flags, "-m", "stimloop", "--version"],
        check=False,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("file", ["detectors.py", "replay/__init__.py"])
def test_a_module_that_hides_ours_is_told_in_one_line_and_not_run(
    tmp_path: Path, file: str
) -> None:
    foreign = tmp_path / file
    foreign.parent.mkdir(exist_ok=True)
    foreign.write_text(_FOREIGN, encoding="utf-8")
    told = _started(tmp_path)
    name = file.removesuffix(".py").partition("/")[0]
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr == (
        f"stimloop: expected the package {name} in {_ROOT}, beside stimloop, found "
        f"{foreign.resolve()}: start in another folder, or with the command `stimloop`, or as "
        "`python -P -m stimloop`\n"
    )
    assert not (tmp_path / "was_run").exists()


def test_without_the_current_folder_on_the_path_and_as_a_mere_folder_it_is_harmless(
    tmp_path: Path,
) -> None:
    (tmp_path / "replay").mkdir()
    (tmp_path / "replay" / "analysis.py").write_text(_FOREIGN, encoding="utf-8")
    assert _started(tmp_path).returncode == 0
    (tmp_path / "detectors.py").write_text(_FOREIGN, encoding="utf-8")
    told = _started(tmp_path, "-P")
    assert (told.returncode, told.stderr) == (0, "")
    assert not (tmp_path / "was_run").exists()
