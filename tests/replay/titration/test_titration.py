"""A titration held against the simulated patient's closed form, and against those who mislead."""

import re

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.patient.patient import Patient
from replay.titration.titration import Titration, titration
from stimloop.titrating.text import titration_lines
from tests.replay.patient.pure_patient import pure_patient
from tests.replay.titration.titrated import HOP_S, Measure, felt_by, recorded_of

_AMOUNTS = [0.0, 1.0, 2.0, 3.0, 1.5, 2.5, 0.5]


def titrated(
    measure: Measure, amounts: list[float] = _AMOUNTS, duration_s: float = 40.0
) -> Titration:
    return titration(recorded_of(amounts, measure, duration_s=duration_s))


def test_steps_lie_on_the_closed_form_and_the_curve_finds_it_again() -> None:
    """``P(I) / P(0) = a / (a + k(I))``, Hill's k with 20/s, 2 mA and 4 (`docs/guides`)."""
    patient = pure_patient(drive_sd=0.0, seed=5)
    found = titrated(felt_by(patient), duration_s=605.0)
    for each in found.steps:
        assert each.mean is not None
        assert each.low is not None
        assert each.high is not None
        expected = 5.0 / (5.0 + patient.config.damping_added_per_s(each.amount))
        assert each.mean == pytest.approx(expected, rel=0.1)
        assert 0.9 * each.low <= expected <= 1.1 * each.high
    curve = found.dose_response
    assert curve is not None
    assert curve.at_most / curve.at_zero == pytest.approx(0.2, abs=0.03)
    assert curve.half_amount == pytest.approx(2.0 / 5.0**0.25, rel=0.05)
    assert curve.exponent == pytest.approx(4.0, rel=0.25)
    assert found.controllability.sign == "falls"
    assert found.change == pytest.approx(
        5.0 / (5.0 + patient.config.damping_added_per_s(3.0)), rel=0.1
    )


def test_a_patient_who_responds_is_told_from_seven_steps_of_35_s() -> None:
    shown = [titrated(felt_by(pure_patient(seed=seed))).controllability.sign for seed in range(3)]
    assert shown == ["falls"] * 3


def without_response(seed: int) -> Patient:
    return pure_patient(seed=seed, damping_added_per_s_max=0.0)


def moving(patient: Patient, random: np.random.Generator) -> Measure:
    """Return power that is half while somebody moves: for 5 s at a time, half of the time."""
    power = felt_by(patient)

    def measure(amount: float, n_hops: int) -> NDArray[np.float64]:
        n_blocks = -(-n_hops // round(5.0 / HOP_S))
        is_moving = np.repeat(random.random(n_blocks) < 0.5, round(5.0 / HOP_S))[:n_hops]
        halved: NDArray[np.float64] = power(amount, n_hops) * np.where(is_moving, 0.5, 1.0)
        return halved

    return measure


@pytest.mark.slow
@pytest.mark.parametrize("is_moving", [False, True])
def test_who_does_not_respond_is_shown_to_as_rarely_as_is_said(*, is_moving: bool) -> None:
    """Each way 2.5 %: of 200 titrations 10 on average, and over 19 in one of 200 such tests."""
    random = np.random.default_rng(9)
    signs = []
    for seed in range(200):
        measure = felt_by(without_response(seed))
        if is_moving:
            measure = moving(without_response(seed), random)
        signs.append(titrated(measure).controllability.sign)
    assert len(signs) - signs.count(None) <= 19


def test_who_does_not_respond_gets_neither_thresholds_nor_a_rebound_and_is_told_why() -> None:
    found = titrated(felt_by(without_response(2)))
    assert found.controllability.sign is None
    assert found.controllability.reason.startswith("the measure does not follow the amount: p = ")
    assert found.rebound_with_amount is None
    assert found.rebound_after_end is None
    assert found.thresholds is not None
    assert found.thresholds.upper_threshold is None
    assert found.thresholds.percentile_75 is not None


def test_a_patient_with_the_other_sign_is_told_as_such() -> None:
    patient = pure_patient(seed=5)
    power = felt_by(patient)
    found = titrated(lambda amount, n_hops: power(3.0 - amount, n_hops))
    assert found.controllability.sign == "rises"
    limits = found.thresholds
    assert limits is not None
    assert limits.upper_threshold is not None
    assert limits.lower_threshold is not None
    # At the highest amount the power is high: that mean is the upper threshold.
    assert limits.upper_threshold == pytest.approx(1.0, rel=0.6)
    assert limits.lower_threshold < 0.5 * limits.upper_threshold


class _MovingLater:
    """Power that does not follow the amount, and is a tenth from the fifth step on."""

    def __init__(self) -> None:
        self._power = felt_by(pure_patient(seed=3, damping_added_per_s_max=0.0, drive_sd=0.0))
        self._n_steps = 0

    def __call__(self, amount: float, n_hops: int) -> NDArray[np.float64]:
        self._n_steps += 1
        return self._power(amount, n_hops) * (0.1 if self._n_steps > 4 else 1.0)


def test_what_falls_meanwhile_for_another_reason_looks_the_same_if_amounts_only_rise() -> None:
    """Somebody begins to move in the middle: a mixed order tells, and up alone is warned of."""
    rising = titrated(_MovingLater(), [0.0, 0.4, 0.8, 1.2, 1.6, 2.0, 2.4, 2.8])
    mixed = titrated(_MovingLater(), [0.0, 2.8, 0.8, 2.0, 0.4, 2.4, 1.2, 1.6])
    assert rising.controllability.sign == "falls"
    assert [each for each in rising.warnings if each.startswith("the amounts only rise")]
    assert mixed.controllability.sign is None


def test_a_step_without_a_clean_attempt_counts_for_nothing() -> None:
    power = felt_by(pure_patient(seed=5))
    recorded = recorded_of(_AMOUNTS, power, broken=[3])
    # What was measured in it would turn everything round.
    hops = recorded.hops
    attempt = recorded.attempts[3]
    is_in = (hops.sample >= attempt.start_sample) & (hops.sample < attempt.end_sample)
    hops.value[is_in] = 1e6
    found = titration(recorded)
    assert not found.is_complete
    assert (found.steps[3].is_clean, found.steps[3].mean) == (False, None)
    assert found.steps[3].broken_by == ("held",)
    assert found.controllability.sign == "falls"
    assert found.thresholds is not None
    assert found.thresholds.highest_amount == 2.5
    assert found.thresholds.percentile_75 is not None
    assert found.thresholds.percentile_75 < 100.0


def test_settling_shorter_than_the_detectors_window_is_warned_of() -> None:
    recorded = recorded_of(_AMOUNTS, felt_by(pure_patient()))
    found = titration(recorded._replace(window_s=8.0))
    (warning,) = found.warnings
    assert warning == (
        "settle_s: expected at least the detector's window (8 s), found 5: what is measured holds "
        "samples of the step before"
    )


def test_a_measure_that_may_be_negative_changes_by_differences() -> None:
    random = np.random.default_rng(8)
    recorded = recorded_of(
        _AMOUNTS, lambda amount, n_hops: random.normal(1.0 - 2.0 * amount, 1.0, n_hops)
    )
    found = titration(recorded._replace(is_signed=True, measure_unit="dB"))
    assert not found.is_ratio
    assert found.change == pytest.approx(-6.0, abs=0.3)
    assert found.controllability.sign == "falls"
    (line,) = [each for each in titration_lines(found) if each.startswith("sign: ")]
    assert re.search(
        r"at the highest amount it is -\d\.?\d* dB from what it is at the lowest", line
    )
