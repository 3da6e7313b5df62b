"""The state machine of discriminants, against tables that were computed by hand."""

import re
from collections import deque
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.linear_discriminant import LinearDiscriminant
from stimulators.policies.parts.discriminant import Boundary
from stimulators.policies.parts.discriminant_table import (
    DiscriminantConfig,
    FeatureConfig,
    LinearDiscriminantConfig,
)
from stimulators.targets import MakeSafe
from tests.stimulators.gate.gate_rig import device_of, feedback_of
from tests.stimulators.policies.driven import HOP_S, Driven

_BELOW, _BETWEEN, _ABOVE = 5.0, 15.0, 25.0


def one(of: str = "beta", **keys: Any) -> DiscriminantConfig:
    """Return a discriminant of one feature with thresholds 10 and 20, updated each hop."""
    given_keys: dict[str, Any] = {
        "features": (FeatureConfig(of=of),),
        "lower_threshold": 10.0,
        "upper_threshold": 20.0,
        "update_features": 1,
    }
    return DiscriminantConfig(**(given_keys | keys))


def table(*discriminants: DiscriminantConfig, **keys: Any) -> LinearDiscriminantConfig:
    """Return a table that goes up by 0.5 mA a hop and down by 1 mA."""
    given_keys: dict[str, Any] = {
        "states_ma": (1.0, "hold", 3.0),
        "rise_ma_per_s": 5.0,
        "fall_ma_per_s": 10.0,
    }
    return LinearDiscriminantConfig(
        id="ld", device="stn", discriminants=discriminants or (one(),), **(given_keys | keys)
    )


def driven(config: LinearDiscriminantConfig, amount: float = 1.0) -> Driven:
    made = Driven(config)
    made.tell("engaged", amount)
    return made


def state_of(made: Driven) -> int:
    assert isinstance(made.policy, LinearDiscriminant)
    return made.policy.state


# Onset 2, termination 3, thresholds 10 and 20, states 1 mA, hold and 3 mA; 0.5 mA up and 1 mA down
# a hop. Worked by hand: "low" and "high" count the updates against the state of each threshold.
_BY_HAND = [
    # update  state  amount    low  high
    (25.0, 0, 1.0),  #          1    1
    (25.0, 2, 1.5),  # both passed
    (15.0, 2, 2.0),  #               1
    (15.0, 2, 2.5),  #               2
    (25.0, 2, 3.0),  #               0: counted anew
    (15.0, 2, 3.0),  #               1
    (15.0, 2, 3.0),  #               2
    (15.0, 1, 3.0),  # high no longer; hold
    (5.0, 1, 3.0),  #           1
    (5.0, 1, 3.0),  #           2
    (5.0, 0, 2.0),  # low no longer
    (15.0, 0, 1.0),  #          1
    (15.0, 1, 1.0),  # low passed; hold
    (25.0, 1, 1.0),  #               1
    (25.0, 2, 1.5),  # high passed
    (25.0, 2, 2.0),
    (5.0, 2, 2.5),  #           1    1
    (5.0, 2, 3.0),  #           2    2
    (5.0, 0, 2.0),  # neither: past state 1
    (20.0, 0, 1.0),  #          1    0: equal to the upper is not above
    (10.0, 0, 1.0),  #          0: equal to the lower is not above
]


def test_onset_and_termination_count_updates_as_worked_by_hand() -> None:
    made = driven(table(one(onset_updates=2, termination_updates=3)))
    found = [(value, *made.wants([value]), state_of(made)) for value, _, _ in _BY_HAND]
    assert found == [(value, amount, state) for value, state, amount in _BY_HAND]


# Two discriminants, each of levels 0, 1 and 2: state = first + 3 * second. All changes at once.
_NINE = (0.5, 1.0, 1.5, 1.0, "hold", 2.0, 2.0, 2.5, 3.0)
_STATES_BY_HAND = [
    # first second state amount
    (5.0, 5.0, 0, 0.5),
    (15.0, 5.0, 1, 1.0),
    (25.0, 5.0, 2, 1.5),
    (25.0, 15.0, 5, 2.0),
    (15.0, 15.0, 4, 2.0),  # hold
    (5.0, 15.0, 3, 1.0),
    (5.0, 25.0, 6, 2.0),
    (15.0, 25.0, 7, 2.5),
    (25.0, 25.0, 8, 3.0),
    (5.0, 5.0, 0, 1.8),  # 1.2 mA a hop is as fast as it may
]


