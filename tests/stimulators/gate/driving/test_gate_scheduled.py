"""A trigger that waits at its device, or lasts, is ended by hold, pause, disarm and safe."""

from collections.abc import Callable

import pytest

from stimulators.gate_config import GateConfig
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.gate_rig import GateRig, amounts, device_of, limits_of

_TRAIN = ProgramConfig(
    frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, duration_s=0.5
)


def _rig_of_trains() -> GateRig:
    limits = limits_of(refractory_s=0.6)
    return GateRig(device_of(programs={"adbs": _TRAIN}, limits=limits)).be_active(1.0)


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


@pytest.mark.parametrize("end", [_hold, _pause, _disarm, _fail])
@pytest.mark.parametrize("ahead_s", [None, 0.02])
def test_an_amplitude_ends_a_trigger_whose_pulses_go_on(
    end: Callable[[GateRig], None], ahead_s: float | None
) -> None:
    rig = _rig_of_trains()
    rig.trigger(1.0, fire_at_s=None if ahead_s is None else rig.now_s + ahead_s)
    assert rig.commands[-1].kind == "trigger"
    rig.run(0.3)
    before = len(rig.commands)
    end(rig)
    assert "amplitude" in {each.kind for each in rig.commands[before:]}


def test_a_trigger_whose_pulses_are_over_needs_no_ending() -> None:
    rig = _rig_of_trains()
    rig.trigger(1.0)
    rig.run(0.62)
    before = len(rig.commands)
    _hold(rig)
    assert len(rig.commands) == before


def test_a_trigger_whose_time_is_over_needs_no_taking_back() -> None:
    rig = GateRig(device_of()).be_active(1.0)
    rig.trigger(1.5, fire_at_s=rig.now_s + 0.08)
    rig.run(0.12)
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


def test_a_trigger_for_a_time_when_the_lease_is_over_is_refused() -> None:
    timing = GateConfig(lease_s=0.25, command_valid_s=1.0)
    rig = GateRig(device_of(), timing=timing).be_active()
    until_s = rig.gate._drives["stn"].lease_until_s
    assert rig.now_s < until_s <= rig.now_s + 0.25
    rig.trigger(1.0, fire_at_s=until_s + 1e-6)
    assert (rig.refusals, rig.commands) == (["fire_at"], [])
    rig.trigger(1.0, fire_at_s=until_s - 1e-6)
    assert [each.kind for each in rig.commands] == ["trigger"]


@pytest.mark.parametrize("fire_at_s", [float("inf"), -float("inf"), 1e300, float("nan")])
def test_no_time_that_is_none_fires(fire_at_s: float) -> None:
    rig = GateRig(device_of()).be_active()
    rig.trigger(1.0, fire_at_s=fire_at_s)
    assert (rig.refusals, rig.commands) == (["fire_at"], [])


@pytest.mark.parametrize(
    ("after_s", "ahead_s", "sent"),
    [(0.06, 0.02, False), (0.06, 0.04, False), (0.06, 0.07, True), (0.14, None, True)],
)
def test_two_triggers_are_apart_by_when_they_fire_as_well(
    after_s: float, ahead_s: float | None, *, sent: bool
) -> None:
    # The refractory time of the device is 0.05 s; the first fires 0.08 s after it was sent.
    rig = GateRig(device_of()).be_active()
    rig.trigger(1.0, fire_at_s=rig.now_s + 0.08)
    rig.run(after_s)
    rig.trigger(1.0, fire_at_s=None if ahead_s is None else rig.now_s + ahead_s)
    assert [each.kind for each in rig.commands] == ["trigger"] * (1 + sent)
    assert rig.refusals == [] if sent else ["refractory"]


def test_several_triggers_of_one_step_go_each_for_its_time() -> None:
    rig = GateRig(device_of()).be_active()
    wanted = [
        rig.target(1.0, kind="trigger", fire_at_s=rig.now_s + ahead_s) for ahead_s in (0.02, 0.08)
    ]
    rig.take(rig.gate.admit(wanted, rig.now_s))
    assert rig.refusals == ["refractory"]  # by now they are not apart
    device = device_of(limits=limits_of(refractory_s=0.0))
    rig = GateRig(device).be_active()
    wanted = [
        rig.target(1.0, kind="trigger", fire_at_s=rig.now_s + ahead_s) for ahead_s in (0.02, 0.08)
    ]
    rig.take(rig.gate.admit(wanted, rig.now_s))
    assert rig.refusals == []
    assert len({each.fire_at_us for each in rig.commands}) == 2


@pytest.mark.parametrize("end", [_hold, _pause])
@pytest.mark.parametrize("safe_ma", [0.0, 2.0])
@pytest.mark.parametrize("n_per_s", [2.0, 4.0, 10.0])
def test_what_takes_triggers_back_finds_room_after_any_number_of_them(
    end: Callable[[GateRig], None], safe_ma: float, n_per_s: float
) -> None:
    # At 2 mA of safety the way to it leads up, which a limit may forbid: it is not waited for.
    limits = limits_of(refractory_s=0.0, commands_per_s_max=n_per_s)
    timing = GateConfig(lease_s=1.0, command_valid_s=0.9)
    rig = GateRig(device_of(limits=limits, safe_ma=safe_ma), timing=timing).be_active()
    rig.run(3.0, amount=1.0)
    rig.run(1.5)
    for index in range(11):
        rig.trigger(0.5, fire_at_s=rig.now_s + 0.4 + 0.02 * index)
    assert [each.kind for each in rig.commands[-1:]] == ["trigger"]
    assert rig.refusals[-1] == "commands"
    before = len(rig.commands)
    end(rig)
    rig.tick(0.02)
    assert [each.kind for each in rig.commands[before:]][:1] == ["amplitude"]
    assert amounts(rig.commands[before:])[0] <= 1.0


@pytest.mark.parametrize(("amount", "missed_s"), [(None, 0.85), (0.5, 0.25)])
def test_an_answer_is_missed_from_the_time_to_fire_on_and_hides_no_other(
    amount: float | None, missed_s: float
) -> None:
    timing = GateConfig(lease_s=1.0, command_valid_s=0.9, ack_s_max=0.25)
    rig = GateRig(device_of(), timing=timing).be_active(1.0)
    rig.run(0.5, amount=1.0)
    rig.answers = False
    rig.trigger(1.0, fire_at_s=rig.now_s + 0.6)
    assert rig.commands[-1].kind == "trigger"
    if amount is not None:
        rig.want(amount)
    rig.run(missed_s - 0.02)
    assert "ack_missing" not in rig.notices
    rig.run(0.04)
    assert "ack_missing" in rig.notices


def test_an_amount_that_has_a_time_is_refused_as_a_trigger_is() -> None:
    rig = GateRig().be_active(1.0)
    before = len(rig.commands)
    rig.want(1.5, fire_at_s=rig.now_s - 0.5)
    assert rig.refusals[-1] == "fire_at"
    assert rig.commands[before:] == []
