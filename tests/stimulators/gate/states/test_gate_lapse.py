"""A lease that ended and an own stall are lapses: a hold, good data, from the device's own word."""

import pytest

from stimulators.wire.messages import Lease
from tests.stimulators.gate.gate_rig import GateRig, amounts
from tests.stimulators.gate.wired_rig import Told, WiredRig, in_time


def no_leases(message: Told) -> float | None:
    return None if isinstance(message, Lease) else 0.002


def stall(rig: WiredRig, seconds: float) -> None:
    """Let the service stand still while everything else goes on."""
    end_s = rig.now_s + seconds
    for device in rig.small.values():
        rig.say(device.config.id, device.advance(end_s))
    rig.now_s = end_s


def test_a_lease_that_ended_holds_and_nothing_rises_before_good_data() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.down = no_leases
    rig.run(0.35, amount=3.0)
    assert (rig.state, rig.gate.reason) == ("hold", "device stn let its lease end")
    rig.down = lambda _: 0.002
    rig.run(0.3, amount=3.0)
    since_s = rig.now_s
    rig.run(0.2, amount=3.0)
    assert rig.peak(since_s) == 0.0
    rig.run(1.5, amount=3.0)
    assert (rig.state, rig.given) == ("active", 3.0)


@pytest.mark.parametrize("stalled_s", [0.3, 0.6, 1.0])
def test_an_own_stall_is_a_lapse_before_anything_else_is_decided(stalled_s: float) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    before = len(rig.commands)
    stall(rig, stalled_s)
    rig.report()
    rig.observe()
    rig.want(3.0)
    assert rig.state == "hold"
    assert rig.gate.reason == f"the service stood still for {stalled_s:.2f} s" or (
        rig.gate.reason.startswith("the service stood still for")
    )
    assert len(rig.commands) == before
    thawed_s = rig.now_s
    rig.run(0.5, amount=3.0)
    assert all(amount <= 3.0 for amount in amounts(rig.commands[before:]))
    if stalled_s >= 0.6:  # the lease ended, and the device is at its safe amount
        assert rig.peak(thawed_s + 0.01) == 0.0
    rig.run(2.0, amount=3.0)
    assert (rig.state, rig.given) == ("active", 3.0)


def test_what_was_given_in_a_stall_is_counted() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    stall(rig, 1.0)
    rig.report()
    rig.tick()
    assert rig.gate.counted("stn", rig.now_s)[0] >= rig.small["stn"].charge_uc


def test_a_stall_longer_than_the_longest_hold_is_safe() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    stall(rig, rig.timing.hold_s_max + 0.1)
    rig.report()
    assert rig.state == "safe"
    since_s = rig.now_s + 1.0
    rig.run(5.0, amount=3.0)
    assert rig.peak(since_s) == 0.0


def test_the_third_lapse_of_any_cause_in_a_minute_is_safe() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    stall(rig, 0.3)
    rig.run(5.0, amount=2.0)
    rig.down = no_leases
    rig.run(0.3, amount=2.0)
    rig.down = lambda _: 0.002
    rig.run(5.0, amount=2.0)
    assert rig.state == "active"
    stall(rig, 0.3)
    rig.run(0.1, amount=2.0)
    assert rig.state == "safe"
    assert "after 2 lapses within a minute" in rig.gate.reason


def test_lapses_further_apart_are_not_counted_together() -> None:
    rig = WiredRig().be_active()
    for _ in range(4):
        rig.run(31.0, amount=0.0)
        stall(rig, 0.3)
        rig.run(0.1, amount=0.0)
        assert rig.state == "hold"


def test_a_short_pause_of_the_service_is_no_lapse() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=2.0)
    for _ in range(20):
        stall(rig, 0.08)
        rig.report()
        rig.observe()
        rig.tick()
        rig.run(0.2, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_a_stall_in_idle_or_armed_latches_nothing() -> None:
    rig = GateRig().be_ready()
    rig.tick(after_s=4.0)
    assert (rig.state, rig.changes) == ("idle", [])
    rig = GateRig().be_armed()
    rig.tick(after_s=4.0)
    assert rig.state == "armed"


def test_a_lapse_in_armed_begins_the_leases_anew() -> None:
    rig = WiredRig().be_armed()
    rig.lie = lambda said: said
    rig.small["stn"].given = rig.small["stn"].goal = 0.0
    rig.up = lambda _: 0.3  # the word that it is live comes after its lease has ended
    rig.down = lambda _: 0.15
    rig.run(2.0, amount=2.0)
    rig.up = in_time
    rig.down = in_time
    rig.run(2.0, amount=2.0)
    assert rig.state in {"active", "safe"}
    if rig.state == "safe":
        rig.control("arm")
        rig.run(2.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)


def test_a_service_that_is_busy_for_a_lease_of_a_second_does_not_flap() -> None:
    timing = type(GateRig().timing)(lease_s=1.0, ack_s_max=1.0, command_valid_s=0.5)
    rig = WiredRig(timing=timing).be_active()
    rig.run(1.0, amount=2.0)
    for _ in range(5):
        stall(rig, 0.6)
        rig.report()
        rig.observe()
        rig.tick()
        rig.run(1.0, amount=2.0)
    assert (rig.state, rig.given) == ("active", 2.0)
    assert ("active", "safe") not in rig.changes
