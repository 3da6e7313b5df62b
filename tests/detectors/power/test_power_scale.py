"""Scales of band power: logarithm, share of the total, measured or written baseline."""

from typing import Any

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.bursts.burst import Burst, BurstConfig, BurstThreshold
from detectors.chain import AnyDetectorConfig
from detectors.estimates import Estimates
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.power.scale import PowerBaseline
from tests.support.blocks import block_of, layout_of

RATE_HZ = 1000.0


def detector_of(n_channels: int, **keys: Any) -> BandPower:
    plain: dict[str, Any] = {"id": "beta", "stream": "LFP", "window_s": 0.2}
    if "bands_hz" not in keys:
        plain["band_hz"] = (13.0, 30.0)
    return BandPower(BandPowerConfig(**(plain | keys)), layout_of(n_channels))


def look(samples_uv: NDArray[np.float64], **keys: Any) -> Estimates:
    return detector_of(samples_uv.shape[1], **keys).update(block_of(samples_uv)).estimates


def noise(n_samples: int, n_channels: int = 3, seed: int = 1) -> NDArray[np.float64]:
    return np.random.default_rng(seed).normal(0.0, 10.0, (n_samples, n_channels))


def test_the_logarithm_is_decadic() -> None:
    samples_uv = noise(2000)
    plain, scaled = look(samples_uv), look(samples_uv, scale="log10")
    assert scaled.valid.tolist() == plain.valid.tolist()
    np.testing.assert_allclose(
        scaled.values[scaled.valid], np.log10(plain.values[plain.valid]), rtol=1e-14
    )


@pytest.mark.parametrize("method", ["periodogram", "recursive"])
def test_ten_times_the_amplitude_is_twenty_decibel_over_the_baseline(method: str) -> None:
    time_s = np.arange(8000) / RATE_HZ
    rhythm_uv = np.where(time_s < 4.0, 2.0, 20.0) * np.cos(2.0 * np.pi * 20.0 * time_s)
    found = look(
        rhythm_uv[:, None],
        method=method,
        scale="decibel",
        baseline=PowerBaseline(calibrate_s=2.0),
    )
    assert found.values[-1, 0] == pytest.approx(20.0, abs=0.05)
    before = found.valid[:, 0] & (found.sample < 4000)
    assert before.any()
    assert np.abs(found.values[before, 0]).max() < 0.1


def test_a_written_baseline_is_valid_from_the_first_full_window_on() -> None:
    samples_uv = noise(3000, 2)
    plain = look(samples_uv)
    found = look(samples_uv, scale="decibel", baseline=PowerBaseline(power_uv2=4.0))
    assert found.valid.tolist() == plain.valid.tolist()
    expected = 10.0 * np.log10(plain.values[plain.valid] / 4.0)
    np.testing.assert_allclose(found.values[plain.valid], expected, rtol=1e-12, atol=1e-12)
    each = PowerBaseline(power_uv2={"C1": 40.0, "C0": 4.0})
    by_name = look(samples_uv, scale="decibel", baseline=each)
    is_valid = plain.valid[:, 0]
    np.testing.assert_allclose(by_name.values[:, 0], found.values[:, 0])
    np.testing.assert_allclose(
        by_name.values[is_valid, 1], found.values[is_valid, 1] - 10.0, atol=1e-12
    )


def test_z_is_counted_in_deviations_of_the_logarithm_over_the_baseline() -> None:
    samples_uv = noise(8000)
    plain = look(samples_uv)
    found = look(samples_uv, scale="z", baseline=PowerBaseline(calibrate_s=3.0))
    for channel in range(3):
        logarithm = np.log10(plain.values[plain.valid[:, channel], channel])
        base = logarithm[:300]
        values = found.values[found.valid[:, channel], channel]
        np.testing.assert_allclose(values, (logarithm[300:] - base.mean()) / base.std(), rtol=1e-10)
    written = PowerBaseline(log10_mean=0.3, log10_sd=0.2)
    by_hand = look(samples_uv, scale="z", baseline=written)
    expected = (np.log10(plain.values[plain.valid]) - 0.3) / 0.2
    np.testing.assert_allclose(by_hand.values[plain.valid], expected, rtol=1e-10, atol=1e-12)


