"""A type checker accepts right calls of the library and rejects wrong keys."""

from pathlib import Path

import pytest
from mypy import api

_ROOT = Path(__file__).parents[3]
_RIGHT = """
from typing import assert_type

import numpy as np
import stimloop as sl
from numpy.typing import NDArray

recording = sl.read("patient07.xdf")
beta = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4)
burst = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
stream = sl.Stream(kind="lfp", montage={"STN_13": {"STN_1": 1.0, "STN_3": -1.0}})
found = sl.detect(recording["LFP"], beta, burst, stream=stream)
assert_type(found, sl.Detected)
assert_type(found["beta"], sl.DetectorSeries)
assert_type(found["beta"].values, NDArray[np.float64])
assert_type(found["burst"].events().duration_s, NDArray[np.float64])
sl.detect(np.zeros((1000, 1)), beta, rate_hz=1000.0, channels=["STN_L"])
online = sl.online(beta, burst, rate_hz=1000.0, channels=["STN_L"])
assert_type(online.update(np.zeros(10))["beta"].time_s, NDArray[np.float64])
sl.Rig(detectors=[beta, burst], streams=recording["LFP"]).to_toml("rig.toml")
assert_type(sl.verify("session").passes, bool)
"""
_WRONG = """
import stimloop as sl

sl.BandPower("beta", bandhz=(13, 30))
sl.Burst("burst", of=3, threshold=sl.Level(1.0))
sl.detct
sl.read("patient07.xdf")["LFP"].rate_khz
"""


def _checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str) -> str:
    file = tmp_path / "notebook.py"
    file.write_text(content, "utf-8")
    monkeypatch.setenv("MYPYPATH", str(_ROOT))
    cache = str(_ROOT / ".mypy_cache" / "user")
    told, problems, _ = api.run(
        # A user does not have our settings, and wants no errors about our own files.
        ["--strict", "--config-file=", "--follow-imports=silent", "--cache-dir", cache, str(file)]
    )
    assert not problems
    return told


def test_what_is_right_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = _checked(tmp_path, monkeypatch, _RIGHT)
    assert told.startswith("Success"), told


def test_what_is_wrong_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _checked(tmp_path, monkeypatch, _WRONG).splitlines()
    told = [line.split(": ", 2)[2] for line in lines if ": error: " in line]
    assert [line.rpartition("[")[2] for line in told] == [
        "call-arg]",
        "arg-type]",
        "attr-defined]",
        "attr-defined]",
    ]