def test_two_discriminants_lead_to_nine_states() -> None:
    config = table(one(), one("gamma"), states_ma=_NINE, rise_ma_per_s=12.0, fall_ma_per_s=12.0)
    made = driven(config, 0.5)
    for first, second, state, amount in _STATES_BY_HAND:
        (target,) = made.targets(first, second)
        assert (state_of(made), round(target.amount, 9)) == (state, amount)


def test_a_discriminant_is_the_weighted_sum_of_normalised_means() -> None:
    """2 * 0.5 * (mean of 5 and 9, less 1) - 1 * (mean of 1 and 3) = 6 - 2 = 4.

    Before there is an update, a target says the sum of its hop: 2 * 0.5 * (5 - 1) - 1 = 3.
    """
    features = (
        FeatureConfig(of="beta", weight=2.0, multiplier=0.5, subtrahend=1.0),
        FeatureConfig(of="gamma", weight=-1.0),
    )
    config = table(one(features=features, update_features=2, lower_threshold=3.5))
    made = driven(config)
    (before,) = made.targets(5.0, 1.0)
    (target,) = made.targets(9.0, 3.0)
    assert (before.value, target.value, target.threshold) == (3.0, 4.0, 3.5)
    assert (state_of(made), target.detector, target.channel, target.onset_s) == (
        1,
        "beta",
        "c",
        0.19,
    )


def test_the_published_example_waits_two_minutes_and_holds_between() -> None:
    """Gilron 2021: 30 s an update, termination 4, blanking 15 s, 0.03 mA/s up and 0.12 down.

    A hop stands for one FFT; the amounts, of which the highest there is 3.1 mA, are those of the
    device here. More where the rhythm is low: the rhythm rises with the amplitude.
    """
    config = table(
        one(update_features=60, termination_updates=4, blanking_features=30),
        states_ma=(3.0, "hold", 2.0),
        rise_ma_per_s=0.03,
        fall_ma_per_s=0.12,
        expected_sign="rises",
    )
    made = driven(config, 2.5)
    wanted = made.wants([_ABOVE] * 60 + [_BELOW] * 240)
    assert wanted[:60] == [2.5] * 59 + [2.488]  # the first update, at once: 0.012 mA a hop down
    assert wanted[60:101] == [round(2.5 - 0.012 * (2 + at), 9) for at in range(40)] + [2.0]
    assert wanted[101:299] == [2.0] * 198  # three updates below are not enough
    assert wanted[299] == 2.003


def test_what_comes_less_than_the_blanking_after_a_change_does_not_count() -> None:
    config = table(
        one(update_features=2, blanking_features=5), rise_ma_per_s=12.0, fall_ma_per_s=12.0
    )
    made = driven(config)
    # Changed at the second hop: updates two and four hops later are blanked, the sixth counts.
    assert made.wants([_ABOVE] * 2 + [_BELOW] * 6) == [1.0, 2.2, 3.0, 3.0, 3.0, 3.0, 3.0, 1.8]


@pytest.mark.parametrize(
    ("blanks_both", "states"), [(True, [2, 2, 2, 2, 5]), (False, [2, 5, 5, 5, 5])]
)
def test_a_change_may_blank_the_other_discriminant(blanks_both: bool, states: list[int]) -> None:
    config = table(
        one(blanks_both=blanks_both),
        one("gamma", upper_threshold=None, blanking_features=4),
        states_ma=(1.0, "hold", 2.0, 1.0, "hold", 3.0, "hold", "hold", "hold"),
    )
    made = driven(config)
    found = []
    for second in (_BELOW, _ABOVE, _ABOVE, _ABOVE, _ABOVE):
        made.targets(_ABOVE, second)
        found.append(state_of(made))
    assert found == states


def test_nothing_counts_during_the_holdoff_and_the_amount_stays() -> None:
    made = driven(table(one(update_features=2, holdoff_updates=2)), 2.0)
    assert made.wants([_ABOVE] * 6) == [2.0] * 5 + [2.5]


def test_the_amount_is_held_where_its_ramp_was() -> None:
    made = driven(table())
    assert made.wants([_ABOVE, _ABOVE, _BETWEEN, _BETWEEN, _ABOVE]) == [1.5, 2.0, 2.0, 2.0, 2.5]


