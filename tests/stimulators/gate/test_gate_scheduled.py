"""A trigger that waits at the device for its time is taken back by hold, pause, disarm and safe."""

from collections.abc import Callable

import pytest

from tests.stimulators.gate.gate_rig import GateRig, amounts, device_of


def _hold(rig: GateRig) -> None:
    rig.observe(valid=False)
    rig.tick()


def _pause(rig: GateRig) -> None:
    rig.control("pause")


def _disarm(rig: GateRig) -> None:
    rig.control("disarm")


def _fail(rig: GateRig) -> None:
    rig.take(rig.gate.fail("no space left", rig.now_s))


@pytest.mark.parametrize("end", [_hold, _pause, _disarm, _fail])
@pytest.mark.parametrize("amount", [0.0, 1.0])
def test_an_amplitude_takes_back_a_trigger_that_waits(
    end: Callable[[GateRig], None], amount: float
) -> None:
    rig = GateRig(device_of()).be_active(amount)
    rig.trigger(1.5, fire_at_s=rig.now_s + 0.08)
    assert rig.commands[-1].kind == "trigger"
    before = len(rig.commands)
    end(rig)
    sent = rig.commands[before:]
    assert [each.kind for each in sent] == ["amplitude"]
    assert amounts(sent)[0] <= amount


def test_a_trigger_whose_time_is_over_needs_no_taking_back() -> None:
    rig = GateRig(device_of()).be_active(1.0)
    rig.trigger(1.5, fire_at_s=rig.now_s + 0.08)
    rig.run(0.1)
    before = len(rig.commands)
    _hold(rig)
    assert len(rig.commands) == before


def test_a_taking_back_that_is_lost_is_said_again() -> None:
    rig = GateRig(device_of()).be_active(1.0)
    rig.trigger(1.5, fire_at_s=rig.now_s + 0.08)
    rig.answers = False
    _hold(rig)
    before = len(rig.commands)
    rig.run(0.3)
    assert amounts(rig.commands[before:]) == [1.0]


@pytest.mark.parametrize("ahead_s", [-0.01, 0.1, 1.0, float("nan")])
def test_a_trigger_for_a_time_when_its_command_is_not_valid_is_refused(ahead_s: float) -> None:
    rig = GateRig(device_of()).be_active()
    rig.trigger(1.0, fire_at_s=rig.now_s + ahead_s)
    assert (rig.refusals, rig.commands) == (["fire_at"], [])
