"""`stimloop export --bids`: samples, times and events come back as the journal has them."""

import csv
import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from stimloop.__main__ import run_command
from stimloop.sharing.material import read_session
from stimloop.sharing.schema.check import problems_of
from tests.replay.recordings import whole
from tests.stimloop.sharing.session import EMG_HZ, NOT_FINITE, make, make_simulated, samples_of

edfio: Any = pytest.importorskip("edfio")
mne_bids: Any = pytest.importorskip("mne_bids")

_STEM = "sub-07_ses-pre_task-rest_run-1"
_LABELS = ["--subject", "07", "--session", "pre", "--task", "rest", "--run", "1"]
_RATE_HZ = 250.0
_GAP = (1250, 1325)


class Made:
    """A session, what it was made of, and the dataset that it was exported to."""

    def __init__(self, folder: Path) -> None:
        self.session = folder / "session"
        self.recording = make(self.session)
        self.dataset = folder / "dataset"
        arguments = ["--reference", "mastoid", "--line", "50", "--channel-type", "STN_3=SEEG"]
        arguments += ["--muscle", "biceps=biceps brachii"]
        code = run_command(
            ["export", str(self.session), "--bids", str(self.dataset), *_LABELS, *arguments]
        )
        assert code == 0

    def file(self, datatype: str, name: str) -> Path:
        return self.dataset / "sub-07" / "ses-pre" / datatype / f"{_STEM}_{name}"

    def json(self, datatype: str, name: str) -> Any:
        return json.loads(self.file(datatype, name).read_text("utf-8"))

    def rows(self, datatype: str, name: str) -> list[dict[str, str]]:
        text = self.file(datatype, name).read_text("utf-8")
        return list(csv.DictReader(text.splitlines(), delimiter="\t"))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return Made(tmp_path_factory.mktemp("bids"))


def _in_file(samples: Any) -> Any:
    """Return the LFP with its gap filled, as it stands in the file."""
    filled = np.full((_GAP[1] - _GAP[0], samples.shape[1]), np.nan, np.float32)
    return np.concatenate([samples[: _GAP[0]], filled, samples[_GAP[0] :]])


def test_the_dataset_keeps_the_schema(made: Made) -> None:
    assert problems_of(made.dataset) == []
    said = json.loads((made.dataset / "dataset_description.json").read_text("utf-8"))
    assert (said["BIDSVersion"], said["GeneratedBy"][0]["Name"]) == ("1.11.2", "stimloop")
    assert "SimulatedSessions" not in said


def test_the_lfp_comes_back_bit_for_bit_with_its_gap(made: Made) -> None:
    path = mne_bids.get_bids_path_from_fname(made.file("ieeg", "ieeg.vhdr"))
    raw = mne_bids.read_raw_bids(path, verbose="ERROR")
    expected = _in_file(samples_of(made.recording, "LFP"))
    np.testing.assert_array_equal((1e6 * raw.get_data().T).astype(np.float32), expected)
    assert raw.get_channel_types() == ["dbs", "seeg"]
    skipped = [each for each in raw.annotations if each["description"] == "BAD_ACQ_SKIP"]
    assert [(each["onset"], each["duration"]) for each in skipped] == [(5.0, 0.3)]
    with np.errstate(invalid="ignore"):
        own = readers.open(made.file("ieeg", "ieeg.vhdr")).streams[0]
    np.testing.assert_array_equal(whole(own).samples.astype(np.float32), expected)


