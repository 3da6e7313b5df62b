"""The state table, row by row."""

from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from stimulators.decisions import Refusal, StateChanged
from stimulators.gate_config import GateConfig
from stimulators.wire.received import ClockAsked, InfoHeard, LinkChanged, Received
from tests.stimulators.gate.gate_rig import (
    SESSION,
    GateRig,
    amounts,
    commands_in,
    device_of,
    info_of,
    leases_in,
    limits_of,
    offline_of,
)

_NO_BROKER = (
    "not armed; waits: no broker, expected a link to the broker: start the broker that [broker] "
    "names, or correct its host and port; the service goes on by itself once it is there"
)


def test_an_operator_arms_where_every_condition_holds() -> None:
    rig = GateRig().be_ready()
    assert rig.state == "idle"
    decided = rig.control("arm")
    assert decided == (StateChanged("idle", "armed", "armed by o"),)
    assert (rig.state, rig.gate.reason) == ("armed", "armed by o")


def test_armed_sends_nothing_until_a_valid_estimate_and_a_device_that_is_live() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    armed_us = round(rig.now_s * 1e6)
    decided = rig.run(1.0, hop=rig.report)
    assert (rig.state, commands_in(decided), leases_in(decided)) == ("armed", [], [])
    decided = rig.run(1.0, amount=2.0)
    assert rig.state == "armed"
    assert commands_in(decided) == []
    assert {lease.armed_us for lease in leases_in(decided)} == {armed_us}
    rig.adopts = True
    rig.run(0.1)
    assert rig.changes[-1] == ("armed", "active")


def test_a_device_that_never_takes_a_lease_ends_the_arming() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.run(60.1, amount=2.0)
    assert rig.changes[-1] == ("armed", "idle")
    assert rig.gate.reason == "stn did not take a lease within 60 s"


def test_a_device_that_is_live_elsewhere_than_at_its_safe_amount_does_not_activate() -> None:
    for amount in (0.0, 0.4, 0.6):
        rig = GateRig(device_of(safe_ma=0.5)).be_armed()
        rig.adopts = False
        rig.run(0.1)
        device = rig.obedient["stn"]
        device.state, device.session, device.amount = "live", SESSION, amount
        rig.hear(InfoHeard("stn", device.info(), retained=False))
        assert rig.state == ("armed" if amount < 0.5 else "safe")


def test_an_estimate_that_is_not_valid_or_not_fresh_does_not_activate() -> None:
    rig = GateRig().be_armed()
    rig.observe(valid=False)
    rig.observe(age_s=0.2)
    rig.observe(valid=False, calibrating=True)
    rig.report(problem="saturated")
    rig.observe()
    assert rig.state == "armed"


def test_an_arming_without_an_estimate_ends_after_a_minute() -> None:
    rig = GateRig().be_armed()
    rig.run(59.9, hop=rig.report)
    assert rig.state == "armed"
    rig.run(0.2, hop=rig.report)
    assert rig.changes[-1] == ("armed", "idle")
    assert rig.commands == []


def test_an_arming_waits_for_the_calibration_as_well() -> None:
    rig = GateRig(calibration_s=20.0).be_armed()

    def calibrate() -> None:
        rig.report()
        rig.observe(valid=False, calibrating=True)

    rig.run(79.9, hop=calibrate)
    assert rig.changes[-1] == ("idle", "armed")
    rig.run(0.2, hop=calibrate)
    assert rig.changes[-1] == ("armed", "idle")


@pytest.mark.parametrize("begin", [GateRig.be_active, GateRig.be_held])
def test_disarm_goes_idle_with_the_devices_at_safe(begin: Callable[..., GateRig]) -> None:
    rig = begin(GateRig(device_of(safe_ma=0.5)), 2.0)
    rig.answers = False
    decided = rig.control("disarm")
    assert rig.state == "idle"
    assert amounts(commands_in(decided)) == [0.5]
    assert rig.gate.driven == ("stn",)
    rig.answer(rig.commands[-1])
    assert rig.gate.driven == ("stn",)  # there, but not yet safe by its own word
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    assert rig.gate.driven == ("stn",)
    rig.tick()
    assert not rig.gate.driven
    assert leases_in(rig.run(1.0, amount=2.0)) == []


