"""What every amplitude policy refuses of its table: one line each, with its key."""

import re
from typing import Any

import msgspec
import pytest

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.parts.amplitude_config import AmplitudeConfig
from stimulators.policies.proportional import ProportionalConfig
from stimulators.policies.registry import POLICIES, AnyPolicyConfig
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of
from tests.stimulators.policies.driven import Driven

_KEYS: dict[str, Any] = {
    "id": "p",
    "of": "beta",
    "device": "stn",
    "lowest_ma": 1.0,
    "highest_ma": 3.0,
    "upper_threshold": 2.0,
    "lower_threshold": 1.0,
    "transition_up_s": 2.0,
    "transition_down_s": 1.0,
}


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("upper_threshold: expected at least lower_threshold (3), found 2", {"lower_threshold": 3}),
        ("highest_ma: expected an amount (it has no default), found none", {"highest_ma": None}),
        ("highest_ma: expected from 0 to 3 (the limit of device 'stn')", {"highest_ma": 3.5}),
        ("highest_ma: expected more than lowest_ma (1), found 1", {"highest_ma": 1.0}),
        ("highest_level: expected highest_ma for device 'stn'", {"highest_level": 0.5}),
        ("step_level: expected step_ma for device 'stn', found 0.1", {"step_level": 0.1}),
        (
            "lowest_ma: expected a whole number of steps (step_ma = 0.3), found 1",
            {"step_ma": 0.3},
        ),
        ("program: expected one of adbs, found 'other'", {"program": "other"}),
        (
            "averaging_s: expected 0 or at least 0.1 (one hop of 'beta'), found 0.05",
            {"averaging_s": 0.05},
        ),
        (
            "onset_upper_s: expected 0 or at least 1.2 (averaging_s), found 0.5",
            {"onset_upper_s": 0.5},
        ),
        (
            "onset_lower_s: expected 0 or at least 0.1 (one hop of 'beta'), found 0.05",
            {"averaging_s": 0.0, "onset_lower_s": 0.05},
        ),
        (
            (
                "transition_up_s: expected 0 (as fast as it may) or at least 0.166667, as device "
                "'stn' changes by 12 a second at most, found 0.1"
            ),
            {"transition_up_s": 0.1},
        ),
        (
            (
                "transition_up_s: expected a way above the safe amount shorter than on_time_s_max "
                "(60) of device 'stn', or the highest amount is never reached, found 60"
            ),
            {"transition_up_s": 60.0},
        ),
    ],
)
def test_one_line_says_what_does_not_fit(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}") as told:
        Driven(DualThresholdConfig(**(_KEYS | keys)))
    assert "\n" not in str(told.value)


def test_all_that_does_not_fit_is_told_at_once() -> None:
    with pytest.raises(ValueError, match="expected") as told:
        Driven(
            ProportionalConfig(
                **(_KEYS | {"lower_threshold": 2.0, "program": "other", "averaging_s": 0.01})
            )
        )
    keys = [line.partition(":")[0] for line in str(told.value).splitlines()]
    assert keys == ["upper_threshold", "program", "averaging_s"]


def test_the_lowest_amount_is_the_safe_one_unless_given() -> None:
    driven = Driven(DualThresholdConfig(**(_KEYS | {"lowest_ma": None})), device_of(safe_ma=0.5))
    assert (driven.policy.clips[0].lowest, driven.policy.clips[0].highest) == (0.5, 3.0)


def test_a_way_that_begins_above_the_safe_amount_counts_from_there() -> None:
    keys = _KEYS | {"transition_up_s": 100.0}
    slow = limits_of(on_time_s_max=60.0)
    with pytest.raises(ValueError, match=r"^transition_up_s: "):
        Driven(DualThresholdConfig(**keys), device_of(limits=slow))
    Driven(DualThresholdConfig(**keys), device_of(limits=slow, safe_ma=2.0))


def test_the_sign_has_no_default_for_a_device_that_is_not_simulated() -> None:
    real = device_of(simulated=False)
    with pytest.raises(ValueError, match=r'^expected_sign: expected "falls" or "rises"'):
        Driven(DualThresholdConfig(**_KEYS), real)
    Driven(DualThresholdConfig(**_KEYS, expected_sign="falls"), real)
    Driven(DualThresholdConfig(**_KEYS), device_of())


def test_a_feedback_device_is_given_levels() -> None:
    keys = {key: value for key, value in _KEYS.items() if not key.endswith("_ma")}
    table = DualThresholdConfig(**(keys | {"device": "band", "highest_level": 0.7}))
    assert Driven(table, feedback_of()).policy.clips[0].highest == 0.7


_AMPLITUDE = [each for each in POLICIES.policies if issubclass(each, AmplitudeConfig)]


@pytest.mark.parametrize("config_type", _AMPLITUDE, ids=lambda each: each.__name__)
def test_a_transition_has_no_default_and_numbers_are_numbers(config_type: type[Any]) -> None:
    example = POLICIES.policies[config_type].examples[0]
    table = msgspec.to_builtins(example)
    ways = {"transition_up_s": 1.0, "transition_down_s": 1.0}
    table |= {"preset": None} | ways
    for key in ways:
        with pytest.raises(msgspec.ValidationError, match=f"^{key}: expected a duration, or a "):
            msgspec.convert(table | {key: None}, AnyPolicyConfig)
    for key, value in table.items():
        if isinstance(value, float):
            with pytest.raises(msgspec.ValidationError, match=key):
                msgspec.convert(table | {key: float("nan")}, AnyPolicyConfig)