def test_what_is_not_valid_counts_anew_and_stays() -> None:
    made = driven(table(one(onset_updates=2)))
    assert made.wants([_ABOVE]) == [1.0]
    assert made.wants([_ABOVE], is_valid=False) == [None]
    assert made.wants([_ABOVE, _ABOVE]) == [1.0, 1.5]
    assert made.wants([_ABOVE], is_valid=False) == [None]
    assert made.wants([_ABOVE]) == [2.0]


def test_an_update_that_is_no_number_is_none() -> None:
    features = (FeatureConfig(of="beta", weight=1e12), FeatureConfig(of="gamma", weight=-1e12))
    made = driven(table(one(features=features)))
    assert [target.amount for target in made.targets(1e300, 0.0)] == [1.0]
    assert [target.amount for target in made.targets(1e300, 1e300)] == [1.0]
    assert state_of(made) == 0
    assert [target.amount for target in made.targets(1.0, 0.0)] == [1.5]


def test_levels_stay_over_hold_and_the_amount_waits_for_an_update_that_counts() -> None:
    made = driven(table(one(termination_updates=3, blanking_features=3)))
    assert made.wants([_ABOVE] * 5) == [1.5, 2.0, 2.5, 3.0, 3.0]
    made.tell("held", 3.0)
    assert made.wants([_BELOW] * 9) == [3.0] * 9
    made.tell("resumed", 2.0)
    # Two hops are blanked; the state has still its amount, until three updates were below.
    assert made.wants([_BELOW] * 5) == [2.0, 2.0, 2.5, 3.0, 2.0]
    assert state_of(made) == 0


def test_engaged_anew_it_begins_at_level_0() -> None:
    made = driven(table())
    assert made.wants([_ABOVE] * 4)[-1] == 3.0
    made.tell("released", 0.0)
    made.tell("engaged", 1.0)
    assert state_of(made) == 0
    assert made.wants([_BETWEEN]) == [1.0]


def test_a_discriminant_that_goes_the_wrong_way_makes_the_rig_safe() -> None:
    made = driven(table(one(), sign_watch_s=5.0))
    found: Any = ()
    for value in [_BELOW] * 150 + [_ABOVE] * 80:
        found = made.hop(value)
        if isinstance(found, MakeSafe):
            break
        made.tell("applied", found[0].amount)
    assert found == MakeSafe(
        "expected_sign: expected discriminants[0] to fall as the amount rises, found it higher at "
        "3 mA (25) than at low amounts (5): feedback may be positive"
    )


def test_a_feedback_device_is_given_levels() -> None:
    config = LinearDiscriminantConfig(
        id="ld",
        device="band",
        discriminants=(one(),),
        states_level=(0.1, "hold", 0.7),
        rise_level_per_s=2.0,
        fall_level_per_s=2.0,
    )
    made = Driven(config, feedback_of())
    made.tell("engaged", 0.1)
    assert made.wants([_ABOVE] * 4) == [0.3, 0.5, 0.7, 0.7]


@given(
    onset=st.integers(0, 4),
    termination=st.integers(0, 4),
    outputs=st.lists(st.sampled_from([_BELOW, _BETWEEN, _ABOVE]), max_size=60),
)
@settings(max_examples=100, deadline=None)
def test_two_boundaries_are_the_published_rule_on_recent_levels(
    onset: int, termination: int, outputs: list[float]
) -> None:
    """The rule of the implant's simulation: on what the newest updates were, without blanking."""
    n_up, n_down = max(onset, 1), max(termination, 1)
    recent: deque[int] = deque([0] * max(n_up, n_down), maxlen=max(n_up, n_down))
    level = 0
    boundaries = [
        Boundary(each, onset_updates=onset, termination_updates=termination)
        for each in (10.0, 20.0)
    ]
    for output in outputs:
        recent.append((output > 10.0) + (output > 20.0))
        up, down = list(recent)[-n_up:], list(recent)[-n_down:]
        if all(each == 2 for each in up):
            level = 2
        elif all(each == 0 for each in down):
            level = 0
        elif (level == 2 and all(each < 2 for each in down)) or (
            level == 0 and all(each > 0 for each in up)
        ):
            level = 1
        for each in boundaries:
            each.update(output)
        assert sum(each.is_passed for each in boundaries) == level


