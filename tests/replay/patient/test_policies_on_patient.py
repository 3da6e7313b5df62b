"""Policies on the simulated patient: results known of published ones, and closed forms.

The measure is the mean square of each tenth of a second, 1 on average without stimulation; the
device gives at once what is wanted.
"""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.patient.patient import Patient
from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.pi import PiConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.proportional import ProportionalConfig
from stimulators.targets import MakeSafe
from tests.replay.patient.pure_patient import RATE_HZ, pure_patient
from tests.stimulators.policies.driven import HOP_S, Driven

_HOP_SAMPLES = round(HOP_S * RATE_HZ)


class Course(NamedTuple):
    """The hops of a run, up to where the policy made the rig safe, if it did."""

    power: NDArray[np.float64]
    amount_ma: NDArray[np.float64]
    alarm: MakeSafe | None


def powers(of: Patient, n_hops: int, amount_ma: float) -> NDArray[np.float64]:
    samples_uv = of.generate(n_hops * _HOP_SAMPLES, amount_ma)[:, 0].astype(np.float64)
    found: NDArray[np.float64] = 2.0 * (samples_uv**2).reshape(n_hops, -1).mean(axis=1)
    return found


def run(
    config: PolicyConfig,
    of: Patient,
    duration_s: float,
    *,
    before_s: float = 0.0,
    needs: NDArray[np.float64] | None = None,
) -> Course:
    """Close the loop; before the device is engaged the policy sees the patient for a while.

    The power of each hop is multiplied by its need.
    """
    policy = Driven(config)
    policy.tell("released")
    for power in powers(of, round(before_s / HOP_S), 0.0) if before_s else ():
        policy.targets(float(power))
    policy.tell("engaged")
    power_of_hop, amounts_ma = [], [0.0]
    for need in np.ones(round(duration_s / HOP_S)) if needs is None else needs:
        power_of_hop.append(float(need * powers(of, 1, amounts_ma[-1])[0]))
        found = policy.hop(power_of_hop[-1])
        if isinstance(found, MakeSafe):
            return Course(np.array(power_of_hop), np.array(amounts_ma), found)
        amounts_ma.append(found[0].amount)
        policy.tell("applied", amounts_ma[-1])
    return Course(np.array(power_of_hop), np.array(amounts_ma), None)


def good_share(power: NDArray[np.float64]) -> float:
    """Return the share of stretches of ten seconds with less than 0.45 of the power at rest."""
    return float((power.reshape(-1, 100).mean(axis=1) < 0.45).mean())


def dual(**keys: Any) -> DualThresholdConfig:
    settings: dict[str, Any] = {
        "upper_threshold": 1.0,
        "lower_threshold": 0.5,
        "transition_up_s": 5.0,
        "transition_down_s": 5.0,
    }
    return DualThresholdConfig(id="p", of="beta", device="stn", highest_ma=3.0, **(settings | keys))


@pytest.mark.parametrize("share", [1.0 / 2.0, 1.0 / 3.0])
def test_pi_brings_the_power_to_its_set_point_by_the_amount_of_the_closed_form(
    share: float,
) -> None:
    """``share = 5 / (5 + 20 / (1 + (2 / I)**4))``: the damping of steady stimulation."""
    expected_ma = 2.0 / (20.0 / (5.0 / share - 5.0) - 1.0) ** 0.25
    config = PiConfig(
        id="p",
        of="beta",
        device="stn",
        highest_ma=3.0,
        set_point=share,
        gain_ma=0.05,
        integral_s=0.5,
        averaging_s=0.5,
        transition_up_s=0.25,
        transition_down_s=0.25,
    )
    course = run(config, pure_patient(drive_sd=0.0), 900.0)
    assert course.power[600:].mean() == pytest.approx(share, rel=0.03)
    assert course.amount_ma[600:].mean() == pytest.approx(expected_ma, rel=0.03)
    # The step response: from 0 it is near within a minute, and does not go far beyond.
    assert course.amount_ma[600] == pytest.approx(expected_ma, abs=0.5)
    assert course.amount_ma.max() < expected_ma + 0.6


