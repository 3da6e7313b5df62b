"""A recording in the library: streams by name, with true rates, gaps and flaws."""

from pathlib import Path

import numpy as np
import pytest

import stimloop as sl
from tests.replay import xdf_writer as xdf
from tests.stimloop.library.patient_file import CHANNELS, patient_uv, write_patient


def test_a_stream_says_what_it_is(tmp_path: Path) -> None:
    recording = sl.read(str(write_patient(tmp_path)))
    stream = recording["LFP"]
    assert recording.names == ("LFP",)
    assert (len(recording), list(recording), recording[-1]) == (1, [stream], stream)
    assert (stream.rate_hz, stream.channels, stream.units) == (250.0, CHANNELS, ("microvolts",) * 2)
    assert stream.measured_hz == pytest.approx(250.0, rel=1e-6)
    assert (stream.gaps, stream.doubts, recording.doubts) == ((), (), ())
    np.testing.assert_array_equal(stream.read(), patient_uv())
    np.testing.assert_array_equal(stream.read(10, 20), patient_uv()[10:20])
    np.testing.assert_allclose(np.diff(stream.read_stamps()), 0.004, atol=1e-9)
    assert "250 Hz, 2 channels, float32, 15000 samples" in repr(recording)


def test_a_gap_is_told_with_its_length_and_where_detectors_start_anew(tmp_path: Path) -> None:
    stream = sl.read(write_patient(tmp_path, lost=slice(7000, 7200)))["LFP"]
    (gap,) = stream.gaps
    assert gap.lost_s == pytest.approx(0.8, abs=1e-3)
    assert 0 <= gap.sample - 7000 <= 25
    assert gap.time_s == pytest.approx(100.0 + (gap.sample + 200) / 250.0, abs=1e-3)
    assert "gap: 200 samples, once" in stream.doubts[0]


def test_of_two_streams_of_one_name_the_position_says_which(tmp_path: Path) -> None:
    content = xdf.file_header()
    for number in (1, 2):
        content += xdf.header(number, n_channels=1, labels=["a"])
        stamps_s = [number + k / 100 for k in range(50)]
        content += xdf.samples(number, patient_uv(50, number)[:, :1], stamps_s)
    path = tmp_path / "twice.xdf"
    path.write_bytes(content + xdf.footer(1, 50) + xdf.footer(2, 50))
    recording = sl.read(path)
    with pytest.raises(
        sl.InputError, match=r"found 2: .*; say which by its position: 0, 1$"
    ) as refused:
        recording["LFP"]
    assert "\n" not in str(refused.value)
    assert recording[1].read_stamps()[0] == 2.0


def test_what_of_a_file_is_damaged_is_told(tmp_path: Path) -> None:
    path = write_patient(tmp_path)
    path.write_bytes(path.read_bytes()[:-5000])
    assert sl.read(path).doubts


def test_of_a_whole_recording_each_detector_reads_the_stream_it_names(data_dir: Path) -> None:
    recording = sl.read(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    assert recording.names == ("STN_ECOG", "Force", "Events")
    (gap,) = recording["STN_ECOG"].gaps
    assert gap.lost_s == pytest.approx(0.75, abs=1e-3)
    assert recording["Force"].measured_hz == pytest.approx(249.95, rel=1e-5)
    assert (recording["Events"].is_signal, recording["Events"].measured_hz) == (False, None)
    beta = sl.BandPower("beta", stream="STN_ECOG", band_hz=(13, 30))
    force = sl.BandPower("force", stream="Force", band_hz=(2, 10))
    with pytest.warns(UserWarning, match="^force: 500 of 2375 estimates valid"):
        found = sl.detect(recording, beta, force)
    alone = sl.detect(recording["STN_ECOG"], sl.BandPower("beta", band_hz=(13, 30)))
    assert found["beta"].values.tobytes() == alone["beta"].values.tobytes()
    with pytest.raises(sl.InputError, match=r"there are 2 signals \('STN_ECOG', 'Force'\)"):
        sl.detect(recording, sl.BandPower("beta", band_hz=(13, 30)))
    with pytest.raises(sl.InputError, match="kind: expected a signal with a rate, found string"):
        sl.detect(recording["Events"], sl.BandPower("beta", band_hz=(13, 30)))
