"""The state table at its limits: what ends a state, at which moment, and what the status says.

Times are binary fractions, so that a border is met to the last bit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stimulators.decisions import Decision, StateChanged
from stimulators.gate.gate import SafetyGate
from stimulators.gate_config import GateConfig
from stimulators.wire.received import InfoHeard
from tests.stimulators.gate.gate_rig import (
    SESSION,
    GateRig,
    amounts,
    commands_in,
    device_of,
)
from tests.stimulators.gate.states.step_rig import (
    ARMED_S,
    StepRig,
    T,
    device_of_slew_8,
)


def test_a_small_step_back_of_the_service_clock_stands_still_and_a_larger_one_is_a_fault() -> None:
    rig = StepRig(timing=GateConfig(clock_step_s_max=1 / 64)).be_active_at(T)
    sent = rig.gate.admit([rig.target(1.0)], T - 1 / 64)
    assert [command.issued_us for command in commands_in(sent)] == [round(T * 1e6)]
    assert rig.state == "active"
    rig.gate.tick(T - 1 / 32)
    assert (rig.state, rig.gate.reason) == (
        "safe",
        "the clock of the service went from 1004 to 1003.97",
    )


@pytest.mark.parametrize("now_s", [float("inf"), float("nan"), -float("inf")])
def test_a_time_that_is_none_is_a_fault(now_s: float) -> None:
    rig = StepRig().be_active_at(T)
    rig.gate.tick(now_s)
    assert rig.state == "safe"
    decided = rig.gate.tick(T + 0.5)
    assert [each for each in decided if isinstance(each, StateChanged)] == []


def test_in_idle_no_clock_latches() -> None:
    rig = GateRig().be_ready()
    rig.gate.tick(rig.now_s - 1.0)
    assert rig.state == "idle"


@pytest.mark.parametrize(
    "event",
    [
        lambda gate, now_s: gate.fail("a fault", now_s),
        lambda gate, now_s: gate.clock_moved("LFP", 0.02, now_s),
        lambda gate, now_s: gate.sender_changed("LFP", "another sender", now_s),
    ],
)
def test_what_was_asked_before_the_rig_went_safe_does_not_arm_it(
    event: Callable[[SafetyGate, float], Sequence[Decision]],
) -> None:
    rig = StepRig().be_active_at(T)
    rig.take(event(rig.gate, T + 0.125))
    assert rig.state == "safe"
    rig.now_s = T + 0.125
    late = {"issued_us": round((T + 0.0625) * 1e6)}
    rig.control("arm", **late)
    assert rig.refusals[0] == "late"


def test_an_arming_says_what_it_waits_for_and_ends_after_a_minute() -> None:
    rig = StepRig(calibration_s=20.0).be_armed_then()
    assert rig.gate.status_text == "armed by o"
    rig.step(ARMED_S + 0.125, data=rig.report)
    assert rig.gate.status_text == "armed by o; waits for a valid estimate, at most 60 s"
    rig.step(ARMED_S + 60.0, data=rig.report, step_s=0.9375)
    assert rig.gate.status_text == "armed by o; waits for a valid estimate, at most 0 s"
    rig.step(ARMED_S + 60.25, data=rig.report)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 60 s")
    rig.run(2.1, hop=rig.report)
    rig.control("arm")
    assert rig.gate.status_text == "armed by o"


def test_a_rig_that_armed_itself_does_so_once() -> None:
    rig = StepRig(arm="auto").be_ready()
    assert rig.state == "armed"
    rig.step(ARMED_S + 64.0, data=rig.report, step_s=0.0625)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 60 s")
    assert rig.gate.status_text.endswith("; ready to be armed")


def test_an_arming_lasts_a_calibration_longer_where_one_estimate_calibrates() -> None:
    rig = StepRig(device_of("a"), device_of("b"), calibration_s=20.0).be_armed_then()
    rig.observe("b", valid=False, calibrating=True)
    rig.step(ARMED_S + 0.125, data=rig.report)
    waits = "waits for a valid estimate (it calibrates, 20 s to go), at most 80 s"
    assert rig.gate.status_text == f"armed by o; {waits}"
    rig.step(ARMED_S + 80.0, data=rig.report, step_s=0.9375)
    assert rig.state == "armed"
    rig.step(ARMED_S + 80.25, data=rig.report)
    assert (rig.state, rig.gate.reason) == ("idle", "no valid estimate within 80 s")


def test_an_arming_names_the_devices_that_take_no_lease() -> None:
    rig = StepRig(device_of("a"), device_of("b"), device_of("c")).be_armed_then()
    rig.adopts = False

    def hop() -> None:
        rig.report()
        rig.observe("a")
        rig.observe("c")

    rig.step(ARMED_S + 0.125, data=hop)
    waits = "waits for a, c to reach the safe amount and take a lease, at most 60 s"
    assert rig.gate.status_text == f"armed by o; {waits}"
    rig.step(ARMED_S + 60.25, data=hop, step_s=0.9375)
    assert (rig.state, rig.gate.reason) == ("idle", "a, c did not take a lease within 60 s")


def test_the_first_valid_estimate_is_answered_with_a_lease_at_once() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.observe()
    assert len(rig.leases) == 1


@pytest.mark.parametrize(("data_age_s", "estimate_age_s"), [(0.001, 0.2), (0.2, 0.001)])
def test_old_data_or_an_old_estimate_engage_nothing(
    data_age_s: float, estimate_age_s: float
) -> None:
    rig = GateRig().be_armed()
    rig.report(age_s=data_age_s)
    rig.observe(age_s=estimate_age_s)
    assert rig.leases == []
    rig.report()
    rig.observe()
    assert len(rig.leases) == 1


def test_a_device_that_has_not_said_that_it_is_live_does_not_activate() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.observe()
    device = rig.obedient["stn"]
    for state, session in (("safe", SESSION), ("live", "00001700000000000000-00000000")):
        said = device.info(state=state, session=session)
        rig.gate.receive(InfoHeard("stn", said, retained=False), rig.now_s)
        assert rig.state != "active"


def test_a_second_device_is_engaged_while_the_first_is_driven_and_never_in_idle() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_armed()
    rig.observe("a")
    rig.report()
    assert rig.state == "active"
    driven = [rig.gate.driven]
    rig.observe("b", valid=False)
    driven.append(rig.gate.driven)
    rig.observe("b")
    assert [*driven, rig.gate.driven] == [("a",), ("a",), ("a", "b")]
    rig.control("disarm")
    rig.run(0.5)
    assert rig.state == "idle"
    assert not rig.gate.driven


def test_a_fault_presses_no_stop_by_itself() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    rig.take(rig.gate.fail("a fault", rig.now_s))
    rig.step(T + 2.0)
    assert (rig.state, rig.stops) == ("safe", [])


def test_a_device_that_stopped_by_itself_is_told_to_be_safe_where_an_answer_is_missing() -> None:
    rig = StepRig().be_active_at(T, amount=2.0)
    rig.answers = False
    rig.want(2.5)
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    decided = rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.state == "safe"
    assert amounts(commands_in(decided)) == [0.0]


def test_a_device_that_stopped_by_itself_low_enough_is_told_so_all_the_same() -> None:
    rig = StepRig().be_active_at(T, amount=0.125)
    rig.answers = False
    assert amounts(commands_in(rig.want(0.0))) == [0.0]
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    decided = rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.state == "safe"
    assert amounts(commands_in(decided)) == [0.0]


def test_a_stop_is_pressed_anew_after_an_arming() -> None:
    rig = StepRig().be_active_at(T, amount=1.0)
    for index in (1, 2):
        device = rig.obedient["stn"]
        device.amount = 3.0
        rig.hear(InfoHeard("stn", device.info(), retained=False))
        assert (rig.state, len(rig.stops)) == ("safe", index)
        device.amount, device.state = 0.0, "stopped"
        rig.hear(InfoHeard("stn", device.info(), retained=False))
        rig.run(2.1, hop=rig.report)
        rig.control("arm")
        rig.run(0.1)
        assert rig.state == "active", rig.refusals
    assert [each.request_id for each in rig.stops] == [f"{SESSION}-stop-1", f"{SESSION}-stop-2"]


def test_a_tick_is_at_most_a_third_of_a_lease() -> None:
    keys: dict[str, Any] = {
        "arm": "operator",
        "devices": (device_of(),),
        "streams": (),
        "session": SESSION,
        "calibration_s": 0.0,
    }
    timing = GateConfig(lease_s=0.75)
    SafetyGate(timing=timing, tick_s=0.25, **keys)
    with pytest.raises(ValueError, match=r"rig\.tick_s: expected at most a third of gate\.lease_s"):
        SafetyGate(timing=timing, tick_s=0.2500001, **keys)


def test_commands_and_leases_are_numbered_from_one() -> None:
    rig = StepRig().be_active_at(T, amount=1.0)
    assert [lease.lease_seq for lease in rig.leases[:2]] == [1, 2]
    assert [command.seq for command in rig.commands[:2]] == [1, 2]


def test_a_rig_with_one_real_device_does_not_arm_itself() -> None:
    rig = GateRig(device_of("a"), device_of("b", simulated=False), arm="auto").be_ready()
    assert rig.state == "idle"
    assert GateRig(device_of("a"), arm="auto").be_ready().state == "armed"
    assert GateRig(device_of("a")).be_ready().state == "idle"


def test_the_way_down_that_is_told_is_the_longest_of_those_under_way() -> None:
    rig = StepRig(device_of_slew_8("a"), device_of_slew_8("b"), device_of_slew_8("c")).be_active()
    rig.run(1.0, amount=2.0)
    assert rig.gate.way_down_s == 0.0
    rig.answers = False
    rig.control("disarm")
    assert rig.gate.way_down_s == 0.5


def test_a_rig_is_safe_for_its_first_reason_until_a_stop_comes() -> None:
    rig = StepRig(timing=GateConfig(data_age_s_max=0.25)).be_active_at(T)
    rig.take(rig.gate.fail("the first", T))
    assert rig.take(rig.gate.fail("the second", T + 0.0625)) == ()
    assert (rig.state, rig.gate.reason) == ("safe", "the first")
    rig.now_s = T + 0.0625
    rig.report()
    rig.control("arm", issued_us=round((T + 0.03125) * 1e6))
    assert rig.state == "armed", rig.refusals
    rig.take(rig.gate.fail("the third", rig.now_s))
    assert rig.stop() == ()
    assert (rig.state, rig.gate.reason) == ("safe", "stop by o: enough")
    # Who asked before the stop does not arm it.
    rig.control("arm")
    assert rig.refusals == ["late"]


def test_an_armed_rig_leases_on_good_data_alone() -> None:
    rig = StepRig().be_armed_then()
    rig.adopts = False
    rig.observe()
    rig.step(ARMED_S + 0.25)
    n_leases = len(rig.leases)

    def bad() -> None:
        rig.report(problem="frozen")
        rig.observe()

    rig.step(ARMED_S + 0.75, data=bad)
    assert len(rig.leases) == n_leases
    rig.step(ARMED_S + 1.25)
    assert (len(rig.leases) > n_leases, rig.state) == (True, "armed")


def test_after_a_stop_every_device_may_be_at_its_stop_amount() -> None:
    devices = (device_of(name, safe_ma=0.5, stop_ma=0.25) for name in ("a", "b"))
    rig = StepRig(*devices).be_active_at(T, amount=2.0)
    rig.answers = False
    rig.stop()
    beliefs = rig.gate.beliefs(rig.now_s)
    assert [beliefs[name].lowest for name in ("a", "b")] == [0.25, 0.25]
