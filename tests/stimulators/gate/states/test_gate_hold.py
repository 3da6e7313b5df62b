"""The state HOLD: what begins it, what is commanded in it, and what ends it."""

from collections.abc import Callable

import pytest

from tests.stimulators.gate.gate_rig import (
    GateRig,
    amounts,
    commands_in,
    device_of,
    leases_in,
)


def _suspect(rig: GateRig) -> None:
    rig.observe(valid=False)


def _problem(rig: GateRig) -> None:
    rig.report(problem="frozen")


def _late(rig: GateRig) -> None:
    rig.report(age_s=0.11)


def _late_estimate(rig: GateRig) -> None:
    rig.observe(age_s=0.12)


def _silence(rig: GateRig) -> None:
    rig.tick(0.12)


def _still_estimates(rig: GateRig) -> None:
    rig.run(0.15, hop=rig.report)


def _uncertain(rig: GateRig) -> None:
    rig.report(uncertainty_s=0.006)


def _not_a_time(rig: GateRig) -> None:
    rig.report(newest_time_s=float("nan"))


@pytest.mark.parametrize(
    "suspect",
    [
        _suspect,
        _problem,
        _late,
        _late_estimate,
        _silence,
        _still_estimates,
        _uncertain,
        _not_a_time,
    ],
)
def test_suspect_or_late_data_hold(suspect: Callable[[GateRig], None]) -> None:
    rig = GateRig().be_active(amount=2.0)
    suspect(rig)
    assert rig.changes[-1] == ("active", "hold")
    assert ", expected " in rig.gate.reason


def test_an_invalid_estimate_while_calibrating_is_not_suspect() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_armed()
    rig.observe("a")
    rig.observe("b", valid=False, calibrating=True)
    assert rig.state == "active"
    rig.observe("b", valid=False)
    assert rig.state == "active"
    rig.observe("b")
    rig.observe("b", valid=False)
    assert rig.state == "hold"


def test_nothing_is_sent_while_an_estimate_is_calibrated_anew() -> None:
    rig = GateRig().be_active()
    rig.run(0.02)
    rig.want(2.5)
    before = len(rig.commands) + len(rig.leases)
    rig.observe(valid=False, calibrating=True)
    rig.run(0.09, hop=rig.report)  # a lease is due in here
    rig.want(2.0)
    assert (rig.state, rig.refusals) == ("active", ["active"])
    assert len(rig.commands) + len(rig.leases) == before
    rig.run(0.05, hop=rig.report)
    assert rig.state == "hold"


def test_a_missing_answer_holds_and_is_told_within_two_leases() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.run(2 * rig.timing.lease_s, amount=2.0)
    assert rig.changes[-1] == ("active", "hold")
    assert rig.notices == ["ack_missing"]
    rig.run(rig.timing.hold_s_max)
    assert rig.changes[-1] == ("hold", "safe")
    assert rig.notices == ["ack_missing"]


def test_only_an_answer_ends_a_hold_for_a_missing_one() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    rig.run(0.2)
    rig.want(0.8)
    rig.run(0.1)
    assert rig.state == "hold"
    rig.run(1.0)
    assert rig.state == "hold"
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    rig.run(0.2)
    rig.want(0.8)
    rig.run(0.1)
    rig.answers = True
    rig.answer(rig.commands[-1])
    # The answer to the second is missing yet: the amount is said again, and that is answered.
    rig.run(2.0 * rig.timing.ack_s_max + rig.timing.resume_s)
    assert rig.state == "active"


def test_a_late_answer_ends_the_hold_and_the_amount_is_said_again() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    rig.run(0.3)
    assert rig.state == "hold"
    rig.answers = True
    late, again = rig.commands
    rig.answer(late)
    rig.answer(again)
    rig.run(rig.timing.resume_s + 0.1, amount=0.4)
    assert rig.state == "active"
    # In the hold the lowest of what it may give was said; then the way up began anew.
    assert amounts(rig.commands) == [0.4, 0.0, 0.4]


def test_hold_keeps_the_amount_and_the_lease_but_moves_nothing() -> None:
    rig = GateRig().be_active()
    rig.want(2.5)
    rig.run(0.04)
    rig.observe(valid=False)
    before = len(rig.commands)
    decided = rig.run(1.0, amount=0.0, hop=lambda: rig.report(problem="frozen"))
    assert rig.state == "hold"
    assert len(rig.commands) == before
    assert len(leases_in(decided)) >= 1.0 / rig.timing.lease_s
    assert "hold" in rig.refusals


def test_hold_ends_after_good_data_without_a_break() -> None:
    rig = GateRig().be_held(2.0)
    rig.run(0.4)
    rig.report(problem="frozen")
    rig.run(0.45)
    assert rig.state == "hold"
    rig.run(0.1)
    assert rig.changes[-1] == ("hold", "active")


def test_hold_that_lasts_ends_in_safe() -> None:
    rig = GateRig().be_held(2.0)
    rig.run(1.98, hop=lambda: rig.report(problem="frozen"))
    assert rig.state == "hold"
    decided = rig.run(0.1, hop=lambda: rig.report(problem="frozen"))
    assert rig.changes[-1] == ("hold", "safe")
    assert amounts(commands_in(decided)) == [0.0]


def test_hold_is_counted_from_when_all_was_well_not_from_when_it_was_noticed() -> None:
    rig = GateRig().be_active(2.0)
    rig.tick(after_s=3.0)
    assert rig.state == "safe"
