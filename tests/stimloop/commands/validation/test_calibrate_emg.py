"""`stimloop calibrate --emg` as a user types it, and the file that it writes."""

import json
from pathlib import Path

import numpy as np
import pytest

import stimloop as sl
from stimloop import config as configuration
from stimloop.__main__ import run_command
from tests.detectors.emg.muscle_signals import RATE_HZ, emg, half_waves
from tests.replay import xdf_writer as xdf

_LABELS = ("FLEXOR", "EXTENSOR")


def _recording(path: Path) -> Path:
    """Write rest, a contraction of each muscle, and tremor that alternates: 60 s."""
    n_samples = 60_000
    stamps_s = 100.0 + np.arange(n_samples) / RATE_HZ
    drive = np.zeros((n_samples, 2))
    drive[12_500:24_000, 0] = drive[24_500:36_000, 1] = 1.0
    drive[40_000:] = half_waves(stamps_s[40_000:], 5.0, (0.0, np.pi))
    samples = emg(np.random.default_rng(1), drive).astype(np.float32)
    said = [(0.0, "rest"), (12.0, "reference FLEXOR"), (24.0, "reference EXTENSOR"), (36.0, "end")]
    content = xdf.file_header()
    of_emg = xdf.header(1, name="EMG", n_channels=2, rate_hz=f"{RATE_HZ:g}", labels=_LABELS)
    content += of_emg.replace(b"<type>LFP</type>", b"<type>EMG</type>")
    content += xdf.header(2, name="Events", n_channels=1, rate_hz="0", dtype="string")
    content += xdf.samples(1, samples, stamps_s.tolist())
    content += xdf.texts(2, [text for _, text in said], [100.0 + time_s for time_s, _ in said])
    path.write_bytes(content + xdf.footer(1, n_samples) + xdf.footer(2, len(said)))
    return path


def test_the_file_is_taken_as_it_is_and_finds_the_tremor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rig = _recording(tmp_path / "arm.xdf"), tmp_path / "rig.toml"
    assert run_command(["calibrate", str(file), "--emg", "--out", str(rig)]) == 0
    told = capsys.readouterr()
    assert told.err == ""
    assert "FLEXOR of EMG: rest 3." in told.out
    assert told.out.endswith(f"Research features, not a diagnosis.\n{rig}\n")
    assert run_command(["config", "check", str(rig)]) == 0
    kinds = [each.__struct_config__.tag for each in configuration.load(rig).detectors]
    assert kinds == ["co_contraction", "muscle_state", "muscle_bursts", "muscle_spectrum"]
    capsys.readouterr()
    session = tmp_path / "session"
    assert run_command(["replay", str(file), str(rig), "--out", str(session), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["edges"]["bursts"]["onset"] > 180  # 20 s of 5 Hz in two muscles


def test_a_notebook_has_the_same_levels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = _recording(tmp_path / "arm.xdf")
    assert run_command(["calibrate", str(file), "--emg", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    found = sl.calibrate_emg(file)
    assert set(found.muscles) == set(_LABELS)
    assert printed["muscles"] == json.loads(json.dumps(found.as_dict()["muscles"]))
    for keys, error in (
        ({"rest": "quiet"}, "markers: expected one that begins with 'quiet'"),
        ({"stream": "LFP"}, "expected a stream 'LFP', found 0"),
        ({"unit": "mm"}, "unit: expected a unit of voltage"),
        ({"channel": "TIBIALIS"}, "TIBIALIS"),
    ):
        with pytest.raises(sl.InputError, match=error):
            sl.calibrate_emg(file, **keys)


def test_it_prints_the_same_for_machines_and_tells_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = _recording(tmp_path / "arm.xdf")
    assert run_command(["calibrate", str(file), "--emg", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert set(printed["muscles"]) == set(_LABELS)
    assert printed["muscles"]["FLEXOR"]["rest"]["6"]["mean_uv"] == pytest.approx(3.9, abs=0.1)
    assert run_command(["calibrate", str(file), "--emg", "--rest", "quiet"]) == 2
    told = capsys.readouterr().err
    assert "markers: expected one that begins with 'quiet'" in told
    assert run_command(["calibrate", str(file), "--emg", "--stream", "LFP"]) == 2
    assert "expected a stream 'LFP', found 0" in capsys.readouterr().err
