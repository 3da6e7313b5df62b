"""What a policy returns is checked before the gate gets it; device events are bound to samples."""

import math
from collections.abc import Sequence
from typing import Any, ClassVar

import msgspec
import numpy as np
import pytest

from stimulators.policies.bound_policy import BoundPolicy, lacks, wrong_clips
from stimulators.policies.policy import Clip, PolicyConfig
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import DeviceChange, DeviceEvent, MakeSafe, Observation, Target

TARGET = Target(
    policy="p",
    device="stn",
    detector="d",
    channel="c",
    program="adbs",
    kind="amplitude",
    amount=1.0,
    sample=9,
    time_s=2.0,
    onset_s=1.5,
    value=2.0,
    threshold=1.0,
)


class _Text(str):
    """A text of a type of its own, which no journal keeps."""

    __slots__ = ()


class Saying:
    """Returns what a test sets, and remembers its device events."""

    config_type: ClassVar[type[PolicyConfig]] = ThresholdConfig

    def __init__(self, says: Any = (), kind: Any = "amplitude", highest: float = 2.0) -> None:
        self.clips = (Clip("stn", kind, 0.5, highest),)
        self.says = says
        self.heard: list[object] = []

    def decide(self, observation: Observation) -> Sequence[Target]:
        self.heard.append(observation.sample)
        says: Sequence[Target] = self.says
        return says

    def note(self, event: DeviceEvent) -> None:
        self.heard.append(event.change)

    def reset(self) -> None:
        self.heard.append("reset")


def hop(sample: int = 9, time_s: float = 2.0) -> Observation:
    return Observation(sample=sample, time_s=time_s, valid=True)


def event(change: DeviceChange, sample: int) -> DeviceEvent:
    return DeviceEvent(
        policy="p",
        device="stn",
        change=change,
        sample=sample,
        lowest=0.0,
        highest=1.0,
        certain=False,
    )


def test_targets_that_are_right_go_through() -> None:
    policy = BoundPolicy("p", Saying([TARGET]))
    assert policy.decide(hop()) == [TARGET]
    trigger = msgspec.structs.replace(TARGET, kind="trigger", fire_at_s=2.01)
    assert BoundPolicy("p", Saying((trigger,), "trigger")).decide(hop()) == (trigger,)
    assert BoundPolicy("p", Saying(None)).decide(hop()) == ()


@pytest.mark.parametrize(
    "keys", [{"amount": 1}, {"onset_s": 1, "value": -2}, {"channel": "é"}, {"program": "p" * 256}]
)
def test_targets_that_are_right_in_an_unusual_form_go_through(keys: dict[str, Any]) -> None:
    target = msgspec.structs.replace(TARGET, **keys)
    assert BoundPolicy("p", Saying([target])).decide(hop()) == [target]


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"device": "other"}, "expected a target of stn, found one of 'other'"),
        ({"device": None}, "expected a target of stn, found one of None"),
        ({"device": ["stn"]}, "expected a target of stn, found one of ['stn']"),
        ({"policy": "q"}, "expected 'amplitude' of 'p' for stn, found 'amplitude' of 'q'"),
        ({"kind": "trigger"}, "expected 'amplitude' of 'p' for stn, found 'trigger' of 'p'"),
        ({"time_s": 2.5}, "expected the hop of sample 9, found sample 9 at 2.5 s"),
        ({"sample": 2**70}, "expected the hop of sample 9, found sample 1180591620717411303424"),
        ({"time_s": math.nan}, "expected the hop of sample 9, found sample 9 at nan s"),
        ({"amount": math.nan}, "wants nan of stn, expected from 0.5 to 2, its own clip"),
        ({"amount": math.inf}, "wants inf of stn, expected from 0.5 to 2, its own clip"),
        ({"amount": 2.1}, "wants 2.1 of stn, expected from 0.5 to 2, its own clip"),
        ({"amount": 0.4}, "wants 0.4 of stn, expected from 0.5 to 2, its own clip"),
        ({"amount": "1"}, "expected a number as amount, found '1'"),
        ({"onset_s": None}, "expected a number as onset_s, found None"),
        ({"program": None}, "expected a text of up to 256 as program, found None"),
        ({"channel": "c" * 257}, "expected a text of up to 256 as channel, found 'ccc"),
        ({"amount": np.float64(1.0)}, "expected a number as amount, found np.float64(1.0)"),
        ({"fire_at_s": 2.1}, "expected a time to fire of triggers alone, found 2.1"),
        ({"sample": 9.0}, "expected the hop of sample 9, found sample 9.0 at 2.0 s"),
        ({"sample": np.int64(9)}, "expected the hop of sample 9, found sample np.int64(9)"),
        ({"time_s": np.float64(2.0)}, "expected the hop of sample 9, found sample 9 at np.float64"),
        ({"amount": 10**400}, "expected a number as amount, found 1000"),
        ({"onset_s": -(10**400)}, "expected a number as onset_s, found -1000"),
        ({"value": 2**53 + 1}, "expected a number as value, found 9007199254740993"),
        ({"amount": True}, "expected a number as amount, found True"),
        ({"channel": "\ud800"}, "expected a text of up to 256 as channel, found '\\ud800'"),
        ({"program": _Text("adbs")}, "expected a text of up to 256 as program, found 'adbs'"),
        ({"device": _Text("stn")}, "expected a text of up to 256 as device, found 'stn'"),
        ({"policy": _Text("p")}, "expected a text of up to 256 as policy, found 'p'"),
        ({"kind": _Text("amplitude")}, "expected a text of up to 256 as kind, found 'amplitude'"),
        ({"detector": _Text("d")}, "expected a text of up to 256 as detector, found 'd'"),
        ({"channel": _Text("c")}, "expected a text of up to 256 as channel, found 'c'"),
        ({"onset_s": np.float64(1.5)}, "expected a number as onset_s, found np.float64(1.5)"),
        ({"value": np.float64(2.0)}, "expected a number as value, found np.float64(2.0)"),
        ({"threshold": None}, "expected a number as threshold, found None"),
        ({"withheld": 1}, "expected true or false as withheld, found 1"),
    ],
)
def test_a_target_that_a_policy_may_not_want_is_its_fault(keys: dict[str, Any], fault: str) -> None:
    policy = BoundPolicy("p", Saying([TARGET, msgspec.structs.replace(TARGET, **keys)]))
    found = policy.decide(hop())
    assert isinstance(found, str)
    assert found.startswith(f"policy p: {fault}")


