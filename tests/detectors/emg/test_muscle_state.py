"""States of two muscles: simulated classes, what is wrong with electrodes, and chance."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.signal import butter, sosfilt
from scipy.stats import binom

from benchmarks.figures.emg.classes import CLASSES, pattern_rows, state_rows
from benchmarks.figures.emg.faults import DOSES_UV, fault_rows, faults
from benchmarks.figures.emg.simulated import simulated, states_of
from benchmarks.figures.emg.truth import compared_rows
from detectors.block import StreamLayout
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.outputs import column_of
from replay.patient.emg.drives import AlternatingTremor, Rest
from tests.detectors.emg.muscle_signals import (
    ACTIVE_UV,
    BASE_UV,
    RATE_HZ,
    Signal,
    emg,
    half_waves,
    hann_bursts,
    noise_of,
    slow_of,
)
from tests.support.blocks import block_of

_RECTIFIED = np.sqrt(2.0 / np.pi)
# How half waves of one rhythm correlate: all but the noise of envelopes, with c² of 0.029 at 20 Hz.
_VARIATION = np.pi**2 / 4.0 - 1.0
_WITHOUT_NOISE = _VARIATION / (_VARIATION + 0.029 * (1.0 + _VARIATION))
_NONE = -1.0
REST, TONIC, IN_TURN, TOGETHER, BURSTS, INDETERMINATE = range(6)


class Found:
    """Estimates of muscles A, B, ... by measure."""

    def __init__(self, samples_uv: Signal, **keys: Any) -> None:
        labels = tuple("ABCDEFGHIJKLMNOP"[: samples_uv.shape[1]])
        levels: dict[str, Any] = {
            "rest_uv": dict.fromkeys(labels, _RECTIFIED * BASE_UV),
            "rest_sd_uv": dict.fromkeys(labels, 0.17 * _RECTIFIED * BASE_UV),
            "reference_uv": dict.fromkeys(labels, _RECTIFIED * ACTIVE_UV),
        }
        config = MuscleStateConfig(id="state", stream="EMG", **{**levels, **keys})
        self.detector = MuscleState(config, StreamLayout("EMG", RATE_HZ, labels))
        self.estimates = self.detector.update(block_of(samples_uv, RATE_HZ, stream="EMG")).estimates

    def last(self, measure: str, pair: str = "A-B") -> float:
        """Return the last value; -1 where it is not valid."""
        column = column_of(self.detector.outputs, pair, measure)
        if not self.estimates.valid[-1, column]:
            return _NONE
        return float(self.estimates.values[-1, column])

    def all(self, measure: str) -> Signal:
        """Return the values of all pairs at all hops where the window is full."""
        columns = [
            number for number, each in enumerate(self.detector.outputs) if each.measure == measure
        ]
        is_full = self.estimates.sample + 1 >= self.detector.span_samples
        return np.asarray(self.estimates.values[is_full][:, columns])


def _time_s(length_s: float = 12.0) -> Signal:
    return np.arange(round(length_s * RATE_HZ)) / RATE_HZ


def _alternating(seed: int = 1) -> Signal:
    return emg(np.random.default_rng(seed), half_waves(_time_s(), 5.0, (0.0, np.pi)))


def test_tremor_in_turn_is_as_the_closed_forms_say() -> None:
    """Half waves of opposite phase: mean 1 / π, mean square 1 / 4, product 0."""
    found = Found(_alternating())
    assert found.last("state") == IN_TURN
    drive = -(1.0 / np.pi**2) / (0.25 - 1.0 / np.pi**2)
    assert found.last("correlation") == pytest.approx(drive, abs=0.05)
    assert found.last("lag_s") in {-0.1, 0.1}
    assert found.last("coherence_hz") == 5.0
    assert found.last("coherence") > 0.95
    assert found.last("share_3_7") == pytest.approx(0.8, abs=0.05)  # the handbook has 0.79
    assert found.last("n_bursts") == pytest.approx(100.0, abs=2.0)  # less those at the edges


def test_tremor_together_has_no_lag() -> None:
    found = Found(emg(np.random.default_rng(1), half_waves(_time_s(), 5.0, (0.0, 0.0))))
    assert (found.last("state"), found.last("lag_s")) == (TOGETHER, 0.0)
    assert found.last("correlation") == pytest.approx(_WITHOUT_NOISE, abs=0.03)


@pytest.mark.parametrize("lag_s", [0.03, -0.04])
def test_a_muscle_that_follows_has_a_positive_lag(lag_s: float) -> None:
    phase_rad = -2.0 * np.pi * 4.0 * lag_s
    found = Found(emg(np.random.default_rng(2), half_waves(_time_s(), 4.0, (0.0, phase_rad))))
    assert found.last("lag_s") == pytest.approx(lag_s, abs=0.0101)


def _bursts_in_both(seed: int, length_s: tuple[float, float]) -> Signal:
    random = np.random.default_rng(seed)
    onset_s = np.sort(random.uniform(0.2, 11.0, 12))
    drive = hann_bursts(onset_s, random.uniform(*length_s, 12), 12.0)
    return emg(random, np.stack((drive, drive), axis=1))


def _steady(seed: int, share: float) -> Signal:
    random = np.random.default_rng(seed)
    common, own = slow_of(random, (12_000, 1)), slow_of(random, (12_000, 2))
    return emg(random, np.maximum(0.0, 1.0 + 0.25 * (share * common + (1.0 - share) * own)))


@pytest.mark.parametrize("seed", range(4))
def test_coherence_alone_never_changes_the_state(seed: int) -> None:
    """Nothing but its null is moved, from where nothing exceeds it to where everything does."""
    random = np.random.default_rng(seed)
    in_turn = half_waves(_time_s(), 0.8, (0.0, np.pi))
    without_rhythm = (
        emg(random, np.zeros((12_000, 2))),
        _steady(seed, 1.0),
        _steady(seed, 0.0),
        _bursts_in_both(seed, (0.05, 0.06)),
        _bursts_in_both(seed, (0.1, 0.2)),
        emg(random, in_turn),
    )
    n_moved = 0
    for samples_uv in without_rhythm:
        never, always = (Found(samples_uv, alpha=alpha) for alpha in (1e-15, 0.499))
        assert never.last("coherence") == always.last("coherence")
        was, now = (
            each.last("coherence") > each.last("coherence_null") for each in (never, always)
        )
        n_moved += now and not was
        assert never.last("state") == always.last("state")
        assert never.last("state") not in {IN_TURN, TOGETHER}
    assert n_moved >= 1


def test_what_is_coherent_in_a_narrow_peak_is_no_tremor_without_a_rhythm() -> None:
    """Bursts of a tic's length at random times, in both muscles at once."""
    states = []
    for seed in range(30):
        found = Found(_bursts_in_both(seed, (0.1, 0.2)))
        assert found.last("coherence") > found.last("coherence_null")
        is_like_tremor = found.last("is_narrow") > 0.0 and found.last("share_3_7") > 0.3
        if is_like_tremor:
            states.append(found.last("state"))
    assert set(states) == {INDETERMINATE}


