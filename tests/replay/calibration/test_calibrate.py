"""A calibration: the peak of real recordings, none in noise, and numbers that a rig would find."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import binomtest

from replay import readers
from replay.calibration.calibrate import calibrate
from replay.calibration.calibrated import Calibration
from replay.calibration.choosing import CalibrationError, NoPeakError
from replay.calibration.request import Request
from replay.calibration.rules import Limits
from replay.recording import Recording
from stimloop.library.validation.inspection import tables_of
from tests.replay.inspection.noise import one_over_f, rhythm
from tests.replay.recordings import recording, signal
from tests.support.cole2017 import cortex_uv

_RATE_HZ = 250.0
_FEW = Request(n_surrogates=3)


def _recording(
    samples_uv: NDArray[np.float64], rate_hz: float = _RATE_HZ, **said: Any
) -> Recording:
    stamps_s = 100.0 + np.arange(len(samples_uv)) / rate_hz
    return recording(signal(stamps_s, rate_hz=rate_hz, samples=samples_uv, **said))


def _calibrated(found: Recording, request: Request = _FEW) -> Calibration:
    return calibrate(found, tables_of(found), request)


def _with_rhythm(n_samples: int = 15_000) -> NDArray[np.float64]:
    size: dict[str, Any] = {"n_samples": n_samples, "rate_hz": _RATE_HZ}
    noise_uv = one_over_f(1, exponent=1.0, n_channels=3, **size)
    noise_uv[:, 1:2] += rhythm(2, centre_hz=21.0, sd_uv=1.5, **size)
    return 5.0 * noise_uv


def test_the_channel_with_the_rhythm_is_chosen() -> None:
    found = _calibrated(_recording(_with_rhythm(), channels=("A", "B", "C")))
    assert found.channel == "B"
    assert found.peak.frequency_hz == pytest.approx(21.0, abs=0.5)
    assert found.band_hz == pytest.approx((18.0, 24.0), abs=0.5)
    assert found.p == pytest.approx(1.0 - (1.0 - 1 / 5000) ** 3)
    assert found.candidates[0].channel == "B"
    assert found.level_of(25) < found.level_of(50) < found.level_of(75)
    assert found.baseline.one_over_f < found.baseline.median
    rules = {each.rule: each for each in found.thresholds}
    assert rules["bursts"].single == rules["percentiles"].upper == found.level_of(75)
    assert rules["bursts"].share_above == pytest.approx(0.25, abs=0.001)
    assert rules["half_time"].share_above == pytest.approx(0.5, abs=0.001)


def test_a_pair_of_contacts_is_chosen_where_both_share_what_hides_the_rhythm() -> None:
    size: dict[str, Any] = {"n_samples": 15_000, "rate_hz": _RATE_HZ}
    shared_uv = 40.0 * one_over_f(7, exponent=1.0, **size)
    rhythm_uv = rhythm(2, centre_hz=16.0, sd_uv=4.0, **size)
    own_uv = one_over_f(8, exponent=1.0, n_channels=2, **size)
    samples_uv = np.concatenate((shared_uv + rhythm_uv, shared_uv), axis=1) + own_uv
    found = _calibrated(_recording(samples_uv, channels=("STN_0", "STN_1")))
    assert found.channel == "STN_0-STN_1"
    assert found.montage is not None
    assert found.montage.terms == {"STN_0": 1.0, "STN_1": -1.0}
    assert found.peak.frequency_hz == pytest.approx(16.0, abs=0.5)


def test_a_band_that_is_off_loses_more_the_further_it_is() -> None:
    found = _calibrated(_recording(_with_rhythm()))
    off = {each.off_hz: each for each in found.bands_off}
    assert sorted(off) == [-3.0, -1.0, 1.0, 3.0]
    for side in (-1.0, 1.0):
        near, far = off[side], off[3.0 * side]
        assert far.rhythm_share < near.rhythm_share
        assert 0.25 < far.burst_time_found < near.burst_time_found < 1.0
        assert far.correlation < near.correlation < 1.0


def test_means_at_both_limits_give_thresholds_by_the_published_rule() -> None:
    samples_uv = _with_rhythm(20_000)
    samples_uv[10_000:, 1] *= 0.3
    request = Request(n_surrogates=2, limits=Limits((1.0, 39.0), (41.0, 79.0)))
    found = _calibrated(_recording(samples_uv), request)
    rule = next(each for each in found.thresholds if each.rule == "capture")
    assert rule.upper is not None
    assert rule.lower is not None
    assert rule.lower == pytest.approx(0.09 * rule.upper, rel=0.3)
    assert rule.single == pytest.approx(rule.lower + 0.75 * (rule.upper - rule.lower))
    assert rule.note == ""
    with pytest.raises(ValueError, match=r"limits: expected valid estimates from 90 to 95 s"):
        _calibrated(
            _recording(samples_uv), request._replace(limits=Limits((1.0, 39.0), (90.0, 95.0)))
        )


def test_the_seed_decides_the_surrogates_and_nothing_else() -> None:
    made = _recording(_with_rhythm(5000))
    first, again, other = (_calibrated(made, _FEW._replace(seed=seed)) for seed in (1, 1, 2))
    assert first.as_dict() == again.as_dict()
    assert first.bursts != other.bursts
    assert first.baseline == other.baseline


def test_noise_of_a_1_f_spectrum_has_no_peak() -> None:
    noise_uv = 10.0 * one_over_f(6, n_samples=5000, rate_hz=_RATE_HZ, exponent=1.2, n_channels=2)
    with pytest.raises(NoPeakError, match=r"no peak from 6 to 35 Hz: none of 2 channels") as told:
        _calibrated(_recording(noise_uv))
    assert [each.p for each in told.value.candidates] == [1.0, 1.0]


@pytest.mark.parametrize(
    ("samples_uv", "text"),
    [
        (np.zeros((5000, 1)), "constant"),
        (np.full((5000, 1), np.nan), "not finite"),
        (one_over_f(1, n_samples=500, rate_hz=250.0, exponent=1.0) * 10, "too short"),
        (np.empty((0, 1)), "empty"),
    ],
    ids=["constant", "nan", "short", "empty"],
)
def test_what_cannot_be_calibrated_on_is_told_in_one_line(
    samples_uv: NDArray[np.float64], text: str
) -> None:
    with pytest.raises(CalibrationError, match=text) as told:
        _calibrated(_recording(samples_uv))
    assert "\n" not in str(told.value)


def test_a_channel_or_a_stream_that_is_not_there_is_named() -> None:
    made = _recording(_with_rhythm(5000))
    with pytest.raises(CalibrationError, match=r"channel: expected a channel of .*, found 'M1'"):
        _calibrated(made, _FEW._replace(channel="M1"))
    with pytest.raises(CalibrationError, match=r"stream: expected one of LFP, found 'EMG'"):
        _calibrated(made, _FEW._replace(stream="EMG"))


@pytest.mark.parametrize("factor", [1e6, 1e3, 1e-4])
def test_numbers_of_another_unit_are_taken_as_they_are_and_said_to_be(factor: float) -> None:
    found = _calibrated(_recording(factor * _with_rhythm(5000)))
    assert found.kind == "other"
    assert found.peak.frequency_hz == pytest.approx(21.0, abs=0.7)
    assert any("implausible amplitude" in each for each in found.warnings)
    assert found.good_s == pytest.approx(20.0, abs=0.01)


def test_a_pair_of_channels_of_another_unit_can_be_chosen() -> None:
    size: dict[str, Any] = {"n_samples": 5000, "rate_hz": _RATE_HZ}
    own_uv = 1e6 * one_over_f(8, exponent=1.0, n_channels=2, **size)
    own_uv[:, :1] += 4e6 * rhythm(2, centre_hz=16.0, sd_uv=1.0, **size)
    made = _recording(10.0 * own_uv, channels=("STN_0", "STN_1"))
    found = _calibrated(made, _FEW._replace(channel="STN_0-STN_1"))
    assert (found.kind, found.channel) == ("other", "STN_0-STN_1")


def test_the_peak_of_a_motor_cortex_is_found(data_dir: Path) -> None:
    found = _calibrated(_recording(cortex_uv(data_dir)[:, None], 1000.0))
    assert found.peak.frequency_hz == pytest.approx(18.0, abs=1.0)
    assert found.p < 0.001
    assert found.bursts is not None
    # Bursts of the patient last longer than those of noise with the same spectrum.
    assert found.bursts.mean_duration_s.value > found.bursts.mean_duration_s.high


def test_the_peak_of_each_of_nine_channels_is_found(data_dir: Path) -> None:
    loaded = readers.open(data_dir / "xdf-derived" / "stn_ecog_3streams_drift_reset_gap.xdf")
    found = _calibrated(loaded, Request(n_surrogates=1))
    own = [each for each in found.candidates if not each.is_derived]
    assert len(own) == 9
    for each in own:
        assert each.peak is not None
        assert 17.0 < each.peak.frequency_hz < 20.5, each
        assert each.p < 0.01


@pytest.mark.slow
@pytest.mark.parametrize(("exponent", "n_samples"), [(0.6, 22_250), (1.3, 4750), (1.6, 30_000)])
def test_noise_with_the_fitted_spectrum_of_a_recording_has_no_peak_in_95_percent(
    exponent: float, n_samples: int
) -> None:
    # Exponents and lengths of the motor cortex, the subthalamic nucleus, and an implant.
    n_seeds, n_found = 400, 0
    for seed in range(n_seeds):
        noise_uv = 10.0 * one_over_f(
            seed, n_samples=n_samples, rate_hz=_RATE_HZ, exponent=exponent, n_channels=3
        )
        try:
            _calibrated(_recording(noise_uv), Request(n_surrogates=1))
            n_found += 1
        except NoPeakError:
            pass
    low, high = binomtest(n_found, n_seeds).proportion_ci(confidence_level=0.99)
    assert low <= 0.05, (n_found, low, high)