def test_the_emg_comes_back_to_its_resolution(made: Made) -> None:
    file = made.file("emg", "emg.bdf")
    expected = 1e3 * samples_of(made.recording, "EMG")[:, :2]
    expected[slice(*NOT_FINITE), 1] = 0.0
    n_samples = len(expected)
    bdf = edfio.read_bdf(file)
    assert [each.label for each in bdf.signals] == ["biceps", "extensor_carpi_r", "force"]
    for signal, column in zip(bdf.signals, expected.T, strict=False):
        step = (signal.physical_max - signal.physical_min) / (2**24 - 2)
        np.testing.assert_allclose(signal.data[:n_samples], column, rtol=0.0, atol=0.51 * step)
        np.testing.assert_allclose(signal.data[n_samples:], 0.0, atol=1e-9)
    path = mne_bids.get_bids_path_from_fname(file)
    raw = mne_bids.read_raw_bids(path, verbose="ERROR")
    assert raw.get_channel_types() == ["emg", "emg", "misc"]
    np.testing.assert_allclose(1e6 * raw.get_data()[0, :n_samples], expected[:, 0], atol=1e-4)
    assert raw.info["sfreq"] == EMG_HZ
    own = np.asarray(whole(readers.open(file).streams[0]).samples, np.float64)
    np.testing.assert_allclose(own[:n_samples, 0], expected[:, 0], atol=1e-4)
    events = {each["trial_type"]: each for each in made.rows("emg", "events.tsv")}
    assert float(events["BAD_not_finite"]["onset"]) * EMG_HZ == NOT_FINITE[0]
    assert float(events["BAD_ACQ_SKIP"]["onset"]) * EMG_HZ == n_samples
    said = made.json("emg", "emg.json")
    assert (said["EMGReference"], said["EMGPlacementScheme"]) == ("mastoid", "Other")
    assert (said["PowerLineFrequency"], said["RecordingDuration"]) == (50.0, n_samples / EMG_HZ)


def test_a_stream_of_another_kind_is_a_table_that_says_when_it_begins(made: Made) -> None:
    with gzip.open(made.file("ieeg", "recording-ACC_physio.tsv.gz"), "rt") as file:
        read = np.loadtxt(file, dtype=np.float32)
    np.testing.assert_array_equal(read, samples_of(made.recording, "ACC"))
    said = made.json("ieeg", "recording-ACC_physio.json")
    assert (said["SamplingFrequency"], said["Columns"]) == (50.0, ["x", "y"])
    assert said["StartTime"] == pytest.approx(0.2, abs=0.002)


def test_events_stand_at_their_samples(made: Made) -> None:
    session = read_session(made.session)
    rows = made.rows("ieeg", "events.tsv")
    onsets = [float(each["onset"]) for each in rows]
    assert onsets == sorted(onsets)
    expected = [
        each["sample"] + (75 if each["sample"] >= _GAP[0] else 0)
        for each in session.rows
        if each["event"] == "detection"
    ]
    found = [each for each in rows if each["trial_type"].startswith("detection/")]
    assert sorted(int(each["sample"]) for each in found) == sorted(expected)
    for each in found:
        assert float(each["onset"]) * _RATE_HZ == pytest.approx(int(each["sample"]), abs=1e-6)
    begins_s = session.times["LFP"].start_s
    markers = {
        each["text"]: float(each["onset"]) for each in rows if "marker" in each["trial_type"]
    }
    for text, time_s in (("cue", 57.5), ("go", 58.123)):
        assert markers[text] == pytest.approx(time_s - begins_s, abs=0.002)


def test_commands_and_refusals_have_what_was_wanted_allowed_and_applied(made: Made) -> None:
    rows = made.rows("ieeg", "events.tsv")
    session = read_session(made.session)
    journal = [each for each in session.rows if each["event"] == "command"]
    commands = [each for each in rows if each["trial_type"] == "command/amplitude"]
    assert [int(each["seq"]) for each in commands] == [each["seq"] for each in journal]
    for row, each in zip(commands, journal, strict=True):
        assert float(row["amplitude_allowed"]) == pytest.approx(each["amount"])
        assert (row["reason"], row["amplitude_unit"]) == (str(each["reason"]), "mA")
    answers = [
        float(each["amplitude_applied"]) for each in rows if each["trial_type"] == "ack/done"
    ]
    said = [each["amount"] for each in session.rows if each["event"] == "ack"]
    np.testing.assert_allclose(answers, said, atol=1e-9)
    assert "2" in {each["amplitude_wanted"] for each in rows}
    assert "0" in {each["amplitude_wanted"] for each in rows}
    levels = made.json("ieeg", "events.json")["trial_type"]["Levels"]
    assert set(levels) == {each["trial_type"] for each in rows}
    assert "refusal/idle" in levels
    assert any(each["text"].startswith("disarmed by somebody") for each in rows)
    reasons = made.json("ieeg", "events.json")["reason"]["Levels"]
    assert set(reasons) == {each["reason"] for each in rows} - {"n/a"}
    assert reasons["idle"] == "the rig is not armed"


