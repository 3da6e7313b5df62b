"""Phase-amplitude coupling against closed forms, simulated signals and noise, and its table."""

from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import binom

from detectors.block import Block, StreamLayout, Taint
from detectors.chain import AnyDetectorConfig
from detectors.coupling_filters import amplitude_taps, phase_taps
from detectors.coupling_measures import coupling_of
from detectors.estimates import Estimates
from detectors.phase_amplitude_coupling import PhaseAmplitudeCoupling, PhaseAmplitudeCouplingConfig
from tests.detectors.naive_phase_amplitude_coupling import demodulated, filters, measures

INDEX, LENGTH, NORMALISED, PREFERRED, CHANCE, SHARPNESS, IS_SHARP = range(7)


def config_of(**keys: Any) -> PhaseAmplitudeCouplingConfig:
    bands = {"phase_band_hz": (13.0, 30.0), "amplitude_band_hz": (60.0, 200.0)}
    return PhaseAmplitudeCouplingConfig(**({"id": "coupling", "stream": "LFP"} | bands | keys))


def detector_of(n_channels: int = 1, **keys: Any) -> PhaseAmplitudeCoupling:
    channels = tuple(f"C{place}" for place in range(n_channels))
    return PhaseAmplitudeCoupling(config_of(**keys), StreamLayout("LFP", 1000.0, channels))


def fold(
    detector: PhaseAmplitudeCoupling, samples_uv: NDArray[np.float64], first: int = 0
) -> Estimates:
    taint = np.zeros(samples_uv.shape, dtype=np.uint16)
    if first == 0:
        taint[0] = int(Taint.RESTART)
    time_s = (first + np.arange(len(samples_uv))) / 1000.0
    return detector.update(Block("LFP", first, samples_uv, time_s, taint)).estimates


def apart(found: Estimates, detector: PhaseAmplitudeCoupling) -> NDArray[np.float64]:
    """Return the measures of windows that do not overlap, shape (n_windows, n_channels, 7)."""
    n_between = detector.window_samples // detector.hop_samples
    values = found.values[found.valid[:, 0]][::n_between]
    return values.reshape(len(values), -1, 7)


def rhythm(random: np.random.Generator, n_samples: int, n_channels: int) -> NDArray[np.complex128]:
    """Return a 20 Hz oscillation whose amplitude and phase wander, of power 1."""
    noise = random.normal(0.0, 1.0, (2, n_samples, n_channels))
    step = np.exp((-5.0 + 2j * np.pi * 20.0) / 1000.0)
    made = np.zeros((n_samples, n_channels), dtype=np.complex128)
    for row in range(1, n_samples):
        made[row] = step * made[row - 1] + noise[0, row] + 1j * noise[1, row]
    normed: NDArray[np.complex128] = made / np.sqrt((np.abs(made) ** 2).mean())
    return normed


def band_noise(
    random: np.random.Generator,
    n_samples: int,
    n_channels: int,
    band_hz: tuple[float, float] = (60.0, 200.0),
    power_slope: float = 0.0,
) -> NDArray[np.float64]:
    frequency_hz = np.fft.rfftfreq(n_samples, 1e-3)
    spectrum = np.fft.rfft(random.normal(0.0, 1.0, (n_samples, n_channels)), axis=0)
    spectrum[(frequency_hz < band_hz[0]) | (frequency_hz > band_hz[1])] = 0.0
    spectrum[1:] *= frequency_hz[1:, None] ** (-power_slope / 2.0)
    noise: NDArray[np.float64] = np.fft.irfft(spectrum, n_samples, axis=0)
    noise /= noise.std()
    return noise


