"""Nothing is loaded before it is used, so that `stimloop stop` does not wait for a compiler."""

import subprocess
import sys
import tomllib
from pathlib import Path

import stimloop as sl
from stimloop.library.kinds import stub

_ROOT = Path(__file__).parents[3]
_HEAVY = "{'numba', 'scipy', 'numpy', 'pandas', 'pyarrow', 'matplotlib', 'detectors', 'replay'}"


def _loaded(script: str) -> str:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys\n{script}\nprint(*sorted({_HEAVY} & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    return done.stdout.splitlines()[-1]


def test_help_and_the_import_alone_load_nothing_heavy() -> None:
    script = "import stimloop\nfrom stimloop.__main__ import run_command\nrun_command(['--help'])"
    assert _loaded(script) == ""


def test_tables_and_pictures_are_loaded_only_where_they_are_asked_for() -> None:
    script = (
        "import stimloop as sl\n"
        "beta = sl.BandPower('beta', band_hz=(13, 30))\n"
        "found = sl.detect([0.0] * 10, beta, rate_hz=100)\n"
        "repr(found), found['beta'].events()"
    )
    assert _loaded(script) == "detectors numba numpy replay scipy"


def test_every_public_name_is_there_once() -> None:
    names = dir(sl)
    assert len(names) == len(set(names))
    assert {"read", "detect", "online", "verify", "Rig", "Stream", "BandPower"} <= set(names)
    for name in names:
        found = getattr(sl, name)
        assert (found.__doc__ or "").strip(), name


def test_packages_say_that_they_are_typed_where_they_are_installed_too() -> None:
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    data = project["tool"]["setuptools"]["package-data"]
    for package in ("detectors", "stimulators", "streamer", "replay", "stimloop"):
        assert (_ROOT / package / "py.typed").is_file()
        assert "py.typed" in data[package]
    assert stub.FILE.relative_to(_ROOT / "stimloop").match("library/kinds/*.pyi")
    assert "library/kinds/*.pyi" in data["stimloop"]
