"""Phase events: exact on steady rhythms, once a cycle on anything, as precise as stated."""

import re
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from detectors.block import Block, Taint
from detectors.chain import AnyDetectorConfig
from detectors.estimates import Detection, Estimates, Seen
from detectors.power.band_power import BandPower, BandPowerConfig
from detectors.rhythm.oscillation import Oscillation, OscillationConfig
from detectors.rhythm.target_phase import AmplitudeGate, TargetPhase, TargetPhaseConfig
from detectors.testing.subject import result_of, stream_samples
from tests.detectors.examples import EXAMPLES
from tests.detectors.rhythm.naive_target_phase import moments
from tests.detectors.rhythm.rhythms import RATE_HZ, circular, wandering
from tests.support.blocks import block_of, layout_of
from tests.support.searching import search

_ANY = AmplitudeGate(amplitude_uv_min=1e-6)


def source_of(n_channels: int = 1, rate_hz: float = RATE_HZ, **keys: Any) -> Oscillation:
    plain: dict[str, Any] = {"id": "beta", "stream": "LFP", "centre_hz": 20.0, "hop_s": 0.0001}
    return Oscillation(OscillationConfig(**(plain | keys)), layout_of(n_channels, rate_hz))


def config_of(**keys: Any) -> TargetPhaseConfig:
    plain: dict[str, Any] = {"id": "peaks", "of": "beta", "gate": _ANY}
    return TargetPhaseConfig(**(plain | keys))


def seen_of(block: Block, source: Oscillation, **keys: Any) -> Seen:
    return TargetPhase(config_of(**keys), source).update(source.update(block).estimates)


def times_of(seen: Seen) -> NDArray[np.float64]:
    return np.array([each.onset_s for each in seen.detections])


def hops_of(
    phase: list[float | None], amplitude_uv: float = 5.0, hop_samples: int = 1
) -> Estimates:
    """Return the hops of one channel; None stands for a hop that is not valid."""
    sample = hop_samples * np.arange(1, len(phase) + 1, dtype=np.int64) - 1
    is_good = np.array([each is not None for each in phase])
    values = np.array([[amplitude_uv, each or 0.0] for each in phase]) * is_good[:, None]
    valid = np.repeat(is_good[:, None], 2, axis=1)
    taint = np.zeros(len(sample), dtype=np.uint16)
    return Estimates("beta", sample, 50.0 + sample / RATE_HZ, values, valid, taint)


def line(n_hops: int, frequency_hz: float = 20.0, start: float = -2.0) -> list[float | None]:
    """Return the phase of a steady rhythm, hop by hop of one sample, between -pi and pi."""
    phase = start + 2.0 * np.pi * frequency_hz * np.arange(n_hops) / RATE_HZ
    return [*np.angle(np.exp(1j * phase)).tolist()]


@pytest.mark.parametrize("rate_hz", [250.0, 418.4, 1000.0, 2048.0])
@pytest.mark.parametrize(("lead_s", "hop_s"), [(0.0, 0.0), (0.013, 0.01), (0.2, 0.0121)])
@pytest.mark.parametrize("phase_rad", [0.0, -1.5, 3.14159])
@pytest.mark.parametrize("method", ["resonator", "hilbert"])
def test_a_steady_rhythm_is_met_at_the_very_moment(
    rate_hz: float, lead_s: float, hop_s: float, phase_rad: float, method: str
) -> None:
    n_samples = round(4.0 * rate_hz)
    signal_uv = 7.0 * np.cos(2.0 * np.pi * 20.0 * np.arange(n_samples) / rate_hz + 0.4) - 30.0
    source = source_of(rate_hz=rate_hz, hop_s=max(hop_s, 1e-4), method=method)
    seen = seen_of(
        block_of(signal_uv[:, None], rate_hz), source, phase_rad=phase_rad, lead_s=lead_s
    )
    true_s = ((phase_rad - 0.4) / (2.0 * np.pi) + np.arange(-1, 90)) / 20.0
    found_s = times_of(seen)
    settled = (found_s > 1.5) & (found_s < 3.9)
    expected_s = true_s[(true_s > 1.5) & (true_s < 3.9)]
    np.testing.assert_allclose(found_s[settled], expected_s, rtol=0.0, atol=1e-9)
    for each in [one for one, keep in zip(seen.detections, settled, strict=True) if keep]:
        ahead_s = each.onset_s - each.confirmed_sample / rate_hz
        assert lead_s - 1e-9 <= ahead_s < lead_s + source.hop_samples / rate_hz + 1e-9
        assert abs(each.sample - each.onset_s * rate_hz) <= 0.5 + 1e-6
        assert each.strength == pytest.approx(7.0, rel=1e-9)
        assert (each.kind, each.channel, each.complete) == ("moment", "C0", True)


