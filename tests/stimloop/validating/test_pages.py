"""The pages of inspect and calibrate: every channel that fits, and what was found in them."""

from pathlib import Path

import numpy as np

from replay.inspection.inspected import Inspection
from stimloop.library.validation.calibration import calibrate
from stimloop.library.validation.inspection import inspect, inspect_opened
from stimloop.validating import calibration_picture, inspection_picture
from tests.replay.inspection.noise import one_over_f
from tests.replay.recordings import recording, signal
from tests.stimloop.library.patient_file import write_patient


def _inspected(n_channels: int) -> Inspection:
    noise_uv = 10.0 * one_over_f(
        1, n_samples=2000, rate_hz=250.0, exponent=1.0, n_channels=n_channels
    )
    stamps_s = np.arange(2000) / 250.0
    return inspect_opened(recording(signal(stamps_s, rate_hz=250.0, samples=noise_uv)))


def test_a_page_of_an_inspection_has_flaws_above_and_a_spectrum_a_channel(tmp_path: Path) -> None:
    found = inspect(write_patient(tmp_path))
    above, *spectra = inspection_picture.draw(found).axes
    assert [each.get_text() for each in above.get_yticklabels()] == ["STN_1", "STN_3"]
    assert [each.get_title() for each in spectra] == ["STN_1", "STN_3"]
    peak = found.streams[0].channels[0].peaks[0]
    told = [each.get_text() for each in spectra[0].texts]
    assert told == [f"{peak.frequency_hz:.1f} Hz +{peak.height_db:.0f} dB"]


def test_a_page_says_how_many_channels_are_left_out() -> None:
    figure = inspection_picture.draw(_inspected(27))
    assert len(figure.axes) == 25
    assert "3 channels more are not shown" in figure.get_suptitle()


def test_a_recording_without_a_spectrum_is_a_page_without_one() -> None:
    stamps_s = np.arange(5) / 250.0
    empty = inspect_opened(recording(signal(stamps_s[:0], rate_hz=250.0)))
    assert inspection_picture.draw(empty).axes == []


def test_a_page_of_a_calibration_has_six_panels(tmp_path: Path) -> None:
    found = calibrate(write_patient(tmp_path), n_surrogates=2)
    figure = calibration_picture.draw(found)
    assert len(figure.axes) == 6
    assert figure.get_suptitle().startswith("patient07.xdf: STN_1, 20.0 Hz")
    by_onset = figure.axes[3].lines[0].get_xydata()
    assert by_onset.tolist() == [[each.onset_s, each.per_hour] for each in found.onsets]
