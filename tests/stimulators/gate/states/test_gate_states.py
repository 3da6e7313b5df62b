"""The state table, row by row."""

from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from stimulators.decisions import Refusal, Send, SendStop, StateChanged
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import ClockRequest, DeviceInfo
from stimulators.wire.received import ClockAsked, InfoHeard, LinkChanged, Received
from tests.stimulators.gate.gate_rig import (
    HOP_S,
    INSTANCE,
    SESSION,
    START_S,
    GateRig,
    amounts,
    commands_in,
    device_of,
    info_of,
    leases_in,
    limits_of,
)

ANOTHER = "00001700000000000000-00000000"

_NO_BROKER = (
    "not armed; waits: no broker, expected a link to the broker: start the broker that [broker] "
    "names, or correct its host and port; the service goes on by itself once it is there"
)


def offline_of(name: str = "stn") -> DeviceInfo:
    return DeviceInfo(device=name, instance=INSTANCE, word=0, state="offline")


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


def _begin_idle(rig: GateRig) -> GateRig:
    return rig.be_ready()


_STATES: dict[str, Callable[[GateRig], GateRig]] = {
    "idle": _begin_idle,
    "armed": GateRig.be_armed,
    "active": lambda rig: rig.be_active(2.0),
    "hold": lambda rig: rig.be_held(2.0),
    "paused": lambda rig: rig.be_paused(2.0),
}


def _link_lost(rig: GateRig) -> None:
    rig.hear(LinkChanged(is_up=False, reason="gone"))


def _device_offline(rig: GateRig) -> None:
    rig.hear(InfoHeard("stn", offline_of(), retained=False))


def _device_silent(rig: GateRig) -> None:
    rig.now_s += 5.1
    rig.tick()


def _limit_violated(rig: GateRig) -> None:
    rig.want(3.1)


def _clock_stepped(rig: GateRig) -> None:
    rig.take(rig.gate.clock_moved("LFP", -0.011, rig.now_s))


def _journal_failed(rig: GateRig) -> None:
    rig.take(rig.gate.fail("no space left", rig.now_s))


def _time_ran_backwards(rig: GateRig) -> None:
    rig.now_s -= 1.0
    rig.tick()


_BROKEN = [
    _link_lost,
    _device_offline,
    _device_silent,
    _limit_violated,
    _clock_stepped,
    _time_ran_backwards,
]


@pytest.mark.parametrize("event", _BROKEN)
def test_in_idle_nothing_latches(event: Callable[[GateRig], None]) -> None:
    rig = GateRig().be_ready()
    event(rig)
    assert (rig.state, rig.changes, rig.commands) == ("idle", [], [])
    rig.now_s = max(rig.now_s, START_S + 10.0)
    rig.be_ready()
    rig.control("arm")
    assert rig.state == "armed"


@pytest.mark.parametrize(
    ("state", "event"),
    [
        (state, event)
        for state in _STATES
        for event in (GateRig.stop, _journal_failed, *_BROKEN)
        if state != "idle" or event not in _BROKEN
    ],
)
def test_from_any_other_state_it_goes_safe_and_stays(
    state: str, event: Callable[[GateRig], None]
) -> None:
    rig = _STATES[state](GateRig())
    event(rig)
    assert rig.changes[-1] == (state, "safe")
    rig.answers = True
    before = len(rig.log)
    rig.connect()
    rig.run(3.0, amount=2.0)
    rig.trigger()
    assert rig.state == "safe"
    later = [decision for _, decision in rig.log[before:]]
    assert leases_in(later) == []
    assert set(amounts(commands_in(later))) <= {0.0}
    assert not rig.gate.driven


@pytest.mark.parametrize("state", ["armed", "active", "hold", "paused"])
def test_data_from_the_future_are_a_fault(state: str) -> None:
    rig = _STATES[state](GateRig())
    rig.report(age_s=-0.004)
    assert rig.state == state
    rig.report(age_s=-0.006)
    assert rig.changes[-1] == (state, "safe")


def test_an_estimate_from_the_future_is_a_fault() -> None:
    rig = GateRig().be_active()
    rig.observe(age_s=-0.004)
    assert rig.state == "active"
    rig.observe(age_s=-0.006)
    assert rig.state == "safe"


def test_a_device_that_fell_silent_is_not_told_but_the_others_are() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_active()
    before = len(rig.log)
    for _ in range(510):
        rig.now_s += HOP_S
        rig.report()
        rig.observe()
        rig.hear(
            ClockAsked("b", ClockRequest(request_seq=1, sent_us=0, nonce="n", instance=INSTANCE))
        )
        rig.tick()
    assert (rig.state, rig.gate.reason) == ("safe", "device a says nothing")
    sent = [each for _, each in rig.log[before:] if isinstance(each, Send)]
    assert [each.device for each in sent if commands_in([each])] == ["b"]


def test_a_step_of_the_clock_that_is_small_changes_nothing() -> None:
    rig = GateRig().be_active()
    assert rig.gate.clock_moved("LFP", 0.01, rig.now_s) == ()
    assert rig.gate.clock_moved("EMG", 5.0, rig.now_s) == ()
    assert rig.state == "active"


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


