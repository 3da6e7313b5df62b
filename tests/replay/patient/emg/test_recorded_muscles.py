"""Simulated muscles as recordings with markers, read back by our reader and by pyxdf."""

from pathlib import Path

import numpy as np
import pytest
import pyxdf

from replay import readers
from replay.patient.emg.recorded import record_muscles
from replay.patient.emg.scenarios import open_scenario
from tests.replay.recordings import whole


@pytest.mark.parametrize("name", ["dystonic-arm", "paired-pulses-healthy", "stretch-spastic"])
def test_muscles_are_recorded_as_they_are_generated(tmp_path: Path, name: str) -> None:
    path = tmp_path / "muscles.xdf"
    generator = open_scenario(name)
    infos, rate_hz = generator.infos, generator.infos[0].rate_hz
    n_samples = record_muscles(open_scenario(name), path, duration_s=11.0, amplitude_ma=2.0)
    expected = generator.generate(n_samples, 2.0)
    recording = readers.open(path)
    *signals, markers = recording.streams
    assert recording.warnings == ()
    for stream, info, samples in zip(signals, infos, expected.of_streams(infos), strict=True):
        assert (stream.info.lsl_type, stream.info.channels, stream.info.units) == (
            info.lsl_type,
            info.channels,
            info.units,
        )
        np.testing.assert_array_equal(whole(stream).samples, samples)
        np.testing.assert_array_equal(
            whole(stream).timestamps_s, 1000.0 + np.arange(n_samples) / rate_hz
        )
    marks = [(1000.0 + each.sample / rate_hz, each.text) for each in expected.marks]
    assert (markers.info.lsl_type, markers.n_samples) == ("Markers", len(marks))
    theirs = {each["info"]["name"][0]: each for each in pyxdf.load_xdf(str(path))[0]}
    read = theirs[f"{infos[0].lsl_name}Markers"]
    assert [each[0] for each in read["time_series"]] == [text for _, text in marks]
    np.testing.assert_allclose(read["time_stamps"], [at_s for at_s, _ in marks], atol=1e-9)
    ours = whole(markers)
    np.testing.assert_array_equal(ours.timestamps_s, [at_s for at_s, _ in marks])
