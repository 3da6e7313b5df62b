"""Every policy that is installed keeps the laws; and each law refuses a policy that breaks it."""

from collections.abc import Sequence
from typing import ClassVar

import pytest

from stimulators.policies.policy import Clip, OneDeviceConfig, PolicyConfig, PolicyInputs
from stimulators.policies.registry import POLICIES
from stimulators.policies.threshold import Threshold, ThresholdConfig
from stimulators.targets import DeviceEvent, Observation, Target
from stimulators.testing import HeldLaw, examples_of, laws, laws_of

_LAWS = [law for policy in POLICIES.policies.values() for law in laws_of(policy)]


@pytest.mark.parametrize("law", _LAWS, ids=str)
def test_every_policy_keeps_the_law(law: HeldLaw) -> None:
    law.hold(20)


def test_the_search_finds_the_policies_and_laws_there_are() -> None:
    assert {each.example.policy.__name__ for each in _LAWS} >= {"Threshold", "OnEvent"}
    assert {each.law for each in _LAWS} == set(laws.LAWS)


_ON = ThresholdConfig(id="a", of="b", device="stn", on_ma=1.0, off_ma=0.0)


class _Changed(Threshold):
    """A threshold policy that breaks a law."""

    examples: ClassVar[tuple[PolicyConfig, ...]] = (_ON,)
    n_made: ClassVar[list[int]] = []

    def with_amount(self, target: Target, amount: float) -> Target:
        fields = {name: getattr(target, name) for name in target.__struct_fields__}
        return Target(**(fields | {"amount": amount}))


class _Silent(_Changed):
    def decide(self, observation: Observation) -> Sequence[Target]:  # noqa: ARG002
        return ()


class _Shared(_Changed):
    """Counts its hops together with all others of its class."""

    def decide(self, observation: Observation) -> Sequence[Target]:
        self.n_made.append(1)
        return [
            self.with_amount(each, 1.0 / len(self.n_made)) for each in super().decide(observation)
        ]


class _Unforgetting(_Changed):
    """Keeps its device events over a reset."""

    _n_events = 0

    def note(self, event: DeviceEvent) -> None:
        super().note(event)
        self._n_events += 1

    def decide(self, observation: Observation) -> Sequence[Target]:
        amount = 1.0 / (1 + self._n_events)
        return [self.with_amount(each, amount) for each in super().decide(observation)]


class _Credulous(_Changed):
    """Uses values that are not valid."""

    def decide(self, observation: Observation) -> Sequence[Target]:
        amount = 1.0 if observation.values[1] > 1.0 else 0.5
        (target,) = super().decide(_as_valid(observation))
        return [self.with_amount(target, amount)]


class _Greedy(_Changed):
    """Wants more than its clip."""

    def decide(self, observation: Observation) -> Sequence[Target]:
        return [self.with_amount(each, 2.0) for each in super().decide(observation)]


class _Unlimited(_Changed):
    """Computes its amount from a measure without a limit."""

    def decide(self, observation: Observation) -> Sequence[Target]:
        amount = observation.values[1] / 10.0
        return [self.with_amount(each, amount) for each in super().decide(observation)]


def _as_valid(observation: Observation) -> Observation:
    fields = {name: getattr(observation, name) for name in observation.__struct_fields__}
    values = tuple(each if each == each else 0.0 for each in observation.values)  # noqa: PLR0124
    return Observation(**(fields | {"valid": True, "values": values}))


@pytest.mark.parametrize(
    ("law", "policy"),
    [
        (laws.shows_what_it_is_for, _Silent),
        (laws.shares_nothing, _Shared),
        (laws.is_the_same_in_any_chunks, _Shared),
        (laws.does_not_know_the_future, _Shared),
        (laws.begins_anew_at_a_reset, _Unforgetting),
        (laws.reads_nothing_of_invalid_values, _Credulous),
        (laws.wants_what_it_may, _Greedy),
        (laws.wants_what_it_may, _Unlimited),
    ],
)
def test_a_law_refuses_what_breaks_it(law: laws.Law, policy: type[_Changed]) -> None:
    (example,) = examples_of(policy)
    with pytest.raises(AssertionError):
        law(example, 100)


def test_a_policy_without_examples_is_told_so() -> None:
    class Bare:
        config_type: ClassVar[type[PolicyConfig]] = OneDeviceConfig

    with pytest.raises(AssertionError, match="expected examples for the laws, found none"):
        laws_of(Bare)


def test_a_clip_beyond_the_device_is_told() -> None:
    class Wide(_Changed):
        def __init__(self, config: ThresholdConfig, inputs: PolicyInputs) -> None:
            super().__init__(config, inputs)
            self.clips = (Clip("stn", "amplitude", 0.0, 9.0),)

    with pytest.raises(AssertionError, match="expected a clip of stn from 0 to 3 at most"):
        laws_of(Wide)[0].hold()