@pytest.mark.parametrize(
    ("depth", "index"),
    [(1.0, 0.10447), (2.0 / 3.0, 0.04054), (0.6, 0.03239), (1.0 / 3.0, 0.00965), (1 / 7, 0.00175)],
)
@pytest.mark.parametrize("preferred_rad", [0.0, 2.0 * np.pi / 9.0, -8.0 * np.pi / 9.0])
def test_a_cosine_of_the_phase_gives_its_closed_forms(
    depth: float, index: float, preferred_rad: float
) -> None:
    phase_rad = 2.0 * np.pi * (np.arange(360_000) + 0.5) / 18_000
    found = coupling_of(phase_rad, 3.0 * (1.0 + depth * np.cos(phase_rad - preferred_rad)))
    assert found.modulation_index == pytest.approx(index, abs=1e-5)
    assert found.mean_vector_length == pytest.approx(3.0 * depth / 2.0, abs=1e-7)
    normalised = (depth / 2.0) / np.sqrt(1.0 + depth**2 / 2.0)
    assert found.normalised_mean_vector_length == pytest.approx(normalised, abs=1e-7)
    assert found.preferred_phase_rad == pytest.approx(preferred_rad, abs=1e-7)


@pytest.mark.parametrize(
    ("least", "index"), [(0.0, 0.1045), (0.25, 0.0324), (0.5, 0.0096), (0.75, 0.0018)]
)
def test_the_generator_of_tort_gives_its_closed_form(least: float, index: float) -> None:
    phase_rad = 2.0 * np.pi * (np.arange(360_000) + 0.5) / 18_000
    amplitude = 0.5 * ((1.0 - least) * np.sin(phase_rad) + 1.0 + least)
    assert coupling_of(phase_rad, amplitude).modulation_index == pytest.approx(index, abs=1e-4)


@given(seed=st.integers(0, 10_000), scale=st.sampled_from([1e-2, 1.0, 1e4]))
@settings(max_examples=30, deadline=None)
def test_plain_arrays_give_what_the_formulas_say(seed: int, scale: float) -> None:
    random = np.random.default_rng(seed)
    phase_rad = random.uniform(-np.pi, np.pi, 3000)
    amplitude = scale * random.rayleigh(1.0, 3000) * (1.2 + np.cos(phase_rad))
    assert coupling_of(phase_rad, amplitude) == pytest.approx(
        measures(phase_rad, amplitude), rel=1e-5
    )


def test_an_empty_bin_is_no_coupling() -> None:
    phase_rad = np.linspace(-np.pi + 0.4, np.pi, 5000)
    with pytest.raises(ValueError, match=r"^phase_rad: expected samples in all 18 bins"):
        coupling_of(phase_rad, np.ones(5000))


def test_a_window_with_an_empty_bin_is_not_valid() -> None:
    """20 Hz at 1 kHz meets 50 phases; 62.5 Hz divides the rate and meets 16, fewer than bins."""
    time_s = np.arange(4000) / 1000.0
    fast_uv = band_noise(np.random.default_rng(0), 4000, 1, (200.0, 400.0))[:, 0]
    for frequency_hz, is_valid in ((20.0, True), (62.5, False)):
        slow_uv = 1e4 * np.cos(2.0 * np.pi * frequency_hz * time_s + 0.01)
        detector = detector_of(
            phase_band_hz=(frequency_hz - 5.0, frequency_hz + 5.0),
            amplitude_band_hz=(200.0, 400.0),
            window_s=2.0,
        )
        found = fold(detector, (slow_uv + 0.1 * fast_uv)[:, None])
        assert found.valid[-1].all() == is_valid
        assert found.values[-1].any() == is_valid


