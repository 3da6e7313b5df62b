"""Dual threshold: up above the upper, down below the lower, held where its ramp is between."""

from typing import Any

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.targets import MakeSafe
from tests.stimulators.policies.driven import HOP_S, Driven

_ABOVE, _BETWEEN, _BELOW = 3.0, 1.5, 0.5


def dual(**keys: Any) -> Driven:
    """Return one that goes from 1 to 3 mA in 2 s, 0.1 mA a hop, and back in 1 s."""
    settings: dict[str, Any] = {
        "lowest_ma": 1.0,
        "highest_ma": 3.0,
        "upper_threshold": 2.0,
        "lower_threshold": 1.0,
        "transition_up_s": 2.0,
        "transition_down_s": 1.0,
        "averaging_s": 0.0,
        "onset_upper_s": 0.0,
        "onset_lower_s": 0.0,
        "detection_blanking_s": 0.0,
    }
    driven = Driven(DualThresholdConfig(id="dual", of="beta", device="stn", **(settings | keys)))
    driven.tell("engaged", 1.0)
    return driven


def test_it_goes_up_above_down_below_and_stays_between_also_on_the_way() -> None:
    policy = dual()
    assert policy.wants([_ABOVE] * 3) == [1.1, 1.2, 1.3]
    assert policy.wants([_BETWEEN] * 3) == [1.3, 1.3, 1.3]
    assert policy.wants([_ABOVE]) == [1.4]
    assert policy.wants([_BELOW] * 3) == [1.2, 1.0, 1.0]
    assert policy.wants([_ABOVE] * 30)[-1] == 3.0


def test_with_the_other_sign_it_goes_the_other_way() -> None:
    policy = dual(expected_sign="rises")
    assert policy.wants([_BELOW, _BELOW, _BETWEEN, _ABOVE]) == [1.1, 1.2, 1.2, 1.0]


def test_a_threshold_itself_is_between() -> None:
    assert dual().wants([2.0, 1.0]) == [1.0, 1.0]


def test_an_onset_lasts_without_a_break_and_a_return_holds_at_once() -> None:
    policy = dual(onset_upper_s=2 * HOP_S, onset_lower_s=HOP_S)
    assert policy.wants([_ABOVE, _ABOVE, _BETWEEN]) == [1.0] * 3
    assert policy.wants([_ABOVE] * 4) == [1.0, 1.0, 1.1, 1.2]
    assert policy.wants([_BETWEEN, _ABOVE, _ABOVE, _ABOVE]) == [1.2, 1.2, 1.2, 1.3]
    assert policy.wants([_BELOW, _BELOW]) == [1.3, 1.1]


def test_means_do_not_overlap_and_the_ramp_goes_on_between_them() -> None:
    policy = dual(averaging_s=3 * HOP_S)
    # Means of three: 2.17 is above, 1.83 between.
    assert policy.wants([_ABOVE, _ABOVE, 0.5]) == [1.0, 1.0, 1.1]
    assert policy.wants([_BETWEEN, _ABOVE, 1.0]) == [1.2, 1.3, 1.3]


def test_after_a_change_nothing_is_looked_at_for_the_blanking() -> None:
    policy = dual(detection_blanking_s=3 * HOP_S)
    # The change is at the first hop; the next that counts is the fourth.
    assert policy.wants([_ABOVE, _BELOW, _BELOW, _BELOW]) == [1.1, 1.2, 1.3, 1.1]


def test_staying_where_it_has_arrived_is_no_change_that_blanks() -> None:
    policy = dual(detection_blanking_s=30 * HOP_S)
    assert policy.wants([_ABOVE] * 31)[-1] == 3.0
    assert policy.wants([_BETWEEN, _BELOW]) == [3.0, 2.8]


def test_nothing_is_looked_at_before_the_startup_delay_is_over() -> None:
    policy = dual(startup_delay_s=3 * HOP_S)
    assert policy.wants([_ABOVE] * 4) == [1.0, 1.0, 1.0, 1.1]


def test_a_hop_that_is_not_valid_wants_nothing_and_stops_the_ramp() -> None:
    policy = dual(onset_upper_s=HOP_S)
    assert policy.wants([_ABOVE] * 2) == [1.0, 1.1]
    assert policy.wants([_ABOVE], is_valid=False) == [None]
    assert policy.wants([_ABOVE] * 2) == [1.1, 1.2]


def test_it_stays_in_hold_and_goes_on_from_what_the_device_gives() -> None:
    policy = dual()
    policy.wants([_ABOVE] * 3)
    policy.tell("held", 1.3)
    assert policy.wants([_ABOVE] * 2) == [1.3, 1.3]
    policy.tell("resumed", 1.2)
    assert policy.wants([_BETWEEN, _ABOVE]) == [1.2, 1.3]
    policy.policy.reset()
    assert policy.wants([_ABOVE]) == [1.0]


def test_amounts_are_whole_steps() -> None:
    policy = dual(step_ma=0.25)
    assert policy.wants([_ABOVE] * 6) == [1.0, 1.0, 1.25, 1.25, 1.5, 1.5]


def test_a_target_says_the_mean_and_the_threshold_it_passed() -> None:
    policy = dual(onset_upper_s=HOP_S)
    policy.hop(_ABOVE)
    found = policy.hop(_ABOVE)
    assert not isinstance(found, MakeSafe)
    (target,) = found
    assert (target.value, target.threshold, target.onset_s) == (_ABOVE, 2.0, 0.09)
    assert (target.time_s, target.kind, target.detector) == (0.19, "amplitude", "beta")
    found = policy.hop(_BELOW)
    assert not isinstance(found, MakeSafe)
    assert (found[0].threshold, found[0].onset_s) == (1.0, 0.29)


def _obeyed(policy: Driven, values: list[float]) -> MakeSafe | None:
    """Let a device give what is wanted, hop by hop; return the reason to make the rig safe."""
    for value in values:
        found = policy.hop(value)
        if isinstance(found, MakeSafe):
            return found
        policy.tell("applied", found[0].amount)
    return None


def test_a_measure_that_rises_with_the_amount_makes_the_rig_safe() -> None:
    policy = dual(sign_watch_s=5.0)
    assert _obeyed(policy, [_BETWEEN] * 150) is None
    # 2 s up, and 5 s at the highest less a hop: what is given is known at the next.
    assert _obeyed(policy, [_ABOVE] * 69) is None
    assert _obeyed(policy, [_ABOVE]) == MakeSafe(
        "expected_sign: expected value to fall as the amount rises, found it higher at 3 mA (3) "
        "than at low amounts (1.6): feedback may be positive"
    )


def test_a_measure_that_falls_as_it_should_does_not() -> None:
    policy = dual(sign_watch_s=5.0)
    assert _obeyed(policy, [_ABOVE] * 150 + [_BETWEEN] * 500) is None


def test_a_highest_amount_that_is_wanted_and_not_given_says_nothing_of_the_sign() -> None:
    policy = dual(sign_watch_s=5.0)
    assert _obeyed(policy, [_BETWEEN] * 150) is None
    policy.tell("applied", 2.0)  # a limit, a ceiling or a sham lets it give no more
    assert policy.wants([_ABOVE] * 200)[-1] == 3.0
    policy.tell("applied", 2.0, 3.0)  # nor where it is not certain
    assert policy.wants([_ABOVE] * 200)[-1] == 3.0