def test_a_lead_tells_the_same_moments_so_much_earlier() -> None:
    signal_uv = 7.0 * np.cos(2.0 * np.pi * 20.0 * np.arange(3000) / RATE_HZ + 0.4)
    now = seen_of(block_of(signal_uv[:, None]), source_of()).detections[30:-2]
    led = seen_of(block_of(signal_uv[:, None]), source_of(), lead_s=0.03).detections
    by_sample = {each.sample: each for each in led}
    for each in now:
        same = by_sample[each.sample]
        assert same.onset_s == pytest.approx(each.onset_s, abs=1e-9)
        assert each.confirmed_sample - same.confirmed_sample == 30


@pytest.mark.parametrize("off_hz", [-1.5, -0.5, 0.5, 1.5])
@pytest.mark.parametrize("lead_s", [0.0, 0.02])
def test_a_rhythm_off_the_centre_is_met_late_as_the_response_says(
    off_hz: float, lead_s: float
) -> None:
    """Compare the error with the angle of the poles' response, and with 360 d (delay + lead)."""
    turn = 2.0 * np.pi * (60.0 + off_hz)
    signal_uv = 4.0 * np.cos(turn * np.arange(6000) / RATE_HZ)
    source = source_of(centre_hz=60.0)
    found_s = times_of(seen_of(block_of(signal_uv[:, None]), source, lead_s=lead_s))
    met = np.angle(np.exp(1j * turn * found_s[found_s > 2.0]))
    rho = np.exp(-2.0 * np.pi * 5.0 / RATE_HZ)
    responses = [
        (1.0 - 1.0 / z) / (1.0 - rho / z) / (1.0 - rho * np.exp(2j * np.pi * 0.06) / z)
        for z in np.exp(2j * np.pi * np.array([60.0, 60.0 + off_hz]) / RATE_HZ)
    ]
    late = -np.angle(responses[1] / responses[0]) + 2.0 * np.pi * off_hz * lead_s
    # A moment may be foreseen by up to a hop more; the mirrored frequency ripples the phase.
    assert np.degrees(met.mean()) == pytest.approx(np.degrees(late), abs=0.6)
    assert np.degrees(np.ptp(met)) < 3.0
    stated = 360.0 * off_hz * (source.delay_s + lead_s)
    assert np.degrees(met.mean()) == pytest.approx(stated, rel=0.05, abs=0.6)


@pytest.mark.parametrize("frequency_hz", [16.0, 18.0, 20.0, 22.0, 25.0])
@pytest.mark.parametrize("hop_s", [0.001, 0.006, 0.0125])
@pytest.mark.parametrize("lead_s", [0.0, 0.11])
def test_no_cycle_of_a_faster_or_slower_rhythm_is_lost_or_told_twice(
    frequency_hz: float, hop_s: float, lead_s: float
) -> None:
    signal_uv = 5.0 * np.cos(2.0 * np.pi * frequency_hz * np.arange(9000) / RATE_HZ)
    source = source_of(hop_s=hop_s)
    found_s = times_of(seen_of(block_of(signal_uv[:, None]), source, lead_s=lead_s))
    between_s = np.diff(found_s[found_s > 1.0])
    assert between_s == pytest.approx(1.0 / frequency_hz, abs=0.008)
    n_cycles = frequency_hz * (found_s[-1] - found_s[found_s > 1.0][0])
    assert between_s.size == round(n_cycles)


_hops = st.lists(
    st.one_of(st.none(), st.floats(-np.pi, np.pi, exclude_min=True)), min_size=1, max_size=300
)
_steps = st.lists(st.floats(-1.5, 3.0), min_size=1, max_size=300).map(
    lambda steps: [float(each) for each in np.angle(np.exp(1j * np.cumsum(steps)))]
)