@pytest.mark.parametrize("offset_uv", [0.0, 3e4])
def test_phase_and_amplitude_refer_to_the_same_instant(offset_uv: float) -> None:
    """The preferred phase is that of the signal at whatever frequency the phase runs."""
    time_s = np.arange(8000) / 1000.0
    for frequency_hz in (14.0, 20.0, 27.0):
        for preferred_rad in (0.0, 1.5, -2.5):
            angle = 2.0 * np.pi * frequency_hz * time_s
            swell = 1.0 + 0.8 * np.cos(angle - preferred_rad)
            samples_uv = 10.0 * np.cos(angle) + swell * np.cos(2.0 * np.pi * 131.0 * time_s)
            detector = detector_of(window_s=3.0)
            found = fold(detector, samples_uv[:, None] + offset_uv)
            last = found.values[-1]
            assert last[PREFERRED] == pytest.approx(preferred_rad, abs=0.005)
            assert last[LENGTH] == pytest.approx(0.4, rel=0.01)
            # At 14 and 20 Hz few phases are met, unevenly in the bins.
            assert last[INDEX] == pytest.approx(0.0611, rel=0.06)
            assert last[NORMALISED] == pytest.approx(0.4 / np.sqrt(1.32), rel=0.01)


def test_coupling_of_a_rhythm_is_found_and_none_where_there_is_none() -> None:
    random = np.random.default_rng(11)
    n_samples = 62_000
    slow = rhythm(random, n_samples, 4)
    depth = np.array([0.0, 0.2, 0.5, 1.0])
    swell = 1.0 + depth * np.cos(np.angle(slow) - 1.0)
    samples_uv = 10.0 * slow.real + band_noise(random, n_samples, 4) * swell
    detector = detector_of(4)
    found = apart(fold(detector, samples_uv), detector)
    index = found[:, :, INDEX]
    assert (index[:, 1:] > 2.0 * detector.chance.level).all()
    assert index[:, 0].mean() == pytest.approx(detector.chance.mean, rel=0.4)
    assert (np.diff(index.mean(axis=0)) > 0.0).all()
    turned = np.angle(np.exp(1j * found[:, 1:, PREFERRED]).mean(axis=0))
    # At a depth of 0.2 noise alone turns the mean of six windows by some 0.07.
    assert (np.abs(turned - 1.0) < [0.25, 0.1, 0.1]).all()


@pytest.mark.parametrize("name", ["white", "pink", "rhythm"])
def test_chance_is_exceeded_as_often_as_stated(name: str) -> None:
    """Windows of 2 s of noise: 5 %, within the binomial interval of 99 %."""
    random = np.random.default_rng(12)
    n_samples, n_channels = 100_200, 8
    samples_uv = band_noise(
        random, n_samples, n_channels, (0.5, 500.0), 1.0 if name == "pink" else 0.0
    )
    if name == "rhythm":
        samples_uv += 10.0 * rhythm(random, n_samples, n_channels).real
    detector = detector_of(n_channels, window_s=2.0)
    found = apart(fold(detector, samples_uv), detector)
    index = found[:, :, INDEX]
    assert (found[:, :, CHANCE] == detector.chance.level).all()
    assert index.size >= 390
    low, high = binom.interval(0.99, index.size, 0.05)
    assert low <= (index > detector.chance.level).sum() <= high
    assert index.mean() == pytest.approx(detector.chance.mean, rel=0.1)


def test_a_steep_spectrum_exceeds_chance_somewhat_more_often() -> None:
    samples_uv = band_noise(np.random.default_rng(19), 100_200, 8, (0.5, 500.0), 2.0)
    detector = detector_of(8, window_s=2.0)
    index = apart(fold(detector, samples_uv), detector)[:, :, INDEX]
    assert 0.05 <= (index > detector.chance.level).mean() <= 0.12


def test_chance_falls_with_the_length_of_the_window() -> None:
    levels = [detector_of(window_s=window_s).chance for window_s in (2.0, 10.0, 50.0)]
    assert levels[0].mean / levels[1].mean == pytest.approx(5.0, rel=0.01)
    assert levels[1].mean / levels[2].mean == pytest.approx(5.0, rel=0.01)
    # Handbook formula for rectangular filters, of which the Kaiser-windowed one is nearly one.
    rectangular = 0.273 * (1.0 - 21.5 / 140.0) / (140.0 * 10.0 * np.log(18.0))
    assert rectangular < levels[1].mean < 4.0 * rectangular


