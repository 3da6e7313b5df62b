"""The implant's two policies against closed forms, and its ranges."""

from typing import Any

import msgspec
import pytest

from stimulators.policies.parts.percept_tables import PerceptDualConfig, PerceptSingleConfig
from stimulators.policies.registry import AnyPolicyConfig
from stimulators.policies.wrapping.ganged import GangedConfig, GangedDevice
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of
from tests.stimulators.policies.driven import HOP_S, Driven

_KEYS: dict[str, Any] = {
    "id": "left",
    "of": "beta",
    "device": "stn",
    "lowest_ma": 1.0,
    "highest_ma": 2.5,
    "step_ma": 0.0,
    "upper_threshold": 1400.0,
    "lower_threshold": 1000.0,
}
_ABOVE, _BETWEEN, _BELOW = 1401.0, 1200.0, 999.0


def driven(config: PerceptDualConfig | PerceptSingleConfig) -> Driven:
    policy = Driven(config, device_of(limits=limits_of(on_time_s_max=600.0)))
    policy.tell("engaged", 1.0)
    return policy


def test_the_dual_threshold_goes_by_its_defaults_and_is_held_mid_ramp() -> None:
    policy = driven(PerceptDualConfig(preset="percept_dual", **_KEYS))
    up, down = (1.5 * HOP_S / way_s for way_s in (150.0, 300.0))
    # A mean every 12 hops; the second is above for the onset of 1.2 s.
    assert policy.wants([_ABOVE] * 24) == pytest.approx([1.0] * 23 + [1.0 + up])
    # 20 hops of blanking, from hop 24 on; the mean of hops 44 to 55 says between.
    between = policy.wants([_BETWEEN] * 40)
    assert between[29] == pytest.approx(1.0 + 31 * up)
    assert between[30:] == [between[29]] * 10
    # Blanking until hop 74; means at 86 and 98; then down to the lower limit.
    down_from = policy.wants([_BELOW] * 34)
    assert down_from[:33] == [between[29]] * 33
    assert down_from[33] == pytest.approx(1.0 + 31 * up - down)
    assert policy.wants([_BELOW] * 100)[-1] == 1.0


def test_the_single_threshold_goes_by_its_defaults_at_75_percent() -> None:
    policy = driven(PerceptSingleConfig(preset="percept_single", **_KEYS))
    assert policy.wants([1300.0] * 5) == [1.0] * 5
    # Above 1300 for the onset of 200 ms; 250 ms from limit to limit; blanking of 550 ms.
    assert policy.wants([1301.0] * 6) == [1.0, 1.0, 1.6, 2.2, 2.5, 2.5]
    assert policy.wants([1299.0] * 8) == [2.5] * 4 + [1.9, 1.3, 1.0, 1.0]


def test_equal_thresholds_are_the_single_one() -> None:
    config = PerceptSingleConfig(preset="percept_single", **(_KEYS | {"lower_threshold": 1400.0}))
    assert config.threshold == 1400.0
    policy = driven(config)
    assert policy.wants([1400.0] * 5 + [1401.0] * 3)[-1] == 1.6


def test_it_waits_for_the_startup_delay_and_gives_whole_steps() -> None:
    keys = _KEYS | {"step_ma": 0.1, "startup_delay_s": 10.0, "averaging_s": 0.0}
    policy = driven(PerceptSingleConfig(preset="rcs_fast", onset_upper_s=0.0, **keys))
    assert policy.wants([_ABOVE] * 100) == [1.0] * 100
    assert policy.wants([_ABOVE] * 6) == [1.0, 1.1, 1.1, 1.2, 1.2, 1.3]


def test_one_crossing_moves_ganged_sides() -> None:
    left = PerceptSingleConfig(preset="percept_single", **_KEYS)
    right = {"right": GangedDevice(lowest_ma=0.5, highest_ma=2.0)}
    policy = Driven(
        GangedConfig(id="both", others=right, wraps=left), device_of(), device_of("right")
    )
    policy.tell("engaged", 1.0)
    found = [[each.amount for each in policy.targets(_ABOVE)] for _ in range(5)]
    assert found[2:] == [pytest.approx([1.0 + each, 0.5 + each]) for each in (0.6, 1.2, 1.5)]


@pytest.mark.parametrize(
    ("kind", "expected", "keys"),
    [
        ("percept_dual", r"<= 30.0 - at `\$.averaging_s`", {"averaging_s": 31.0}),
        ("percept_dual", r"<= 360.0 - at `\$.onset_upper_s`", {"onset_upper_s": 361.0}),
        ("percept_single", r"<= 30.0 - at `\$.onset_lower_s`", {"onset_lower_s": 31.0}),
        ("percept_dual", r"<= 30.0 - at `\$.detection_blanking_s`", {"detection_blanking_s": 31.0}),
        ("percept_dual", r">= 0.25 - at `\$.transition_up_s`", {"transition_up_s": 0.2}),
        ("percept_dual", r"<= 1800.0 - at `\$.transition_up_s`", {"transition_up_s": 1801.0}),
        ("percept_dual", r"<= 25.5 - at `\$.highest_ma`", {"highest_ma": 25.6}),
        ("percept_dual", r"'rises' - at `\$.expected_sign`", {"expected_sign": "rises"}),
    ],
)
def test_what_the_implant_cannot_do_is_refused(
    kind: str, expected: str, keys: dict[str, Any]
) -> None:
    table = {"kind": kind, "transition_up_s": 1.0, "transition_down_s": 1.0} | _KEYS
    msgspec.convert(table, AnyPolicyConfig)
    with pytest.raises(msgspec.ValidationError, match=expected):
        msgspec.convert(table | keys, AnyPolicyConfig)


def test_a_device_that_speaks_levels_is_none_of_it() -> None:
    config = PerceptDualConfig(preset="percept_dual", **(_KEYS | {"device": "band"}))
    with pytest.raises(ValueError, match=r"(?m)^device: expected one that speaks milliampere"):
        Driven(config, feedback_of())
