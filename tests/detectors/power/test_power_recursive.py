"""Recursive band power against scipy, closed forms and chi-squared, and its configuration."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import butter, sosfreqz

from detectors.block import Taint
from detectors.chain import AnyDetectorConfig
from detectors.estimates import Estimates
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.testing.subject import FIELDS
from tests.detectors.power.naive_band_power import mean_of, span_of, squares_of, weights_of
from tests.support.blocks import block_of, layout_of, pieces_of
from tests.support.searching import search

RATE_HZ = 1000.0
BETA_HZ = (13.0, 30.0)


def config_of(**keys: Any) -> BandPowerConfig:
    plain: dict[str, Any] = {"id": "beta", "stream": "LFP", "method": "recursive"}
    if "bands_hz" not in keys:
        plain["band_hz"] = BETA_HZ
    return BandPowerConfig(**(plain | keys))


def power(samples_uv: NDArray[np.float64], rate_hz: float = RATE_HZ, **keys: Any) -> Estimates:
    layout = layout_of(samples_uv.shape[1], rate_hz)
    return BandPower(config_of(**keys), layout).update(block_of(samples_uv, rate_hz)).estimates


def expected_of(
    samples_uv: NDArray[np.float64], config: BandPowerConfig, rate_hz: float = RATE_HZ
) -> NDArray[np.float64]:
    """Return scipy's result at every sample."""
    assert config.band_hz is not None
    return mean_of(squares_of(samples_uv, config, config.band_hz, rate_hz), config, rate_hz)


def gain_of(frequency_hz: float, band_hz: tuple[float, float], order: int = 2) -> float:
    sections = butter(order, band_hz, "bandpass", output="sos", fs=RATE_HZ)
    return float(abs(sosfreqz(sections, [frequency_hz], fs=RATE_HZ)[1][0]) ** 2)


@given(
    order=st.integers(1, 8),
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0, 2048.0]),
    low_hz=st.floats(4.0, 40.0),
    width_hz=st.floats(5.0, 80.0),
    mean=st.sampled_from([{"time_constant_s": 0.1}, {"window_s": 0.15}, {"window_s": 0.004}]),
    hop_s=st.floats(0.0005, 0.15),
    n_channels=st.sampled_from([1, 5, 16, 19, 33]),
    seed=st.integers(0, 1000),
)
@search(60)
def test_every_hop_equals_scipys_filter_squared_and_averaged(
    *,
    order: int,
    rate_hz: float,
    low_hz: float,
    width_hz: float,
    mean: dict[str, float],
    hop_s: float,
    n_channels: int,
    seed: int,
) -> None:
    config = config_of(band_hz=(low_hz, low_hz + width_hz), order=order, hop_s=hop_s, **mean)
    samples_uv = np.random.default_rng(seed).normal(0.0, 10.0, (round(2.0 * rate_hz), n_channels))
    detector = BandPower(config, layout_of(n_channels, rate_hz))
    found = detector.update(block_of(samples_uv, rate_hz)).estimates
    expected = expected_of(samples_uv, config, rate_hz)[found.sample]
    # The square of one sample may be next to nothing, and is as precise as the usual one.
    usual = 1e-12 * expected.mean() if len(expected) else 0.0
    np.testing.assert_allclose(
        found.values[found.valid], expected[found.valid], rtol=1e-10, atol=usual
    )
    assert (found.valid == (found.sample + 1 >= detector.span_samples)[:, None]).all()


