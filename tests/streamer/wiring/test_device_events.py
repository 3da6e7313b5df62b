"""Policies get events of their devices at the next sample; a fault of a policy is safe."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import msgspec
import pytest

from stimulators.decisions import StateChanged
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target
from stimulators.wire.messages import Control
from stimulators.wire.received import ControlHeard, LinkChanged
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import ClockCorrection, Fault, Tick
from streamer.journal.records import encode_outcome
from tests.streamer.rigs import CONFIG, INFOS, RATE_HZ, SESSION, chunk
from tests.streamer.test_closed_loop import _DEVICE, _run

_NOW_S = 1400 / RATE_HZ + 0.011


class Wrapped:
    """A policy of the rig whose targets a test sets."""

    config_type: ClassVar[type[PolicyConfig]] = ThresholdConfig

    def __init__(self, loop: ClosedLoop, changed: Callable[[Target], Any]) -> None:
        (wiring,) = loop.wirings
        self._policy, self._changed = wiring.policy.policy, changed
        self.clips = self._policy.clips
        self.heard: list[DeviceEvent] = []
        wiring.policy.policy = self

    def decide(self, observation: Observation) -> Sequence[Target]:
        wanted = self._policy.decide(observation)
        assert not isinstance(wanted, MakeSafe)
        return [self._changed(each) for each in wanted]

    def note(self, event: DeviceEvent) -> None:
        self.heard.append(event)
        self._policy.note(event)

    def reset(self) -> None:
        self._policy.reset()


def _linked(*, hears_gate: bool = True) -> ClosedLoop:
    loop = ClosedLoop(CONFIG, INFOS, SESSION, hears_gate=hears_gate)
    for event in (LinkChanged(is_up=True), _DEVICE, ClockCorrection("LFP", 0.0, 1e-4)):
        loop.step(event, 0.0)
    return loop


@pytest.fixture
def active() -> ClosedLoop:
    loop = _linked()
    _run(loop, 1400)
    assert loop.gate.state == "active"
    return loop


def _control(action: Any) -> ControlHeard:
    now_us = round(_NOW_S * 1e6)
    asked = Control(
        request_id=action,
        session=SESSION,
        operator="o",
        issued_us=now_us,
        expires_us=now_us + 1_000_000,
        action=action,
    )
    return ControlHeard(asked, retained=False)


def _changes(outcomes: Sequence[Outcome]) -> list[str]:
    return [each.change for outcome in outcomes for each in outcome.device_events]


def test_a_rig_that_is_armed_and_driven_says_so_once_and_then_what_the_device_gives() -> None:
    outcomes = _run(_linked(), 700)
    changes = _changes(outcomes)
    assert [each for each in changes if each != "applied"] == ["engaged"]
    events = [each for outcome in outcomes for each in outcome.device_events]
    engaged = events[changes.index("engaged")]
    assert (engaged.lowest, engaged.highest, engaged.certain) == (0.0, 0.0, True)
    # A command makes it uncertain what the device gives, its answer certain again.
    later = events[changes.index("engaged") + 1 :]
    assert [each.certain for each in later[:4]] == [False, True, False, True]
    assert later[-1].highest == 2.0
    assert all(each.lowest <= each.highest for each in events)


def test_an_event_is_bound_to_the_first_sample_that_is_not_decided_on(active: ClosedLoop) -> None:
    wrapped = Wrapped(active, lambda target: target)
    (event,) = active.step(Fault(reason="x"), _NOW_S).device_events
    assert (event.policy, event.device, event.change) == ("adbs", "stn", "safe")
    assert event.sample == active.wirings[0].policy.next_sample == 1400
    assert wrapped.heard == []
    active.step(chunk(1400, 10), _NOW_S + 0.04)
    assert wrapped.heard == [event]


@pytest.mark.parametrize(("action", "change"), [("pause", "paused"), ("disarm", "released")])
def test_what_an_operator_asks_for_reaches_the_policy(
    active: ClosedLoop, action: str, change: str
) -> None:
    assert change in _changes([active.step(_control(action), _NOW_S)])


def test_a_hold_and_its_end_reach_the_policy(active: ClosedLoop) -> None:
    # No samples for longer than data may be old, and then good ones again.
    held = [active.step(Tick(), _NOW_S + 0.02 * k) for k in range(1, 10)]
    assert "held" in _changes(held)
    assert active.gate.state == "hold"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (lambda each: msgspec.structs.replace(each, device="other"), "expected a target of stn"),
        (lambda each: msgspec.structs.replace(each, amount=2.5), "wants 2.5 of stn, expected"),
        (lambda each: msgspec.structs.replace(each, time_s=each.time_s + 1.0), "expected the hop"),
        (lambda each: msgspec.structs.replace(each, kind="trigger"), "expected 'amplitude'"),
        (lambda _: "all", "expected a Target, found str"),
    ],
)
def test_a_policy_at_fault_makes_the_rig_safe_and_nothing_of_it_is_sent(
    active: ClosedLoop, changed: Callable[[Target], Any], reason: str
) -> None:
    Wrapped(active, changed)
    outcome = active.step(chunk(1400, 5), _NOW_S + 0.02)
    (state,) = [each for each in outcome.decisions if isinstance(each, StateChanged)]
    assert (state.before, state.after) == ("active", "safe")
    assert state.reason.startswith(f"policy adbs: {reason}")
    assert outcome.targets == ()
    assert _changes([outcome]) == ["safe"]


class Alarmed(Wrapped):
    """A policy that makes the rig safe at its first hop."""

    def decide(self, observation: Observation) -> MakeSafe:  # type: ignore[override]
        return MakeSafe(f"it rises, at sample {observation.sample}")


def test_a_policy_that_makes_the_rig_safe_says_why_and_is_reset(active: ClosedLoop) -> None:
    Alarmed(active, lambda target: target)
    outcome = active.step(chunk(1400, 10), _NOW_S + 0.04)
    (state,) = [each for each in outcome.decisions if isinstance(each, StateChanged)]
    assert (state.before, state.after) == ("active", "safe")
    assert state.reason == "policy adbs: it rises, at sample 1404"
    assert outcome.targets == ()
    assert _changes([outcome]) == ["safe"]


def test_a_policy_that_raises_ends_the_step_as_any_failure_does(active: ClosedLoop) -> None:
    def fails(_: Target) -> Target:
        raise RuntimeError("out of ideas")

    Wrapped(active, fails)
    with pytest.raises(RuntimeError, match="out of ideas"):
        active.step(chunk(1400, 5), _NOW_S + 0.02)


@pytest.mark.parametrize("late_s", [0.02, 0.4])
def test_after_a_step_that_raised_all_is_as_if_its_samples_had_never_come(late_s: float) -> None:
    loops = [_linked(), _linked()]
    for loop in loops:
        _run(loop, 1400)
    failing, other = loops

    def fails_at_its_second_hop(target: Target) -> Target:
        if target.sample >= 1405:
            raise RuntimeError("out of ideas")
        return target

    Wrapped(failing, fails_at_its_second_hop)
    with pytest.raises(RuntimeError, match="out of ideas"):
        failing.step(chunk(1400, 10), _NOW_S + late_s)
    after = [loop.step(Fault(reason="x"), _NOW_S + late_s) for loop in (failing, other)]
    assert encode_outcome(after[0]) == encode_outcome(after[1])
    assert after[0].device_events[-1].change == "safe"


def test_a_loop_that_does_not_hear_its_gate_is_told_from_outside() -> None:
    loop = _linked(hears_gate=False)
    wrapped = Wrapped(loop, lambda target: target)
    assert _changes(_run(loop, 1400)) == []
    assert wrapped.heard == []
    event = DeviceEvent(
        policy="adbs",
        device="stn",
        change="held",
        sample=1400,
        lowest=0.0,
        highest=0.0,
        certain=True,
    )
    loop.bind(event)
    loop.bind(msgspec.structs.replace(event, policy="another"))
    loop.step(chunk(1400, 5), _NOW_S + 0.02)
    assert wrapped.heard == [event]