def test_disarm_from_armed_goes_idle_and_elsewhere_does_nothing() -> None:
    rig = GateRig().be_armed()
    rig.control("disarm")
    assert rig.changes[-1] == ("armed", "idle")
    assert rig.control("disarm") == ()
    rig.stop()
    assert rig.control("disarm") == ()
    assert rig.state == "safe"


def test_a_broker_that_comes_late_is_waited_for() -> None:
    rig = GateRig(arm="auto")
    rig.hear(LinkChanged(is_up=False, reason="refused"))
    rig.run(3.0)
    assert (rig.state, rig.gate.status_text) == (
        "idle",
        _NO_BROKER,
    )
    rig.connect()
    rig.run(3.0)
    assert rig.state == "active"


def test_every_decision_can_be_kept() -> None:
    rig = GateRig().be_held(2.0)
    rig.stop()
    for decision in rig.decided:
        assert msgspec.json.decode(msgspec.json.encode(decision))


def test_who_is_not_there_cannot_be_lost() -> None:
    rig = GateRig()
    rig.hear(LinkChanged(is_up=True))
    rig.hear(InfoHeard("stn", offline_of(), retained=True))
    rig.hear(InfoHeard("gpi", info_of(device_of("gpi")), retained=False))
    rig.tick(20.0)
    assert rig.state == "idle"


def test_a_lease_begins_with_activity_and_is_renewed_three_times_in_its_life() -> None:
    rig = GateRig().be_active()
    decided = rig.run(3.0)
    leases = leases_in(decided)
    gaps_us = [b.issued_us - a.issued_us for a, b in pairwise(leases)]
    third_us = rig.timing.lease_s * 1e6 / 3
    assert all(third_us - 1 <= gap <= third_us + 1e6 * 0.021 for gap in gaps_us)
    assert [lease.lease_seq for lease in rig.leases] == list(range(1, len(rig.leases) + 1))
    assert {lease.valid_us for lease in leases} == {250_000}


def test_a_tick_too_slow_for_its_leases_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^rig\.tick_s: expected at most a third of gate\.lease"):
        GateRig(timing=GateConfig(lease_s=0.05, ack_s_max=0.05))


def test_two_devices_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match=r"^devices\[1\]\.id: expected unique ids, found 'stn'"):
        GateRig(device_of(), device_of())


def test_on_time_and_charge_end_in_safe_in_hold_too() -> None:
    rig = GateRig(device_of(limits=limits_of(on_time_s_max=2.0))).be_active(1.0)
    rig.run(0.9)
    rig.observe(valid=False)
    rig.run(0.3, hop=rig.report)
    assert (rig.state, rig.gate.reason) == ("safe", "device stn reached on_time_s_max")


def test_the_charge_of_the_safe_amount_counts_while_nobody_is_driven() -> None:
    # 1 mA of 60 us at 130 Hz is 7.8 uC a second: the limit is that for 610 s.
    limits = limits_of(charge_uc_per_10_min_max=610 * 7.8)
    rig = GateRig(device_of(safe_ma=1.0, limits=limits)).be_ready()
    for _ in range(590):
        rig.now_s += 1.0
        rig.live()
        rig.tick()
    rig.run(2.1, hop=rig.report)
    rig.control("arm")
    rig.run(15.0, amount=3.0)
    assert (rig.state, rig.gate.reason) == ("safe", "device stn reached charge_uc_per_10_min_max")


def test_the_kinds_of_news_that_change_nothing() -> None:
    rig = GateRig().be_active()
    for heard in (
        ClockAsked("gpi", None),  # type: ignore[arg-type]
        InfoHeard("gpi", info_of(device_of("gpi")), retained=False),
    ):
        assert rig.hear(heard) == ()
    assert rig.control("mark") == ()
    assert [each.reason for each in rig.control("set") if isinstance(each, Refusal)] == [
        "unsupported"
    ]
    assert rig.state == "active"


def test_the_same_calls_give_the_same_decisions() -> None:
    def story() -> list[object]:
        rig = GateRig(arm="auto")
        rig.connect()
        rig.run(3.0, amount=2.0)
        rig.trigger()
        rig.observe(valid=False)
        rig.run(1.0, amount=0.0)
        heard: Received = LinkChanged(is_up=False, reason="gone")
        rig.hear(heard)
        return [*rig.log, rig.gate.reason]

    assert story() == story()