def test_a_rhythm_repeats_itself_after_a_cycle() -> None:
    found = Found(_alternating())
    # The last cycle of the window has none behind it.
    assert found.last("cycle_correlation") == pytest.approx(_WITHOUT_NOISE * 49 / 50, abs=0.03)


def test_brief_bursts_fill_the_time_above_rest_and_fragments_do_not() -> None:
    """A contraction that just stays above rest is broken into many brief bursts."""
    chorea = _bursts_in_both(1, (0.05, 0.06))
    assert Found(chorea).last("brief_share") > 0.9
    random = np.random.default_rng(8)
    faint = emg(random, 0.026 * (half_waves(_time_s(), 0.8, (0.0, np.pi)) > 0.0))
    found = Found(faint, rest_uv={"A": 3.7, "B": 3.7}, rest_sd_uv={"A": 0.6, "B": 0.6})
    assert found.last("n_bursts") > 20.0
    assert found.last("burst_s") < 0.1
    assert (found.last("state"), found.last("brief_share") < 0.5) == (INDETERMINATE, True)


@pytest.mark.timeout(300)
def test_each_class_of_simulated_muscles_is_seen_as_what_it_is() -> None:
    """The whole table is printed by the command that the guide names; this is one seed of it."""
    for row in state_rows(1, levels_uv=(5.0,)):
        assert row.share_right >= 0.9, row
    for row in pattern_rows(1, levels_uv=(5.0,)):
        assert row.share_right >= 0.95, row
    for measure in compared_rows(1, levels_uv=(5.0,)):
        assert measure.share_right >= 0.9, measure


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_classes_are_right_in_95_percent() -> None:
    states, patterns = list(state_rows(10)), list(pattern_rows(10))
    assert len(states) == len(CLASSES)
    for row in [*states, *patterns, *compared_rows(10)]:
        assert row.share_right >= 0.95, row


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_is_wrong_with_electrodes_makes_no_wrong_state_in_any_dose() -> None:
    for row in fault_rows(10):
        assert row.share_of("named") >= 0.5, row
        assert row.share_of("wrong") <= 0.05, row