def test_switches_over_onset_have_their_knee() -> None:
    """An hour with five changes of medication: a short onset chatters, a long one follows."""
    n_hops = round(3600.0 / HOP_S)
    is_off = np.arange(n_hops) // round(600.0 / HOP_S) % 2 == 0
    power = powers(pure_patient(), n_hops, 0.0) * np.where(is_off, 1.0, 0.3)
    means = power.reshape(-1, 12).mean(axis=1)
    n_switches = []
    for onset_s in (0.0, 1.2, 2.4, 4.8, 6.0):
        policy = Driven(
            dual(
                upper_threshold=float(np.percentile(means, 75.0)),
                lower_threshold=float(np.percentile(means, 25.0)),
                onset_upper_s=onset_s,
                onset_lower_s=onset_s,
                detection_blanking_s=0.0,
                transition_up_s=0.0,
                transition_down_s=0.0,
                sign_watch_s=3600.0,
            )
        )
        policy.tell("engaged")
        n_switches.append(int(np.count_nonzero(np.diff(policy.wants(power.tolist())))))
    assert n_switches[0] > 200
    assert all(later < 0.5 * earlier for earlier, later in pairwise(n_switches[:3]))
    assert n_switches[-2:] == pytest.approx([5, 5], abs=1)


@pytest.mark.parametrize(
    "config",
    [
        dual(),
        ProportionalConfig(
            id="p",
            of="beta",
            device="stn",
            highest_ma=3.0,
            upper_threshold=1.0,
            lower_threshold=0.2,
            transition_up_s=0.25,
            transition_down_s=0.25,
        ),
    ],
    ids=lambda each: type(each).__name__,
)
def test_power_is_lower_than_off_at_less_current_than_continuous(config: PolicyConfig) -> None:
    course = run(config, pure_patient(), 600.0, before_s=30.0)
    off = powers(pure_patient(), round(600.0 / HOP_S), 0.0).mean()
    assert course.power.mean() < 0.9 * off
    assert 0.2 < course.amount_ma.mean() < 2.0
    assert course.alarm is None


@pytest.mark.slow
def test_with_medication_half_of_the_time_dual_takes_less_energy_at_almost_the_good_time() -> None:
    """Of half an hour, five minutes each with and without medication, which leaves 0.3 of beta.

    Good are ten seconds with less than 0.45 of the power without either. An amount that suits the
    time without medication is 2.5 mA; the policy knows no more than beta.
    """
    n_hops = round(1800.0 / HOP_S)
    needs = np.where(np.arange(n_hops) // round(300.0 / HOP_S) % 2 == 0, 1.0, 0.3)
    config = dual(
        upper_threshold=0.4,
        lower_threshold=0.12,
        averaging_s=5.0,
        onset_upper_s=0.0,
        onset_lower_s=0.0,
        transition_up_s=10.0,
        transition_down_s=40.0,
    )
    adaptive = run(config, pure_patient(), 1800.0, before_s=60.0, needs=needs)
    assert adaptive.alarm is None
    continuous = powers(pure_patient(), n_hops, 2.5) * needs
    energy = float((adaptive.amount_ma**2).mean() / 2.5**2)
    assert energy < 1.0 - 0.2
    good = [good_share(each) for each in (adaptive.power, continuous)]
    assert good[1] > 0.9
    assert good[0] > good[1] - 0.08
    # A smaller continuous amount does as well: who knows it needs no policy for that.
    smaller = powers(pure_patient(), n_hops, 2.0) * needs
    assert good_share(smaller) >= good[0]
    assert energy > (2.0 / 2.5) ** 2
    # The time with medication is what it spares.
    is_needed = needs == 1.0
    assert (
        adaptive.amount_ma[1:][~is_needed].mean() < 0.6 * adaptive.amount_ma[1:][is_needed].mean()
    )


def test_where_the_sign_is_wrong_the_loop_runs_to_its_limit_and_is_made_safe() -> None:
    config = dual(expected_sign="rises")
    course = run(config, pure_patient(), 300.0, before_s=60.0)
    assert course.alarm is not None
    assert course.alarm.reason.startswith("expected_sign: expected value to rise")
    assert course.amount_ma[-299:].min() == 3.0  # for `sign_watch_s`, and until then


def test_a_patient_who_does_not_respond_raises_no_alarm() -> None:
    course = run(dual(), pure_patient(damping_added_per_s_max=0.0), 900.0, before_s=60.0)
    assert course.alarm is None
