"""Published ramps by name, each at its own rate; none beside transitions."""

from typing import Any, get_args

import msgspec
import pytest

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.parts.ramp_presets import RAMPS, RampPreset
from stimulators.policies.registry import AnyPolicyConfig
from tests.stimulators.gate.gate_rig import device_of, feedback_of, limits_of
from tests.stimulators.policies.driven import HOP_S, Driven

_KEYS: dict[str, Any] = {
    "id": "p",
    "of": "beta",
    "device": "stn",
    "upper_threshold": 2.0,
    "lower_threshold": 1.0,
    "averaging_s": 0.0,
    "onset_upper_s": 0.0,
    "onset_lower_s": 0.0,
    "detection_blanking_s": 0.0,
}
_TABLE = {"kind": "dual_threshold", "highest_ma": 3.0} | _KEYS
#: Milliampere a second, up and down, between 1.92 and 2.5 mA, where implants were compared.
_PUBLISHED = {
    "percept_dual": (0.0039, 0.0019),
    "percept_single": (2.3, 2.3),
    "stanford": (0.05, 0.025),
    "rcs_slow": (0.03, 0.12),
    "rcs_fast": (0.5, 0.5),
}


@pytest.mark.parametrize("preset", get_args(RampPreset))
def test_a_ramp_rises_and_falls_as_published(preset: RampPreset) -> None:
    table = DualThresholdConfig(lowest_ma=1.92, highest_ma=2.5, preset=preset, **_KEYS)
    policy = Driven(table, device_of(limits=limits_of(on_time_s_max=600.0)))
    policy.tell("engaged", 1.92)
    up = policy.wants([3.0])[0] - 1.92
    top = policy.wants([3.0] * 2000)[-1]
    assert top == 2.5
    assert (up / HOP_S, (top - policy.wants([0.5])[0]) / HOP_S) == pytest.approx(
        _PUBLISHED[preset], rel=0.02
    )


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        (
            "transition_up_s: expected none beside preset = 'stanford', found 2",
            {"preset": "stanford", "transition_up_s": 2.0},
        ),
        (
            "transition_down_s: expected none beside preset = 'percept_dual', found 300",
            {"preset": "percept_dual", "transition_down_s": 300.0},
        ),
        (
            (
                "transition_down_s: expected a duration, or a preset (percept_dual, "
                "percept_single, stanford, rcs_slow, rcs_fast) instead of both"
            ),
            {"transition_up_s": 2.0},
        ),
        ("Invalid enum value 'fleming' - at `$.preset`", {"preset": "fleming"}),
    ],
)
def test_it_is_a_preset_or_both_transitions(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError) as told:
        msgspec.convert(_TABLE | keys, AnyPolicyConfig)
    assert str(told.value).startswith(expected)


def test_a_ramp_that_a_device_cannot_follow_is_told_by_its_preset() -> None:
    slow = device_of(limits=limits_of(slew_ma_per_s_max=1.0))
    fast = DualThresholdConfig(highest_ma=3.0, preset="percept_single", **_KEYS)
    with pytest.raises(ValueError, match=r"^preset: expected 0 .* or at least 3, .* found 0\.25$"):
        Driven(fast, slow)
    long = DualThresholdConfig(highest_ma=3.0, preset="stanford", **_KEYS)
    with pytest.raises(ValueError, match=r"^preset: expected a way .*\(60\).*, found 60$"):
        Driven(long, slow)


def test_milliampere_a_second_say_nothing_to_a_device_that_speaks_levels() -> None:
    keys = _KEYS | {"device": "band", "highest_level": 0.6}
    with pytest.raises(ValueError, match=r"^preset: expected a ramp that is not in mA/s"):
        Driven(DualThresholdConfig(preset="stanford", **keys), feedback_of())
    Driven(DualThresholdConfig(preset="percept_single", **keys), feedback_of())


def test_every_preset_is_held_to_what_was_published() -> None:
    assert set(RAMPS) == set(get_args(RampPreset)) == set(_PUBLISHED)
