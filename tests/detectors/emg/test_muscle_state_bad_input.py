"""What is wrong with electrodes and tables: it is named, and there is no state."""

from typing import Any

import numpy as np
import pytest

from benchmarks.figures.emg.faults import DOSES_UV, fault_rows, faults
from benchmarks.figures.emg.simulated import simulated, states_of
from replay.patient.emg.drives import AlternatingTremor, Rest
from tests.detectors.emg.found_states import BURSTS, IN_TURN, NONE, Found, alternating, time_s
from tests.detectors.emg.muscle_signals import emg, hann_bursts, noise_of


def test_what_is_wrong_with_an_electrode_is_named_and_has_no_state() -> None:
    clean = alternating()
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
        assert (found.last(flag), found.last("state")) == (1.0, NONE), flag


def test_the_heart_in_a_channel_is_no_burst_of_a_muscle() -> None:
    random = np.random.default_rng(6)
    beats_s = 0.3 + 0.85 * np.arange(13) + random.normal(0.0, 0.02, 13)
    drive = np.zeros((12_000, 2))
    drive[:, 0] = hann_bursts(beats_s, np.full(13, 0.09), 12.0)
    found = Found(emg(random, drive))
    assert (found.last("is_like_heart"), found.last("state")) == (1.0, NONE)
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
    drift = 500.0 + 1000.0 * np.sin(2.0 * np.pi * 0.3 * time_s())
    found = Found(alternating() + drift[:, None])
    assert (found.last("has_movement_artifact"), found.last("state")) == (0.0, IN_TURN)


def test_movement_leaves_none_of_the_numbers_that_it_would_change() -> None:
    sway = 1000.0 * np.sin(2.0 * np.pi * 5.0 * time_s())
    found = Found(alternating() + sway[:, None])
    assert found.last("has_movement_artifact") == 1.0
    for measure in ("correlation", "coherence", "level_index", "n_bursts", "share_3_7"):
        assert found.last(measure) == NONE, measure


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_what_is_wrong_with_electrodes_makes_no_wrong_state_in_any_dose() -> None:
    for row in fault_rows(10):
        assert row.share_of("wrong") <= 0.05, row


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
