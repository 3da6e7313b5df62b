"""Detectors of other packages: accepted where they fit, else refused with a reason."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from detectors.detector import DetectorConfig
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.registry import GROUP, REGISTRY, find
from detectors.testing.reflection import detector_types
from tests.support.packages import EXAMPLES, entry_points, install_example, run_beside
from tests.support.rig_toml import rig_file


class _NoTag(DetectorConfig, frozen=True, kw_only=True):
    pass


class _NoKind(DetectorConfig, frozen=True, kw_only=True, tag_field="type", tag="x"):
    pass


class _Other(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="other"):
    pass


class Other:
    config_type = _Other


class Untagged:
    config_type = _NoTag


class Kindless:
    config_type = _NoKind


class Shadow:
    config_type = BandPowerConfig


class NoConfig:
    config_type = dict


class _Unnamed(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="unnamed"):
    near: "NoSuchTypeHere | None" = None  # type: ignore[name-defined]  # noqa: F821


class Unnamed:
    config_type = _Unnamed


class _Held(DetectorConfig, frozen=True, kw_only=True, tag_field="kind", tag="held"):
    near: np.ndarray | None = None


class Held:
    config_type = _Held


def test_one_that_fits_is_taken_beside_our_own() -> None:
    found = find(entry_points(GROUP, other=f"{__name__}:Other"))
    assert found.detectors[_Other] is Other
    assert found.kinds["other"] is _Other
    assert found.detectors[BandPowerConfig] is BandPower
    assert found.refused == {}


def test_our_own_are_found_and_stand_in_the_order_of_their_kinds() -> None:
    found = find([])
    assert set(found.detectors.values()) == set(detector_types())
    assert list(found.kinds) == sorted(found.kinds)
    assert list(found.detectors) == list(found.kinds.values())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("no_such_module_here:Detector", "No module named 'no_such_module_here'"),
        (f"{__name__}:Missing", "has no attribute 'Missing'"),
        (f"{__name__}:entry_points", "expected a class with a config_type"),
        (f"{__name__}:NoConfig", "expected a frozen DetectorConfig"),
        (f"{__name__}:Untagged", "expected tag_field='kind' and a tag, found _NoTag"),
        (f"{__name__}:Kindless", "expected tag_field='kind' and a tag, found _NoKind"),
        (f"{__name__}:Unnamed", "name 'NoSuchTypeHere' is not defined"),
        (f"{__name__}:Held", "custom types"),
        (f"{__name__}:Shadow", "expected a kind of its own, found 'band_power' again"),
    ],
)
def test_one_that_does_not_fit_is_refused_and_the_rest_stays(value: str, reason: str) -> None:
    found = find(entry_points(GROUP, bad=value, other=f"{__name__}:Other"))
    assert set(found.refused) == {"bad"}
    assert reason in found.refused["bad"]
    assert "\n" not in found.refused["bad"]
    assert value in found.refused["bad"]
    assert set(found.kinds) == {*REGISTRY.kinds, "other"}


def test_two_of_one_kind_leave_the_first_by_name() -> None:
    found = find(
        entry_points(GROUP, b=f"{__name__}:Shadow", a=f"{__name__}:Other", c=f"{__name__}:Other")
    )
    assert set(found.refused) == {"b", "c"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_example("line_length", tmp_path_factory)


def rig(folder: Path, kind: str) -> Path:
    table = {"id": "sharp", "kind": kind, "stream": "LFP", "window_s": 0.5}
    return rig_file(folder / "rig.toml", lambda tables: tables["detectors"].append(table))


def test_an_installed_detector_is_a_kind_like_any_other(installed: Path, tmp_path: Path) -> None:
    file = rig(tmp_path, "line_length")
    told = run_beside(installed, tmp_path, "-m", "stimloop", "config", "check", file)
    assert (told.returncode, told.stderr) == (0, "")
    versions = "from streamer.journal.provenance import versions; print(versions())"
    assert (
        "'stimloop-line-length': '0.1.0'" in run_beside(installed, tmp_path, "-c", versions).stdout
    )


@pytest.mark.timeout(400)
def test_the_laws_run_on_an_installed_detector(installed: Path, tmp_path: Path) -> None:
    test = shutil.copy(EXAMPLES / "line_length" / "test_line_length.py", tmp_path)
    command = ("-m", "pytest", "-v", "-x", "-p", "no:cacheprovider", "--rootdir", str(tmp_path))
    told = run_beside(installed, tmp_path, *command, test, timeout_s=390.0)
    assert told.returncode == 0, told.stdout
    assert told.stdout.count("PASSED") > 20


def test_without_what_searches_for_examples_one_line_says_so(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "found = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, *more: (\n"
        "    None if name == 'hypothesis' else found(name, *more)\n"
        ")\n",
        "utf-8",
    )
    told = run_beside(tmp_path, tmp_path, "-c", "import detectors.testing")
    assert told.stderr.splitlines()[-1] == (
        "ImportError: detectors.testing: expected hypothesis, found it not installed: "
        "pip install 'stimloop[testing]'"
    )


def test_laws_do_not_pass_where_assertions_are_off(tmp_path: Path) -> None:
    told = run_beside(tmp_path, tmp_path, "-O", "-c", "import detectors.testing")
    assert told.stderr.splitlines()[-1] == (
        "ImportError: detectors.testing: expected assertions, found Python started with -O"
    )


def test_an_unknown_kind_says_who_was_refused(installed: Path, tmp_path: Path) -> None:
    file = rig(tmp_path, "line_length")
    (installed / "line_length.py").rename(tmp_path / "moved.py")
    try:
        told = run_beside(installed, tmp_path, "-m", "stimloop", "config", "check", file)
    finally:
        (tmp_path / "moved.py").rename(installed / "line_length.py")
    assert told.returncode == 2
    assert told.stderr.count("\n") == 1
    assert "$.detectors[" in told.stderr
    assert "detector 'line_length' was refused: line_length:LineLength: No module" in told.stderr
