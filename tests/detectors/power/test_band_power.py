"""Band power against scipy at large numbers, and what its configuration refuses."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.chain import AnyDetectorConfig
from detectors.estimates import Estimates
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.testing.subject import FIELDS
from tests.detectors.power.naive_band_power import power_of
from tests.support.blocks import block_of, layout_of
from tests.support.searching import search


def config_of(**keys: Any) -> BandPowerConfig:
    return BandPowerConfig(**({"id": "beta", "stream": "LFP", "band_hz": (13.0, 30.0)} | keys))


def power(samples_uv: NDArray[np.float64], rate_hz: float = 1000.0, **keys: Any) -> Estimates:
    layout = layout_of(samples_uv.shape[1], rate_hz)
    return BandPower(config_of(**keys), layout).update(block_of(samples_uv, rate_hz)).estimates


def worst_error(
    estimates: Estimates,
    truth_uv: NDArray[np.float64],
    window: int,
    rate_hz: float = 1000.0,
    band_hz: tuple[float, float] = (13.0, 30.0),
) -> float:
    """Return the largest relative error over all hops with a full window."""
    worst = 0.0
    for newest, values in zip(estimates.sample, estimates.values, strict=True):
        if newest + 1 >= window:
            expected = power_of(truth_uv[newest + 1 - window : newest + 1], rate_hz, band_hz)
            worst = max(worst, float(np.abs(values / expected - 1.0).max()))
    return worst


def since(estimates: Estimates, sample: int) -> Estimates:
    is_later = estimates.sample >= sample
    later = (getattr(estimates, field)[is_later] for field in FIELDS)
    return Estimates("", *later)


@given(
    config=st.builds(
        config_of,
        window_s=st.floats(0.2, 0.8),
        hop_s=st.floats(0.0005, 0.15),
        band_hz=st.tuples(st.just(0.0) | st.floats(5.1, 40.0), st.floats(50.0, 125.0)),
    ),
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0, 2048.0]),
    offset_uv=st.sampled_from([0.0, 1e4, -3e4]),
    seed=st.integers(0, 1000),
)
@search(60)
def test_every_hop_equals_the_periodogram_of_its_window(
    config: BandPowerConfig, rate_hz: float, offset_uv: float, seed: int
) -> None:
    random = np.random.default_rng(seed)
    assert config.window_s is not None
    assert config.band_hz is not None
    n_samples = round(2.7 * config.window_s * rate_hz)
    samples_uv = random.normal(0.0, 10.0, (n_samples, 2)) + offset_uv
    detector = BandPower(config, layout_of(2, rate_hz))
    found = detector.update(block_of(samples_uv, rate_hz)).estimates
    window = round(config.window_s * rate_hz)
    assert worst_error(found, samples_uv, window, rate_hz, config.band_hz) < 1e-9


def test_an_offset_of_a_thousand_volts_costs_no_more_than_it_does_in_the_samples() -> None:
    small_uv = np.random.default_rng(3).normal(0.0, 10.0, (3500, 2))
    samples_uv = small_uv + 1e9
    found = power(samples_uv)
    assert worst_error(found, samples_uv - 1e9, 1000) < 1e-9
    assert worst_error(found, small_uv, 1000) < 1e-6


def test_a_spike_costs_precision_for_two_windows_at_most() -> None:
    samples_uv = np.random.default_rng(4).normal(0.0, 5.0, (4500, 1))
    clean_uv = samples_uv.copy()
    samples_uv[500] = 1e9
    found = power(samples_uv)
    assert worst_error(since(found, 1500), clean_uv, 1000) < 1e-6
    assert worst_error(since(found, 1999), clean_uv, 1000) < 1e-12


def test_a_bad_value_at_a_large_offset_leaves_no_trace() -> None:
    samples_uv = np.random.default_rng(9).normal(0.0, 10.0, (2500, 1)) + 1e9
    clean_uv = samples_uv - 1e9
    samples_uv[500] = np.nan
    found = power(samples_uv)
    past = since(found, 1500)
    assert past.valid.all()
    assert worst_error(past, clean_uv, 1000) < 1e-11


def test_a_sine_in_the_band_gives_half_its_squared_amplitude() -> None:
    time_s = np.arange(3000) / 1000.0
    found = power(6.0 * np.cos(2.0 * np.pi * 20.0 * time_s)[:, None])
    assert found.values[found.valid[:, 0]] == pytest.approx(18.0, rel=1e-9)


def test_hops_are_on_the_grid_and_valid_once_the_window_is_full() -> None:
    found = power(np.random.default_rng(5).normal(0.0, 1.0, (2000, 1)), hop_s=0.03, window_s=0.5)
    assert found.sample.tolist() == list(range(29, 2000, 30))
    assert found.time_s.tolist() == [sample / 1000.0 for sample in range(29, 2000, 30)]
    assert found.valid[:, 0].tolist() == [sample + 1 >= 500 for sample in range(29, 2000, 30)]


def test_only_the_channels_asked_for_are_looked_at_in_the_order_asked() -> None:
    samples_uv = np.random.default_rng(6).normal(0.0, 1.0, (1500, 4)) * [1.0, 2.0, 3.0, 4.0]
    chosen = power(samples_uv, channels=("C3", "C1"))
    every = power(samples_uv)
    assert chosen.values.tobytes() == np.ascontiguousarray(every.values[:, [3, 1]]).tobytes()


def test_channels_do_not_disturb_each_other() -> None:
    samples_uv = np.random.default_rng(7).normal(0.0, 1.0, (1500, 19))
    together = power(samples_uv)
    for channel in range(19):
        alone = power(np.ascontiguousarray(samples_uv[:, [channel]]))
        assert alone.values.tobytes() == together.values[:, channel].tobytes()


def test_the_declared_delay_is_where_a_step_in_power_is_half_seen() -> None:
    time_s = np.arange(6000) / 1000.0
    rhythm_uv = np.where(time_s >= 3.0, 10.0, 1e-3) * np.sin(2.0 * np.pi * 20.0 * time_s)
    layout = layout_of()
    detector = BandPower(config_of(hop_s=0.001), layout)
    found = detector.update(block_of(rhythm_uv[:, None])).estimates
    half = int(found.sample[np.flatnonzero(found.values[:, 0] > 25.0)[0]])
    assert half / 1000.0 - 3.0 == pytest.approx(detector.delay_s, abs=0.02)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"band_hz": (13.0, 600.0)}, r"^band_hz: expected at most 500 Hz.*found \[13, 600\]$"),
        ({"band_hz": (13.2, 13.25)}, r"^band_hz: expected a band of at least 0.1 Hz, a tenth of a"),
        ({"window_s": 0.05}, r"^window_s: expected at least one cycle of 13 Hz"),
        ({"window_s": 0.5, "hop_s": 0.5}, r"^window_s: expected more than one hop \(0.5 s\)"),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        BandPower(config_of(**keys), layout_of(2))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("band_hz = [30.0, 13.0]", "band_hz: expected 0 <= low < high, found [30, 13]"),
        ("band_hz = [-1.0, 13.0]", "band_hz: expected 0 <= low < high, found [-1, 13]"),
        ("band_hz = [nan, 13.0]", "band_hz: expected 0 <= low < high, found [nan, 13]"),
        ("band_hz = [13.0, 13.0]", "band_hz: expected 0 <= low < high, found [13, 13]"),
        ("band_hz = [13.0]", "$[0].band_hz"),
        ("band_hz = [13.0, 30.0]\nwindow_s = 0.0", "$[0].window_s"),
        ("band_hz = [13.0, 30.0]\nhop_s = nan", "$[0].hop_s"),
        ("band_hz = [13.0, 30.0]\nband_uv = 1", "unknown field `band_uv`"),
        ('band_hz = [13.0, 30.0]\nid = "a/b"', "$[0].id"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table = f'kind = "band_power"\nstream = "LFP"\n{line}\n'
    if "id =" not in line:
        table += 'id = "beta"\n'
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_a_hundred_million_samples_leave_no_drift() -> None:
    """One second of noise repeated: each hop must keep its value to the last digits."""
    random = np.random.default_rng(8)
    second_uv = random.normal(0.0, 10.0, (1000, 1)) + 300.0
    turn = 100
    many_uv = np.tile(second_uv, (turn, 1))
    detector = BandPower(config_of(hop_s=0.1), layout_of())
    expected = None
    worst = 0.0
    for first in range(0, 100_000_000, 1000 * turn):
        found = detector.update(block_of(many_uv, first=first)).estimates
        values = found.values[found.valid[:, 0], 0]
        if expected is None:
            expected = [
                power_of(np.roll(second_uv, -shift, axis=0), 1000.0, (13.0, 30.0))[0]
                for shift in range(100, 1100, 100)
            ]
            values = values[1:]
        worst = max(worst, float(np.abs(values.reshape(-1, 10) / np.array(expected) - 1.0).max()))
    assert worst < 1e-10