@given(
    values=st.lists(st.sampled_from([_BELOW, _BETWEEN, _ABOVE, 9.0, 22.0]), max_size=60),
    n_hops=st.integers(1, 3),
)
@settings(max_examples=50, deadline=None)
def test_one_that_holds_between_its_thresholds_is_a_dual_threshold(
    values: list[float], n_hops: int
) -> None:
    dual = DualThresholdConfig(
        id="dual",
        of="beta",
        device="stn",
        lowest_ma=1.0,
        highest_ma=3.0,
        lower_threshold=10.0,
        upper_threshold=20.0,
        averaging_s=n_hops * HOP_S,
        onset_upper_s=0.0,
        onset_lower_s=0.0,
        detection_blanking_s=0.0,
        transition_up_s=0.5,
        transition_down_s=0.25,
    )
    first, second = (
        Driven(each)
        for each in (
            dual,
            table(one(update_features=n_hops), rise_ma_per_s=4.0, fall_ma_per_s=8.0),
        )
    )
    for each in (first, second):
        each.tell("engaged", 2.0)
    assert second.wants(values) == first.wants(values)


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        (
            "states_ma[2]: expected \"hold\" or from 0 to 3 (the limit of device 'stn'), found 3.5",
            {"states_ma": (1.0, "hold", 3.5)},
        ),
        ("states_ma: expected one (it has no default), found none", {"states_ma": None}),
        ("rise_ma_per_s: expected one (it has no default), found none", {"rise_ma_per_s": None}),
        (
            "states_ma[0]: expected a whole number of steps (step_ma = 0.3), found 1",
            {"step_ma": 0.3},
        ),
        (
            "states_ma: expected two amounts that differ, or nothing ever changes, found fewer",
            {"states_ma": (1.0, "hold", 1.0)},
        ),
        (
            "states_level: expected states_ma for device 'stn', found states_level",
            {"states_level": (0.1, "hold", 0.2)},
        ),
        ("program: expected one of adbs, found 'other'", {"program": "other"}),
        (
            (
                "fall_ma_per_s: expected at most 12, as device 'stn' changes by no more a second, "
                "found 13"
            ),
            {"fall_ma_per_s": 13.0},
        ),
        (
            (
                "rise_ma_per_s: expected a way above the safe amount shorter than on_time_s_max "
                "(60) of device 'stn', or the highest amount is never reached, found 200"
            ),
            {"rise_ma_per_s": 0.01},
        ),
        (
            (
                'expected_sign: expected "falls", as states_ma has higher amounts for higher '
                'levels of discriminants[0], found "rises"'
            ),
            {"expected_sign": "rises"},
        ),
        (
            (
                "states_ma: expected amounts that go one way with the level of a discriminant, or "
                "its sign cannot be watched, found some that go up and some down"
            ),
            {"states_ma": (1.0, 2.0, 1.0), "expected_sign": "falls"},
        ),
    ],
)
def test_one_line_says_what_does_not_fit_the_device(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}$"):
        Driven(table(**keys))


def test_a_device_that_is_not_simulated_needs_a_sign_that_can_be_watched() -> None:
    real = device_of(simulated=False)
    with pytest.raises(ValueError, match=r"^expected_sign: expected \"falls\" or \"rises\""):
        Driven(table(), real)
    with pytest.raises(ValueError, match=r"^states_ma: expected amounts that go one way"):
        Driven(table(states_ma=(1.0, 2.0, 1.0)), real)
    Driven(table(expected_sign="falls"), real)
    Driven(table(states_ma=(1.0, 2.0, 1.0)))


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("discriminants: expected one or two tables, found 0", {"discriminants": []}),
        (
            'states_ma: expected 3, each an amount or "hold", found 9',
            {"states_ma": ["hold"] * 9},
        ),
        (
            (
                'states_ma[2]: expected "hold", as without an upper_threshold no level leads to '
                "this state, found 2"
            ),
            {"upper_threshold": None, "states_ma": [1.0, "hold", 2.0]},
        ),
        (
            "upper_threshold: expected at least lower_threshold (10), found 9",
            {"upper_threshold": 9.0},
        ),
        ("features: expected from 1 to 4 tables, found 5", {"features": [{"of": "beta"}] * 5}),
        (
            (
                "features: expected a weight and a multiplier other than 0 in one of them, or "
                "nothing counts, found none"
            ),
            {"features": [{"of": "beta", "weight": 0.0}]},
        ),
    ],
)
def test_one_line_says_what_contradicts_itself(expected: str, keys: dict[str, Any]) -> None:
    plain = msgspec.to_builtins(table())
    inner = plain["discriminants"][0]
    for key, value in keys.items():
        (inner if key in inner else plain)[key] = value
    with pytest.raises(msgspec.ValidationError, match=f"^{re.escape(expected)}"):
        msgspec.convert(plain, LinearDiscriminantConfig)
