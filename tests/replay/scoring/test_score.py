"""A whole score of made recordings: bursts, phases and devices that are known beforehand."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from replay import offline
from replay.recording import Recording
from replay.recording_source import RecordingSource
from replay.scoring.references.offline_rhythm import ReferenceRule
from replay.scoring.references.recorded import MarkerRule
from replay.scoring.result import Score, ScoreFileError, read_score
from replay.scoring.score import ScoreError, score
from replay.scoring.settings import ScoreSettings
from stimloop.config import Config, from_tables
from streamer.closed_loop import ClosedLoop
from tests.replay.recordings import markers, recording, signal

_RATE_HZ = 500.0
_LENGTH_S = 120.0
_BEGIN_S = np.arange(33.0, 117.0, 3.0)
#: The level that the power of a sine of 20 µV passes well before it is all in the window.
_LEVEL_UV2 = 60.0
_BETA: dict[str, Any] = {
    "kind": "band_power",
    "id": "beta",
    "stream": "LFP",
    "band_hz": [15.0, 25.0],
    "window_s": 0.3,
}
_QUICK = ScoreSettings(n_surrogates=1, surrogate_s=60.0)


def _rig(*detectors: dict[str, Any]) -> Config:
    stream = {"name": "LFP", "kind": "lfp", "match": {"type": "LFP"}}
    return from_tables(
        "rig.toml", {"rig": {"name": "made"}, "streams": [stream], "detectors": list(detectors)}
    )


def _scored(recorded: Recording, rig: Config, settings: ScoreSettings = _QUICK) -> Score:
    return score(recorded, rig.loop, config_toml=b"made", settings=settings)


def _recorded(samples_uv: NDArray[np.float64], *more: Any) -> Recording:
    stamps_s = np.arange(len(samples_uv)) / _RATE_HZ + 50.0
    held = samples_uv[:, None].astype(np.float32)
    return recording(signal(stamps_s, rate_hz=_RATE_HZ, samples=held), *more)


def _bursts() -> NDArray[np.float64]:
    """Return noise with a burst of 20 Hz of one second every three, from 33 s on."""
    time_s = np.arange(round(_LENGTH_S * _RATE_HZ)) / _RATE_HZ
    since_s = (time_s[:, None] - _BEGIN_S).astype(np.float64)
    is_on = ((since_s >= 0.0) & (since_s < 1.0)).any(axis=1)
    noise = np.random.default_rng(1).normal(0.0, 4.0, time_s.size)
    return np.asarray(20.0 * is_on * np.sin(2.0 * np.pi * 20.0 * time_s) + noise)


@pytest.fixture(scope="module")
def of_bursts() -> Score:
    burst = {"kind": "burst", "id": "burst", "of": "beta", "threshold": {"level": _LEVEL_UV2}}
    # 28 s of 120 in a burst, as the reference shall see them.
    rule = ReferenceRule(percentile=77.0)
    texts = ["go", "end"] * _BEGIN_S.size
    at_s = np.column_stack([_BEGIN_S, _BEGIN_S + 1.0]).ravel() + 50.0
    recorded = _recorded(_bursts(), markers(at_s, texts))
    settings = ScoreSettings(
        reference=rule, markers=MarkerRule("go", "end"), n_surrogates=1, surrogate_s=60.0
    )
    return _scored(recorded, _rig(_BETA, burst), settings)


def test_bursts_that_were_made_are_all_found_and_nothing_else(of_bursts: Score) -> None:
    by_reference = {each.reference: each for each in of_bursts.of("burst")}
    assert set(by_reference) == {"offline", "markers"}
    for found in by_reference.values():
        assert found.metric("sensitivity").value == 1.0
        assert found.metric("sensitivity").n == _BEGIN_S.size
        assert found.metric("false_positives_per_min").value == 0.0
        assert found.metric("switches_undone_per_h").value is not None


def test_the_delay_is_when_the_window_holds_enough_of_a_burst(of_bursts: Score) -> None:
    found = next(each for each in of_bursts.of("burst") if each.reference == "markers")
    # A Hann window of 0.3 s has a power of 200 µV² full of the sine: of a level of 60 µV² the
    # root of 0.3 of its area must be filled, from its thin end on.
    share = np.sqrt(_LEVEL_UV2 / 200.0)
    filled = np.linspace(0.0, 1.0, 10_001)
    area = filled - np.sin(2.0 * np.pi * filled) / (2.0 * np.pi)
    expected_s = 0.3 * filled[np.searchsorted(area, share)]
    assert found.metric("onset_delay_s").value == pytest.approx(expected_s, abs=0.02)
    assert found.metric("offset_delay_s").value == pytest.approx(0.3 - expected_s, abs=0.03)
    known, onset = found.metric("known_delay_s").value, found.metric("onset_delay_s").value
    assert known is not None
    assert onset is not None
    assert known - onset == pytest.approx(0.09)  # it lasts 0.1 s, but for a hop


def test_surrogates_of_bursts_are_chance_and_a_healthy_patient_has_none(of_bursts: Score) -> None:
    found = of_bursts.of("burst")[0]
    assert found.metric("false_positives_per_min_healthy").value == 0.0
    on_surrogate = found.metric("false_positives_per_min_surrogate").value
    assert on_surrogate is not None
    # The same power, spread over all the time: it passes a level near its mean now and then.
    assert on_surrogate > 0.0


def test_a_score_is_the_same_again_and_comes_back_from_its_file(
    of_bursts: Score, tmp_path: Any
) -> None:
    file = tmp_path / "score.json"
    file.write_bytes(of_bursts.to_json())
    assert read_score(file).to_json() == of_bursts.to_json()
    file.write_text("{}")
    with pytest.raises(ScoreFileError, match="expected a score, as stimloop score --out"):
        read_score(file)


def test_noise_has_as_many_false_positives_as_its_surrogates() -> None:
    noise = np.random.default_rng(3).normal(0.0, 10.0, round(300.0 * _RATE_HZ))
    threshold = {"percentile": 75.0, "calibrate_s": 30.0}
    rig = _rig(_BETA, {"kind": "burst", "id": "burst", "of": "beta", "threshold": threshold})
    settings = ScoreSettings(n_surrogates=4, surrogate_s=150.0)
    found = _scored(_recorded(noise), rig, settings).of("burst")[0]
    here = found.metric("switches_per_h").value
    chance = found.metric("false_positives_per_min_surrogate")
    assert here is not None
    assert chance.value is not None
    assert chance.value == pytest.approx(here / 120.0, rel=0.12)
    again = found.metric("false_positives_per_min_surrogate_recalibrated").value
    assert again == pytest.approx(here / 120.0, rel=0.2)


def test_the_phase_of_a_cosine_has_no_error_and_of_a_faster_one_that_of_its_delay() -> None:
    time_s = np.arange(round(60.0 * _RATE_HZ)) / _RATE_HZ
    rhythm = {"kind": "oscillation", "id": "rhythm", "stream": "LFP", "centre_hz": 20.0}
    gate = {"amplitude_uv_min": 1.0}
    peaks = {"kind": "target_phase", "id": "peaks", "of": "rhythm", "gate": gate, "phase_rad": 1.0}
    rig = _rig(rhythm, peaks)
    for frequency_hz in (20.0, 21.0):
        wave = 20.0 * np.cos(2.0 * np.pi * frequency_hz * time_s)
        for found in _scored(_recorded(wave), rig).scores:
            error, length = found.metrics[:2]
            # An event lies up to a hop ahead of the estimate that it is foreseen from.
            ahead_s = 0.005 if found.detector == "peaks" else 0.0
            expected_rad = 2.0 * np.pi * (20.0 - frequency_hz) * (found.delay_s + ahead_s)
            assert error.value == pytest.approx(expected_rad, abs=0.03)
            assert length.value == pytest.approx(1.0, abs=1e-3)
            assert found.delay_s == pytest.approx(0.034, abs=0.001)
    assert {each.detector for each in _scored(_recorded(wave), rig).scores} == {"rhythm", "peaks"}


def test_what_is_scored_is_bit_for_bit_what_the_loop_detects() -> None:
    from replay.scoring.online import WatchedLoop, run_online  # noqa: PLC0415 used here alone

    threshold = {"percentile": 75.0, "calibrate_s": 20.0}
    rig = _rig(_BETA, {"kind": "burst", "id": "burst", "of": "beta", "threshold": threshold})
    source = RecordingSource(_recorded(_bursts()), rig.streams)
    source.open()
    here = run_online(
        source, WatchedLoop(rig.loop, source.infos, "x"), columns=[("burst", 0)], signals={}
    )
    there = offline.detect(source, ClosedLoop(rig.loop, source.infos, "y")).detectors["burst"]
    assert here.detections["burst"] == list(there.detections)
    column = here.columns["burst", 0]
    assert column.values.tobytes() == there.estimates.values[:, 0].tobytes()
    assert column.time_s.tobytes() == there.estimates.time_s.tobytes()


def test_a_part_alone_is_judged_where_one_is_asked_for() -> None:
    burst = {"kind": "burst", "id": "burst", "of": "beta", "threshold": {"level": _LEVEL_UV2}}
    settings = ScoreSettings(
        reference=ReferenceRule(percentile=67.0), start_s=60.0, stop_s=90.0, n_surrogates=0
    )
    found = _scored(_recorded(_bursts()), _rig(_BETA, burst), settings).of("burst")[0]
    assert found.judged_s == pytest.approx(30.0, abs=0.1)
    assert found.metric("sensitivity").n == pytest.approx(10, abs=1)


def test_a_rig_that_detects_nothing_is_an_error_that_says_what_to_add() -> None:
    with pytest.raises(ScoreError, match=r'put one of kind "burst" with of = "beta" after it'):
        _scored(_recorded(_bursts()), _rig(_BETA))


def test_a_recording_too_short_to_calibrate_on_is_an_error_that_says_so() -> None:
    threshold = {"percentile": 75.0, "calibrate_s": 300.0}
    rig = _rig(_BETA, {"kind": "burst", "id": "burst", "of": "beta", "threshold": threshold})
    with pytest.raises(ScoreError, match="too short for the calibration"):
        _scored(_recorded(_bursts()), rig)


@pytest.mark.parametrize("content", ["empty of numbers", "constant"])
def test_channels_without_any_signal_are_an_error_and_no_figures(content: str) -> None:
    samples = np.full(round(60.0 * _RATE_HZ), np.nan if content == "empty of numbers" else 3.0)
    burst = {"kind": "burst", "id": "burst", "of": "beta", "threshold": {"level": _LEVEL_UV2}}
    with pytest.raises(ScoreError, match="no time in which both say anything"):
        _scored(_recorded(samples), _rig(_BETA, burst))
