"""What the gate does with targets: ramps, triggers, refusals, answers."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from stimulators.decisions import Refusal, Send
from stimulators.gate.usage.past import DevicePast
from stimulators.wire.messages import Command, Reason
from stimulators.wire.received import AckHeard, InfoHeard
from tests.stimulators.gate.gate_rig import (
    SESSION,
    TICK_S,
    GateRig,
    amounts,
    commands_in,
    device_of,
    feedback_of,
    limits_of,
)

ANOTHER = "00001700000000000000-00000000"
COMMAND = Command(
    session=SESSION,
    seq=7,
    kind="amplitude",
    channel="c",
    program="adbs",
    onset_us=0,
    issued_us=0,
    expires_us=1,
    reason=Reason(detector="d", value=0.0, threshold=0.0, policy="p"),
    simulated=True,
    amplitude_ma=0.0,
)

_BEGIN: dict[str, Callable[[GateRig], GateRig]] = {
    "idle": GateRig.be_ready,
    "armed": GateRig.be_armed,
    "hold": GateRig.be_held,
    "safe": GateRig.be_active,
}


def test_an_amplitude_is_reached_by_a_ramp_no_faster_than_the_slew() -> None:
    rig = GateRig().be_active()
    sent = commands_in(rig.run(1.0, amount=2.5))
    assert amounts(sent)[-1] == 2.5
    for before, after in pairwise(sent):
        assert before.amplitude_ma is not None
        assert after.amplitude_ma is not None
        most = 12.0 * ((after.issued_us - before.issued_us) / 1e6 + TICK_S)
        assert 0.0 < after.amplitude_ma - before.amplitude_ma <= most
    took_s = (sent[-1].issued_us - sent[0].issued_us) / 1e6
    assert took_s == pytest.approx(2.5 / 12.0, abs=0.05)


def test_a_ramp_starts_with_the_target_not_with_the_next_tick() -> None:
    rig = GateRig().be_active()
    (sent,) = commands_in(rig.want(2.5))
    assert sent.issued_us == round(rig.now_s * 1e6)


def test_a_ramp_is_no_faster_where_ticks_are_late() -> None:
    rig = GateRig().be_active()
    rig.want(2.5)
    first = rig.commands[-1].amplitude_ma
    rig.now_s += 0.08
    rig.report()
    rig.observe()
    rig.tick()
    second = rig.commands[-1].amplitude_ma
    assert first is not None
    assert second is not None
    assert second - first <= 12.0 * 2 * TICK_S + 1e-9


def test_a_slow_ramp_is_not_a_flood_of_tiny_steps() -> None:
    rig = GateRig(
        device_of(limits=limits_of(slew_ma_per_s_max=0.03, on_time_s_max=9999.0))
    ).be_active()
    sent = commands_in(rig.run(20.0, amount=2.0))
    assert amounts(sent)[-1] == pytest.approx(0.6, abs=0.02)
    assert len(sent) <= 101


def test_a_target_for_what_is_under_way_costs_no_command() -> None:
    rig = GateRig().be_active(2.0)
    before = len(rig.log)
    for _ in range(5):
        assert rig.want(2.0) == ()
    assert len(rig.log) == before


def test_a_command_says_what_why_and_until_when() -> None:
    rig = GateRig(device_of(simulated=False))
    rig.take(rig.gate.learn_past((DevicePast(device="stn", known_age_s=0.0),), rig.now_s))
    rig.be_active()
    target = rig.target(2.5)
    (decision,) = rig.take(rig.gate.admit([target], rig.now_s))
    assert isinstance(decision, Send)
    command = decision.message
    assert isinstance(command, Command)
    now_us = round(rig.now_s * 1e6)
    assert (decision.device, command.kind, command.program) == ("stn", "amplitude", "adbs")
    assert (command.channel, command.seq, command.simulated) == ("STN_L_13", 1, False)
    assert (command.issued_us, command.expires_us) == (now_us, now_us + 100_000)
    assert command.onset_us == round(target.onset_s * 1e6)
    assert command.reason == Reason(detector="bursts", value=2.0, threshold=1.0, policy="adbs")
    assert command.level is None


def test_a_feedback_device_is_told_levels() -> None:
    rig = GateRig(feedback_of()).be_active()
    sent = commands_in(rig.run(0.5, amount=0.7))
    assert [command.amplitude_ma for command in sent] == [None] * len(sent)
    assert sent[0].level == pytest.approx(0.1 + 4.0 * 2 * TICK_S)
    assert sent[-1].level == 0.7
    rig.want(0.9)
    assert (rig.state, rig.refusals) == ("safe", ["limit"])
    assert rig.commands[-1].level == 0.1


@pytest.mark.parametrize("kind", ["amplitude", "trigger"])
@pytest.mark.parametrize("amount", [3.001, -0.001, float("nan"), float("inf"), -float("inf")])
def test_what_is_beyond_the_limit_is_refused_and_ends_in_safe(kind: str, amount: float) -> None:
    rig = GateRig().be_active(1.0)
    before = len(rig.commands)
    rig.want(amount, kind=kind)
    assert (rig.refusals, rig.state) == (["limit"], "safe")
    assert amounts(rig.commands[before:]) == [0.0]


@pytest.mark.parametrize(
    ("reason", "keys"),
    [
        ("late", {"age_s": 0.101}),
        ("late", {"age_s": -0.006}),
        ("late", {"time_s": float("nan")}),
        ("number", {"onset_s": float("nan")}),
        ("number", {"onset_s": 1e300}),
        ("number", {"value": float("inf")}),
        ("number", {"threshold": float("nan")}),
        ("program", {"program": "other"}),
        ("device", {"device": "gpi"}),
    ],
)
@pytest.mark.parametrize("kind", ["amplitude", "trigger"])
def test_a_target_that_may_not_go_is_refused_and_never_sent(
    reason: str, keys: dict[str, Any], kind: str
) -> None:
    rig = GateRig().be_active()
    rig.want(1.0, kind=kind, **keys)
    assert rig.refusals == [reason]
    refusal = next(each for each in rig.decided if isinstance(each, Refusal))
    assert (refusal.policy, refusal.sample) == ("adbs", round(rig.now_s * 1000))
    rig.run(0.3)
    assert (rig.commands, rig.state) == ([], "active")


@pytest.mark.parametrize("state", _BEGIN)
def test_targets_outside_active_are_refused_once_for_each_wish(state: str) -> None:
    rig = _BEGIN[state](GateRig())
    if state == "safe":
        rig.stop()
    for amount in (2.0, 2.0, 2.0, 0.0, 0.0, 2.0):
        rig.want(amount)
    assert rig.refusals == [state] * 3
    for _ in range(2):
        rig.trigger()
    assert rig.refusals == [state] * 5
    # Nothing but the way to the safe amount, which a stop says as well.
    assert amounts(rig.commands) == ([0.0] if state == "safe" else [])


def test_a_device_without_an_estimate_of_its_own_is_not_driven() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_armed()
    rig.observe("a")
    assert {each.device for each in rig.decided if isinstance(each, Send)} == {"a"}
    rig.want(1.0, device="b")
    assert rig.commands == []
    rig.observe("b")
    rig.want(1.0, device="b")
    assert {each.device for each in rig.decided if isinstance(each, Send)} == {"a", "b"}


def test_of_several_targets_in_a_step_the_newest_counts() -> None:
    rig = GateRig().be_active()
    targets = [rig.target(amount) for amount in (2.0, 0.4, 2.0, 0.4)]
    decided = rig.take(rig.gate.admit(targets, rig.now_s))
    assert [each.reason for each in decided if isinstance(each, Refusal)] == ["superseded"] * 2
    assert amounts(commands_in(decided)) == [0.4]
    triggers = [rig.target(1.0, kind="trigger") for _ in range(3)]
    decided = rig.take(rig.gate.admit(triggers, rig.now_s))
    assert [each.reason for each in decided if isinstance(each, Refusal)] == ["superseded"] * 2
    assert len(commands_in(decided)) == 1


def test_an_older_target_beyond_the_limit_is_a_violation_all_the_same() -> None:
    rig = GateRig().be_active()
    rig.take(rig.gate.admit([rig.target(9.0), rig.target(1.0)], rig.now_s))
    assert rig.state == "safe"


def test_commands_a_second_are_limited_and_the_ramp_goes_on_when_there_is_room() -> None:
    rig = GateRig(device_of(limits=limits_of(commands_per_s_max=4.0))).be_active()
    sent = commands_in(rig.run(3.0, amount=3.0))
    times_us = [command.issued_us for command in sent]
    assert all(d - a >= 1_000_000 for a, d in zip(times_us, times_us[4:], strict=False))
    assert 8 <= len(sent) <= 12


def test_hold_moves_nothing_and_the_ramp_goes_on_after_it() -> None:
    rig = GateRig().be_active()
    rig.want(2.5)
    rig.run(0.06)
    rig.observe(valid=False)
    stood = rig.commands[-1].amplitude_ma
    rig.run(0.4)
    assert rig.commands[-1].amplitude_ma == stood
    rig.run(0.6)
    assert rig.commands[-1].amplitude_ma == 2.5


def test_a_target_refused_in_hold_ends_the_old_wish() -> None:
    rig = GateRig().be_active()
    rig.want(2.5)
    rig.run(0.06)
    rig.observe(valid=False)
    stood = rig.commands[-1].amplitude_ma
    rig.want(0.0)
    assert rig.refusals == ["hold"]
    rig.run(1.0)
    assert rig.state == "active"
    assert rig.commands[-1].amplitude_ma == stood


# Triggers.


def test_a_trigger_goes_at_once_and_only_once() -> None:
    rig = GateRig().be_active()
    (sent,) = commands_in(rig.trigger(1.5))
    assert (sent.kind, sent.amplitude_ma) == ("trigger", 1.5)
    rig.run(1.0)
    assert len(rig.commands) == 1


def test_a_trigger_is_not_taken_for_the_amplitude_under_way() -> None:
    rig = GateRig().be_active(1.0)
    (sent,) = commands_in(rig.trigger(1.0))
    assert sent.kind == "trigger"


def test_a_stream_that_fell_silent_since_the_last_tick_holds_a_target() -> None:
    rig = GateRig().be_active()
    rig.now_s += 0.11
    rig.trigger()
    rig.want(1.0)
    assert (rig.state, rig.refusals, rig.commands) == ("hold", ["hold", "hold"], [])


@pytest.mark.parametrize(
    ("age_first_s", "after_s", "age_second_s", "refused"),
    [
        (0.0, 0.05, 0.0, []),
        (0.0, 0.049, 0.0, ["refractory"]),
        (0.0, 0.06, 0.02, ["refractory"]),
        (0.02, 0.04, 0.0, ["refractory"]),
        (0.0, 0.06, 0.07, ["refractory"]),
        (0.02, 0.06, 0.02, []),
    ],
)
def test_triggers_are_refractory_by_sample_time_and_by_now(
    age_first_s: float, after_s: float, age_second_s: float, refused: list[str]
) -> None:
    rig = GateRig().be_active()
    rig.trigger(age_s=age_first_s)
    rig.now_s += after_s
    rig.trigger(age_s=age_second_s)
    assert rig.refusals == refused
    assert len(rig.commands) == 2 - len(refused)


def test_triggers_a_minute_are_counted_in_any_minute() -> None:
    rig = GateRig(device_of(limits=limits_of(triggers_per_min_max=3))).be_active()
    for _ in range(4):
        rig.run(1.0)
        rig.trigger()
    assert rig.refusals == ["triggers"]
    rig.run(56.9)
    rig.trigger()
    assert rig.refusals == ["triggers"] * 2
    rig.run(0.2)
    rig.trigger()
    assert len(rig.commands) == 4


def test_no_trigger_at_all_may_be_the_limit() -> None:
    rig = GateRig(device_of(limits=limits_of(triggers_per_min_max=0))).be_active()
    rig.trigger()
    assert rig.refusals == ["triggers"]


def test_triggers_count_as_commands_and_as_charge() -> None:
    rig = GateRig(device_of(limits=limits_of(commands_per_s_max=3.0, refractory_s=0.0))).be_active()
    for _ in range(3):
        rig.now_s += 0.01
        rig.trigger()
    assert rig.refusals == ["commands"]
    limits = limits_of(charge_uc_per_10_min_max=3.0, triggers_per_min_max=900, refractory_s=0.0)
    rig = GateRig(device_of(limits=limits)).be_active()
    for _ in range(60):  # 1 mA in 60 us is 0.06 uC
        rig.run(0.05)
        rig.trigger(1.0)
    assert rig.refusals == ["charge"] * 10
    assert len(rig.commands) == 50


# Budgets that run by themselves.


def test_on_time_runs_only_above_the_safe_amount_and_without_a_break() -> None:
    device = device_of(safe_ma=1.0, limits=limits_of(on_time_s_max=2.0))
    rig = GateRig(device).be_active()
    rig.run(10.0, amount=1.0)
    rig.run(1.5, amount=2.0)
    rig.run(1.0, amount=0.5)
    rig.run(1.5, amount=2.0)
    assert rig.state == "active"
    rig.run(0.4, amount=2.0)
    assert (rig.state, rig.gate.reason) == ("safe", "device stn reached on_time_s_max")
    assert rig.commands[-1].amplitude_ma == 1.0


def test_a_short_break_does_not_begin_the_time_above_safe_anew() -> None:
    device = device_of(limits=limits_of(on_time_s_max=4.0, off_time_s_min=0.5))
    rig = GateRig(device).be_active()
    for _ in range(8):
        rig.run(0.8, amount=2.0)
        rig.run(0.3, amount=0.0)
    assert (rig.state, rig.gate.reason) == ("safe", "device stn reached on_time_s_max")


def test_a_rise_whose_way_back_does_not_fit_is_refused_until_the_break_is_long_enough() -> None:
    device = device_of(limits=limits_of(on_time_s_max=2.0, off_time_s_min=1.0))
    rig = GateRig(device).be_active()
    rig.run(1.3, amount=2.0)
    rig.run(0.6, amount=0.0)
    rig.want(2.0)
    assert (rig.state, rig.refusals) == ("active", ["on_time"])
    rig.run(0.2, amount=2.0)
    assert (rig.state, amounts(rig.commands)[-1]) == ("active", 0.0)
    rig.run(0.6, amount=2.0)
    assert (rig.state, amounts(rig.commands)[-1]) == ("active", 2.0)


def test_charge_is_what_flows_in_ten_minutes_and_will_flow_on_the_way_to_safe() -> None:
    device = device_of(limits=limits_of(charge_uc_per_10_min_max=15.6, on_time_s_max=9999.0))
    rig = GateRig(device).be_active()
    # 2 mA of 60 us at 130 Hz: 15.6 uC a second. The way to safe takes a lease, a tick, the slew.
    rig.run(0.6, amount=2.0)
    assert rig.state == "active"
    rig.run(0.2, amount=2.0)
    assert rig.gate.reason == "device stn reached charge_uc_per_10_min_max"
    for _ in range(20):  # each time less is left, until no rise fits
        rig.run(0.5)
        rig.control("arm")
        rig.run(0.5, amount=2.0)
    assert rig.state == "active"
    assert "charge" in rig.refusals
    assert 14.0 <= rig.gate.counted("stn", rig.now_s)[0] <= 15.6


def test_the_lease_that_outlives_a_disarming_counts_as_charge() -> None:
    rig = GateRig().be_active(2.0)
    before_uc, _ = rig.gate.counted("stn", rig.now_s)
    rig.answers = False
    rig.control("disarm")
    rig.run(1.0)
    after_uc, _ = rig.gate.counted("stn", rig.now_s)
    assert after_uc - before_uc == pytest.approx(15.6, abs=0.4)  # nobody said that it is down
    rig.answers = True
    rig.run(2.0)
    assert rig.gate.driven == ()
    down_uc, _ = rig.gate.counted("stn", rig.now_s)
    rig.run(2.0)
    assert rig.gate.counted("stn", rig.now_s)[0] == down_uc


def test_an_amount_that_is_not_acknowledged_counts_too() -> None:
    rig = GateRig(device_of(limits=limits_of(on_time_s_max=0.5))).be_active()
    rig.answers = False
    rig.want(0.4)
    rig.run(0.22)
    assert rig.gate.reason == "device stn reached on_time_s_max"


def test_an_amount_that_was_not_taken_back_yet_counts_too() -> None:
    rig = GateRig(device_of(limits=limits_of(on_time_s_max=0.8))).be_active()
    rig.want(0.4)
    rig.run(0.32)
    rig.answers = False
    rig.want(0.0)
    rig.run(0.22)
    assert rig.gate.reason == "device stn reached on_time_s_max"


# Answers.


def test_a_refused_command_is_told_and_its_amount_does_not_count() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    decided = rig.answer(rig.commands[-1], refused="clock")
    assert [
        (each.reason, each.policy, each.found) for each in decided if isinstance(each, Refusal)
    ] == [("refused", "adbs", "clock")]
    assert rig.gate.beliefs(rig.now_s)["stn"].highest == 0.0
    rig.run(0.2, amount=0.4)
    assert len(rig.commands) == 1
    rig.run(0.1, amount=0.4)
    assert amounts(rig.commands) == [0.4, 0.4]


def test_a_device_that_refuses_to_go_down_is_told_again_in_hold() -> None:
    rig = GateRig().be_active(0.4)
    rig.answers = False
    rig.want(0.0)
    rig.answer(rig.commands[-1], refused="expired")
    n_commands = len(rig.commands)
    rig.run(0.1)
    assert (rig.state, len(rig.commands)) == ("hold", n_commands)
    rig.answers = True
    rig.run(0.2)
    assert amounts(rig.commands[n_commands:]) == [0.0]
    rig.run(0.6)
    assert rig.state == "active"


def test_what_a_device_did_after_a_refusal_is_where_the_next_way_begins() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    rig.run(0.04)
    rig.want(0.8)
    first, second = rig.commands
    rig.answer(first, refused="expired")
    rig.answer(second)
    rig.answers = True
    rig.want(0.0)
    rig.run(0.2)
    assert amounts(rig.commands)[:2] == [0.4, pytest.approx(0.48)]
    assert amounts(rig.commands)[-1] == 0.0


def test_an_unchanged_amount_is_said_again_where_an_answer_is_missing() -> None:
    rig = GateRig().be_active(0.4)
    rig.answers = False
    rig.want(0.8)
    rig.run(0.3, amount=0.8)
    assert rig.state == "hold"
    before = len(rig.commands)
    rig.answers = True
    rig.run(1.0, amount=0.8)
    assert rig.state == "active"
    # What it certainly gives at least, then the way that is wanted.
    assert amounts(rig.commands[before - 1 :]) == [0.4, 0.4, 0.8]


def test_answers_that_come_twice_or_late_change_nothing() -> None:
    rig = GateRig().be_active(2.0)
    last = rig.commands[-1]
    assert rig.answer(last) == ()
    assert rig.answer(last, refused="expired") == ()
    assert rig.answer(last, session=ANOTHER, last_seq=9) == ()
    assert rig.answer(last, seq=None, request_id=None) == ()
    assert rig.hear(AckHeard("gpi", rig.ack(last))) == ()
    rig.want(1.0)
    word = rig.obedient["stn"].word
    assert rig.answer(last, word=word - 1, applied_ma=99.0) == ()
    assert (rig.state, rig.stops, rig.notices) == ("active", [], [])


@pytest.mark.parametrize("keys", [{"seq": 999}, {"last_seq": 999}])
def test_an_answer_to_a_command_that_was_never_sent_is_a_stop(keys: dict[str, int]) -> None:
    rig = GateRig().be_active(2.0)
    rig.answer(rig.commands[-1], **keys)
    assert rig.state == "safe"
    assert [each.reason for each in rig.stops] == ["stn answers command 999, which was never sent"]
    rig = GateRig().be_ready()
    rig.answer(COMMAND, **keys)
    assert (rig.state, rig.stops, rig.notices) == ("idle", [], ["ack_unknown"] * len(rig.notices))


def test_a_device_that_gives_more_than_asked_under_another_session_is_stopped_too() -> None:
    rig = GateRig().be_active(2.0)
    rig.answer(rig.commands[-1], session=ANOTHER, last_seq=0, applied_ma=2.9)
    assert (rig.state, len(rig.stops)) == ("safe", 1)


def test_a_device_whose_lease_ended_is_a_lapse_and_begins_from_safe_again() -> None:
    rig = GateRig().be_active(2.0)
    before = len(rig.commands)
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    assert rig.changes[-1] == ("active", "hold")
    rig.run(0.45, amount=2.0)
    assert (rig.state, len(rig.commands)) == ("hold", before)
    rig.run(0.6, amount=2.0)
    sent = rig.commands[before:]
    assert rig.state == "active"
    assert amounts(sent)[0] <= 12.0 * 2 * TICK_S + 1e-9
    assert amounts(sent)[-1] == 2.0


def test_a_device_that_was_moved_after_it_said_safe_is_brought_down_again() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.4)
    (moved,) = rig.commands
    rig.hear(InfoHeard("stn", rig.obedient["stn"].info(), retained=False))
    rig.answer(moved)
    rig.want(0.0)
    rig.answers = True
    rig.run(0.1, amount=0.0)
    assert amounts(rig.commands)[-1] == 0.0


def test_what_was_on_the_way_to_a_device_whose_lease_ended_does_not_count_as_refused() -> None:
    rig = GateRig().be_active(2.0)
    rig.answers = False
    rig.want(1.0)
    sent = rig.commands[-1]
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    rig.answer(sent, refused="lease")
    rig.answers = True
    rig.run(1.2, amount=2.0)
    assert rig.state == "active"
    assert amounts(rig.commands)[-1] == 2.0


def test_commands_are_numbered_over_all_devices() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_active()
    rig.want(1.0)
    rig.want(1.0, device="b")
    rig.run(0.5)
    rig.stop()
    assert [command.seq for command in rig.commands] == list(range(1, len(rig.commands) + 1))
