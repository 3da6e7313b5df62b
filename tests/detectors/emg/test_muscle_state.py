"""States of two muscles: simulated classes, what is wrong with electrodes, and chance."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from benchmarks.figures.emg.classes import CLASSES, pattern_rows, state_rows
from detectors.block import StreamLayout
from detectors.emg.states.muscle_state import MuscleState, MuscleStateConfig
from detectors.outputs import column_of
from tests.detectors.emg.muscle_signals import (
    ACTIVE_UV,
    BASE_UV,
    RATE_HZ,
    Signal,
    emg,
    half_waves,
    hann_bursts,
    noise_of,
)
from tests.support.blocks import block_of

_RECTIFIED = np.sqrt(2.0 / np.pi)
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
    # Both drives are one: only the noise of both envelopes is not, with c² of 0.029 at 20 Hz.
    variation = np.pi**2 / 4.0 - 1.0
    without_noise = variation / (variation + 0.029 * (1.0 + variation))
    assert found.last("correlation") == pytest.approx(without_noise, abs=0.03)


@pytest.mark.parametrize("lag_s", [0.03, -0.04])
def test_a_muscle_that_follows_has_a_positive_lag(lag_s: float) -> None:
    phase_rad = -2.0 * np.pi * 4.0 * lag_s
    found = Found(emg(np.random.default_rng(2), half_waves(_time_s(), 4.0, (0.0, phase_rad))))
    assert found.last("lag_s") == pytest.approx(lag_s, abs=0.0101)


def test_coherence_decides_nothing_by_itself() -> None:
    """Rare bursts in both muscles are coherent at all frequencies, and no tremor."""
    random = np.random.default_rng(3)
    onset_s = np.sort(random.uniform(0.2, 11.5, 14))
    drive = hann_bursts(onset_s, np.full(14, 0.06), 12.0)
    found = Found(emg(random, np.stack((drive, drive), axis=1)))
    assert found.last("coherence") > found.last("coherence_null")
    assert found.last("state") == BURSTS


@pytest.mark.timeout(300)
def test_each_class_of_simulated_muscles_is_seen_as_what_it_is() -> None:
    """The whole table is printed by the command that the guide names; this is one seed of it."""
    for row in state_rows(1):
        assert row.share_right >= 0.9, row
    for row in pattern_rows(1):
        assert row.share_right >= 0.95, row


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_classes_are_right_in_95_percent() -> None:
    states, patterns = list(state_rows(10)), list(pattern_rows(10))
    assert len(states) == len(CLASSES)
    for row in [*states, *patterns]:
        assert row.share_right >= 0.95, row


def test_independent_muscles_exceed_the_coherence_null_as_rarely_as_is_said() -> None:
    noise = 30.0 * noise_of(np.random.default_rng(4), (100_000, 16))
    found = Found(noise, hop_s=9.0, alpha=0.05)
    exceeded = found.all("coherence") > found.all("coherence_null")
    low, high = binom.interval(0.99, 8 * len(exceeded), 0.05)  # eight pairs share no muscle
    assert low / 8 / len(exceeded) <= exceeded.mean() <= high / 8 / len(exceeded)


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
