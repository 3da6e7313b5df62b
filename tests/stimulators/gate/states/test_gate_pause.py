"""Paused: at the safe amount, the loop open, the lease alive whatever the data."""

import pytest

from stimulators.decisions import Refusal
from stimulators.wire.messages import Command
from tests.stimulators.gate.gate_rig import (
    GateRig,
    device_of,
    leases_in,
    limits_of,
)
from tests.stimulators.gate.wired_rig import WiredRig


@pytest.mark.parametrize("safe_ma", [0.0, 1.0])
@pytest.mark.parametrize("amount", [0.0, 3.0])
def test_a_pause_brings_the_device_to_its_safe_amount_under_leases(
    amount: float, safe_ma: float
) -> None:
    rig = WiredRig(device_of(safe_ma=safe_ma)).be_active()
    rig.run(1.0, amount=amount)
    rig.control("pause")
    assert (rig.state, rig.gate.reason) == ("paused", "paused by o")
    decided = rig.run(30.0, amount=3.0, hop=lambda: rig.report(problem="frozen"))
    assert (rig.state, rig.given, rig.small["stn"].state) == ("paused", safe_ma, "live")
    assert len(leases_in(decided)) >= 30.0 / rig.timing.lease_s
    assert {each.reason for each in decided if isinstance(each, Refusal)} == {"paused"}


def test_a_resume_needs_good_data_for_its_time_and_starts_from_safe() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.control("pause")
    rig.run(1.0, hop=lambda: rig.report(problem="frozen"))
    rig.control("resume")
    assert (rig.state, rig.refusals[-1]) == ("paused", "data")
    rig.run(0.4)
    rig.control("resume")
    assert (rig.state, rig.refusals[-1]) == ("paused", "data")
    rig.run(0.2)
    rig.control("resume")
    assert (rig.state, rig.gate.reason) == ("active", "resumed by o")
    before_s = rig.now_s
    rig.run(1.0, amount=3.0)
    assert rig.given == 3.0
    for time_s, given in rig.trace:
        if time_s >= before_s:
            assert given["stn"] <= 12.0 * (time_s - before_s) + 1e-9


def test_only_a_driven_rig_is_paused_and_only_a_paused_one_resumed() -> None:
    rig = GateRig().be_ready()
    rig.control("pause")
    rig.control("resume")
    rig.control("arm")
    rig.control("pause")
    assert (rig.state, rig.refusals) == ("armed", ["state", "state", "state"])
    rig = GateRig().be_held(1.0)
    rig.control("pause")
    assert rig.state == "paused"
    rig.control("pause")
    assert rig.refusals[-1] == "state"


@pytest.mark.parametrize(
    ("reason", "keys"),
    [
        ("retained", {"retained": True}),
        ("session", {"session": "another"}),
        ("late", {"issued_us": 1}),
    ],
)
@pytest.mark.parametrize("action", ["pause", "resume"])
def test_a_request_that_is_not_fresh_or_not_ours_does_nothing(
    action: str, reason: str, keys: dict[str, object]
) -> None:
    rig = GateRig().be_active(1.0) if action == "pause" else GateRig().be_paused(1.0)
    rig.run(1.0)
    before = rig.state
    rig.control(action, **keys)  # type: ignore[arg-type]
    assert (rig.state, rig.refusals[-1]) == (before, reason)


def test_a_pause_drops_what_was_wished() -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    rig.control("pause")
    rig.run(1.0)
    rig.control("resume")
    since_s = rig.now_s
    rig.run(3.0)  # the policy says nothing
    assert (rig.state, rig.peak(since_s)) == ("active", 0.0)


def test_budgets_run_in_a_pause_too() -> None:
    limits = limits_of(charge_uc_per_10_min_max=600.0 * 7.8 + 80.0, on_time_s_max=9999.0)
    rig = WiredRig(device_of(safe_ma=1.0, limits=limits)).be_active()
    rig.run(0.5, amount=2.0)
    before_uc = rig.gate.counted("stn", rig.now_s)[0]
    rig.control("pause")
    rig.run(10.0)
    assert rig.gate.counted("stn", rig.now_s)[0] - before_uc >= 9.9 * 7.8
    assert rig.gate.counted("stn", rig.now_s)[0] >= rig.small["stn"].charge_uc


def test_a_pause_ends_by_disarm_and_by_every_fault() -> None:
    rig = WiredRig().be_active()
    rig.run(0.5, amount=2.0)
    rig.control("pause")
    rig.control("disarm")
    assert rig.state == "idle"
    rig = WiredRig().be_active()
    rig.control("pause")
    rig.take(rig.gate.fail("no space left", rig.now_s))
    assert rig.state == "safe"


def test_a_rig_that_was_paused_never_arms_itself_again() -> None:
    rig = GateRig(arm="auto")
    rig.connect()
    rig.run(3.0)
    rig.control("pause")
    rig.control("disarm")
    rig.run(5.0)
    assert rig.state == "idle"


def test_a_device_that_lets_its_lease_end_in_a_pause_keeps_the_rig_from_resuming() -> None:
    rig = WiredRig().be_active()
    rig.control("pause")
    rig.down = lambda _: None
    rig.run(0.5)
    rig.control("resume")
    assert rig.state == "paused"
    assert "device" in rig.refusals or "data" in rig.refusals
    rig.down = lambda _: 0.002
    rig.run(1.0)
    rig.control("resume")
    assert rig.state == "active", rig.refusals


@pytest.mark.parametrize("fault", ["refused", "lost", "silent"])
def test_a_device_that_does_not_come_down_in_a_pause_gets_no_more_leases(fault: str) -> None:
    rig = WiredRig().be_active()
    rig.run(1.0, amount=3.0)
    if fault == "refused":
        rig.small["stn"].refuses = "limit"
    elif fault == "lost":
        rig.down = lambda told: None if isinstance(told, Command) else 0.002
    else:
        rig.up = lambda _: None
    rig.control("pause")
    paused_s = rig.now_s
    rig.run(rig.timing.hold_s_max + rig.timing.lease_s + 3.0)
    assert rig.state == "safe"
    way_s = rig.timing.lease_s + 3.0 / 12.0
    assert rig.peak(paused_s + rig.timing.hold_s_max + 2.0 * way_s + 0.1) == 0.0


def test_a_pause_gives_a_slow_device_the_time_that_its_way_takes() -> None:
    slow = device_of(limits=limits_of(slew_ma_per_s_max=0.5))
    rig = WiredRig(slow).be_active()
    rig.run(8.0, amount=3.0)
    rig.control("pause")
    rig.run(20.0)
    assert (rig.state, rig.given) == ("paused", 0.0)