@pytest.mark.parametrize(
    ("says", "fault"),
    [
        ([None], "expected a Target, found NoneType"),
        (TARGET, "expected a list or tuple of targets, found Target"),
        ("yes", "expected a list or tuple of targets, found str"),
        ([TARGET] * 17, "expected at most 16 targets at a hop, found 17"),
    ],
)
def test_what_is_no_target_is_a_fault(says: object, fault: str) -> None:
    assert BoundPolicy("p", Saying(says)).decide(hop()) == f"policy p: {fault}"


def test_a_reason_to_make_the_rig_safe_goes_through_with_the_name_of_the_policy() -> None:
    assert BoundPolicy("p", Saying(MakeSafe("it rises"))).decide(hop()) == MakeSafe(
        "policy p: it rises"
    )
    found = BoundPolicy("p", Saying(MakeSafe("x" * 256))).decide(hop())
    assert isinstance(found, MakeSafe)
    assert len(found.reason) == 256
    for reason in (None, "x" * 257, "\ud800"):
        found = BoundPolicy("p", Saying(MakeSafe(reason))).decide(hop())  # type: ignore[arg-type]
        assert found == "policy p: expected a list or tuple of targets, found MakeSafe"


def test_a_time_to_fire_is_a_number() -> None:
    trigger = msgspec.structs.replace(TARGET, kind="trigger", fire_at_s="soon")
    found = BoundPolicy("p", Saying([trigger], "trigger")).decide(hop())
    assert found == "policy p: expected a number as fire_at_s, found 'soon'"


def test_an_event_is_heard_before_the_first_hop_at_its_sample() -> None:
    saying = Saying()
    policy = BoundPolicy("p", saying)
    policy.decide(hop(4))
    assert policy.next_sample == 0  # the step may still be given up
    policy.go_on(4)
    assert policy.next_sample == 5
    policy.bind(event("engaged", 5))
    policy.bind(event("safe", 15))
    for sample in (9, 14, 19):
        policy.decide(hop(sample))
    assert saying.heard == [4, "engaged", 9, 14, "reset", "safe", 19]


def test_clips_fit_the_devices() -> None:
    assert wrong_clips(Saying(), ["stn"], [2.0]) is None
    for kind, highest, drives, text in (
        ("amplitude", 2.0, ["stn", "band"], "expected a clip for each of stn, band, found stn"),
        ("amplitude", 2.1, ["stn"], "expected a clip of stn from 0 to 2 at most, found from 0.5"),
        ("amplitude", math.nan, ["stn"], "expected a clip of stn from 0 to 2 at most, found"),
        ("amplitude", 0.1, ["stn"], "expected a clip of stn from 0 to 2 at most, found from 0.5"),
        ("pulse", 2.0, ["stn"], "expected a clip of kind 'amplitude' or 'trigger', found 'pulse'"),
    ):
        found = wrong_clips(Saying((), kind, highest), drives, [2.0] * len(drives))
        assert found is not None
        assert found.startswith(text)


def test_a_class_without_a_field_lacks_it() -> None:
    saying = Saying()
    assert lacks(saying) is None
    del saying.clips
    assert lacks(saying) == "clips"


def test_of_several_amounts_at_one_sample_the_last_is_heard() -> None:
    saying = Saying()
    policy = BoundPolicy("p", saying)
    for change in ("applied", "applied", "held", "applied", "applied", "applied"):
        policy.bind(event(change, 5))
    policy.bind(event("applied", 6))
    policy.decide(hop(5))
    policy.decide(hop(9))
    assert saying.heard == ["applied", "held", "applied", 5, "applied", 9]


def test_devices_that_talk_while_no_samples_come_fill_no_memory() -> None:
    policy = BoundPolicy("p", Saying())
    for index in range(999):
        for device in ("stn", "right", "left"):
            said = event("applied", 5)
            policy.bind(msgspec.structs.replace(said, device=device, highest=float(index)))
    assert [(each.device, each.highest) for each in policy._waiting] == [
        ("stn", 998.0),
        ("right", 998.0),
        ("left", 998.0),
    ]
