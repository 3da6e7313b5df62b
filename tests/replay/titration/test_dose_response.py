"""Hill's curve: the closed form of the simulated patient is found again, and noise has none."""

import numpy as np
import pytest

from replay.patient.patient import PatientConfig
from replay.titration.dose_response import hill_curve
from replay.titration.mean_of_series import MeanOnScale

_AMOUNTS = [0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0]


def _level(power: float, error: float) -> MeanOnScale:
    return MeanOnScale(float(np.log(power)), error, 20.0, is_log=True)


@pytest.mark.parametrize(("half_ma", "hill"), [(2.0, 4.0), (1.5, 2.0)])
def test_the_closed_form_of_the_patient_is_found_again(half_ma: float, hill: float) -> None:
    """``a / (a + k)`` with Hill's k is Hill's curve again: see `HillCurve`."""
    patient = PatientConfig(current_half_ma=half_ma, hill=hill)
    a, k_max = patient.damping_per_s, patient.damping_added_per_s_max
    powers = [a / (a + patient.damping_added_per_s(each)) for each in _AMOUNTS]
    found = hill_curve(_AMOUNTS, [_level(each, 0.01) for each in powers])
    assert found is not None
    assert found.at_zero == pytest.approx(1.0, rel=1e-4)
    assert found.at_most == pytest.approx(1.0 / (1.0 + k_max / a), rel=1e-3)
    assert found.half_amount == pytest.approx(half_ma / (1.0 + k_max / a) ** (1.0 / hill), rel=1e-3)
    assert found.exponent == pytest.approx(hill, rel=1e-3)
    assert found.half_low < found.half_amount < found.half_high


def test_without_a_turn_within_the_amounts_there_is_no_curve() -> None:
    random = np.random.default_rng(1)
    levels = [_level(1.0 + 0.05 * each, 0.1) for each in random.normal(size=len(_AMOUNTS))]
    assert hill_curve(_AMOUNTS, levels) is None
    falling = [_level(1.0, 0.01), _level(0.8, 0.01), _level(0.5, 0.01), _level(0.3, 0.01)]
    assert hill_curve(_AMOUNTS[:4], falling) is None  # as many amounts as parameters
