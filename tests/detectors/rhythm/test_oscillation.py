"""`oscillation` against closed forms and simulated rhythms, and its configuration."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.chain import AnyDetectorConfig
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from tests.detectors.rhythm.naive_oscillation import rhythm_of
from tests.detectors.rhythm.rhythms import RATE_HZ, circular, rhythm, wandering
from tests.support.blocks import block_of, layout_of
from tests.support.searching import search


def config_of(**keys: Any) -> OscillationConfig:
    plain: dict[str, Any] = {"id": "beta", "stream": "LFP", "centre_hz": 20.0, "hop_s": 0.0001}
    return OscillationConfig(**(plain | keys))


def resonator(config: OscillationConfig, frequency_hz: float, rate_hz: float = RATE_HZ) -> complex:
    """Return the frequency response from the two poles and the zero."""
    rho = np.exp(-2.0 * np.pi * config.half_width_hz / rate_hz)
    back = np.exp(-2j * np.pi * frequency_hz / rate_hz)
    turn = np.exp(2j * np.pi * config.centre_hz / rate_hz)
    without_mean = 1.0 - (1.0 - rho) / (1.0 - rho * back)
    return complex(without_mean * (1.0 - rho) / (1.0 - rho * turn * back))


@given(
    rate_hz=st.sampled_from([250.0, 418.4, 1000.0, 2048.0]),
    centre_hz=st.floats(4.0, 100.0),
    relative_width=st.floats(0.1, 0.9),
    amplitude_uv=st.floats(0.1, 1000.0),
    phase=st.floats(-3.0, 3.0),
    offset_uv=st.sampled_from([0.0, -300.0, 1e6]),
)
@search(60)
def test_a_steady_rhythm_at_the_centre_gives_its_amplitude_and_its_phase(
    *,
    rate_hz: float,
    centre_hz: float,
    relative_width: float,
    amplitude_uv: float,
    phase: float,
    offset_uv: float,
) -> None:
    half_width_hz = min(relative_width * centre_hz, 0.9 * (rate_hz / 2.0 - centre_hz))
    config = config_of(centre_hz=centre_hz, half_width_hz=half_width_hz)
    time_s = np.arange(round(8.0 * rate_hz / half_width_hz)) / rate_hz
    angle = 2.0 * np.pi * centre_hz * time_s + phase
    found = rhythm(amplitude_uv * np.cos(angle) + offset_uv, config, rate_hz)
    # After 50 time constants of the resonator only the precision of the samples is left.
    settled = slice(-round(0.05 * len(time_s)) - 1, None)
    expected = amplitude_uv * np.exp(1j * angle[settled])
    assert np.abs(found[settled] - expected).max() < 1e-9 * (amplitude_uv + abs(offset_uv))


@pytest.mark.parametrize("frequency_hz", [2.0, 10.0, 15.0, 19.0, 23.0, 30.0, 50.0, 130.0])
def test_a_steady_rhythm_off_the_centre_gives_what_the_response_says(frequency_hz: float) -> None:
    config = config_of()
    angle = 2.0 * np.pi * frequency_hz * np.arange(3000) / RATE_HZ
    found = rhythm(6.0 * np.cos(angle), config)[2000:]
    turned = 6.0 * np.exp(1j * angle[2000:])
    at = {sign: resonator(config, sign * frequency_hz) for sign in (1, -1)}
    centre = {sign: resonator(config, sign * 20.0) for sign in (1, -1)}
    y = 0.5 * (at[1] * turned + at[-1] * np.conj(turned))
    both = abs(centre[1]) ** 2 - abs(centre[-1]) ** 2
    expected = 2.0 * (np.conj(centre[1]) * y - centre[-1] * np.conj(y)) / both
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_half_the_power_is_let_through_half_a_width_off_the_centre() -> None:
    config = config_of(centre_hz=100.0, half_width_hz=2.0)
    for frequency_hz in (98.0, 102.0):
        angle = 2.0 * np.pi * frequency_hz * np.arange(4000) / RATE_HZ
        amplitude_uv = np.abs(rhythm(np.cos(angle), config)[3000:])
        assert np.mean(amplitude_uv**2) == pytest.approx(0.5, rel=0.03)


def test_a_rhythm_that_begins_rises_as_the_poles_say() -> None:
    """Compare a rhythm switched on with its steady part plus the response of the poles."""
    config = config_of()
    n = np.arange(1, 400)
    turn = np.exp(2j * np.pi * 20.0 / RATE_HZ)
    rho = np.exp(-2.0 * np.pi * 5.0 / RATE_HZ)
    signal_uv = np.concatenate((np.zeros(500), (turn**n).real))
    found = rhythm(signal_uv, config)[500:]

    def switched_on(z: complex) -> NDArray[np.complex128]:
        # z**n through (1 - rho) rho (1 - 1/s) / ((1 - rho/s) (1 - rho turn/s)), from n = 1 on, by
        # partial fractions: a geometric series for each of the three poles.
        gain = (1.0 - rho) * rho
        p, q = rho, rho * turn
        of_z = gain * (1.0 - 1.0 / z) / ((1.0 - p / z) * (1.0 - q / z))
        of_p = gain * (1.0 - 1.0 / p) / ((1.0 - z / p) * (1.0 - q / p))
        of_q = gain * (1.0 - 1.0 / q) / ((1.0 - z / q) * (1.0 - p / q))
        since = n - 1
        response: NDArray[np.complex128] = z * (of_z * z**since + of_p * p**since + of_q * q**since)
        return response

    y = 0.5 * (switched_on(turn) + switched_on(np.conj(turn)))
    centre = {sign: resonator(config, sign * 20.0) for sign in (1, -1)}
    both = abs(centre[1]) ** 2 - abs(centre[-1]) ** 2
    expected = 2.0 * (np.conj(centre[1]) * y - centre[-1] * np.conj(y)) / both
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    assert np.abs(found[[31, 94]]) == pytest.approx(1.0 - np.exp([-1.0, -3.0]), abs=0.1)


@pytest.mark.parametrize(
    ("half_width_hz", "rate_hz"), [(1.0, 1000.0), (3.0, 1000.0), (5.0, 1000.0), (5.0, 250.0)]
)
def test_the_declared_delay_is_that_of_a_slow_change_of_the_amplitude(
    half_width_hz: float, rate_hz: float
) -> None:
    config = config_of(half_width_hz=half_width_hz)
    time_s = np.arange(round(30.0 * rate_hz)) / rate_hz
    slow = 2.0 * np.pi * 0.1
    signal_uv = (1.0 + 0.5 * np.cos(slow * time_s)) * np.cos(2.0 * np.pi * 20.0 * time_s)
    kept = slice(round(10.0 * rate_hz), None)  # two whole turns of the slow change
    amplitude_uv = np.abs(rhythm(signal_uv, config, rate_hz)[kept])
    turned = np.mean((amplitude_uv - 1.0) * np.exp(-1j * slow * time_s[kept]))
    delay_s = Oscillation(config, layout_of(1, rate_hz)).delay_s
    assert -np.angle(turned) / slow == pytest.approx(delay_s, rel=0.004)
    assert delay_s == pytest.approx(1.0 / (2.0 * np.pi * half_width_hz), rel=0.07)


def test_the_lead_turns_the_phase_by_the_centre_frequency() -> None:
    angle = 2.0 * np.pi * 20.0 * np.arange(1500) / RATE_HZ
    now = rhythm(4.0 * np.cos(angle), config_of())
    led = rhythm(4.0 * np.cos(angle), config_of(lead_s=0.012))
    np.testing.assert_allclose(led[1000:-12], now[1012:], rtol=1e-9)


def test_the_phase_is_zero_at_the_peak_and_between_minus_pi_and_pi() -> None:
    angle = 2.0 * np.pi * 20.0 * np.arange(1500) / RATE_HZ
    found = Oscillation(config_of(), layout_of()).update(block_of(3.0 * np.cos(angle)[:, None]))
    phase = found.estimates.values[1000:, 1]
    assert phase[:50:50] == pytest.approx(0.0, abs=1e-9)
    assert phase[:13:12] == pytest.approx([0.0, 2.0 * np.pi * 0.24], abs=1e-9)
    assert np.abs(phase).max() <= np.pi


@pytest.mark.parametrize("offset_uv", [1e6, -1e9])
def test_an_offset_costs_no_more_than_it_does_in_the_samples(offset_uv: float) -> None:
    signal_uv = np.random.default_rng(2).normal(0.0, 10.0, 2000)
    high_uv = signal_uv + offset_uv
    assert (rhythm(high_uv, config_of()) == rhythm(high_uv - high_uv[0], config_of())).all()
    np.testing.assert_allclose(
        rhythm(high_uv, config_of()), rhythm(signal_uv, config_of()), atol=1e-5
    )


def test_a_change_of_the_offset_is_forgotten_within_a_few_time_constants() -> None:
    signal_uv = np.where(np.arange(3000) < 1500, 200.0, 700.0)
    left_uv = np.abs(rhythm(signal_uv, config_of()))
    assert left_uv[:1500].max() == 0.0
    assert left_uv[1500:1600].max() > 100.0
    assert left_uv[1500 + 96 * 4 :].max() < 500.0 * np.exp(-9.0)


def test_a_tainted_artifact_leaves_nothing_behind() -> None:
    signal_uv = np.random.default_rng(3).normal(0.0, 5.0, (1500, 1)) + 40.0
    clean = block_of(signal_uv.copy())
    signal_uv[700] = 1e11
    spoilt = block_of(signal_uv)
    spoilt.taint[700] |= int(Taint.SATURATED)
    found = Oscillation(config_of(), layout_of()).update(spoilt).estimates
    again = rhythm(clean.samples_uv[701:, 0], config_of())
    later = found.values[701:, 0] * np.exp(1j * found.values[701:, 1])
    assert later.tobytes() == again.tobytes()
    assert not found.valid[700:796].any()
    assert found.valid[796:].all()


def test_an_estimate_is_valid_after_three_time_constants_and_never_at_the_first_hop() -> None:
    signal_uv = np.random.default_rng(4).normal(0.0, 1.0, (1000, 1))
    every = Oscillation(config_of(), layout_of())
    assert every.span_samples == 96
    found = every.update(block_of(signal_uv)).estimates
    assert found.valid[:, 0].tolist() == [sample + 1 >= 96 for sample in range(1000)]
    slow = Oscillation(config_of(hop_s=0.2), layout_of()).update(block_of(signal_uv)).estimates
    assert slow.sample.tolist() == [199, 399, 599, 799, 999]
    assert slow.valid[:, 1].tolist() == [False, True, True, True, True]


def test_a_dead_channel_has_an_amplitude_of_zero_and_no_phase() -> None:
    found = Oscillation(config_of(), layout_of()).update(block_of(np.full((300, 1), 7.0))).estimates
    assert found.valid[200:, 0].all()
    assert not found.valid[:, 1].any()
    assert not found.values.any()


@pytest.mark.parametrize("half_width_hz", [3.0, 5.0])
def test_noise_has_the_amplitude_chance_gives_it_and_any_phase(half_width_hz: float) -> None:
    config = config_of(centre_hz=60.0, half_width_hz=half_width_hz)
    density = 4.0  # µV²/Hz, one-sided
    signal_uv = np.random.default_rng(5).normal(0.0, np.sqrt(density * RATE_HZ / 2.0), 400_000)
    found = rhythm(signal_uv, config)[1000:]
    mean_square = 2.0 * np.pi * half_width_hz * density
    assert np.mean(np.abs(found) ** 2) == pytest.approx(mean_square, rel=0.06)
    for share in (0.25, 0.5, 0.75, 0.95):
        level_uv = np.sqrt(-np.log(1.0 - share) * np.mean(np.abs(found) ** 2))
        assert np.mean(np.abs(found) < level_uv) == pytest.approx(share, abs=0.015)
    assert abs(np.mean(found / np.abs(found))) < 0.02
    assert abs(np.mean((found / np.abs(found)) ** 2)) < 0.03


def test_noise_crosses_a_level_the_oftener_the_shorter_the_hop_is() -> None:
    """Test the warning that the closed form for bursts in noise does not fit this amplitude."""
    signal_uv = np.random.default_rng(11).normal(0.0, 40.0, 200_000)
    amplitude_uv = np.abs(rhythm(signal_uv, config_of()))[1000:]
    is_on = amplitude_uv > np.percentile(amplitude_uv, 75.0)
    crossings = [np.count_nonzero(np.diff(is_on[::hop].astype(int)) == 1) for hop in (1, 4, 16)]
    assert crossings[0] > 1.7 * crossings[1] > 1.7 * 1.7 * crossings[2]


@pytest.mark.parametrize(
    ("half_width_hz", "everywhere", "where_large"), [(5.0, 38.5, 20.0), (3.0, 41.0, 22.0)]
)
def test_the_phase_of_a_wandering_rhythm_is_met_as_well_as_a_one_pole_can(
    half_width_hz: float, everywhere: float, where_large: float
) -> None:
    truth, signal_uv = wandering(300_000, seed=6)
    found = rhythm(signal_uv, config_of(half_width_hz=half_width_hz))[1000:]
    truth = truth[1000:]
    difference = np.angle(found * np.conj(truth))
    is_large = np.abs(truth) > np.median(np.abs(truth))
    bias, spread = circular(difference)
    bias_large, spread_large = circular(difference[is_large])
    assert spread == pytest.approx(everywhere, rel=0.15)
    assert spread_large == pytest.approx(where_large, rel=0.15)
    assert abs(bias) < 2.5
    assert abs(bias_large) < 2.5


def test_a_lead_spreads_the_phase_by_what_the_rhythm_forgets() -> None:
    """Compare the forecast of a clean rhythm with exp(-a lead) of its past, at amplitude 1."""
    truth, _ = wandering(300_000, seed=7)
    is_usual = np.abs(np.abs(truth[:-20]) - np.sqrt(np.mean(np.abs(truth) ** 2))) < 0.05
    led = np.angle(truth[:-20] * np.exp(2j * np.pi * 20.0 * 0.02))
    _, forgotten = circular((np.angle(truth[20:]) - led)[is_usual])
    assert forgotten == pytest.approx(19.0, rel=0.15)
    found = rhythm(truth.real, config_of(lead_s=0.02))[1000:-20]
    now = rhythm(truth.real, config_of())[1000:-20]
    _, spread = circular(np.angle(found * np.conj(truth[1020:])))
    _, spread_now = circular(np.angle(now * np.conj(truth[1000:-20])))
    assert spread > spread_now


def test_only_the_channels_asked_for_are_looked_at_in_the_order_asked() -> None:
    samples_uv = np.random.default_rng(8).normal(0.0, 1.0, (700, 19)) * np.arange(1.0, 20.0)
    chosen = Oscillation(config_of(channels=("C17", "C1")), layout_of(19))
    labels = [each.label for each in chosen.outputs]
    assert labels == ["C17.amplitude", "C17.phase", "C1.amplitude", "C1.phase"]
    found = chosen.update(block_of(samples_uv)).estimates
    every = Oscillation(config_of(), layout_of(19)).update(block_of(samples_uv)).estimates
    columns = [34, 35, 2, 3]
    assert found.values.tobytes() == np.ascontiguousarray(every.values[:, columns]).tobytes()
    for channel in range(19):
        alone = rhythm(np.ascontiguousarray(samples_uv[:, channel]), config_of())
        of_all = every.values[:, 2 * channel] * np.exp(1j * every.values[:, 2 * channel + 1])
        assert alone.tobytes() == of_all.tobytes()


def test_the_amplitude_alone_is_the_same_amplitude() -> None:
    samples_uv = np.random.default_rng(9).normal(0.0, 1.0, (500, 2))
    alone = Oscillation(config_of(output="amplitude"), layout_of(2))
    assert [each.label for each in alone.outputs] == ["C0.amplitude", "C1.amplitude"]
    both = Oscillation(config_of(), layout_of(2)).update(block_of(samples_uv)).estimates
    found = alone.update(block_of(samples_uv)).estimates
    assert found.values.tobytes() == np.ascontiguousarray(both.values[:, ::2]).tobytes()


def test_ten_million_samples_leave_no_drift() -> None:
    """One second of noise repeated: the last hops must equal those of the second repetition."""
    second_uv = np.random.default_rng(10).normal(0.0, 10.0, 1000) + 300.0
    many = block_of(np.tile(second_uv, 100)[:, None])
    detector = Oscillation(config_of(hop_s=0.1), layout_of())
    for _ in range(100):
        found = detector.update(many).estimates
        many.taint[0] = 0
    expected = rhythm_of(np.tile(second_uv, 3), config_of(), RATE_HZ)[-901::100]
    last = found.values[-10:, 0] * np.exp(1j * found.values[-10:, 1])
    np.testing.assert_allclose(last, expected, rtol=1e-10)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"centre_hz": 496.0}, r"^centre_hz: expected a band up to at most 500 Hz.*found 496 and"),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Oscillation(config_of(**keys), layout_of(2))


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("centre_hz = 4.0", "half_width_hz: expected less than centre_hz (4), found 5"),
        ("centre_hz = nan", "$[0].centre_hz"),
        ("centre_hz = 20.0\nhalf_width_hz = 0.0", "$[0].half_width_hz"),
        ("centre_hz = 20.0\nhop_s = nan", "$[0].hop_s"),
        ("centre_hz = 20.0\nlead_s = -0.1", "$[0].lead_s"),
        ("centre_hz = 20.0\nlead_s = nan", "$[0].lead_s"),
        ('centre_hz = 20.0\noutput = "phase"', "$[0].output"),
        (
            'centre_hz = 20.0\noutput = "amplitude"\nlead_s = 0.1',
            "lead_s: expected 0 where output is 'amplitude', found 0.1",
        ),
        ("centre_hz = 20.0\nband_hz = [13.0, 30.0]", "unknown field `band_hz`"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(line: str, text: str) -> None:
    table = msgspec.toml.decode(f'kind = "oscillation"\nid = "beta"\nstream = "LFP"\n{line}\n')
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([table], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)