@pytest.mark.parametrize("mean", [{"time_constant_s": 0.3}, {"window_s": 0.4}])
@pytest.mark.parametrize("frequency_hz", [12.0, 13.0, 18.0, 20.0, 22.0, 30.0, 50.0])
def test_a_sine_gives_half_its_squared_amplitude_times_the_gain(
    frequency_hz: float, mean: dict[str, float]
) -> None:
    config = config_of(hop_s=0.001, **mean)
    samples_uv = 6.0 * np.cos(2.0 * np.pi * frequency_hz * np.arange(8000) / RATE_HZ)[:, None]
    found = power(samples_uv, hop_s=0.001, **mean).values[4000:, 0]
    # The square beats at twice the frequency, which the mean takes down to a ripple.
    weights = weights_of(config, RATE_HZ, 4000)
    turns = np.exp(-4j * np.pi * frequency_hz * np.arange(4000) / RATE_HZ)
    ripple = abs(np.sum(weights * turns))
    gain = gain_of(frequency_hz, BETA_HZ)
    assert np.abs(found - 18.0 * gain).max() <= 18.0 * gain * (ripple + 1e-4)
    whole = found[: 1000 * (len(found) // 1000)]
    assert whole.mean() == pytest.approx(18.0 * gain, rel=1e-6)
    if frequency_hz in (13.0, 30.0):
        assert gain == pytest.approx(0.5, rel=1e-9)


@pytest.mark.parametrize("frequency_hz", [18.75, 19.75, 20.75])
def test_within_a_hertz_of_the_middle_a_sine_gives_a_per_cent_of_half_its_square(
    frequency_hz: float,
) -> None:
    samples_uv = 6.0 * np.cos(2.0 * np.pi * frequency_hz * np.arange(8000) / RATE_HZ)[:, None]
    found = power(samples_uv, time_constant_s=0.5).values[400:, 0]
    assert found.mean() == pytest.approx(18.0, rel=0.01)


@pytest.mark.parametrize(
    ("band_hz", "order", "delay_ms"),
    [
        ((13.0, 30.0), 1, 18.7),
        ((13.0, 30.0), 2, 26.5),
        ((13.0, 30.0), 4, 48.9),
        ((17.0, 23.0), 1, 53.0),
        ((17.0, 23.0), 2, 75.0),
        ((17.0, 23.0), 4, 138.6),
        ((4.0, 12.0), 2, 56.3),
        ((3.0, 7.0), 2, 112.5),
        ((60.0, 90.0), 2, 15.0),
    ],
)
def test_the_delay_is_that_of_the_filter_and_of_the_mean(
    band_hz: tuple[float, float], order: int, delay_ms: float
) -> None:
    centre_hz = np.sqrt(band_hz[0] * band_hz[1])
    sections = butter(order, band_hz, "bandpass", output="sos", fs=RATE_HZ)
    around_hz = [centre_hz - 0.01, centre_hz + 0.01]
    below, above = sosfreqz(sections, around_hz, fs=RATE_HZ)[1]
    of_filter = -np.angle(above / below) / (2.0 * np.pi * 0.02) * RATE_HZ
    assert of_filter / RATE_HZ * 1000.0 == pytest.approx(delay_ms, rel=0.01)
    for mean in ({"time_constant_s": 0.2}, {"window_s": 0.4}):
        config = config_of(band_hz=band_hz, order=order, **mean)
        weights = weights_of(config, RATE_HZ, 20_000)
        of_mean = float(np.sum(weights * np.arange(20_000)))
        declared = BandPower(config, layout_of()).delay_s * RATE_HZ
        assert declared == pytest.approx(of_filter + of_mean, rel=1e-4)
        assert of_mean == pytest.approx(200.0, abs=0.6)


@pytest.mark.parametrize("mean", [{"time_constant_s": 0.05}, {"window_s": 0.1}])
def test_a_rhythm_that_swells_is_seen_as_much_later_as_is_declared(mean: dict[str, float]) -> None:
    time_s = np.arange(20_000) / RATE_HZ
    slow = 2.0 * np.pi * 0.2
    centre = 2.0 * np.pi * np.sqrt(13.0 * 30.0)
    signal_uv = (1.0 + 0.2 * np.cos(slow * time_s)) * np.cos(centre * time_s)
    detector = BandPower(config_of(hop_s=0.001, **mean), layout_of())
    found = detector.update(block_of(signal_uv[:, None])).estimates.values[10_000:, 0]
    turned = np.mean(found * np.exp(-1j * slow * time_s[10_000:]))
    assert -np.angle(turned) / slow == pytest.approx(detector.delay_s, rel=0.01)


def test_of_several_bands_the_slowest_is_declared() -> None:
    bands_hz = {"narrow": (17.0, 23.0), "wide": (13.0, 30.0)}
    both = BandPower(config_of(bands_hz=bands_hz), layout_of())
    narrow = BandPower(config_of(band_hz=(17.0, 23.0)), layout_of())
    wide = BandPower(config_of(), layout_of())
    assert (both.delay_s, both.span_samples) == (narrow.delay_s, narrow.span_samples)
    assert wide.delay_s < narrow.delay_s
    assert wide.span_samples < narrow.span_samples


@pytest.mark.parametrize(
    "keys",
    [
        {"time_constant_s": 0.05},
        {"time_constant_s": 0.002},
        {"window_s": 0.4},
        {"window_s": 0.01, "order": 4},
    ],
)
def test_an_estimate_is_valid_once_filter_and_mean_have_settled(keys: dict[str, Any]) -> None:
    config = config_of(hop_s=0.001, **keys)
    detector = BandPower(config, layout_of(400))
    assert detector.span_samples == span_of(config, RATE_HZ)
    noise_uv = np.random.default_rng(5).normal(0.0, 10.0, (detector.span_samples + 3000, 400))
    noise_uv[0] = 0.0
    found = detector.update(block_of(noise_uv)).estimates
    first = found.values[detector.span_samples - 1].mean()
    settled = found.values[detector.span_samples + 1000 :].mean()
    assert 0.95 - 0.1 < first / settled < 1.0 + 0.1
    assert not found.valid[: detector.span_samples - 1].any()
    assert found.valid[detector.span_samples - 1 :].all()


def test_the_first_hop_after_a_restart_is_never_valid() -> None:
    samples_uv = np.random.default_rng(4).normal(0.0, 1.0, (1000, 1))
    found = power(samples_uv, hop_s=0.2, time_constant_s=0.01)
    assert found.valid[:, 0].tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("offset_uv", [1e6, -1e9])
def test_an_offset_leaves_no_trace(offset_uv: float) -> None:
    signal_uv = np.random.default_rng(2).normal(0.0, 10.0, (2000, 3))
    high_uv = signal_uv + offset_uv
    found = power(high_uv)
    assert found.values.tobytes() == power(high_uv - high_uv[0]).values.tobytes()
    np.testing.assert_allclose(found.values, power(signal_uv).values, rtol=1e-6)


@pytest.mark.parametrize("mean", [{"time_constant_s": 0.05}, {"window_s": 0.1}])
@pytest.mark.parametrize("value", [1e11, np.nan])
def test_a_bad_sample_is_never_folded_in(mean: dict[str, float], value: float) -> None:
    signal_uv = np.random.default_rng(3).normal(0.0, 5.0, (1500, 20)) + 40.0
    clean = power(signal_uv, **mean)
    fresh = power(signal_uv[700:], **mean)
    signal_uv[699, 7] = value
    block = block_of(signal_uv)
    if np.isfinite(value):
        block.taint[699, 7] |= int(Taint.SATURATED)
    detector = BandPower(config_of(**mean), layout_of(20))
    found = detector.update(block).estimates
    later = found.sample >= 700
    assert found.values[later, 7].tobytes() == fresh.values[:, 7].tobytes()
    assert found.valid[later, 7].tobytes() == fresh.valid[:, 7].tobytes()
    others = [channel for channel in range(20) if channel != 7]
    assert found.values[:, others].tobytes() == clean.values[:, others].tobytes()


def test_the_running_mean_forgets_an_artifact_that_nobody_tainted() -> None:
    signal_uv = np.random.default_rng(6).normal(0.0, 5.0, (4000, 1))
    clean = power(signal_uv, window_s=0.1)
    signal_uv[1000] = 1e9
    spoilt = power(signal_uv, window_s=0.1)
    # The filter's own memory of it is below the precision of the samples by then.
    gone = clean.sample >= 3500
    np.testing.assert_allclose(spoilt.values[gone], clean.values[gone], rtol=1e-10)


@pytest.mark.parametrize("mean", [{"time_constant_s": 0.05}, {"window_s": 0.1}])
def test_channels_do_not_disturb_each_other_whichever_are_asked_for(mean: dict[str, float]) -> None:
    samples_uv = np.random.default_rng(7).normal(0.0, 1.0, (700, 37)) * np.arange(1.0, 38.0)
    block = block_of(samples_uv)
    block.taint[300:310, 5] |= int(Taint.FROZEN)
    block.taint[305:420, 20] |= int(Taint.FROZEN)
    together = BandPower(config_of(**mean), layout_of(37)).update(block).estimates
    for labels in [("C20", "C5", "C0"), ("C4", "C5", "C6", "C7"), ("C36",), ("C5",)]:
        columns = [int(label[1:]) for label in labels]
        detector = BandPower(config_of(channels=labels, **mean), layout_of(37))
        found = detector.update(block).estimates
        assert tuple(each.channel for each in detector.outputs) == labels
        for field in ("values", "valid"):
            of_all = np.ascontiguousarray(getattr(together, field)[:, columns])
            assert getattr(found, field).tobytes() == of_all.tobytes()


def test_several_bands_are_each_what_it_is_alone() -> None:
    samples_uv = np.random.default_rng(8).normal(0.0, 10.0, (1500, 3))
    bands_hz = {"beta": (13.0, 30.0), "gamma": (60.0, 90.0), "all": (5.0, 45.0)}
    detector = BandPower(config_of(bands_hz=bands_hz, order=3), layout_of(3))
    labels = [each.label for each in detector.outputs[:4]]
    assert labels == ["C0.beta", "C0.gamma", "C0.all", "C1.beta"]
    found = detector.update(block_of(samples_uv)).estimates
    for index, band_hz in enumerate(bands_hz.values()):
        alone = power(samples_uv, band_hz=band_hz, order=3)
        is_known = found.valid[:, index]
        assert found.values[is_known, index::3].tobytes() == alone.values[is_known].tobytes()


@pytest.mark.parametrize(
    ("keys", "bandwidths", "effective_s", "rel"),
    [
        ({"method": "periodogram", "window_s": 1.0}, 1.0, 1.0 / 1.944, 0.03),
        ({"order": 1, "time_constant_s": 0.2}, np.pi, 0.4, 0.06),
        ({"order": 2, "time_constant_s": 0.2}, 1.481, 0.4, 0.06),
        ({"order": 4, "time_constant_s": 0.2}, 1.173, 0.4, 0.06),
        ({"order": 2, "window_s": 0.4}, 1.481, 0.4, 0.06),
        ({"order": 2, "window_s": 0.4, "band_hz": (17.0, 23.0)}, 1.481, 0.4, 0.15),
    ],
)
def test_in_noise_power_scatters_as_chi_squared(
    keys: dict[str, Any], bandwidths: float, effective_s: float, rel: float
) -> None:
    noise_uv = np.random.default_rng(10).normal(0.0, 10.0, (60_000, 40))
    found = power(noise_uv, **({"hop_s": 0.1} | keys)).values[20:]
    low_hz, high_hz = keys.get("band_hz", BETA_HZ)
    expected = 1.0 / np.sqrt(bandwidths * (high_hz - low_hz) * effective_s)
    assert found.std() / found.mean() == pytest.approx(expected, rel=rel)


@pytest.mark.parametrize("mean", [{"time_constant_s": 0.2}, {"window_s": 0.25}])
def test_ten_million_samples_leave_no_drift(mean: dict[str, float]) -> None:
    """One second of noise repeated: the last hops must equal those of the third repetition."""
    second_uv = np.random.default_rng(9).normal(0.0, 10.0, (1000, 1)) + 300.0
    many = block_of(np.tile(second_uv, (100, 1)))
    detector = BandPower(config_of(hop_s=0.05, **mean), layout_of())
    for _ in range(100):
        found = detector.update(many).estimates
        many.taint[0] = 0
    expected = expected_of(np.tile(second_uv, (20, 1)), config_of(hop_s=0.05, **mean))
    np.testing.assert_allclose(found.values[-20:], expected[-951::50], rtol=1e-10)


def test_a_step_dies_away_to_the_precision_of_the_samples() -> None:
    samples_uv = np.where(np.arange(60_000) < 500, 0.0, 1e6)[:, None]
    found = power(samples_uv, window_s=0.1)
    assert found.values.max() > 1e9
    assert np.isfinite(found.values).all()
    assert found.values[-1, 0] < 1e-12


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"band_hz": (0.0, 30.0)}, r"^band_hz: expected edges between 0 and 500 Hz.*found \[0, 30"),
        ({"band_hz": (13.0, 500.0)}, r"^band_hz: expected edges between 0 and 500 Hz.*13, 500\]$"),
        ({"band_hz": (13.0, 13.001)}, r"^band_hz: expected a band wide enough to settle within 60"),
        (
            {"bands_hz": {"beta": (13.0, 30.0), "x": (400.0, 600.0)}},
            r"^bands_hz.x: expected edges between 0 and 500 Hz.*found \[400, 600\]$",
        ),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, found 'C9'$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        BandPower(config_of(**keys), layout_of(2))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("order = 0", "$[0].order"),
        ("order = 9", "$[0].order"),
        ("time_constant_s = 0.0", "$[0].time_constant_s"),
        (
            "time_constant_s = 0.1\nwindow_s = 0.4",
            "window_s: expected none where time_constant_s is given, found 0.4",
        ),
        (
            'method = "periodogram"\norder = 2',
            "order: expected none where method is 'periodogram', found 2",
        ),
        (
            'method = "periodogram"\ntime_constant_s = 0.2',
            "time_constant_s: expected none where method is 'periodogram', found 0.2",
        ),
        ('method = "welch"', "$[0].method"),
        ("band_hz = [30.0, 13.0]", "band_hz: expected 0 <= low < high, found [30, 13]"),
        ("band_hz = [nan, 13.0]", "band_hz: expected 0 <= low < high, found [nan, 13]"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table: dict[str, Any] = {"kind": "band_power", "id": "beta", "stream": "LFP"}
    table |= {"band_hz": [13.0, 30.0], "method": "recursive"} | msgspec.toml.decode(line)
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([table], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)


def test_chunks_do_not_show_over_bad_samples_and_restarts() -> None:
    random = np.random.default_rng(11)
    samples_uv = random.normal(0.0, 10.0, (900, 19))
    whole = block_of(samples_uv)
    whole.taint[random.integers(0, 900, 30), random.integers(0, 19, 30)] |= int(Taint.SATURATED)
    whole.taint[[333, 600, 601]] |= np.uint16(Taint.RESTART)
    for step in (1, 2, 7, 10, 64):
        detector = BandPower(config_of(window_s=0.05), layout_of(19))
        expected = BandPower(config_of(window_s=0.05), layout_of(19)).update(whole).estimates
        parts = [
            detector.update(piece).estimates for piece in pieces_of(whole, range(0, 900, step))
        ]
        for field in FIELDS:
            joined = np.concatenate([getattr(part, field) for part in parts])
            assert joined.tobytes() == getattr(expected, field).tobytes()