@given(
    phase=st.one_of(_hops, _steps),
    lead_s=st.sampled_from([0.0, 0.004, 0.3]),
    refractory_cycles=st.floats(0.5, 0.9),
    phase_rad=st.floats(-6.28, 6.28),
    hop_samples=st.sampled_from([1, 7, 12]),
)
@search(200)
def test_whatever_the_phase_does_there_is_one_moment_a_cycle_and_none_far_from_its_hop(
    *,
    phase: list[float | None],
    lead_s: float,
    refractory_cycles: float,
    phase_rad: float,
    hop_samples: int,
) -> None:
    config = config_of(lead_s=lead_s, refractory_cycles=refractory_cycles, phase_rad=phase_rad)
    source = source_of(hop_s=hop_samples / RATE_HZ)
    given_hops = hops_of(phase, hop_samples=hop_samples)
    seen = TargetPhase(config, source).update(given_hops)
    assert (np.diff(times_of(seen)) > refractory_cycles / 20.0 - 1e-9).all()
    lead_samples = lead_s * RATE_HZ
    for each in seen.detections:
        ahead = (each.onset_s - 50.0) * RATE_HZ - each.confirmed_sample - lead_samples
        assert -hop_samples - 1e-6 <= ahead <= hop_samples + 1e-6
        assert phase[(each.confirmed_sample + 1) // hop_samples - 1] is not None


def test_a_phase_that_dithers_about_the_target_tells_one_moment_in_the_refractory_time() -> None:
    dither: list[float | None] = [0.05, -0.05] * 500
    seen = TargetPhase(config_of(refractory_cycles=0.8), source_of()).update(hops_of(dither))
    assert (np.diff(times_of(seen)) > 0.04 - 1e-9).all()
    assert len(seen.detections) == pytest.approx(1000 / 41, abs=2)


def test_what_runs_past_the_target_between_two_hops_is_told_on_the_line_between_them() -> None:
    # Ten samples to go by the centre's measure, more than a hop; then 2.1 rad past.
    a, b = -10.0 * 2.0 * np.pi * 20.0 / RATE_HZ, 0.9
    seen = TargetPhase(config_of(), source_of(hop_s=0.009)).update(hops_of([a, b], hop_samples=9))
    (moment,) = seen.detections
    assert moment.onset_s == pytest.approx(50.008 + 0.009 * -a / (b - a), abs=1e-12)
    assert (moment.confirmed_sample, moment.sample) == (17, round(8 + 9 * -a / (b - a)))


def test_a_moment_is_missed_where_the_hop_before_is_not_valid_and_the_gap_resets_nothing() -> None:
    assert len(TargetPhase(config_of(), source_of()).update(hops_of(line(40))).detections) == 1
    # The target is sample 15.9; the hop that foresees it is sample 15, the 16th.
    blind: list[float | None] = [*line(40)]
    blind[15] = None
    assert not TargetPhase(config_of(), source_of()).update(hops_of(blind)).detections
    # An event that was foreseen before a cut: the next event keeps its distance from it.
    ahead: list[float | None] = [-0.01, None, *line(30, start=-0.3)]
    found = TargetPhase(config_of(lead_s=0.0), source_of()).update(hops_of(ahead))
    assert [each.sample for each in found.detections] == [0]


def test_the_gate_is_closed_where_the_amplitude_is_not_above_the_threshold() -> None:
    gate = AmplitudeGate(amplitude_uv_min=5.0)
    assert not TargetPhase(config_of(gate=gate), source_of()).update(hops_of(line(200))).detections
    seen = TargetPhase(config_of(gate=gate), source_of()).update(hops_of(line(200), 5.000001))
    assert len(seen.detections) == 4
    assert seen.estimates.values[0].tolist() == [-2.0, 5.000001, 5.0, 1.0]


def test_the_threshold_is_the_percentile_of_the_calibration_and_then_frozen() -> None:
    gate = AmplitudeGate(percentile=50.0, calibrate_s=0.2)
    detector = TargetPhase(config_of(gate=gate), source_of())
    assert detector.calibration_s == 0.2
    rising = hops_of([*line(150), None, None, *line(148)])
    rising.values[:, 0] *= np.arange(300.0)
    found = detector.update(rising).estimates
    amplitudes = rising.values[rising.valid[:, 0], 0]
    assert found.valid[:, 2].tolist() == found.valid[:, 3].tolist() == [False] * 202 + [True] * 98
    assert (found.values[202:, 2] == np.percentile(amplitudes[:200], 50.0)).all()
    assert (found.values[202:, 3] == 1.0).all()
    later = detector.update(hops_of(line(100), 1.0)).estimates
    assert later.values[:, 2].tolist() == [found.values[-1, 2]] * 100
    detector.reset()
    assert not detector.update(hops_of(line(199))).estimates.valid[:, 3].any()


def test_a_dead_calibration_stretch_never_opens_the_gate() -> None:
    gate = AmplitudeGate(percentile=50.0, calibrate_s=0.1)
    detector = TargetPhase(config_of(gate=gate), source_of())
    detector.update(hops_of([None] * 5))
    quiet = hops_of([0.0] * 100, 0.0)
    quiet.valid[:, 1] = False
    assert detector.update(quiet).estimates.valid[-1].tolist() == [False, True, False, False]
    loud = detector.update(hops_of(line(200), 1e3))
    assert loud.estimates.values[:, 2:].tolist() == [[0.0, 0.0]] * 200
    assert loud.detections == ()


@pytest.mark.parametrize("signal", ["zeros", "constant", "step", "drift", "spikes"])
def test_what_is_no_rhythm_tells_hardly_a_moment(signal: str) -> None:
    """Test that a constant signal gives none, and a step only while the filter rings."""
    n = np.arange(8000)
    signals = {
        "zeros": 0.0 * n,
        "constant": 0.0 * n + 1e9,
        "step": np.where(n < 4000, 0.0, 100.0),
        "drift": 0.05 * n,
        "spikes": np.where(n % 2000 == 1999, 1000.0, 0.0),
    }
    gate = AmplitudeGate(amplitude_uv_min=2.0)
    seen = seen_of(block_of(signals[signal][:, None]), source_of(), gate=gate)
    most = {"zeros": 0, "constant": 0, "step": 4, "drift": 0, "spikes": 12}
    assert len(seen.detections) <= most[signal]


def test_a_channel_that_is_cut_and_tainted_tells_no_moment_meanwhile() -> None:
    signal_uv = 7.0 * np.cos(2.0 * np.pi * 20.0 * np.arange(3000) / RATE_HZ)
    block = block_of(np.stack((signal_uv, signal_uv), axis=1))
    block.taint[1000:1040, 1] |= int(Taint.SATURATED)
    block.taint[2000] |= int(Taint.RESTART)
    source = source_of(2)
    seen = seen_of(block, source)
    told = {
        channel: np.array(
            [each.confirmed_sample for each in seen.detections if each.channel == channel]
        )
        for channel in ("C0", "C1")
    }
    assert ((told["C0"] < 2000) | (told["C0"] >= 2000 + source.span_samples - 1)).all()
    is_blind = (told["C1"] >= 1000) & (told["C1"] < 1040 + source.span_samples - 1)
    assert not is_blind.any()
    assert ((told["C0"] > 1000) & (told["C0"] < 1100)).any()
    assert not seen.estimates.valid[1000:1040, [4, 5, 7]].any()


@pytest.mark.parametrize("example", EXAMPLES[TargetPhase], ids=lambda each: each.name)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_moments_are_those_of_the_plain_loop(example: Any, seed: int) -> None:
    made = stream_samples(example.layout, seed, 1500, (400, 1100))
    made = made.tainted(700, 1, Taint.FROZEN).tainted(900, slice(None), Taint.SUSPECT_STAMP)
    chain = example.chain()
    source, config = example.configs
    (block,) = [Block("LFP", 0, made.samples_uv, made.time_s, made.taint)]
    below, seen = chain.update(block)
    for channel, label in enumerate(example.layout.channels):
        found = [each for each in seen.detections if each.channel == label]
        expected = moments(config, source, below.estimates, channel, example.layout.rate_hz)
        assert len(found) == len(expected) > 2
        for each, moment in zip(found, expected, strict=True):
            assert each.confirmed_sample == moment.told_at
            assert abs(each.sample - moment.at) <= 0.5 + 1e-6
            told_s = made.time_s[moment.told_at]
            ahead_s = (moment.at - moment.told_at) / example.layout.rate_hz
            assert each.onset_s == pytest.approx(told_s + ahead_s, abs=1e-9)
            assert each.strength == pytest.approx(moment.amplitude_uv)
    assert seen.detections == result_of(example, made).detections
    order = [
        (each.confirmed_sample, example.layout.channels.index(each.channel))
        for each in seen.detections
    ]
    assert order == sorted(order)


@pytest.mark.parametrize("level", [0.5, 1.0, 1.5])
def test_noise_opens_the_gate_for_the_share_chance_gives_it(level: float) -> None:
    density = 4.0  # µV²/Hz, one-sided
    noise_uv = np.random.default_rng(4).normal(0.0, np.sqrt(density * RATE_HZ / 2.0), 400_000)
    mean_square = 2.0 * np.pi * 5.0 * density
    gate = AmplitudeGate(amplitude_uv_min=level * np.sqrt(mean_square))
    source = source_of(centre_hz=60.0)
    seen = seen_of(block_of(noise_uv[:, None]), source, gate=gate)
    share = float(np.exp(-(level**2)))
    assert seen.estimates.values[1000:, 3].mean() == pytest.approx(share, rel=0.12)
    found_s = times_of(seen)
    assert found_s.size / 400.0 == pytest.approx(60.0 * share, rel=0.15)
    assert np.diff(found_s).min() > 0.7 / 60.0 - 1e-9


def achieved(
    truth: NDArray[np.complex128], detections: tuple[Detection, ...]
) -> NDArray[np.float64]:
    """Return the true phase at any time, between samples too."""
    at = np.array([each.onset_s for each in detections]) * RATE_HZ
    at = at[at < truth.size - 1]
    phase: NDArray[np.float64] = np.interp(at, np.arange(truth.size), np.unwrap(np.angle(truth)))
    return phase


@pytest.mark.parametrize(
    ("lead_s", "spread"),
    [(0.0, 19.0), (0.005, 21.0), (0.01, 23.5), (0.02, 28.0), (0.05, 40.0)],
)
def test_a_wandering_rhythm_is_met_with_the_spread_that_is_stated(
    lead_s: float, spread: float
) -> None:
    truth, signal_uv = wandering(400_000, seed=6)
    gate = AmplitudeGate(percentile=50.0, calibrate_s=20.0)
    seen = seen_of(block_of(signal_uv[:, None]), source_of(), lead_s=lead_s, gate=gate)
    met = achieved(truth, seen.detections)
    bias, found = circular(met)
    assert found == pytest.approx(spread, rel=0.07)
    assert abs(bias) < 4.0
    if lead_s == 0.0:
        assert abs(np.exp(1j * met).mean()) == pytest.approx(0.95, abs=0.01)
    # Once a cycle where the gate is open, half of 380 s.
    assert len(seen.detections) == pytest.approx(20.0 * 380.0 * 0.5, rel=0.2)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ({"output": "amplitude"}, "of: expected an oscillation with amplitude and phase, found"),
        ({"lead_s": 0.01}, "of: expected an oscillation with lead_s = 0 (the lead goes here), fo"),
        ({"hop_s": 0.02}, "of: expected an oscillation with a hop_s of at most 0.0125, a quarter"),
    ],
)
def test_an_oscillation_that_does_not_fit_is_refused(keys: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}"):
        TargetPhase(config_of(), source_of(**keys))


