"""Ganged devices get the same share of their own range, at the same hops."""

import pytest

from stimulators.policies.dual_threshold import DualThresholdConfig
from stimulators.policies.wrapping.ganged import GangedConfig, GangedDevice
from stimulators.targets import MakeSafe
from tests.stimulators.gate.gate_rig import device_of, feedback_of
from tests.stimulators.policies.driven import Driven

_LEFT = DualThresholdConfig(
    id="left",
    of="beta",
    device="stn",
    lowest_ma=1.0,
    highest_ma=3.0,
    upper_threshold=2.0,
    lower_threshold=1.0,
    averaging_s=0.0,
    onset_upper_s=0.0,
    onset_lower_s=0.0,
    detection_blanking_s=0.0,
    transition_up_s=1.0,
    transition_down_s=1.0,
    sign_watch_s=5.0,
)


def ganged(right: GangedDevice, band: GangedDevice) -> Driven:
    config = GangedConfig(id="both", others={"right": right, "band": band}, wraps=_LEFT)
    return Driven(config, device_of(), device_of("right"), feedback_of())


def test_one_crossing_moves_all_by_the_same_share() -> None:
    policy = ganged(GangedDevice(lowest_ma=0.5, highest_ma=1.5), GangedDevice(highest_level=0.6))
    assert {each.device: (each.lowest, each.highest) for each in policy.policy.clips} == {
        "stn": (1.0, 3.0),
        "right": (0.5, 1.5),
        "band": (0.1, 0.6),
    }
    policy.tell("engaged", 1.0)
    for share in (0.1, 0.2, 0.3):
        targets = policy.targets(9.0)
        assert [each.device for each in targets] == ["stn", "right", "band"]
        assert [each.policy for each in targets] == ["both"] * 3
        assert [each.amount for each in targets] == pytest.approx(
            [1.0 + 2.0 * share, 0.5 + share, 0.1 + 0.5 * share]
        )
    assert [each.program for each in targets] == ["adbs", "adbs", ""]
    assert policy.targets(9.0, is_valid=False) == []


def test_the_watch_of_the_sign_is_that_of_all() -> None:
    policy = ganged(GangedDevice(highest_ma=1.5), GangedDevice(highest_level=0.6))
    for _ in range(100):
        policy.targets(1.5)
    policy.tell("engaged", 3.0)
    found = [policy.hop(9.0) for _ in range(50)]
    assert isinstance(found[-1], MakeSafe)


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        (GangedDevice(), r"^others\.right\.highest_ma: expected an amount"),
        (
            GangedDevice(highest_ma=9.0),
            r"^others\.right\.highest_ma: expected from 0 to 3 \(the limit of device 'right'\)",
        ),
        (
            GangedDevice(lowest_ma=2.0, highest_ma=1.0),
            r"^others\.right\.highest_ma: expected more than lowest_ma \(2\), found 1$",
        ),
        (
            GangedDevice(highest_ma=1.0, program="x"),
            r"^others\.right\.program: expected one of adbs, found 'x'$",
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(right: GangedDevice, expected: str) -> None:
    with pytest.raises(ValueError, match=expected):
        ganged(right, GangedDevice(highest_level=0.6))