def test_the_closed_loop_is_described_as_a_draft(made: Made) -> None:
    said = made.json("ieeg", "ieeg.json")
    block = said["ClosedLoopParameters"]
    assert block["Note"].startswith("DRAFT")
    assert [each["ID"] for each in block["Detectors"]] == ["beta", "burst"]
    (device,) = block["Stimulators"]
    assert (device["Simulated"], device["Limits"]["amplitude_ma_max"]) == (True, 3.0)
    assert device["Programs"]["adbs"]["frequency_hz"] == 130.0
    assert said["ElectricalStimulation"] is False
    assert said["StimloopSession"]["VirtualTime"] is True


def test_channels_have_types_units_and_a_status(made: Made) -> None:
    lfp, emg = (made.rows(each, "channels.tsv") for each in ("ieeg", "emg"))
    assert [(each["type"], each["units"], each["reference"]) for each in lfp] == [
        ("DBS", "uV", "mastoid"),
        ("SEEG", "uV", "mastoid"),
    ]
    assert [(each["type"], each["units"], each["target_muscle"]) for each in emg] == [
        ("EMG", "uV", "biceps brachii"),
        ("EMG", "uV", "n/a"),
        ("MISC", "N", "n/a"),
    ]
    assert {each["status"] for each in [*lfp, *emg]} == {"good"}
    assert "not a number" in emg[1]["status_description"]


def test_a_second_session_is_added_and_what_a_lab_wrote_stays(made: Made, tmp_path: Path) -> None:
    dataset = Path(shutil.copytree(made.dataset, tmp_path / "dataset"))
    people = dataset / "participants.tsv"
    people.write_text(people.read_text("utf-8").replace("\tn/a", "\t63", 1), encoding="utf-8")
    before = people.read_text("utf-8")
    source = tmp_path / "recorded.xdf"
    source.write_bytes(b"XDF:")
    command = ["export", str(made.session), "--bids", str(dataset), "--source", str(source)]
    assert run_command([*command, "--subject", "07", "--session", "post"]) == 0
    assert people.read_text("utf-8") == before
    assert run_command([*command, "--subject", "08", "--session", "pre"]) == 0
    assert [line.split("\t")[0] for line in people.read_text("utf-8").splitlines()] == [
        "participant_id",
        "sub-07",
        "sub-08",
    ]
    kept = dataset / "sourcedata" / "sub-08" / "ses-pre" / "recorded.xdf"
    assert kept.read_bytes() == b"XDF:"
    assert problems_of(dataset) == []
    assert [each.name for each in dataset.iterdir() if each.name.startswith(".")] == []


