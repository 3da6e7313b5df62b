"""A ceiling goes down while a second measure is too high, and up again once it is low."""

from typing import Any

import pytest

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.pi import PiConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.wrapping.ceiling import CeilingConfig
from stimulators.targets import MakeSafe
from tests.stimulators.policies.driven import HOP_S, Driven

_STEP: dict[str, Any] = {"transition_up_s": 0.0, "transition_down_s": 0.0}
_DUAL = DualThresholdConfig(
    id="within",
    of="slow",
    device="stn",
    highest_ma=3.0,
    upper_threshold=2.0,
    lower_threshold=1.0,
    averaging_s=0.0,
    onset_upper_s=0.0,
    onset_lower_s=0.0,
    detection_blanking_s=0.0,
    **_STEP,
)


def ceiling(wraps: PolicyConfig = _DUAL, **keys: Any) -> Driven:
    """Return one whose ceiling goes from 3 to 1 mA in 2 s, 0.1 mA a hop, and back in 1 s."""
    settings: dict[str, Any] = {
        "by": "beta",
        "upper_threshold": 20.0,
        "lower_threshold": 10.0,
        "lowest_ma": 1.0,
        "transition_up_s": 1.0,
        "transition_down_s": 2.0,
    }
    driven = Driven(CeilingConfig(id="capped", wraps=wraps, **(settings | keys)))
    driven.tell("engaged")
    return driven


def amounts(policy: Driven, slow: float, beta: list[float]) -> list[float]:
    return [round(policy.targets(slow, each)[0].amount, 9) for each in beta]


def test_it_lowers_what_is_wanted_while_the_second_measure_is_high() -> None:
    policy = ceiling()
    assert amounts(policy, 9.0, [15.0, 25.0, 25.0]) == [3.0, 2.9, 2.8]
    assert amounts(policy, 9.0, [15.0, 15.0, 5.0, 5.0]) == [2.8, 2.8, 3.0, 3.0]
    assert amounts(policy, 9.0, [25.0] * 40)[-1] == 1.0
    # What is below the ceiling anyway is as it was.
    assert amounts(policy, 0.0, [25.0, 5.0]) == [0.0, 0.0]


def test_it_has_averaging_and_onsets_of_its_own() -> None:
    policy = ceiling(averaging_s=2 * HOP_S, onset_upper_s=2 * HOP_S)
    assert amounts(policy, 9.0, [30.0, 25.0, 30.0, 25.0, 0.0]) == [3.0, 3.0, 3.0, 2.9, 2.8]


def test_a_target_below_the_ceiling_says_what_lowered_it() -> None:
    policy = ceiling()
    (free,) = policy.targets(9.0, 15.0)
    assert (free.detector, free.value, free.threshold) == ("slow", 9.0, 2.0)
    (capped,) = policy.targets(9.0, 25.0)
    assert (capped.detector, capped.value, capped.threshold) == ("beta", 25.0, 20.0)


def test_a_second_measure_that_is_not_valid_leaves_the_ceiling_where_it_is() -> None:
    policy = ceiling()
    assert amounts(policy, 9.0, [25.0]) == [2.9]
    for _ in range(3):
        found = policy.hop(9.0, 99.0, is_valid=False, values_valid=(True, False))
        assert not isinstance(found, MakeSafe)
        assert found[0].amount == pytest.approx(2.9)
    found = policy.hop(9.0, 5.0, is_valid=False, values_valid=(False, True))
    assert found == []
    policy.policy.reset()
    policy.tell("engaged")
    assert amounts(policy, 9.0, [15.0]) == [3.0]


def test_a_pi_does_not_wind_up_against_it() -> None:
    table = PiConfig(id="p", of="slow", device="stn", highest_ma=3.0, set_point=1.0, **_STEP)
    policy = ceiling(table, transition_down_s=0.0)
    for _ in range(300):
        (target,) = policy.targets(2.0, 25.0)
        policy.tell("applied", target.amount)
    assert target.amount == 1.0
    # Free again it wants what it had when the ceiling stopped it, and not the highest.
    (target,) = policy.targets(1.0, 0.0)
    assert target.amount < 1.3


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        (r"^lowest_ma: expected from 0 to less than 3, .* found none$", {"lowest_ma": None}),
        (r"^lowest_ma: expected from 0 to less than 3, .* found 3$", {"lowest_ma": 3.0}),
        (r"^lowest_level: expected lowest_ma for device 'stn'", {"lowest_level": 0.5}),
        (r"^upper_threshold: expected at least lower_threshold \(30\)", {"lower_threshold": 30.0}),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=expected):
        ceiling(**keys)


def test_what_is_wrong_within_begins_with_wraps() -> None:
    wrong = DualThresholdConfig(
        id="p", of="slow", device="stn", upper_threshold=1.0, lower_threshold=2.0, **_STEP
    )
    with pytest.raises(ValueError, match="expected") as told:
        ceiling(wrong)
    keys = [line.partition(":")[0] for line in str(told.value).splitlines()]
    assert keys == ["wraps.upper_threshold", "wraps.highest_ma"]
    triggers = OnEventConfig(id="p", of="slow", device="stn", on_ma=1.0)
    with pytest.raises(ValueError, match=r"^wraps: expected a policy that keeps an amplitude"):
        ceiling(triggers)