def test_the_filters_are_those_of_the_formulas() -> None:
    samples_uv = np.random.default_rng(13).normal(0.0, 1.0, 500)
    config = config_of()
    slow, fast = filters(config, 1000.0)
    for low_pass, band_hz, taps in (
        (slow, config.phase_band_hz, phase_taps(config.phase_band_hz, 1000.0)),
        (fast, config.amplitude_band_hz, amplitude_taps(config.amplitude_band_hz, 30.0, 1000.0)),
    ):
        late = taps[0] + 1j * taps[1]
        whole = np.concatenate((late[:0:-1].conj(), late))
        plain = demodulated(samples_uv, low_pass, band_hz, 1000.0)
        given_uv = np.convolve(samples_uv, whole[::-1], mode="valid")
        assert given_uv == pytest.approx(plain, abs=1e-12)
        assert abs(whole.sum()) < 1e-12


def test_the_slow_band_does_not_reach_the_amplitude() -> None:
    taps = amplitude_taps((60.0, 200.0), 30.0, 1000.0)
    late = taps[0] + 1j * taps[1]
    whole = np.concatenate((late[:0:-1].conj(), late))
    lag = np.arange(whole.size) - taps.shape[1] + 1
    for frequency_hz in (0.0, 5.0, 13.0, 20.0, 29.0):
        for sign in (-1.0, 1.0):
            turn = np.exp(2j * np.pi * sign * frequency_hz * lag / 1000.0)
            assert abs((whole * turn).sum()) < 2.5e-3


def test_a_spike_leaves_no_trace_once_it_has_left() -> None:
    samples_uv = np.random.default_rng(14).normal(0.0, 5.0, (9000, 1))
    spiky_uv = samples_uv.copy()
    spiky_uv[1500] = 1e9
    detector, other = detector_of(window_s=2.0), detector_of(window_s=2.0)
    clean, spoilt = fold(detector, samples_uv), fold(other, spiky_uv)
    is_past = clean.sample >= 1500 + detector.span_samples
    assert clean.values[is_past].tobytes() == spoilt.values[is_past].tobytes()
    assert spoilt.valid[is_past].all()
    holds_it = (clean.sample >= 1500 + 2 * 58) & (clean.sample < 1500 + 2000)
    assert not spoilt.valid[holds_it].any()


def test_an_offset_of_a_thousand_volts_costs_no_more_than_it_does_in_the_samples() -> None:
    samples_uv = np.random.default_rng(15).normal(0.0, 5.0, (5000, 1)) + 1e9
    detector, other = detector_of(window_s=2.0), detector_of(window_s=2.0)
    found, expected = fold(detector, samples_uv), fold(other, samples_uv - 1e9)
    assert found.valid.tobytes() == expected.valid.tobytes()
    assert found.values == pytest.approx(expected.values, rel=1e-9)


@pytest.mark.parametrize("constant_uv", [0.0, 7.0, 1e9])
def test_a_dead_channel_is_never_valid(constant_uv: float) -> None:
    found = fold(detector_of(window_s=1.0), np.full((4000, 1), constant_uv))
    assert not found.valid.any()


def test_a_window_is_the_same_however_much_came_before() -> None:
    """A thousand windows later the sums are those of a detector that has just begun."""
    random = np.random.default_rng(16)
    detector = detector_of(window_s=1.0, hop_s=0.05)
    for first in range(0, 1_000_000, 100_000):
        samples_uv = random.normal(0.0, 5.0, (100_000, 1)) * random.uniform(0.1, 1000.0)
        found = fold(detector, samples_uv, first)
    fresh = detector_of(window_s=1.0, hop_s=0.05)
    expected = fold(fresh, np.ascontiguousarray(samples_uv[-detector.span_samples - PAD :]))
    assert found.sample[-1] == 999_999
    assert expected.valid[-1].all()
    assert found.values[-1].tobytes() == expected.values[-1].tobytes()