def test_safe_brings_the_devices_down_where_they_can_be_told() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_active(1.0)
    rig.observe("b")
    before = len(rig.log)
    rig.hear(InfoHeard("a", offline_of("a"), retained=False))
    sent = [each for _, each in rig.log[before:] if isinstance(each, Send)]
    assert [each.device for each in sent] == ["b"]
    assert amounts(commands_in(sent)) == [0.0]


def test_after_a_stop_a_device_is_told_to_be_safe_until_it_shows_that_it_stopped() -> None:
    rig = GateRig(device_of(safe_ma=1.0)).be_active(2.0)
    rig.answers = False
    decided = rig.stop()
    assert decided[0] == StateChanged("active", "safe", "stop by o: enough")
    assert amounts(commands_in(decided)) == [1.0]
    rig.run(0.5)
    before = len(rig.commands)
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.gate.driven == ("stn",)  # it has not answered the newest command yet
    rig.answer(rig.commands[-1], refused="stopped")
    rig.run(5.0)
    assert len(rig.commands) == before
    assert not rig.gate.driven


def test_a_device_that_showed_its_stop_before_the_service_heard_of_it_is_told_nothing() -> None:
    rig = GateRig(device_of(safe_ma=1.0)).be_active(2.0)
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    decided = rig.hear(InfoHeard("stn", device.info(), retained=False))
    assert rig.state == "safe"
    assert commands_in([*decided, *rig.stop(), *rig.run(3.0)]) == []


def test_without_a_link_nothing_is_sent() -> None:
    rig = GateRig().be_active(2.0)
    decided = rig.hear(LinkChanged(is_up=False, reason="gone"))
    assert commands_in(decided) == []


def test_only_an_operator_leads_out_of_safe() -> None:
    rig = GateRig().be_active(2.0)
    rig.stop()
    rig.run(1.0)
    rig.control("arm")
    assert rig.changes[-1] == ("safe", "armed")
    armed_us = round(rig.now_s * 1e6)
    rig.run(0.1)
    assert rig.state == "active"
    assert rig.leases[-1].armed_us == armed_us


def test_an_arming_asked_for_before_the_stop_does_not_act_after_it() -> None:
    rig = GateRig().be_active(2.0)
    issued_us = round(rig.now_s * 1e6)
    rig.run(0.2)
    rig.stop()
    rig.run(0.2)
    rig.control("arm", issued_us=issued_us)
    assert rig.state == "safe"
    assert rig.refusals[-1] == "late"
    rig.control("arm")
    assert rig.state == "armed"


def test_a_device_that_goes_over_its_limit_is_stopped_at_once() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    decided = rig.answer(rig.commands[-1], applied_ma=3.2)
    assert SendStop(f"{SESSION}-stop-1", "stn gives 3.2, more than was asked for") in decided
    assert rig.state == "safe"


def test_a_device_that_is_over_its_limit_once_safe_is_stopped_too_but_only_once() -> None:
    rig = GateRig().be_active(1.0)
    rig.answers = False
    rig.take(rig.gate.fail("no space left", rig.now_s))
    rig.answer(rig.commands[-1], applied_ma=9.0)
    rig.answer(rig.commands[-1], applied_ma=9.0)
    assert [each.reason for each in rig.stops] == ["stn gives 9, more than was asked for"]


def test_the_stop_is_said_once_a_second_until_the_device_shows_it() -> None:
    rig = GateRig().be_active(1.0)
    rig.answers = False
    rig.answer(rig.commands[-1], applied_ma=9.0)
    rig.run(4.5)
    assert len(rig.stops) == 5
    assert len({each.request_id for each in rig.stops}) == 5
    device = rig.obedient["stn"]
    device.state, device.amount = "stopped", 0.0
    rig.hear(InfoHeard("stn", device.info(), retained=False))
    rig.run(3.0)
    assert len(rig.stops) == 5


def test_where_one_device_was_stopped_the_others_are_brought_down() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_active(1.0)
    stopped = rig.obedient["a"].info(state="stopped", applied_ma=0.0)
    before = len(rig.log)
    rig.hear(InfoHeard("a", stopped, retained=False))
    sent = [each for _, each in rig.log[before:] if isinstance(each, Send)]
    assert (rig.state, [each.device for each in sent]) == ("safe", ["b"])
    assert amounts(commands_in(sent)) == [0.0]


def test_a_device_that_was_stopped_or_taken_over_ends_in_safe() -> None:
    for keys in (
        {"state": "stopped"},
        {"state": "live", "session": ANOTHER},
        {"state": "live", "session": SESSION, "applied_ma": float("nan")},
    ):
        rig = GateRig().be_active(2.0)
        info = rig.obedient["stn"].info(**keys)
        rig.hear(InfoHeard("stn", info, retained=True))
        assert rig.state == "active"
        rig.hear(InfoHeard("stn", info, retained=False))
        assert rig.state == "safe"


def test_a_device_that_is_taken_over_before_it_is_driven_ends_in_safe_as_well() -> None:
    rig = GateRig().be_armed()
    taken = info_of(device_of(), word=2, state="live", session=ANOTHER)
    rig.hear(InfoHeard("stn", taken, retained=False))
    rig.run(1.0, amount=1.0)
    assert (rig.state, rig.leases, rig.commands) == ("safe", [], [])
    rig = GateRig().be_ready()
    rig.hear(InfoHeard("stn", taken, retained=False))
    assert rig.state == "idle"


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
