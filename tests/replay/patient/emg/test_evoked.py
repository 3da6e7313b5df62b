"""Evoked potentials against the ratios that their conditions state."""

import numpy as np
import pytest
from msgspec.structs import replace
from numpy.typing import NDArray

from replay.patient.emg.evoked import GeneratedEvoked, generate_evoked
from replay.patient.emg.evoked_config import (
    Condition,
    EvokedConfig,
    associative_stimulation,
    paired_pulses,
)

_RATE_HZ = 5000.0


def _peak_to_peak_uv(found: GeneratedEvoked) -> NDArray[np.float64]:
    """Return what a reader of the signals would measure, 18-40 ms after each pulse."""
    first, last = round(0.018 * _RATE_HZ), round(0.040 * _RATE_HZ)
    windows = [found.samples[each.sample + first : each.sample + last] for each in found.trials]
    return np.array([np.ptp(each, axis=0) for each in windows])


def test_measured_amplitudes_are_the_true_ones() -> None:
    found = generate_evoked(
        EvokedConfig(conditions=(Condition(marker="TS"),), background_uv=0.0, every_s=2.0)
    )
    true_uv = np.array([each.amplitude_uv for each in found.trials])
    np.testing.assert_allclose(_peak_to_peak_uv(found), true_uv, rtol=0.005)
    trial = found.trials[0]
    peak = int(np.argmax(found.samples[:, 0][: trial.sample + 500]))
    assert (peak - trial.sample) / _RATE_HZ == pytest.approx(0.027, abs=0.0005)


@pytest.mark.parametrize(("sici", "lici"), [(0.4, 0.5), (0.8, 0.9)])
def test_ratios_of_geometric_means_are_those_stated_within_their_standard_error(
    sici: float, lici: float
) -> None:
    config = paired_pulses(sici=sici, lici=lici, n_trials=200, seed=5)
    found = generate_evoked(_quick(config))
    log_uv = np.log(_peak_to_peak_uv(found)[:, 0])
    condition = np.array([each.condition for each in found.trials])
    standard_error = 0.4 * np.sqrt(2.0 / 200.0)
    for number, ratio in ((1, sici), (2, lici)):
        difference = log_uv[condition == number].mean() - log_uv[condition == 0].mean()
        assert abs(difference - np.log(ratio)) < 3.0 * standard_error
    assert np.std(log_uv[condition == 0]) == pytest.approx(0.4, abs=0.06)
    # The mean of single ratios is too high, by exp(sigma squared).
    ratios = np.exp(log_uv[condition == 1] - log_uv[condition == 0])
    assert np.mean(ratios) == pytest.approx(sici * np.exp(0.16), rel=0.12)


def test_every_trial_has_its_mark_and_conditions_are_mixed_round_by_round() -> None:
    found = generate_evoked(_quick(paired_pulses(sici=0.5, lici=0.5, n_trials=8)))
    names = ("TS", "SICI", "LICI")
    assert [(each.sample, each.text) for each in found.marks] == [
        (each.sample, names[each.condition]) for each in found.trials
    ]
    rounds = np.array([each.condition for each in found.trials]).reshape(8, 3)
    np.testing.assert_array_equal(np.sort(rounds, axis=1), np.tile([0, 1, 2], (8, 1)))
    assert len({tuple(each) for each in rounds.tolist()}) > 1
    intervals_s = np.diff([each.sample for each in found.trials]) / _RATE_HZ
    assert 1.6 <= intervals_s.min() < intervals_s.max() <= 2.4


def test_plasticity_changes_each_muscle_by_its_own_ratio_after_all_trials_before() -> None:
    found = generate_evoked(
        _quick(associative_stimulation(target=1.8, neighbour=1.3, n_trials=150))
    )
    assert [each.text for each in found.marks] == ["pre"] * 150 + ["post"] * 150
    log_uv = np.log(_peak_to_peak_uv(found))
    difference = log_uv[150:].mean(axis=0) - log_uv[:150].mean(axis=0)
    np.testing.assert_allclose(difference, np.log([1.8, 1.3]), atol=3.0 * 0.4 * (2 / 150) ** 0.5)


def test_tense_trials_are_told_and_can_be_seen_before_the_pulse() -> None:
    config = EvokedConfig(
        conditions=(Condition(marker="TS"),), n_trials=40, every_s=2.0, tense_share=0.3
    )
    found = generate_evoked(config)
    is_tense = np.array([each.is_tense for each in found.trials])
    before = [found.samples[each.sample - 500 : each.sample] for each in found.trials]
    np.testing.assert_array_equal(is_tense, [np.std(each) > 20.0 for each in before])
    assert 4 <= is_tense.sum() <= 20


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"conditions": ()}, "conditions: expected at least one"),
        ({"channels": ("a", "a"), "test_uv": (1.0, 1.0)}, "channels: expected unique labels"),
        ({"test_uv": (1.0, 2.0)}, "test_uv: expected one for each of 1 muscles, found 2"),
        ({"conditions": (Condition(marker="TS", ratios=()),)}, r"conditions\[0\].ratios: expected"),
    ],
)
def test_an_impossible_protocol_is_refused_by_its_key(
    keys: dict[str, object], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        EvokedConfig(**({"conditions": (Condition(marker="TS"),)} | keys))  # type: ignore[arg-type]


def _quick(config: EvokedConfig) -> EvokedConfig:
    return replace(config, every_s=2.0)
