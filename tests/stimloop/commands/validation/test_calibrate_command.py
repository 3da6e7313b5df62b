"""`stimloop calibrate` as a user types it, and the file that it writes."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

import stimloop as sl
from stimloop.__main__ import run_command
from tests.replay import xdf_writer as xdf
from tests.stimloop.library.patient_file import write_patient

_FEW = ["--surrogates", "2"]


def _noise(path: Path) -> Path:
    noise = np.random.default_rng(3).normal(0.0, 10.0, (5000, 1)).astype(np.float32)
    content = xdf.file_header() + xdf.header(1, n_channels=1, rate_hz="250", labels=["STN_1"])
    content += xdf.samples(1, noise, (100.0 + np.arange(5000) / 250.0).tolist())
    path.write_bytes(content + xdf.footer(1, 5000))
    return path


def test_the_file_is_taken_as_it_is_and_finds_what_was_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, rig, page = write_patient(tmp_path), tmp_path / "rig.toml", tmp_path / "page.svg"
    command = ["calibrate", str(file), *_FEW, "--out", str(rig), "--picture", str(page)]
    assert run_command(command) == 0
    told = capsys.readouterr().out
    assert "STN_1 of LFP: peak at 20.0 Hz" in told
    assert told.endswith(f"{rig}\n{page}\n")
    assert run_command(["config", "check", str(rig)]) == 0
    capsys.readouterr()
    session = tmp_path / "session"
    assert run_command(["replay", str(file), str(rig), "--out", str(session), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edges"]["beta_burst"]["onset"] > 10
    # The threshold is the 75th percentile of what the rig itself measures.
    table = tomllib.loads(rig.read_text("utf-8"))
    power, burst = table["detectors"]
    beta = sl.BandPower("beta", band_hz=tuple(power["band_hz"]), window_s=0.5, channels=("STN_1",))
    found = sl.detect(sl.read(file)["LFP"], beta)["beta"]
    values = found.values[np.isfinite(found.values)]
    assert burst["threshold"]["level"] == pytest.approx(np.percentile(values, 75.0), rel=1e-5)


def test_it_prints_the_same_for_machines_and_for_a_notebook(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_patient(tmp_path)
    assert run_command(["calibrate", str(file), *_FEW, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed.pop("files") == []
    assert printed == sl.calibrate(file, n_surrogates=2).as_dict()
    assert printed["peak"]["frequency_hz"] == pytest.approx(20.0, abs=0.5)


def test_noise_has_no_peak_and_writes_no_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = tmp_path / "rig.toml"
    assert run_command(["calibrate", str(_noise(tmp_path / "n.xdf")), "--out", str(rig)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "there is no peak from 6 to 35 Hz: its one channel has none" in line
    assert not rig.exists()


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--channel", "M1"], "channel: expected a channel of patient07.xdf"),
        (["--stream", "EMG"], "stream: expected one of LFP, found 'EMG'"),
        (["--unit", "metres"], "unit: expected a unit of voltage"),
        (["--at-lowest", "0,30"], "--at-highest: expected both"),
        (["--at-lowest", "30,0", "--at-highest", "0,1"], "--at-lowest: expected seconds as 10,45"),
        (["--at-lowest", "0,9", "--at-highest", "90,99"], "expected valid estimates from 90 to 99"),
        (["--hop", "5"], "window_s: expected"),
        (["--search", "30"], "--search: expected"),
    ],
)
def test_what_does_not_fit_is_one_line(
    options: list[str], text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["calibrate", str(write_patient(tmp_path)), *_FEW, *options]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line


def test_a_file_that_is_none_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.xdf").write_bytes(b"")
    assert run_command(["calibrate", str(tmp_path / "a.xdf")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "expected an XDF file" in line


def test_an_implant_is_calibrated_on_its_own_report(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = data_dir / "percept-json" / "report_from_rda.json"
    rig = tmp_path / "rig.toml"
    assert run_command(["calibrate", str(report), *_FEW, "--out", str(rig)]) == 0
    assert "ONE_THREE_RIGHT of BrainSenseTimeDomain ONE_THREE_RIGHT: peak" in (
        capsys.readouterr().out
    )
    assert run_command(["config", "check", str(rig)]) == 0
