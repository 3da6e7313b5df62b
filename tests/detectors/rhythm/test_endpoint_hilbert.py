"""The endpoint-corrected Hilbert transform: definition, closed forms, finite memory."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.chain import AnyDetectorConfig
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from tests.detectors.rhythm.naive_endpoint_hilbert import newest
from tests.detectors.rhythm.rhythms import RATE_HZ, circular, rhythm, wandering
from tests.support.blocks import block_of, layout_of
from tests.support.searching import search


def config_of(**keys: Any) -> OscillationConfig:
    plain = {"id": "beta", "stream": "LFP", "centre_hz": 20.0, "hop_s": 0.0001, "method": "hilbert"}
    return msgspec.convert(plain | keys, OscillationConfig)


@pytest.mark.parametrize("rate_hz", [250.0, 418.4, 1000.0, 2048.0])
@pytest.mark.parametrize("window_s", [0.1, 0.25, 0.333, 0.5, 1.0])
@pytest.mark.parametrize("half_width_hz", [5.0, 8.0, 15.0])
def test_an_estimate_is_what_transform_and_back_give(
    rate_hz: float, window_s: float, half_width_hz: float
) -> None:
    config = config_of(window_s=window_s, half_width_hz=half_width_hz, lead_s=0.007)
    signal_uv = np.random.default_rng(1).normal(0.0, 10.0, round(1.2 * rate_hz))
    found = rhythm(signal_uv, config, rate_hz)
    for last in (len(signal_uv), len(signal_uv) - 7):
        assert abs(found[last - 1] - newest(signal_uv[:last], config, rate_hz)) < 1e-10


@given(
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0, 2048.0]),
    centre_hz=st.floats(4.0, 100.0),
    relative_width=st.floats(0.1, 0.9),
    n_cycles=st.floats(1.1, 12.0),
    phase=st.floats(-3.0, 3.0),
    offset_uv=st.sampled_from([0.0, -300.0, 1e6]),
)
@search(60)
def test_a_steady_rhythm_at_the_centre_gives_its_amplitude_and_its_phase(
    *,
    rate_hz: float,
    centre_hz: float,
    relative_width: float,
    n_cycles: float,
    phase: float,
    offset_uv: float,
) -> None:
    half_width_hz = min(relative_width * centre_hz, 0.9 * (rate_hz / 2.0 - centre_hz))
    window_s = max(n_cycles / centre_hz, 0.51 / half_width_hz) + 1.0 / rate_hz
    config = config_of(centre_hz=centre_hz, half_width_hz=half_width_hz, window_s=window_s)
    detector = Oscillation(config, layout_of(1, rate_hz))
    n_samples = detector.span_samples + 40
    angle = 2.0 * np.pi * centre_hz * np.arange(n_samples) / rate_hz + phase
    found = rhythm(7.0 * np.cos(angle) + offset_uv, config, rate_hz)[-40:]
    # At once, from the first full window on.
    assert np.abs(found - 7.0 * np.exp(1j * angle[-40:])).max() < 1e-10 * (1e2 + abs(offset_uv))


def test_the_lead_turns_the_phase_by_the_centre_frequency() -> None:
    angle = 2.0 * np.pi * 20.0 * np.arange(1500) / RATE_HZ
    now = rhythm(4.0 * np.cos(angle), config_of(window_s=0.333))
    led = rhythm(4.0 * np.cos(angle), config_of(window_s=0.333, lead_s=0.012))
    np.testing.assert_allclose(led[1000:-12], now[1012:], rtol=1e-9)


def test_what_has_left_the_window_leaves_nothing_behind() -> None:
    signal_uv = np.random.default_rng(3).normal(0.0, 5.0, (1500, 1)) + 40.0
    detector = Oscillation(config_of(), layout_of())
    assert detector.span_samples == 500
    clean = detector.update(block_of(signal_uv.copy())).estimates
    signal_uv[400] = 1e11
    detector.reset()
    found = detector.update(block_of(signal_uv)).estimates
    assert found.values[899, 0] > 1e6
    assert found.values[900:].tobytes() == clean.values[900:].tobytes()
    assert found.valid[:, 1].tolist() == [sample >= 499 for sample in range(1500)]


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, 1e9])
def test_a_dead_channel_has_an_amplitude_of_zero_and_no_phase(constant_uv: float) -> None:
    dead = block_of(np.full((900, 1), constant_uv))
    found = Oscillation(config_of(window_s=0.3), layout_of()).update(dead).estimates
    assert found.valid[299:, 0].all()
    assert not found.valid[:, 1].any()
    assert not found.values.any()


@pytest.mark.parametrize(
    ("half_width_hz", "window_s", "rate_hz"),
    [(3.0, 0.5, 1000.0), (5.0, 0.5, 1000.0), (5.0, 0.333, 250.0), (8.0, 0.25, 418.4)],
)
def test_the_declared_delay_is_that_of_a_slow_change_of_the_amplitude(
    half_width_hz: float, window_s: float, rate_hz: float
) -> None:
    config = config_of(half_width_hz=half_width_hz, window_s=window_s)
    time_s = np.arange(round(30.0 * rate_hz)) / rate_hz
    slow = 2.0 * np.pi * 0.1
    signal_uv = (1.0 + 0.5 * np.cos(slow * time_s)) * np.cos(2.0 * np.pi * 20.0 * time_s)
    kept = slice(round(10.0 * rate_hz), None)  # two whole turns of the slow change
    amplitude_uv = np.abs(rhythm(signal_uv, config, rate_hz)[kept])
    turned = np.mean((amplitude_uv - 1.0) * np.exp(-1j * slow * time_s[kept]))
    delay_s = Oscillation(config, layout_of(1, rate_hz)).delay_s
    assert -np.angle(turned) / slow == pytest.approx(delay_s, rel=0.01)
    assert 0.8 < delay_s * 2.0 * np.pi * half_width_hz < 1.8


@pytest.mark.parametrize(("half_width_hz", "share"), [(3.0, 0.12), (5.0, 0.20)])
def test_a_drift_across_the_window_shows_as_stated(half_width_hz: float, share: float) -> None:
    drift_uv = np.linspace(0.0, 200.0, 1000, endpoint=False)
    found = np.abs(rhythm(drift_uv, config_of(half_width_hz=half_width_hz)))[600:]
    np.testing.assert_allclose(found, 100.0 * share, rtol=0.03)


@pytest.mark.parametrize("half_width_hz", [3.0, 5.0])
def test_noise_has_the_amplitude_chance_gives_it_and_any_phase(half_width_hz: float) -> None:
    density = 4.0  # µV²/Hz, one-sided
    signal_uv = np.random.default_rng(5).normal(0.0, np.sqrt(density * RATE_HZ / 2.0), 300_000)
    found = rhythm(signal_uv, config_of(centre_hz=60.0, half_width_hz=half_width_hz))[1000:]
    mean_square = np.mean(np.abs(found) ** 2)
    assert mean_square == pytest.approx(2.0 * np.pi * half_width_hz * density, rel=0.06)
    for share in (0.25, 0.5, 0.75, 0.95):
        level_uv = np.sqrt(-np.log(1.0 - share) * mean_square)
        assert np.mean(np.abs(found) < level_uv) == pytest.approx(share, abs=0.02)
    assert abs(np.mean(found / np.abs(found))) < 0.02


@pytest.mark.parametrize("window_s", [0.25, 0.5, 1.0])
def test_the_phase_of_a_wandering_rhythm_is_met_as_well_as_the_literature_has_it(
    window_s: float,
) -> None:
    truth, signal_uv = wandering(300_000, seed=6)
    found = rhythm(signal_uv, config_of(half_width_hz=3.0, window_s=window_s))[1000:]
    truth = truth[1000:]
    difference = np.angle(found * np.conj(truth))
    bias, spread = circular(difference)
    bias_large, spread_large = circular(difference[np.abs(truth) > np.median(np.abs(truth))])
    assert spread == pytest.approx(42.0, rel=0.05)
    assert spread_large == pytest.approx(23.0, rel=0.05)
    assert abs(bias) < 3.5
    assert abs(bias_large) < 3.5


def test_a_band_as_wide_as_its_centre_is_refused_where_it_makes_noise_of_the_rest() -> None:
    """12.5 cycles, between two lines of the transform, where solving amplified 15 times."""
    keys = {"centre_hz": 25.0, "half_width_hz": 24.975, "window_s": 0.5}
    with pytest.raises(ValueError, match=r"^half_width_hz: expected less.* 9\d % of the rhythm"):
        Oscillation(config_of(**keys), layout_of(rate_hz=100.0))


@pytest.mark.parametrize("half_width_hz", [3.0, 10.0, 15.0, 19.0])
@pytest.mark.parametrize("window_s", [0.333, 1.0, 2.0])
def test_no_delay_is_declared_below_zero(half_width_hz: float, window_s: float) -> None:
    config = config_of(half_width_hz=half_width_hz, window_s=window_s)
    assert 0.0 <= Oscillation(config, layout_of(rate_hz=250.0)).delay_s <= window_s


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"centre_hz": 495.0}, r"^centre_hz: expected a band below 500 Hz.*found 495 and"),
        ({"window_s": 0.04}, r"^window_s: expected at least 0.1, a cycle.*found 0.04$"),
        ({"centre_hz": 2.0, "half_width_hz": 1.9, "window_s": 0.49}, r"^window_s: .* at least 0.5"),
        ({"half_width_hz": 0.9}, r"^window_s: expected at least 0.555556, .*found 0.5$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Oscillation(config_of(**keys), layout_of())


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("window_s = 0.5", "window_s: expected none where method is 'resonator', found 0.5"),
        ('method = "hilbert"\nwindow_s = nan', "$[0].window_s"),
        ('method = "hilbert"\nwindow_s = 0.0', "$[0].window_s"),
        ('method = "wavelet"', "$[0].method"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table = f'kind = "oscillation"\nid = "beta"\nstream = "LFP"\ncentre_hz = 20.0\n{line}\n'
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