def test_independent_muscles_exceed_the_coherence_null_as_rarely_as_is_said() -> None:
    noise = 30.0 * noise_of(np.random.default_rng(4), (100_000, 16))
    found = Found(noise, hop_s=9.0, alpha=0.05)
    exceeded = found.all("coherence") > found.all("coherence_null")
    low, high = binom.interval(0.99, 8 * len(exceeded), 0.05)  # eight pairs share no muscle
    assert low / 8 / len(exceeded) <= exceeded.mean() <= high / 8 / len(exceeded)


def _walking_noise(data_dir: Path, n_pieces: int) -> Signal:
    """Return noise of the spectra of walking muscles, phases drawn anew, of mean modulus 1."""
    file = data_dir / "emg-walk-13muscles" / "emg_13muscles.csv"
    recorded = np.genfromtxt(file, delimiter=",", skip_header=1)[:, 1:13]
    random = np.random.default_rng(9)
    size = np.abs(np.fft.rfft(recorded - recorded.mean(axis=0), axis=0))
    pieces = []
    for _ in range(n_pieces):
        phase = np.exp(2j * np.pi * random.random(size.shape))
        pieces.append(np.fft.irfft(size * phase, axis=0))
    joined = np.concatenate(pieces)
    sections = butter(2, (20.0, 450.0), "bandpass", output="sos", fs=RATE_HZ)
    return np.asarray(joined / np.abs(sosfilt(sections, joined, axis=0)).mean(axis=0))


def test_noise_of_the_spectra_of_walking_muscles_is_no_rhythm(data_dir: Path) -> None:
    """Six pairs that share no muscle, windows that share no sample."""
    labels = "ABCDEFGHIJKL"
    pairs = tuple(zip(labels[::2], labels[1::2], strict=True))
    noise = _walking_noise(data_dir, 45)
    active = Found(
        30.0 * noise, pairs=pairs, window_s=10.0, hop_s=5.0, alpha=0.05,
        rest_uv=dict.fromkeys(labels, 4.0), rest_sd_uv=dict.fromkeys(labels, 0.7),
        reference_uv=dict.fromkeys(labels, 40.0),
    )  # fmt: skip
    null, coherence, state = (
        active.all(each)[::2] for each in ("coherence_null", "coherence", "state")
    )
    low, high = binom.interval(0.998, coherence.size, 0.05)
    assert coherence.size > 150
    assert low <= (coherence > null).sum() <= high
    assert active.all("has_movement_artifact").max() == 0.0
    assert not np.isin(state, (REST, IN_TURN, TOGETHER, BURSTS)).any()


def test_noise_of_the_spectra_of_walking_muscles_at_their_rest_is_rest(data_dir: Path) -> None:
    labels = "ABCDEFGHIJKL"
    noise = 5.0 * _walking_noise(data_dir, 14)
    sections = butter(2, (20.0, 450.0), "bandpass", output="sos", fs=RATE_HZ)
    low_pass = butter(2, 20.0, output="sos", fs=RATE_HZ)
    envelopes = sosfilt(low_pass, np.abs(sosfilt(sections, noise, axis=0)), axis=0)[1000:]
    found = Found(
        noise, pairs=tuple(zip(labels[::2], labels[1::2], strict=True)), hop_s=5.0,
        rest_uv=dict(zip(labels, envelopes.mean(axis=0), strict=True)),
        rest_sd_uv=dict(zip(labels, envelopes.std(axis=0), strict=True)),
        reference_uv=dict.fromkeys(labels, 100.0),
    )  # fmt: skip
    states = found.all("state")[::2]
    assert states.size > 50
    assert (states == REST).mean() >= 0.95


