"""A program changes at 0 only, or between programs of the same contacts; charge holds in each."""

from typing import Any

import pytest

from stimulators.device_config import DeviceConfig
from stimulators.limits import ProgramConfig
from tests.stimulators.gate.gate_rig import GateRig, amounts, device_of
from tests.stimulators.gate.wired_rig import WiredRig


def two_programs(contacts: tuple[str, str] = ("", ""), **keys: Any) -> DeviceConfig:
    programs = {
        name: ProgramConfig(
            frequency_hz=130.0, pulse_width_us=width_us, contact_area_cm2=0.06, contacts=where
        )
        for name, width_us, where in zip(("a", "b"), (60.0, 30.0), contacts, strict=True)
    }
    return device_of(programs=programs, safe_program="a", **keys)


def want_b(rig: GateRig, amount: float) -> None:
    """Let a hop of good data want so much in the second program."""
    rig.report()
    rig.observe()
    rig.want(amount, program="b")


def test_a_program_changes_at_nothing_only() -> None:
    rig = WiredRig(two_programs()).be_active()
    rig.run(1.0, amount=2.9)
    device = rig.small["stn"]
    was, low = device.program, 9.0
    for _ in range(200):
        rig.report()
        rig.observe()
        rig.want(2.0, program="b")
        rig.pass_hop()
        low = min(low, device.given)
        if device.program != was:
            assert low == 0.0
            was = device.program
    assert (device.program, device.given, rig.state) == ("b", 2.0, "active")
    assert "refused" not in rig.refusals


def test_programs_of_the_same_contacts_change_where_they_are() -> None:
    rig = WiredRig(two_programs(("1-", "1-")))
    rig.small["stn"].refuses = ""
    rig.be_active()
    rig.run(1.0, amount=2.0)
    before = len(rig.commands)
    rig.want(2.0, program="b")
    assert amounts(rig.commands[before:]) == [2.0]
    assert rig.commands[-1].program == "b"


@pytest.mark.parametrize("contacts", [("", ""), ("1-", "2-")])
def test_other_contacts_are_never_reached_in_one_step(contacts: tuple[str, str]) -> None:
    rig = GateRig(two_programs(contacts)).be_active(2.9)
    before = len(rig.commands)
    rig.run(1.0, hop=lambda: want_b(rig, 2.9))
    sent = rig.commands[before:]
    switched = next(index for index, each in enumerate(sent) if each.program == "b")
    assert amounts(sent[:switched])[-1] == 0.0
    assert all(each.program == "a" for each in sent[:switched])
    assert amounts(sent[switched:])[0] <= 12.0 * 0.04 + 1e-9


def test_a_program_that_the_rig_does_not_know_is_refused() -> None:
    rig = GateRig(two_programs()).be_active(1.0)
    rig.want(1.0, program="c")
    assert rig.refusals == ["program"]


@pytest.mark.parametrize("safe_ma", [0.0, 1.0])
def test_safe_from_another_program_goes_through_nothing(safe_ma: float) -> None:
    rig = WiredRig(two_programs(safe_ma=safe_ma)).be_active()
    rig.run(2.0, hop=lambda: want_b(rig, 2.0))
    device = rig.small["stn"]
    assert (device.program, device.given) == ("b", 2.0)
    failed_s = rig.now_s
    rig.take(rig.gate.fail("no space left", rig.now_s))
    rig.run(3.0)
    assert (device.program, device.given) == ("a", safe_ma)
    assert rig.peak(failed_s + 1.0) <= safe_ma
    assert rig.gate.driven == ()
    assert rig.stops == []


def test_the_charge_counts_in_the_dearest_program_that_may_run() -> None:
    rig = GateRig(two_programs()).be_active()
    rig.answers = False
    rig.want(0.4, program="a")
    rig.run(0.2)
    # Nobody answered: 0.4 mA, in 60 us.
    assert rig.gate.counted("stn", rig.now_s)[0] == pytest.approx(0.4 * 7.8 * 0.2, rel=0.15)