def test_what_is_no_oscillation_is_refused() -> None:
    power = BandPower(BandPowerConfig(id="beta", stream="LFP", band_hz=(13.0, 30.0)), layout_of())
    with pytest.raises(ValueError, match=r"^of: expected an oscillation .*, found 'beta'$"):
        TargetPhase(config_of(), power)


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        ("", "gate"),
        ("gate = {}", "gate: expected percentile and calibrate_s, or amplitude_uv_min, found none"),
        ("gate = { percentile = 50.0 }", "found percentile - at `$.gate`"),
        ("gate = { percentile = 101.0, calibrate_s = 1.0 }", "`$.gate.percentile`"),
        ("gate = { amplitude_uv_min = 0.0 }", "`$.gate.amplitude_uv_min`"),
        ("gate = { amplitude_uv_min = nan }", "`$.gate.amplitude_uv_min`"),
        ("gate = { amplitude_uv_min = 1.0 }\nphase_rad = 7.0", "`$.phase_rad`"),
        ("gate = { amplitude_uv_min = 1.0 }\nphase_rad = nan", "`$.phase_rad`"),
        ("gate = { amplitude_uv_min = 1.0 }\nlead_s = -0.1", "`$.lead_s`"),
        ("gate = { amplitude_uv_min = 1.0 }\nrefractory_cycles = 0.4", "`$.refractory_cycles`"),
        ("gate = { amplitude_uv_min = 1.0 }\nrefractory_s = 0.4", "unknown field `refractory_s`"),
    ],
)
def test_what_cannot_be_is_refused_by_the_table_itself(keys: str, text: str) -> None:
    table = f'kind = "target_phase"\nid = "peaks"\nof = "beta"\n{keys}\n'
    with pytest.raises(msgspec.ValidationError, match=re.escape(text)):
        msgspec.toml.decode(table, type=AnyDetectorConfig)
