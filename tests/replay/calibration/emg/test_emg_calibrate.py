"""Levels of muscles from markers: as the detectors measure them, and what is wrong is told."""

from typing import Any

import numpy as np
import pytest

from detectors.block import StreamLayout
from detectors.emg.bursts.muscle_bursts import MuscleBursts, MuscleBurstsConfig
from detectors.emg.filters import filters_of
from replay.calibration.choosing import CalibrationError
from replay.calibration.emg.calibrate import MuscleCalibration, calibrate_muscles
from streamer.streams import Match, StreamConfig
from tests.detectors.emg.muscle_signals import RATE_HZ, Signal, emg, noise_of
from tests.replay.recordings import markers, recording, signal
from tests.support.blocks import block_of

_LABELS = ("FLEXOR", "EXTENSOR")
_RECTIFIED = np.sqrt(2.0 / np.pi)
#: A recording of 40 s: rest, and the muscles one after the other.
_GUIDED = ((0.0, "rest"), (12.0, "reference FLEXOR"), (24.0, "reference EXTENSOR"), (36.0, "end"))


def drives(first: float = 0.5, second: float = 0.7) -> Signal:
    made = np.zeros((40_000, 2))
    made[12_500:24_000, 0] = first
    made[24_500:36_000, 1] = second
    return made


def calibrated(samples_uv: Signal, said: Any = _GUIDED) -> MuscleCalibration:
    stamps_s = 50.0 + np.arange(len(samples_uv)) / RATE_HZ
    stream = signal(
        stamps_s, name="EMG", rate_hz=RATE_HZ, samples=samples_uv.astype(np.float32),
        channels=_LABELS, lsl_type="EMG",
    )  # fmt: skip
    events = markers([50.0 + time_s for time_s, _ in said], [text for _, text in said])
    config = StreamConfig(name="EMG", kind="emg", match=Match(index=0))
    return calibrate_muscles(recording(stream, events), stream, config, _LABELS)


def test_levels_are_those_that_the_detector_measures() -> None:
    samples_uv = emg(np.random.default_rng(1), drives())
    found = calibrated(samples_uv).muscles
    config = MuscleBurstsConfig(
        id="b", stream="EMG", rest_uv=dict.fromkeys(_LABELS, 1.0), hop_s=0.001, window_s=1.0,
        rest_sd_uv=dict.fromkeys(_LABELS, 1.0),
    )  # fmt: skip
    detector = MuscleBursts(config, StreamLayout("EMG", RATE_HZ, _LABELS))
    block = block_of(samples_uv.astype(np.float32).astype(np.float64), RATE_HZ, stream="EMG")
    envelope_uv = detector.update(block).estimates.values[:, [0, 13]]
    rest = envelope_uv[1_000:12_000]
    for column, label in enumerate(_LABELS):
        assert found[label].rest[20.0].mean_uv == pytest.approx(rest[:, column].mean(), rel=1e-4)
        assert found[label].rest[20.0].sd_uv == pytest.approx(rest[:, column].std(), rel=1e-4)
        assert found[label].rest_s == pytest.approx(11.0, abs=0.01)
    assert found["FLEXOR"].reference_uv == pytest.approx(_RECTIFIED * 52.5, rel=0.03)
    assert found["EXTENSOR"].reference_uv == pytest.approx(_RECTIFIED * 71.5, rel=0.03)


def test_the_bandwidth_tells_the_noise_of_the_envelope() -> None:
    """Of narrow EMG the envelope varies more than that of the whole band; within 0.01."""
    narrow = 50.0 * noise_of(np.random.default_rng(2), (200_000, 2), (40.0, 120.0))
    narrow[:12_000] /= 20.0
    found = calibrated(narrow, [(0.0, "rest"), (12.0, "reference"), (42.0, "end")])
    assert found.bandwidth_hz is not None
    assert 80.0 < found.bandwidth_hz < 130.0
    filters = filters_of((20.0, 450.0), 6.0, RATE_HZ)
    config = MuscleBurstsConfig(
        id="b", stream="EMG", rest_uv=dict.fromkeys(_LABELS, 1.0), hop_s=0.01, window_s=1.0,
        rest_sd_uv=dict.fromkeys(_LABELS, 1.0), envelope_hz=6.0,
    )  # fmt: skip
    detector = MuscleBursts(config, StreamLayout("EMG", RATE_HZ, _LABELS))
    seen = detector.update(block_of(narrow[13_000:], RATE_HZ, stream="EMG")).estimates
    envelope_uv = seen.values[100:, [0, 13]]
    variation = (envelope_uv.std(axis=0) / envelope_uv.mean(axis=0)).mean()
    assert filters.noise_cv2(found.bandwidth_hz) ** 0.5 == pytest.approx(variation, abs=0.01)


def test_markers_of_one_text_add_up_in_any_order() -> None:
    samples_uv = emg(np.random.default_rng(1), drives())
    again = [(6.0, "rest"), *_GUIDED, (36.0, "rest")]
    found = calibrated(samples_uv, sorted(again))
    assert found.muscles["FLEXOR"].rest_s == pytest.approx(5.0 + 5.0 + 3.0, abs=0.02)


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ([(0.0, "start")], r"markers: expected one that begins with 'rest', .* found 'start'"),
        (
            [(0.0, "rest"), (0.5, "reference")],
            r"markers: expected one .* found 'reference', 'rest'",
        ),
        ([(0.0, "rest"), (2.0, "end")], r"FLEXOR: expected at least 2 s of good samples of rest"),
        ([(0.0, "rest"), (12.0, "reference FLEX")], r"expected one of FLEXOR, EXTENSOR behind"),
        ([(12.0, "rest"), (24.0, "reference FLEXOR")], r"FLEXOR: expected a reference contraction"),
    ],
)
def test_what_is_wrong_with_markers_is_told(said: Any, text: str) -> None:
    with pytest.raises(CalibrationError, match=text):
        calibrated(emg(np.random.default_rng(1), drives()), said)


def test_an_electrode_that_is_off_a_weak_contraction_and_swapped_channels_are_told() -> None:
    random = np.random.default_rng(1)
    off = emg(random, drives())
    off[:, 1] = 3.0
    with pytest.raises(CalibrationError, match=r"EXTENSOR: expected .* is the electrode off"):
        calibrated(off)
    with pytest.raises(CalibrationError, match=r"EXTENSOR: expected a reference contraction above"):
        calibrated(emg(random, drives(second=0.0)))
    swapped = drives()
    swapped[12_500:36_000] += 0.1
    (one, other) = calibrated(emg(random, swapped[:, ::-1])).warnings
    assert "are these two swapped?" in one
    assert "are these two swapped?" in other


def test_without_a_reference_contraction_there_are_levels_of_rest_and_a_warning() -> None:
    found = calibrated(emg(np.random.default_rng(1), drives()), [(0.0, "rest"), (12.0, "end")])
    assert found.bandwidth_hz is None
    assert found.muscles["FLEXOR"].reference_uv is None
    assert len(found.warnings) == 2