def test_what_is_wrong_with_an_electrode_is_named_and_has_no_state() -> None:
    clean = _alternating()
    off = clean.copy()
    off[:, 1] = 0.01 * noise_of(np.random.default_rng(5), (len(clean),))
    rail = clean.copy()
    rail[:, 0] = 3000.0
    mixed = clean @ np.array([[1.0, 0.5], [0.5, 1.0]])
    wrong = (
        (off, "has_bad_signal"),
        (rail, "has_bad_signal"),
        (np.clip(clean, -150.0, 150.0), "is_clipped"),
        (clean[:, [0, 0]], "is_identical"),
        (-clean[:, [0, 0]] * [1.0, -1.0], "is_identical"),
        (mixed, "is_crosstalk"),
    )
    for samples_uv, flag in wrong:
        found = Found(samples_uv)
        assert (found.last(flag), found.last("state")) == (1.0, _NONE), flag


def test_the_heart_in_a_channel_is_no_burst_of_a_muscle() -> None:
    random = np.random.default_rng(6)
    beats_s = 0.3 + 0.85 * np.arange(13) + random.normal(0.0, 0.02, 13)
    drive = np.zeros((12_000, 2))
    drive[:, 0] = hann_bursts(beats_s, np.full(13, 0.09), 12.0)
    found = Found(emg(random, drive))
    assert (found.last("is_like_heart"), found.last("state")) == (1.0, _NONE)
    # Bursts at random times are those of a muscle.
    drive[:, 0] = hann_bursts(np.sort(random.uniform(0.2, 11.5, 13)), np.full(13, 0.09), 12.0)
    found = Found(emg(random, drive))
    assert (found.last("is_like_heart"), found.last("state")) == (0.0, BURSTS)


@pytest.mark.parametrize("activity", [Rest(), AlternatingTremor()])
@pytest.mark.parametrize("name", [each for each in faults() if each.endswith((", one", ", both"))])
def test_the_heart_and_movement_are_named(name: str, activity: Rest | AlternatingTremor) -> None:
    """What comes with P and T waves, jumps, and what trembles as a tremor does."""
    emg_uv = simulated(activity, 2, 5.0, length_s=13.0).samples
    fault = faults()[name][DOSES_UV.index(1000.0)]
    ((state, wrong),) = states_of(fault(emg_uv, np.random.default_rng(2)), 5.0)
    flag = "is_like_heart" if name.startswith("heart") else "has_movement_artifact"
    assert state == "none"
    assert flag in wrong
    ((_, unharmed),) = states_of(emg_uv, 5.0)
    assert not unharmed


def test_what_is_slow_and_small_is_no_movement() -> None:
    """An offset, and a drift of a millivolt at 0.3 Hz: neither leaks into the band."""
    drift = 500.0 + 1000.0 * np.sin(2.0 * np.pi * 0.3 * _time_s())
    found = Found(_alternating() + drift[:, None])
    assert (found.last("has_movement_artifact"), found.last("state")) == (0.0, IN_TURN)


def test_movement_leaves_none_of_the_numbers_that_it_would_change() -> None:
    sway = 1000.0 * np.sin(2.0 * np.pi * 5.0 * _time_s())
    found = Found(_alternating() + sway[:, None])
    assert found.last("has_movement_artifact") == 1.0
    for measure in ("correlation", "coherence", "level_index", "n_bursts", "share_3_7"):
        assert found.last(measure) == _NONE, measure


def test_muscles_at_rest_are_at_rest_and_swapped_channels_change_no_state() -> None:
    still = emg(np.random.default_rng(7), np.zeros((12_000, 2)))
    assert Found(still).last("state") == REST
    turned = Found(_alternating()[:, ::-1])
    assert turned.last("state") == IN_TURN


@pytest.mark.parametrize(
    ("keys", "error"),
    [
        ({"reference_uv": {"A": 80.0}}, r"reference_uv\.B: expected its level in a reference"),
        ({"window_s": 1.5}, "window_s: expected two segments of 1 s, found 1.5"),
        ({"window_s": 0.4, "hop_s": 0.5, "segment_s": 0.2}, "window_s: expected"),
        ({"pairs": (("A", "C"),)}, r"pairs\[0\]: expected one of A, B"),
        ({"channels": ("A",)}, "channels: expected at least two, found A"),
        ({"channels": ("A", "B"), "pairs": (("A", "B"),)}, "pairs: expected no channels"),
    ],
)
def test_wrong_tables_are_refused(keys: dict[str, Any], error: str) -> None:
    with pytest.raises(ValueError, match=error):
        Found(np.zeros((100, 2)), **keys)