def test_a_baseline_is_counted_in_valid_hops_and_then_frozen() -> None:
    samples_uv = noise(6000, 2)
    block = block_of(samples_uv)
    block.taint[500:900, 1] |= int(Taint.SATURATED)
    block.taint[3000] |= np.uint16(Taint.RESTART)
    keys: dict[str, Any] = {"scale": "decibel", "baseline": PowerBaseline(calibrate_s=0.5)}
    plain = detector_of(2).update(block).estimates
    found = detector_of(2, **keys).update(block).estimates
    for channel in range(2):
        is_valid = plain.valid[:, channel]
        n_before = np.cumsum(is_valid)
        assert found.valid[:, channel].tolist() == (is_valid & (n_before > 50)).tolist()
        level = plain.values[is_valid & (n_before <= 50), channel].mean()
        later = found.valid[:, channel]
        expected = 10.0 * np.log10(plain.values[later, channel] / level)
        np.testing.assert_allclose(found.values[later, channel], expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("method", ["periodogram", "recursive"])
@pytest.mark.parametrize(
    "keys",
    [
        {"scale": "log10"},
        {"scale": "percent", "total_hz": (5.0, 45.0)},
        {"scale": "decibel", "baseline": PowerBaseline(calibrate_s=0.3)},
        {"scale": "decibel", "baseline": PowerBaseline(power_uv2=1.0)},
        {"scale": "z", "baseline": PowerBaseline(calibrate_s=0.3)},
    ],
)
def test_a_dead_channel_is_never_valid_and_waits_for_its_baseline(
    keys: dict[str, Any], method: str
) -> None:
    samples_uv = noise(4000, 2)
    samples_uv[:, 1] = 1e9
    found = look(samples_uv, method=method, **keys)
    assert not found.valid[:, 1].any()
    assert found.valid[100:, 0].all()
    assert np.isfinite(found.values).all()
    samples_uv[:2000, 1] = 0.0
    samples_uv[2000:, 1] = noise(2000, 1, seed=2)[:, 0]
    late = look(samples_uv, method=method, **keys)
    assert not late.valid[:200, 1].any()
    assert late.valid[260:, 1].all()


def test_a_baseline_without_any_spread_is_none() -> None:
    rhythm_uv = 5.0 * np.cos(2.0 * np.pi * 20.0 * np.arange(3000) / RATE_HZ)[:, None]
    found = look(rhythm_uv, scale="z", baseline=PowerBaseline(calibrate_s=0.5))
    assert not found.valid.any()
    assert not found.values.any()


def test_percent_is_the_share_of_the_total() -> None:
    samples_uv = noise(2000)
    bands_hz = {"low": (5.0, 13.0), "beta": (13.0, 30.0), "high": (30.0, 45.0)}
    plain = look(samples_uv, bands_hz=bands_hz)
    found = look(samples_uv, bands_hz=bands_hz, scale="percent")
    assert found.values.shape == plain.values.shape == (200, 9)
    shares = found.values.reshape(200, 3, 3)[found.valid[:, 0]]
    np.testing.assert_allclose(shares.sum(axis=2), 100.0, rtol=1e-12)
    powers = plain.values.reshape(200, 3, 3)[plain.valid[:, 0]]
    expected = 100.0 * powers / powers.sum(axis=2, keepdims=True)
    np.testing.assert_allclose(shares, expected, rtol=1e-10)


def test_in_white_noise_percent_is_the_share_of_the_hertz() -> None:
    found = look(noise(60_000, 4), method="recursive", scale="percent", window_s=20.0, order=4)
    assert found.values[-1] == pytest.approx(100.0 * 17.0 / 40.0, rel=0.1)


def test_several_bands_have_baselines_of_their_own() -> None:
    samples_uv = noise(3000, 2)
    bands_hz = {"beta": (13.0, 30.0), "gamma": (60.0, 90.0)}
    base = PowerBaseline(calibrate_s=0.5)
    both = look(samples_uv, bands_hz=bands_hz, scale="z", baseline=base)
    for index, band_hz in enumerate(bands_hz.values()):
        alone = look(samples_uv, band_hz=band_hz, scale="z", baseline=base)
        assert both.values[:, index::2].tobytes() == alone.values.tobytes()


def test_a_burst_calibrates_on_what_is_valid_after_the_baseline() -> None:
    source = detector_of(1, scale="z", baseline=PowerBaseline(calibrate_s=1.0))
    assert source.calibration_s == 1.0
    threshold = BurstThreshold(percentile=75.0, calibrate_s=2.0)
    burst = Burst(
        BurstConfig(id="bursts", of="beta", threshold=threshold, hysteresis_level=0.1), source
    )
    assert burst.calibration_s == 3.0
    below = source.update(block_of(noise(8000, 1))).estimates
    seen = burst.update(below)
    columns = burst.columns("C0")
    is_known = seen.estimates.valid[:, columns.threshold]
    first = int(np.flatnonzero(below.valid[:, 0])[0])
    assert first == 19 + 100
    assert int(np.flatnonzero(is_known)[0]) == first + 200
    expected = np.percentile(below.values[first : first + 200, 0], 75.0)
    assert seen.estimates.values[-1, columns.threshold] == pytest.approx(expected, rel=1e-12)
    assert {each.kind for each in seen.detections} == {"onset", "offset"}


def test_one_band_by_name_has_the_outputs_of_one_band() -> None:
    detector = detector_of(2, bands_hz={"beta": (13.0, 30.0)})
    assert [each.label for each in detector.outputs] == ["C0.power", "C1.power"]
    samples_uv = noise(1000, 2)
    found = detector.update(block_of(samples_uv)).estimates
    assert found.values.tobytes() == look(samples_uv).values.tobytes()


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"scale": "decibel", "baseline": PowerBaseline(power_uv2={"C0": 1.0})},
            r"^baseline.power_uv2: expected a value for each of C0, C1, found C0$",
        ),
        (
            {
                "scale": "z",
                "baseline": PowerBaseline(
                    log10_mean={"C0": 1.0, "C1": 1.0}, log10_sd={"C0": 1.0, "C9": 1.0}
                ),
            },
            r"^baseline.log10_sd: expected a value for each of C0, C1, found C0, C9$",
        ),
        (
            {"scale": "percent", "total_hz": (1.0, 45.0)},
            r"^window_s: expected at least one cycle of 1 Hz",
        ),
        (
            {"scale": "percent", "total_hz": (5.0, 600.0)},
            r"^total_hz: expected at most 500 Hz.*found \[5, 600\]$",
        ),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        detector_of(2, **keys)


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        ("", "band_hz: expected one of band_hz, preset and bands_hz, found none"),
        ("bands_hz = {}", "band_hz: expected one of band_hz, preset and bands_hz, found none"),
        (
            "band_hz = [13.0, 30.0]\nbands_hz = { x = [1.0, 2.0] }",
            "band_hz: expected one of band_hz, preset and bands_hz, found band_hz and bands_hz",
        ),
        (
            "bands_hz = { x = [1.0, 2.0], y = [3.0, 3.0] }",
            "bands_hz.y: expected 0 <= low < high, found [3, 3]",
        ),
        ('bands_hz = { "a b" = [1.0, 2.0] }', "$[0].bands_hz"),
        ('band_hz = [13.0, 30.0]\nscale = "dB"', "$[0].scale"),
        (
            'band_hz = [13.0, 30.0]\nscale = "z"',
            "baseline: expected one where scale is 'z', found none",
        ),
        (
            "band_hz = [13.0, 30.0]\nbaseline = { calibrate_s = 1.0 }",
            "baseline: expected none where scale is 'power', found one",
        ),
        (
            'band_hz = [13.0, 30.0]\nscale = "z"\nbaseline = { power_uv2 = 1.0 }',
            "baseline: expected calibrate_s or log10_mean, where scale is 'z', found power_uv2",
        ),
        (
            """
            band_hz = [13.0, 30.0]
            scale = "decibel"
            baseline = { log10_mean = 1.0, log10_sd = 1.0 }
            """,
            "baseline: expected calibrate_s or power_uv2, where scale is 'decibel', found log10_me",
        ),
        (
            'band_hz = [13.0, 30.0]\nscale = "z"\nbaseline = { log10_mean = 1.0 }',
            "expected calibrate_s, or power_uv2, or log10_mean and log10_sd, found log10_mean",
        ),
        (
            'band_hz = [13.0, 30.0]\nscale = "z"\nbaseline = {}',
            "baseline: expected calibrate_s, or power_uv2, or log10_mean and log10_sd, found none",
        ),
        (
            'band_hz = [13.0, 30.0]\nscale = "z"\nbaseline = { log10_mean = 1.0, log10_sd = 0.0 }',
            "$[0].baseline.log10_sd",
        ),
        (
            'band_hz = [13.0, 30.0]\nscale = "decibel"\nbaseline = { power_uv2 = 0.0 }',
            "$[0].baseline.power_uv2",
        ),
        (
            "band_hz = [13.0, 30.0]\ntotal_hz = [5.0, 45.0]",
            "total_hz: expected none where scale is 'power', found [5, 45]",
        ),
        (
            'band_hz = [60.0, 90.0]\nscale = "percent"',
            "total_hz: expected a band that holds [60, 90], found [5, 45]",
        ),
        (
            'band_hz = [6.0, 9.0]\nscale = "percent"\ntotal_hz = [45.0, 5.0]',
            "total_hz: expected 0 <= low < high, found [45, 5]",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(lines: str, text: str) -> None:
    table = msgspec.toml.decode(f'kind = "band_power"\nid = "beta"\nstream = "LFP"\n{lines}\n')
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([table], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
