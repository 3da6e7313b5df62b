"""`stimloop replay --detect-only`: the same detections, and nothing is driven."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stimloop.__main__ import run_command
from stimloop.config import load
from tests.replay import xdf_writer as xdf
from tests.support.rig_toml import small_rig

_RATE_HZ = 250.0


def _recording(folder: Path) -> Path:
    """Return a file of 4 s of noise and two markers."""
    n_samples = round(4.0 * _RATE_HZ)
    values = np.random.default_rng(3).normal(0.0, 15.0, (n_samples, 1)).astype(np.float32)
    stamps_s = (np.arange(n_samples) / _RATE_HZ).tolist()
    path = folder / "noise.xdf"
    path.write_bytes(
        xdf.file_header()
        + xdf.header(1, name="LFP", rate_hz=f"{_RATE_HZ:g}", n_channels=1, labels=["STN"])
        + xdf.samples(1, values, stamps_s)
        + xdf.footer(1, n_samples)
    )
    return path


def _replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rig: Path, *options: str
) -> tuple[dict[str, Any], str]:
    arguments = [str(_recording(tmp_path)), str(rig), "--json", *options]
    assert run_command(["replay", *arguments, "--out", str(tmp_path / f"{len(options)}")]) == 0
    out, err = capsys.readouterr()
    return json.loads(out), err


def _rig(folder: Path, artifacts: list[dict[str, Any]]) -> Path:
    def change(tables: dict[str, Any]) -> None:
        del tables["streams"][1]
        tables["streams"][0] |= {"unit": "uV", "artifacts": artifacts}
        tables["devices"][0]["simulated"] = True

    path = folder / "rig.toml"
    path.write_bytes(small_rig(change))
    return path


def test_it_detects_the_same_and_drives_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = _rig(tmp_path, [])
    whole, _ = _replayed(tmp_path, capsys, rig)
    alone, warnings = _replayed(tmp_path, capsys, rig, "--detect-only")
    for what in ("estimates", "detections"):
        assert alone["digest"][what] == whole["digest"][what]
    assert whole["commands"]["issued"] > 0
    assert (alone["commands"]["issued"], alone["therapy"]) == (0, {})
    kept = load(Path(alone["folder"]) / "config.toml")
    assert (kept.policies, kept.devices) == ((), ())
    assert "stimulation" not in warnings


def test_a_step_that_misses_the_devices_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = _rig(tmp_path, [{"kind": "stimulation_blanking"}])
    _, warnings = _replayed(tmp_path, capsys, rig, "--detect-only")
    assert "stream LFP: stimulation_blanking finds no stimulation of the rig's own" in warnings
