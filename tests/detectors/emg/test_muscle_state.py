"""States of two muscles: closed forms, coherence that decides nothing, and simulated classes."""

import numpy as np
import pytest

from benchmarks.figures.emg.classes import CLASSES, pattern_rows, state_rows
from benchmarks.figures.emg.truth import compared_rows
from tests.detectors.emg.found_states import (
    IN_TURN,
    INDETERMINATE,
    REST,
    TOGETHER,
    Found,
    alternating,
    time_s,
)
from tests.detectors.emg.muscle_signals import Signal, emg, half_waves, hann_bursts, slow_of

# How half waves of one rhythm correlate: all but the noise of envelopes, with c² of 0.029 at 20 Hz.
_VARIATION = np.pi**2 / 4.0 - 1.0
_WITHOUT_NOISE = _VARIATION / (_VARIATION + 0.029 * (1.0 + _VARIATION))


def test_tremor_in_turn_is_as_the_closed_forms_say() -> None:
    """Half waves of opposite phase: mean 1 / π, mean square 1 / 4, product 0."""
    found = Found(alternating())
    assert found.last("state") == IN_TURN
    drive = -(1.0 / np.pi**2) / (0.25 - 1.0 / np.pi**2)
    assert found.last("correlation") == pytest.approx(drive, abs=0.05)
    assert found.last("lag_s") in {-0.1, 0.1}
    assert found.last("coherence_hz") == 5.0
    assert found.last("coherence") > 0.95
    assert found.last("share_3_7") == pytest.approx(0.8, abs=0.05)  # the handbook has 0.79
    assert found.last("n_bursts") == pytest.approx(100.0, abs=2.0)  # less those at the edges


def test_tremor_together_has_no_lag() -> None:
    found = Found(emg(np.random.default_rng(1), half_waves(time_s(), 5.0, (0.0, 0.0))))
    assert (found.last("state"), found.last("lag_s")) == (TOGETHER, 0.0)
    assert found.last("correlation") == pytest.approx(_WITHOUT_NOISE, abs=0.03)


@pytest.mark.parametrize("lag_s", [0.03, -0.04])
def test_a_muscle_that_follows_has_a_positive_lag(lag_s: float) -> None:
    phase_rad = -2.0 * np.pi * 4.0 * lag_s
    found = Found(emg(np.random.default_rng(2), half_waves(time_s(), 4.0, (0.0, phase_rad))))
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
    in_turn = half_waves(time_s(), 0.8, (0.0, np.pi))
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
    found = Found(alternating())
    # The last cycle of the window has none behind it.
    assert found.last("cycle_correlation") == pytest.approx(_WITHOUT_NOISE * 49 / 50, abs=0.03)


def test_brief_bursts_fill_the_time_above_rest_and_fragments_do_not() -> None:
    """A contraction that just stays above rest is broken into many brief bursts."""
    chorea = _bursts_in_both(1, (0.05, 0.06))
    assert Found(chorea).last("brief_share") > 0.9
    random = np.random.default_rng(8)
    is_on = half_waves(time_s(), 0.8, (0.0, np.pi)) > 0.0
    faint = emg(random, np.where(is_on, 0.026, 0.0))
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
        assert measure.share_right >= 0.8, measure


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_classes_are_right_in_95_percent_but_for_the_tremor_of_what_does_not_tremble() -> None:
    states, patterns = list(state_rows(10)), list(pattern_rows(10))
    assert len(states) == len(CLASSES)
    for row in [*states, *patterns]:
        assert row.share_right >= 0.95, row
    for measure in compared_rows(10):
        # Of bursts at random times there is no tremor whose stability would be known.
        is_known = measure.measure != "tremor_stability_hz" or "tremor" in measure.name
        assert measure.share_right >= (0.95 if is_known else 0.8), measure


def test_muscles_at_rest_are_at_rest_and_swapped_channels_change_no_state() -> None:
    still = emg(np.random.default_rng(7), np.zeros((12_000, 2)))
    assert Found(still).last("state") == REST
    turned = Found(alternating()[:, ::-1])
    assert turned.last("state") == IN_TURN
