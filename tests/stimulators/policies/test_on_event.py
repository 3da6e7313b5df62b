"""A trigger for each detection: at its moment, or at once, and only while a device is driven."""

import re
from typing import Any

import pytest

from stimulators.device_config import DeviceConfig
from stimulators.policies.on_event import OnEvent, OnEventConfig
from stimulators.policies.policy import EventRead, PolicyInputs, ResolvedRead
from stimulators.targets import DetectedEvent, DeviceChange, DeviceEvent, Observation, Target
from tests.stimulators.gate.gate_rig import device_of, feedback_of


def policy_of(*, device: DeviceConfig | None = None, **keys: Any) -> OnEvent:
    settings: dict[str, Any] = {"id": "phase", "of": "rhythm", "device": "stn", "on_ma": 1.5}
    config = OnEventConfig(**(settings | keys))
    inputs = PolicyInputs(250.0, 5, (ResolvedRead("rhythm", "STN"),), (device or device_of(),))
    return OnEvent(config, inputs)


def heard(policy: OnEvent, change: DeviceChange) -> OnEvent:
    policy.note(
        DeviceEvent(
            policy="phase",
            device="stn",
            change=change,
            sample=0,
            lowest=0.0,
            highest=0.0,
            certain=True,
        )
    )
    return policy


def hop(*times_s: float, valid: bool = True, kind: str = "moment") -> Observation:
    moments = tuple(DetectedEvent("rhythm", "STN", kind, 12, each, 3.0) for each in times_s)
    return Observation(sample=9, time_s=50.0, valid=valid, moments=moments)


def test_a_moment_is_met_at_its_own_time() -> None:
    (trigger,) = heard(policy_of(), "engaged").decide(hop(50.0125))
    assert trigger == Target(
        policy="phase",
        device="stn",
        detector="rhythm",
        channel="STN",
        program="adbs",
        kind="trigger",
        amount=1.5,
        sample=9,
        time_s=50.0,
        onset_s=50.0125,
        value=3.0,
        threshold=0.0,
        fire_at_s=50.0125,
    )


def test_an_onset_is_answered_at_once() -> None:
    (trigger,) = heard(policy_of(event="onset"), "engaged").decide(hop(49.9, kind="onset"))
    assert (trigger.fire_at_s, trigger.onset_s) == (None, 49.9)
    assert policy_of(event="onset").clips == policy_of().clips
    config = OnEventConfig(id="a", of="b", device="c", event="onset", on_ma=1.0)
    assert config.reads == (EventRead("of", "b", "", ("onset",)),)


def test_each_moment_of_a_hop_has_its_trigger() -> None:
    triggers = heard(policy_of(), "engaged").decide(hop(50.01, 50.06))
    assert [each.fire_at_s for each in triggers] == [50.01, 50.06]


def test_nothing_is_wanted_unless_the_device_is_driven_and_the_hop_valid() -> None:
    policy = policy_of()
    assert not policy.decide(hop(50.01))
    for change, is_wanted in (
        ("engaged", True),
        ("applied", True),
        ("held", False),
        ("applied", False),
        ("resumed", True),
        ("paused", False),
        ("resumed", True),
        ("released", False),
        ("engaged", True),
        ("safe", False),
    ):
        heard(policy, change)  # type: ignore[arg-type]
        assert bool(policy.decide(hop(50.01))) is is_wanted, change
    heard(policy, "engaged")
    assert not policy.decide(hop(50.01, valid=False))
    assert not policy.decide(hop())
    policy.reset()
    assert not policy.decide(hop(50.01))


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        ("on_ma: expected an amount (it has no default), found none", {"on_ma": None}),
        ("on_ma: expected from 0 to 3 (the limit of device 'stn'), found 3.5", {"on_ma": 3.5}),
        ("on_level: expected on_ma for device 'stn'", {"on_level": 0.5}),
        ("program: expected one of adbs, found 'other'", {"program": "other"}),
    ],
)
def test_what_does_not_fit_the_device_is_named(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(expected)}"):
        policy_of(**keys)


def test_a_feedback_device_is_given_a_level() -> None:
    policy = policy_of(device=feedback_of(), on_ma=None, on_level=0.5)
    (trigger,) = heard(policy, "engaged").decide(hop(50.01))
    assert (trigger.amount, trigger.program) == (0.5, "")
