"""NWB: as pynwb has it; conversions, offsets, stored stamps, labels, intervals and annotations."""

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from replay import readers
from replay.recording import RecordingError
from tests.replay.recordings import whole

h5py: Any = pytest.importorskip("h5py")
pynwb: Any = pytest.importorskip("pynwb")
assert_close: Any = np.testing.assert_allclose
_RANDOM = np.random.default_rng(5)
_COUNTS = _RANDOM.integers(-3000, 3000, (4000, 3), dtype=np.int16)
_GAP_S = np.arange(2000) / 250.0 + np.where(np.arange(2000) < 900, 0.0, 1.5) + 12.0
_FORCE = _RANDOM.normal(0.0, 1.0, 2000)


def _file() -> Any:
    file = pynwb.NWBFile("a session", "made", datetime(2024, 1, 1, tzinfo=UTC))
    device = file.create_device("amplifier")
    group = file.create_electrode_group("STN", "lead", "STN left", device)
    file.add_electrode_column("label", "what it is called")
    for label in ("L1", "L2", "L3"):
        file.add_electrode(group=group, location="STN left", label=label)
    return file


def _write(path: Path, file: Any) -> Path:
    with pynwb.NWBHDF5IO(path, "w") as io:
        io.write(file)
    return path


def write_example(path: Path) -> None:
    """Write a series with conversions at a rate, one with stamps and a gap, and events."""
    file = _file()
    file.add_acquisition(
        pynwb.ecephys.ElectricalSeries(
            name="LFP_STN",
            data=_COUNTS,
            electrodes=file.create_electrode_table_region([2, 0, 1], "all"),
            rate=1000.0,
            starting_time=3.5,
            conversion=1e-7,
            offset=2e-6,
            channel_conversion=[1.0, 2.0, 0.5],
        )
    )
    held = pynwb.ecephys.LFP()
    file.create_processing_module("ecephys", "filtered").add(held)
    held.create_electrical_series(
        name="filtered",
        data=_FORCE[:, None] * 1e-5,
        electrodes=file.create_electrode_table_region([0], "one"),
        timestamps=_GAP_S,
    )
    file.add_acquisition(
        pynwb.TimeSeries(name="force", data=_FORCE, unit="newtons", timestamps=_GAP_S)
    )
    file.add_trial_column("label", "what was done")
    file.add_trial(start_time=6.0, stop_time=7.0, label="grip")
    file.add_trial(start_time=4.0, stop_time=5.0, label="rest")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is deprecated, and in many files
        notes = pynwb.misc.AnnotationSeries(name="notes", data=["cough"], timestamps=[4.5])
    file.add_acquisition(notes)
    table = file.create_events_table(name="stimuli", description="what was shown")
    table.add_column("annotation", "which")
    table.add_row(timestamp=5.5, annotation="cue")
    _write(path, file)


def test_every_series_is_a_stream_in_its_own_time(tmp_path: Path) -> None:
    write_example(tmp_path / "a.nwb")
    made = readers.open(tmp_path / "a.nwb")
    assert made.warnings == ()
    streams = {each.info.name: each for each in made.streams}
    assert {name: (each.info.lsl_type, each.info.channels) for name, each in streams.items()} == {
        "LFP_STN": ("LFP", ("L3", "L1", "L2")),
        "filtered": ("LFP", ("L1",)),
        "force": ("Other", ("force",)),
        "Markers": ("Markers", ("label",)),
    }
    assert (streams["LFP_STN"].info.units, streams["force"].info.units) == (
        ("uV", "uV", "uV"),
        ("newtons",),
    )
    samples, stamps_s = whole(streams["LFP_STN"])
    assert_close(samples, _COUNTS * np.array([0.1, 0.2, 0.05]) + 2.0, atol=1e-9)
    assert_close(stamps_s, 3.5 + np.arange(4000) / 1000.0, atol=1e-9)
    samples, stamps_s = whole(streams["filtered"])
    assert_close(samples[:, 0], _FORCE * 10.0, rtol=1e-12)
    np.testing.assert_array_equal(stamps_s, _GAP_S)
    assert streams["filtered"].info.rate_hz == 250.0
    np.testing.assert_array_equal(whole(streams["force"]).samples[:, 0], _FORCE)
    texts, times_s = whole(streams["Markers"])
    assert texts[:, 0].tolist() == ["trials/rest", "notes/cough", "stimuli/cue", "trials/grip"]
    assert times_s.tolist() == [4.0, 4.5, 5.5, 6.0]


def test_a_real_file_is_as_pynwb_has_it(data_dir: Path) -> None:
    path = data_dir / "nwb-mat" / "stn_ecog.nwb"
    made = readers.open(path)
    streams = {each.info.name: each for each in made.streams}
    with pynwb.NWBHDF5IO(path, "r") as io:
        file = io.read()
        for name in ("LFP_STN", "ECOG"):
            samples, stamps_s = whole(streams[name])
            peer = file.acquisition[name]
            assert_close(samples, peer.get_data_in_units()[:] * 1e6, rtol=1e-9)
            assert_close(stamps_s, peer.get_timestamps(), atol=1e-6)
        trials = file.trials.to_dataframe()
    texts, times_s = whole(streams["Markers"])
    np.testing.assert_array_equal(times_s, trials.start_time)
    assert texts[:, 0].tolist() == [f"trials/{each}" for each in trials.label]


def test_electrodes_without_labels_are_called_by_group_and_number(data_dir: Path) -> None:
    streams = {
        each.info.name: each for each in readers.open(data_dir / "nwb-mat" / "stn_ecog.nwb").streams
    }
    assert streams["LFP_STN"].info.channels == ("STN_0", "STN_1", "STN_2")


def test_a_series_whose_stamps_do_not_go_with_it_is_left_out_and_told(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    write_example(path)
    with h5py.File(path, "a") as file:
        del file["acquisition/force/timestamps"]
        file["acquisition/force/timestamps"] = _GAP_S[:-5]
    made = readers.open(path)
    assert made.warnings == ("series force has 2000 samples but 1995 stamps: left out",)
    assert "force" not in {each.info.name for each in made.streams}


def test_what_cannot_be_used_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.nwb"
    write_example(path)
    content = path.read_bytes()
    for found, problem in (
        (b"", "expected a whole NWB file, found 0 bytes that HDF5 cannot read"),
        (content[: len(content) // 2], "expected a whole NWB file, .*truncated file"),
        (b"none", "expected a whole NWB file, found 4 bytes"),
    ):
        path.write_bytes(found)
        with pytest.raises(RecordingError, match=problem) as told:
            readers.open(path)
        assert "\n" not in str(told.value)
    with h5py.File(path, "w") as file:
        file["numbers"] = np.arange(5)
    with pytest.raises(RecordingError, match="found another HDF5 file, of numbers"):
        readers.open(path)
    with pytest.raises(RecordingError, match="expected time series or events, found neither"):
        readers.open(_write(path, _file()))