def test_the_declared_delay_is_where_coupling_that_begins_is_half_seen() -> None:
    random = np.random.default_rng(17)
    time_s = np.arange(20_000) / 1000.0
    angle = 2.0 * np.pi * 20.3 * time_s
    swell = 1.0 + np.where(time_s >= 10.0, 0.8, 0.0) * np.cos(angle)
    samples_uv = 10.0 * np.cos(angle) + swell * band_noise(random, 20_000, 1)[:, 0]
    detector = detector_of(window_s=4.0, hop_s=0.01)
    found = fold(detector, samples_uv[:, None])
    length = found.values[:, LENGTH]
    half = found.sample[np.flatnonzero(length > 0.5 * length[-200:].mean())[0]]
    assert half / 1000.0 - 10.0 == pytest.approx(detector.delay_s, abs=0.15)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (
            {"amplitude_band_hz": (60.0, 600.0)},
            r"^amplitude_band_hz: expected at most 500 Hz.*found \[60, 600\]$",
        ),
        ({"window_s": 0.5}, r"^window_s: expected at least 10 cycles of 13 Hz \(0.76"),
        (
            {"window_s": 1.0, "phase_band_hz": (18.0, 19.0)},
            r"^phase_band_hz: expected a width of at least 2 Hz \(window_s = 1\), found",
        ),
        ({"hop_s": 10.0}, r"^window_s: expected more than one hop \(10 s\), found 10$"),
        ({"hop_s": 0.001}, r"^window_s: expected at most 1000 hops of 0.001 s, found 10$"),
        ({"channels": ("C0", "C9")}, r"^channels\[1\]: expected one of C0, C1, found 'C9'$"),
        ({"channels": ("C1", "C1")}, r"^channels\[1\]: expected unique labels, found 'C1' twice$"),
    ],
)
def test_what_does_not_fit_the_stream_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        detector_of(2, **keys)


@pytest.mark.parametrize(
    ("slow", "fast", "text"),
    [
        ("[30.0, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [30, 13]"),
        ("[0.0, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [0, 13]"),
        ("[nan, 13.0]", "[60.0, 200.0]", "phase_band_hz: expected 0 < low < high, found [nan, 13]"),
        (
            "[13.0, 30.0]",
            "[60.0, 90.0]",
            "expected a width of at least 60 Hz, twice the highest frequency of the phase",
        ),
        ("[13.0, 30.0]", "[25.0, 200.0]", "amplitude_band_hz: expected 38.5 <= low < high"),
    ],
)
def test_what_cannot_carry_coupling_is_refused_by_the_table(
    slow: str, fast: str, text: str
) -> None:
    table = (
        'kind = "phase_amplitude_coupling"\nid = "pac"\nstream = "LFP"\n'
        f"phase_band_hz = {slow}\namplitude_band_hz = {fast}\n"
    )
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert([msgspec.toml.decode(table)], tuple[AnyDetectorConfig, ...], strict=True)
    assert text in str(refused.value)


def test_channels_are_looked_at_in_the_order_asked_and_do_not_disturb_each_other() -> None:
    samples_uv = np.random.default_rng(18).normal(0.0, 1.0, (3000, 4)) * [1.0, 2.0, 3.0, 4.0]
    chosen = detector_of(4, window_s=1.0, channels=("C3", "C1"))
    found = fold(chosen, samples_uv)
    assert chosen.outputs[7] == "C1.modulation_index"
    for place, channel in enumerate((3, 1)):
        alone = fold(detector_of(window_s=1.0), np.ascontiguousarray(samples_uv[:, [channel]]))
        part = np.ascontiguousarray(found.values[:, 7 * place : 7 * place + 7])
        assert part.tobytes() == alone.values.tobytes()
