"""`stimloop inspect` as a user types it: of one file as text, JSON and a page; of a folder."""

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from stimloop.__main__ import run_command
from tests.replay import xdf_writer as xdf
from tests.stimloop.library.patient_file import write_patient


def _written(path: Path, samples: NDArray[np.generic], rate_hz: float = 250.0) -> Path:
    stamps_s = (100.0 + np.arange(len(samples)) / rate_hz).tolist()
    labels = [f"STN_{k}" for k in range(samples.shape[1])]
    content = xdf.file_header() + xdf.header(
        1, n_channels=samples.shape[1], rate_hz=f"{rate_hz:g}", labels=labels
    )
    if len(samples):
        content += xdf.samples(1, samples.astype(np.float32), stamps_s)
    path.write_bytes(content + xdf.footer(1, len(samples)))
    return path


def test_it_prints_what_a_recording_has_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_patient(tmp_path, lost=slice(5000, 5500))
    page = tmp_path / "page.svg"
    assert run_command(["inspect", str(file), "--picture", str(page)]) == 0
    told = capsys.readouterr().out
    assert "LFP: lfp, 14500 samples in 58.0 s, 2 channels, 250 Hz said, 250 Hz over" in told
    assert "gaps: 1, 2 s in all: 2 s at 2" in told
    assert "STN_1  SD " in told
    assert " 20.0 Hz [" in told
    assert page.read_text("utf-8").count("<svg") == 1


def test_it_prints_the_same_for_machines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["inspect", str(write_patient(tmp_path)), "--json"]) == 0
    (stream,) = json.loads(capsys.readouterr().out)["streams"]
    first = stream["channels"][0]
    assert first["peaks"][0]["frequency_hz"] == pytest.approx(20.0, abs=0.5)
    assert len(first["spectrum"]["density"]) == len(first["spectrum"]["frequency_hz"]) == 250
    assert stream["measured_hz"] == pytest.approx(250.0)


def test_the_suggested_montage_is_one_that_a_rig_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    noise = np.random.default_rng(1).normal(0.0, 10.0, (5000, 3))
    assert run_command(["inspect", str(_written(tmp_path / "three.xdf", noise))]) == 0
    told = capsys.readouterr().out.partition("suggested bipolar montage")[2]
    montage = "\n".join(line.strip() for line in told.splitlines()[1:])
    rig = tmp_path / "rig.toml"
    head = '[rig]\nname = "r"\n[[streams]]\nname = "LFP"\nkind = "lfp"\nmatch = { type = "LFP" }\n'
    detector = '\n[[detectors]]\nid = "beta"\nkind = "band_power"\nstream = "LFP"\n'
    rig.write_text(f'{head}{montage}{detector}channels = ["STN_1-STN_2"]\nband_hz = [13, 30]\n')
    assert run_command(["config", "check", str(rig)]) == 0


def test_a_folder_is_a_line_each_file_with_why_one_cannot_be_opened(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "lab"
    (folder / "inner").mkdir(parents=True)
    write_patient(folder / "inner")
    (folder / "notes.txt").write_text("nothing")
    (folder / "empty.xdf").write_bytes(b"")
    _written(folder / "short.xdf", np.ones((10, 1)))
    assert run_command(["inspect", str(folder)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 5
    assert told[0].startswith(f"{folder / 'empty.xdf'}: not opened: expected an XDF file")
    assert "LFP: 2 ch, 250 Hz, 60.0 s, peak 20.0 Hz" in told[1]
    assert "notes.txt: not opened: expected a recording of a known format" in told[2]
    assert "short.xdf: LFP: 1 ch, 250 Hz, 0.0 s, too short" in told[3]
    assert told[4] == f"{folder}: 2 of 4 files opened"


def test_a_folder_for_machines_has_every_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    write_patient(tmp_path)
    assert run_command(["inspect", str(tmp_path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [Path(each["path"]).name for each in found if "problem" in each] == ["notes.txt"]
    assert sum("streams" in each for each in found) == 1


@pytest.mark.parametrize(
    ("samples", "code", "text"),
    [
        (np.empty((0, 1)), 1, "no channel has a spectrum: LFP: empty"),
        (np.zeros((5000, 1)), 1, "no channel has a spectrum: LFP: constant"),
        (np.full((5000, 1), np.nan), 1, "no channel has a spectrum: LFP: not finite"),
        (np.random.default_rng(1).normal(0, 10, (300, 1)), 1, "LFP: too short: expected 5 s"),
    ],
    ids=["empty", "constant", "nan", "short"],
)
def test_what_cannot_be_judged_is_one_line_and_an_exit_code(
    samples: NDArray[np.float64],
    code: int,
    text: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run_command(["inspect", str(_written(tmp_path / "odd.xdf", samples))]) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert text in line


@pytest.mark.parametrize("search", ["6", "35,6", "a,b", "1,10", "6,35,40"])
def test_a_search_that_is_no_band_is_told(
    search: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_patient(tmp_path)
    assert run_command(["inspect", str(file), "--search", search]) == 2
    assert capsys.readouterr().err.startswith("stimloop: --search: expected ")


def test_a_picture_of_a_folder_or_of_no_known_kind_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_patient(tmp_path)
    assert run_command(["inspect", str(tmp_path), "--picture", str(tmp_path / "p.png")]) == 2
    assert "--picture: expected one recording" in capsys.readouterr().err
    assert run_command(["inspect", str(file), "--picture", str(tmp_path / "p.odd")]) == 2
    assert "--picture: expected a file that can be written" in capsys.readouterr().err


def test_the_line_of_a_stimulation_is_found(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = np.load(data_dir / "dbs130-on-pyparrm" / "ecog_lfp_data.npy").T[:20_000]
    file = _written(tmp_path / "dbs130.xdf", samples, rate_hz=1000.0)
    assert run_command(["inspect", str(file), "--json"]) == 0
    (stream,) = json.loads(capsys.readouterr().out)["streams"]
    for channel in stream["channels"]:
        (line,) = (
            each for each in channel["lines"] if each["kind"] == "stimulation" and not each["note"]
        )
        # 129.12 Hz to the resolution of the stated fact, and not the 130 Hz of the programmer.
        assert line["frequency_hz"] == pytest.approx(129.12, abs=0.06)
        assert line["height_db"] > 50.0
