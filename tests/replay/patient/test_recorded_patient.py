"""The simulated patient as a recording, read back by our reader and by pyxdf."""

from pathlib import Path

import numpy as np
import pytest
import pyxdf
from numpy.typing import NDArray

from replay import readers
from replay.patient.patient import Patient, PatientConfig
from replay.patient.recorded_patient import record_patient
from replay.patient.xdf_file import XdfFile

_CONFIG = PatientConfig(rate_hz=250.0, channels=("STN <1>", "µ"), gains=(1.0, -0.3), seed=4)
_N_SAMPLES = 640


def _expected_uv(amplitude_ma: float) -> NDArray[np.float32]:
    return Patient(_CONFIG).generate(_N_SAMPLES, amplitude_ma)


@pytest.mark.parametrize("amplitude_ma", [0.0, 2.5])
def test_the_patient_is_recorded_as_it_is_generated(tmp_path: Path, amplitude_ma: float) -> None:
    path = tmp_path / "rest.xdf"
    told: list[tuple[int, int]] = []
    record_patient(
        _CONFIG,
        path,
        duration_s=_N_SAMPLES / 250.0,
        amplitude_ma=amplitude_ma,
        progress=lambda *done: told.append(done),
    )
    assert told == [(250, 640), (500, 640), (640, 640)]
    (stream,), warnings = readers.open(path).streams, readers.open(path).warnings
    assert warnings == ()
    assert (stream.info.channels, stream.info.units) == (_CONFIG.channels, ("microvolts",) * 2)
    assert (stream.info.lsl_name, stream.info.rate_hz) == ("SimulatedPatient", 250.0)
    ours = stream.read(0, _N_SAMPLES)
    np.testing.assert_array_equal(ours.samples, _expected_uv(amplitude_ma))
    np.testing.assert_array_equal(ours.timestamps_s, 1000.0 + np.arange(_N_SAMPLES) / 250.0)
    (theirs,), _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    np.testing.assert_array_equal(theirs["time_series"], ours.samples)
    np.testing.assert_array_equal(theirs["time_stamps"], ours.timestamps_s)
    assert theirs["footer"]["info"]["sample_count"] == ["640"]


def test_no_recording_is_written_over(tmp_path: Path) -> None:
    path = tmp_path / "rest.xdf"
    path.write_bytes(b"mine")
    with pytest.raises(FileExistsError, match=r"rest\.xdf: expected a name that is not taken"):
        record_patient(_CONFIG, path, duration_s=1.0)
    assert path.read_bytes() == b"mine"


def _write_and_fail(path: Path) -> None:
    with XdfFile(path, _CONFIG.info("LFP")) as file:
        file.write(_expected_uv(0.0), np.arange(_N_SAMPLES) / 250.0)
        raise OSError("the disk is full")


def test_where_writing_fails_there_is_no_recording(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"):
        _write_and_fail(tmp_path / "rest.xdf")
    assert list(tmp_path.iterdir()) == []
