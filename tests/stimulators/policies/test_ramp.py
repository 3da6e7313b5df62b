"""A ramp is counted in samples, stays where it is, and goes on from what a device gives."""

from math import inf

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.policy import PolicyInputs, ResolvedRead
from stimulators.policies.ramp import Ramp, per_sample
from stimulators.policies.threshold import Threshold, ThresholdConfig
from stimulators.targets import DeviceChange, DeviceEvent, Observation
from tests.stimulators.gate.gate_rig import device_of


def _ramp(up: float = 0.25, down: float = 0.5, start: float = 1.0) -> Ramp:
    return Ramp(start, lowest=0.5, highest=3.0, up_per_sample=up, down_per_sample=down)


def test_a_ramp_goes_by_its_rates_and_no_further_than_its_goal() -> None:
    ramp = _ramp()
    assert [ramp.move(2.0, 2) for _ in range(3)] == [1.5, 2.0, 2.0]
    assert [ramp.move(0.5, 1) for _ in range(4)] == [1.5, 1.0, 0.5, 0.5]
    assert ramp.move(3.0, 0) == 0.5
    assert _ramp(up=inf).move(3.0, 1) == 3.0


def test_a_ramp_goes_on_from_the_nearest_amount_that_a_device_may_give() -> None:
    for lowest, highest, amount in ((2.0, 2.5, 2.0), (0.6, 0.75, 0.75), (0.6, 2.0, 1.0)):
        ramp = _ramp()
        ramp.start_from(lowest, highest)
        assert ramp.amount == amount
    for given_amount, clipped in ((0.0, 0.5), (9.0, 3.0)):
        ramp = _ramp()
        ramp.start_from(given_amount, given_amount)
        assert ramp.amount == clipped


@given(cuts=st.lists(st.integers(1, 5), min_size=1, max_size=20))
def test_a_ramp_is_a_matter_of_samples(cuts: list[int]) -> None:
    ramp, whole = _ramp(up=2.0**-6), _ramp(up=2.0**-6)
    for n_samples in cuts:
        ramp.move(3.0, n_samples)
    assert ramp.amount == whole.move(3.0, sum(cuts))


def test_a_transition_of_less_than_a_sample_is_a_step() -> None:
    assert per_sample(2.0, 0.0, 250.0) == inf
    assert per_sample(2.0, 1.0, 250.0) == 0.008


def _threshold() -> Threshold:
    config = ThresholdConfig(
        id="p", of="d", device="stn", on_ma=3.0, off_ma=1.0, onset_s=0.0, termination_s=0.0,
        transition_up_s=1.0, transition_down_s=0.5,
    )  # fmt: skip
    read = ResolvedRead("d", "c")
    return Threshold(config, PolicyInputs(100.0, 10, (read,) * 3, (device_of(),)))


def _event(change: DeviceChange, lowest: float, highest: float) -> DeviceEvent:
    return DeviceEvent(
        policy="p",
        device="stn",
        change=change,
        sample=0,
        lowest=lowest,
        highest=highest,
        certain=lowest == highest,
    )


def _amounts(policy: Threshold, signs: str) -> list[float]:
    hops = [
        Observation(
            sample=index,
            time_s=0.1 * index,
            valid=sign != "x",
            values=(float(sign == "+"), 2.0, 1.0),
        )
        for index, sign in enumerate(signs)
    ]
    return [round(target.amount, 9) for hop in hops for target in policy.decide(hop)]


def test_a_transition_goes_on_while_driven_and_stays_in_hold() -> None:
    policy = _threshold()
    assert _amounts(policy, "++") == [1.0, 1.0]
    policy.note(_event("engaged", 0.0, 0.0))
    assert _amounts(policy, "++x+") == [1.2, 1.4, 1.6]
    policy.note(_event("applied", 0.0, 3.0))
    policy.note(_event("held", 1.5, 1.5))
    assert _amounts(policy, "++-") == [1.6, 1.6, 1.6]
    policy.note(_event("resumed", 1.25, 1.5))
    assert _amounts(policy, "+++") == [1.7, 1.9, 2.1]
    assert _amounts(policy, "---") == [1.7, 1.3, 1.0]
    policy.reset()
    assert _amounts(policy, "+") == [1.0]


def test_transitions_of_triggers_are_refused() -> None:
    for key in ("transition_up_s", "transition_down_s"):
        config = ThresholdConfig(id="p", of="d", device="stn", on_ma=3.0, output="trigger")
        config = msgspec.structs.replace(config, **{key: 1.0})
        inputs = PolicyInputs(100.0, 10, (ResolvedRead("d", "c"),) * 3, (device_of(),))
        with pytest.raises(ValueError, match=f"^{key}: expected none with triggers, found 1$"):
            Threshold(config, inputs)