def test_nothing_is_overwritten_unasked(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    command = ["export", str(made.session), "--bids", str(made.dataset), *_LABELS]
    file = made.file("ieeg", "ieeg.eeg")
    before = file.stat().st_mtime_ns
    assert run_command(command) == 2
    error = capsys.readouterr().err
    assert "expected no recording with these labels yet" in error
    assert error.count("\n") == 1
    assert file.stat().st_mtime_ns == before


def test_a_dataset_that_does_not_keep_to_bids_is_told_and_kept(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset = Path(shutil.copytree(made.dataset, tmp_path / "dataset"))
    (dataset / "sub-07" / "notes.txt").write_text("", "utf-8")
    sidecar = next(dataset.rglob("*_emg.json"))
    said = json.loads(sidecar.read_text("utf-8"))
    del said["EMGReference"]
    said["PowerLineFrequency"] = "fifty"
    sidecar.write_text(json.dumps(said), encoding="utf-8")
    command = ["export", str(made.session), "--bids", str(dataset), "--subject", "09"]
    assert run_command(command) == 1
    error = capsys.readouterr().err
    assert "notes.txt: expected a name and a place that BIDS has" in error
    assert "emg.bdf: expected the field EMGReference in its JSON, found none" in error
    assert "field PowerLineFrequency: expected number or one of n/a, found 'fifty'" in error
    assert error.count("\n") == 3
    assert (dataset / "sub-09").is_dir()


def test_dates_and_what_came_before_can_be_left_out(made: Made, tmp_path: Path) -> None:
    command = ["export", str(made.session / "journal.sqlite"), "--bids", str(tmp_path / "dataset")]
    labels = ["--subject", "1", "--session", "a", "--acquisition", "on", "--no-dates"]
    assert run_command([*command, *labels]) == 0
    folder = tmp_path / "dataset" / "sub-1" / "ses-a"
    with (folder / "sub-1_ses-a_scans.tsv").open("a", encoding="utf-8") as table:
        table.write("ieeg/another.vhdr\tn/a\n")
    assert run_command([*command, *labels, "--overwrite"]) == 0
    for file in folder.rglob("*.json"):
        assert "StimloopSession" not in (said := json.loads(file.read_text("utf-8"))) or (
            "Session" not in said["StimloopSession"]
        )
    scans = (folder / "sub-1_ses-a_scans.tsv").read_text("utf-8").splitlines()
    assert [line.split("\t")[1] for line in scans] == ["acq_time", "n/a", "n/a", "n/a"]
    assert sum("another" in line for line in scans) == 1


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--subject", "P_7"], "--subject: expected letters and digits only"),
        (["--session", "pre op"], "--session: expected letters and digits only"),
        (["--task", ""], "--task: expected letters and digits only, as BIDS has it, found nothing"),
        (["--run", "one"], "--run: expected a whole number, as BIDS has it, found 'one'"),
        (["--channel-type", "STN_1=LFP"], "--channel-type: expected CHANNEL=TYPE with one of DBS"),
        (["--channel-type", "STN_9=DBS"], "--channel-type: expected one of STN_1"),
        (["--source", "nothing.xdf"], "--source: expected a file, found none at nothing.xdf"),
        (["--csv"], "--bids: expected neither --csv nor --out with it"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    made: Made,
    tmp_path: Path,
    options: list[str],
    expected: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    dataset = tmp_path / "dataset"
    command = ["export", str(made.session), "--bids", str(dataset), "--subject", "1"]
    assert run_command([*command, *options]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"stimloop: {expected}")
    assert error.count("\n") == 1
    assert not dataset.exists()


def test_what_is_no_session_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["export", str(tmp_path), "--bids", str(tmp_path / "dataset")]) == 2
    expected = f"{tmp_path}: expected a session folder with a journal, found none"
    assert capsys.readouterr().err == f"stimloop: {expected}\n"


def test_options_of_bids_need_a_dataset(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["export", str(made.session), "--subject", "07"]) == 2
    expected = "--bids: expected the folder of a dataset with options of BIDS, found none"
    assert capsys.readouterr().err == f"stimloop: {expected}\n"


def test_a_folder_of_something_else_is_left_alone(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("", "utf-8")
    assert run_command(["export", str(made.session), "--bids", str(tmp_path)]) == 2
    assert "expected a new folder, or a BIDS dataset" in capsys.readouterr().err
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["letter.txt"]


def test_a_missing_library_names_the_extra(
    made: Made,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "mne_bids", None)
    command = ["export", str(made.session), "--bids", str(tmp_path / "dataset")]
    assert run_command(command) == 2
    assert "pip install 'stimloop[bids]'" in capsys.readouterr().err
    assert not (tmp_path / "dataset").exists()


def test_streams_of_one_kind_are_told_apart_and_simulated_ones_are_said_to_be(
    tmp_path: Path,
) -> None:
    make_simulated(tmp_path / "session")
    dataset = tmp_path / "dataset"
    command = ["export", str(tmp_path / "session"), "--bids", str(dataset), "--session", "a"]
    assert run_command([*command, "--acquisition", "on"]) == 0
    assert sorted(each.name for each in dataset.rglob("*.eeg")) == [
        "sub-test_ses-a_task-closedloop_acq-onECoGgrid_ieeg.eeg",
        "sub-test_ses-a_task-closedloop_acq-onLFP_ieeg.eeg",
    ]
    for file in dataset.rglob("*_ieeg.json"):
        said = json.loads(file.read_text("utf-8"))["StimloopSession"]
        assert said["SimulatedSignals"] is True
        assert said["Numbers"].startswith("float64 rounded to single precision")
    said = json.loads((dataset / "dataset_description.json").read_text("utf-8"))
    assert said["SimulatedSessions"] == ["sub-test_ses-a"]
