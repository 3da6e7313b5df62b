"""What follows from each word of a device: whose it is, which boot says it, and when."""

from collections.abc import Sequence
from typing import Any

import pytest

from stimulators.decisions import Decision, Notice
from stimulators.wire.messages import Ack, DeviceInfo, DeviceStatus
from stimulators.wire.received import AckHeard, DeviceStatusHeard, InfoHeard, LinkChanged
from tests.stimulators.gate.gate_rig import INSTANCE, SESSION, GateRig, device_of, limits_of

OLDER = "00001700000000000000-00000000"


def info(rig: GateRig, name: str = "stn", *, retained: bool = False, **keys: Any) -> InfoHeard:
    return InfoHeard(name, rig.obedient[name].info(**keys), retained=retained)


def status(rig: GateRig, name: str = "stn", **keys: Any) -> DeviceStatusHeard:
    device = rig.obedient[name]
    settings = {
        "session": device.session,
        "state": device.state,
        "charge_uc": 0.0,
        "on_s": 0.0,
        "counted_since_s": 0.0,
        **device.words(),
    }
    return DeviceStatusHeard(name, DeviceStatus(**(settings | keys)))


def gone(instance: str = INSTANCE) -> DeviceInfo:
    return DeviceInfo(device="stn", instance=instance, word=0, state="offline")


def told(decided: Sequence[Decision]) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in decided if isinstance(each, Notice)]


# Answers.


def test_an_answer_of_another_session_answers_nothing() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.want(0.2)
    (command,) = rig.commands
    ack = rig.ack(command, session=OLDER)
    assert rig.hear(AckHeard("stn", ack)) == ()
    rig.run(0.3)
    assert rig.notices == ["ack_missing"]


def test_an_answer_to_no_command_is_none_to_one_that_was_never_sent() -> None:
    rig = GateRig().be_active(1.0)
    device = rig.obedient["stn"]
    ack = Ack(session=SESSION, received_us=0, applied_us=0, **device.words())
    assert rig.hear(AckHeard("stn", ack)) == ()
    assert (rig.state, rig.stops) == ("active", [])


def test_a_clipping_is_told_with_what_the_device_gives() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    for _ in range(40):
        rig.run(0.02, amount=1.0)
        if rig.commands:
            rig.hear(AckHeard("stn", rig.ack(rig.commands[-1], applied_ma=0.1)))
    assert told(rig.decided) == [("clipped", "stn gives 0.1 where more was asked for")]


# Descriptions.


def test_a_device_that_went_offline_is_said_to_be() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.hear(InfoHeard("stn", gone(), retained=False))
    assert (rig.state, rig.gate.reason) == ("safe", "device stn is offline")
    assert rig.gate.beliefs(rig.now_s)["stn"].state == "offline"
    rig = GateRig().be_ready()
    rig.hear(InfoHeard("stn", gone(), retained=False))
    assert (rig.state, rig.gate.beliefs(rig.now_s)["stn"].state) == ("idle", "offline")


def test_what_a_broker_remembers_ends_nothing() -> None:
    rig = GateRig().be_active()
    rig.hear(InfoHeard("stn", gone(), retained=True))
    rig.hear(InfoHeard("stn", gone("another"), retained=False))
    assert (rig.state, rig.gate.beliefs(rig.now_s)["stn"].state) == ("active", "live")


def _found(rig: GateRig) -> str:
    rig.tick()
    return rig.gate.status_text


def test_what_a_broker_remembers_is_known_until_the_device_says_it_itself() -> None:
    rig = GateRig().be_ready()
    rig.gate._drives["stn"].presence.forget()
    assert "stn: nothing, expected a device that answers" in _found(rig)
    rig.hear(info(rig, retained=True, simulated=False))
    assert "stn: silence, expected a device that answers" in _found(rig)
    rig.live()
    assert "stn: real, expected simulated" in _found(rig)
    rig.hear(info(rig, retained=True))
    assert "ready to be armed" in _found(rig)
    rig.hear(info(rig))
    rig.hear(info(rig, retained=True, simulated=False))
    assert "not ready" not in _found(rig)


def test_what_a_device_says_it_is_counts_at_once() -> None:
    rig = GateRig().be_active()
    rig.hear(info(rig, simulated=False))
    found = "device stn: simulated: found real, expected simulated"
    assert (rig.state, rig.gate.reason) == ("safe", found)
    rig = GateRig().be_active()
    rig.hear(info(rig, amount_tolerance=0.25))
    device = rig.obedient["stn"]
    device.amount = 0.25
    rig.hear(info(rig))
    assert rig.state == "active"


# Boots.


def test_a_device_that_was_started_anew_or_is_there_twice_ends_it() -> None:
    rig = GateRig().be_active()
    rig.hear(info(rig, instance="next"))
    assert (rig.state, rig.gate.reason) == ("safe", "device stn was started anew")
    rig = GateRig()
    rig.obedient["stn"].instance = "first"
    rig.connect()
    rig.obedient["stn"].instance = "second"
    rig.be_active()
    asked = info(rig).message
    said = status(rig, instance="first")
    assert asked.instance == "second"
    rig.gate._drives["stn"].presence._earlier.append("first")
    rig.hear(said)
    assert (rig.state, rig.gate.reason) == ("safe", "device stn is there twice")


def test_a_word_of_an_earlier_boot_is_not_believed() -> None:
    for kind in ("info", "status", "answer"):
        rig = GateRig().be_ready()
        device = rig.obedient["stn"]
        device.instance = "next"
        rig.hear(info(rig))
        device.instance, device.amount = INSTANCE, 3.0
        if kind == "info":
            rig.hear(info(rig, simulated=False))
        elif kind == "status":
            rig.hear(status(rig))
        else:
            ack = Ack(session=OLDER, received_us=0, applied_us=0, **device.words())
            rig.hear(AckHeard("stn", ack))
        belief = rig.gate.beliefs(rig.now_s)["stn"]
        assert (belief.instance, belief.highest) == ("next", 0.0)
        assert "unasked" not in rig.notices


# Leases that ended.


def test_only_a_device_that_is_driven_lets_its_lease_end() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_ready()
    rig.control("arm")
    rig.observe("a")
    assert rig.state == "active"
    other = rig.obedient["b"]
    for state in ("live", "safe"):
        other.state, other.session = state, SESSION
        rig.hear(info(rig, "b"))
    assert rig.state == "active"


def test_a_device_that_takes_its_time_to_be_live_lets_no_lease_end() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_ready()
    rig.control("arm")
    rig.observe("a")
    rig.adopts = False
    rig.observe("b")
    assert rig.gate.driven == ("a", "b")
    rig.hear(status(rig, "b"))
    rig.hear(info(rig, "b"))
    assert rig.state == "active"
    device = rig.obedient["b"]
    device.state, device.session = "live", OLDER
    rig.hear(status(rig, "b"))
    device.session = SESSION
    rig.hear(status(rig, "b"))
    device.session = OLDER
    rig.hear(status(rig, "b"))
    assert (rig.state, rig.gate.reason) == ("hold", "device b let its lease end")


def test_a_device_that_is_stopped_before_it_is_live_may_be_led_out_of_it() -> None:
    rig = GateRig().be_armed()
    rig.adopts = False
    rig.observe()
    rig.obedient["stn"].state = "stopped"
    rig.hear(info(rig))
    assert rig.state == "armed"
    rig = GateRig().be_active()
    rig.obedient["stn"].state = "stopped"
    rig.hear(status(rig))
    assert (rig.state, rig.gate.reason) == ("safe", "device stn was stopped")


# More than was asked for.


def test_more_than_was_asked_for_is_told_in_idle_and_stopped_elsewhere() -> None:
    rig = GateRig().be_ready()
    rig.obedient["stn"].amount = 2.0
    decided = rig.hear(info(rig))
    assert told(decided) == [("unasked", "stn gives 2, more than was asked for")]
    assert rig.stops == []
    rig = GateRig().be_active(1.0)
    rig.answers = False
    rig.control("disarm")
    assert rig.state == "idle"
    rig.obedient["stn"].amount = 2.0
    rig.hear(info(rig))
    assert [each.reason for each in rig.stops] == ["stn gives 2, more than was asked for"]
    assert rig.state == "safe"


@pytest.mark.parametrize(
    ("after_s", "amount", "is_stopped"),
    [(1.5, 2.0, False), (1.5625, 2.0, True), (1.5625, 0.25, False), (1.5625, 0.0, False)],
)
def test_a_device_is_stopped_that_is_not_down_a_second_after_its_way(
    after_s: float, amount: float, *, is_stopped: bool
) -> None:
    """The way from 2 mA takes a lease of 0.25 s and 0.25 s at 8 mA/s."""
    rig = GateRig(device_of(limits=limits_of(slew_ma_per_s_max=8.0), safe_ma=0.0)).be_active(2.0)
    rig.hear(info(rig, amount_tolerance=0.25))
    rig.now_s = 1003.375
    rig.answers = False
    rig.control("disarm")
    rig.now_s += after_s
    device = rig.obedient["stn"]
    device.amount = amount + (1e-9 if amount == 0.25 else 0.0)
    rig.hear(info(rig))
    assert bool(rig.stops) is is_stopped
    if is_stopped:
        assert rig.stops[0].reason == "stn gives 2 after the way to its safe amount"


# Counts.


def test_a_device_that_counts_since_power_on_settles_what_nobody_knows() -> None:
    for off_when_unpowered, counted_uc in ((True, 5.0), (False, 13_999.0)):
        rig = GateRig(device_of(simulated=False))
        # Before it said what it is, nobody knows how far back its counts reach.
        rig.hear(status(rig, charge_uc=5.0, counted_since_s=10.0))
        assert rig.gate.counted("stn", rig.now_s)[0] == pytest.approx(13_999.0, abs=1.5)
        rig.hear(info(rig, off_when_unpowered=off_when_unpowered))
        rig.hear(status(rig, charge_uc=5.0, counted_since_s=10.0))
        found, _ = rig.gate.counted("stn", rig.now_s)
        assert found == pytest.approx(counted_uc, abs=1.5)


def test_a_count_is_taken_from_news_alone() -> None:
    rig = GateRig()
    # Before anything else of it was heard.
    rig.hear(status(rig, charge_uc=1.0))
    rig.connect()
    old = status(rig, charge_uc=500.0)
    rig.hear(status(rig, charge_uc=10.0))
    rig.hear(old)
    rig.hear(status(rig, charge_uc=900.0, applied_ma=None))
    assert rig.gate.counted("stn", rig.now_s)[0] == pytest.approx(10.0, abs=1e-3)


def test_an_answer_to_a_command_that_was_never_sent_is_told_in_idle_and_a_stop_elsewhere() -> None:
    text = "stn answers command 99, which was never sent"
    for session, is_told in ((SESSION, True), (OLDER, False)):
        rig = GateRig().be_ready()
        device = rig.obedient["stn"]
        ack = Ack(session=session, seq=99, received_us=0, applied_us=0, **device.words())
        assert told(rig.hear(AckHeard("stn", ack))) == ([("ack_unknown", text)] if is_told else [])
        rig = GateRig().be_active()
        device = rig.obedient["stn"]
        ack = Ack(session=session, seq=99, received_us=0, applied_us=0, **device.words())
        rig.hear(AckHeard("stn", ack))
        assert [each.reason for each in rig.stops] == ([text] if is_told else [])


def test_a_word_that_has_done_what_was_never_sent_is_a_stop() -> None:
    rig = GateRig().be_active()
    rig.hear(info(rig, last_seq=99))
    assert [each.reason for each in rig.stops] == ["stn answers command 99, which was never sent"]


def test_a_device_that_does_not_take_its_lease_again_keeps_the_rig_in_hold() -> None:
    rig = GateRig().be_active(1.0)
    rig.adopts = False
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    rig.run(1.0)
    assert rig.state == "hold"


def test_a_device_that_lets_its_lease_end_while_armed_is_leased_anew() -> None:
    rig = GateRig(device_of(safe_ma=0.5)).be_armed()
    rig.adopts = False
    rig.observe()
    device = rig.obedient["stn"]
    device.state, device.session, device.amount = "live", SESSION, 0.4
    rig.hear(info(rig))
    rig.hear(InfoHeard("stn", device.lapse(), retained=False))
    n_leases = len(rig.leases)
    rig.run(0.2)
    assert rig.state == "armed"
    assert len(rig.leases) > n_leases


def test_without_a_link_a_word_that_comes_late_is_answered_with_nothing() -> None:
    rig = GateRig().be_active(2.0)
    rig.answers = False
    rig.hear(LinkChanged(is_up=False))
    before = len(rig.commands)
    rig.hear(status(rig))
    for _ in range(10):
        rig.tick(0.1)
        rig.hear(status(rig))
    assert (rig.state, len(rig.commands)) == ("safe", before)
    rig.hear(LinkChanged(is_up=True))
    rig.tick(0.1)
    assert len(rig.commands) == before + 1


# What a word says of the time before it.


def _counted(rig: GateRig) -> tuple[float, float]:
    return rig.gate.counted("stn", rig.now_s)


def test_what_ran_until_a_word_came_ran_on_the_belief_before_it() -> None:
    rig = GateRig().be_active(2.0)
    rig.tick()
    before_uc, _ = _counted(rig)
    rig.now_s += 0.125
    rig.hear(InfoHeard("stn", rig.obedient["stn"].lapse(), retained=False))
    assert _counted(rig)[0] - before_uc == pytest.approx(2.0 * 0.06 * 130.0 * 0.125, rel=1e-3)


def test_a_driven_device_without_stamps_may_have_counted_when_the_last_command_went() -> None:
    rig = GateRig(device_of(safe_ma=0.5)).be_armed()
    device = rig.obedient["stn"]
    rig.hear(info(rig, amount_tolerance=0.125))
    rig.run(0.1)
    rig.run(1.0, amount=0.6875)
    # Within the tolerance of what was asked for, and of the safe amount.
    device.amount = 0.59375
    rig.hear(status(rig, counted_since_s=1000.0))
    began_s = rig.now_s
    rig.run(5.0)
    assert rig.state == "active"
    rig.hear(status(rig, on_s=0.5, counted_since_s=1000.0))
    assert _counted(rig)[1] > rig.now_s - began_s


def test_a_device_that_is_brought_down_may_have_counted_when_the_last_command_went() -> None:
    rig = GateRig().be_active(2.0)
    rig.answers = False
    rig.control("disarm")
    sent_s = rig.now_s
    for index in range(90):
        rig.now_s = 1003.25 + index / 10
        rig.report()
        before = len(rig.commands)
        rig.tick()
        sent_s = rig.now_s if len(rig.commands) > before else sent_s
    device = rig.obedient["stn"]
    device.amount, device.last_seq = 0.0, rig.commands[-1].seq
    rig.hear(status(rig, on_s=1.0, counted_since_s=1000.0))
    assert rig.now_s - sent_s > 2.0
    # And a break that is too short.
    assert _counted(rig)[1] == pytest.approx(1.0 + (rig.now_s - sent_s) + 0.5, abs=0.03)


def test_a_device_below_its_safe_amount_that_let_its_lease_end_may_have_given_it() -> None:
    per_ma_uc = 0.06 * 130.0
    rig = GateRig(device_of(safe_ma=0.5)).be_active()
    rig.run(1.0, amount=0.25)
    device = rig.obedient["stn"]
    assert device.amount == 0.25

    def jump(*words: InfoHeard | DeviceStatusHeard) -> float:
        rig.tick()
        before_uc, _ = _counted(rig)
        for word in words:
            rig.hear(word)
        return _counted(rig)[0] - before_uc

    assert jump(status(rig)) == pytest.approx(0.0, abs=1e-4)
    assert jump(status(rig), info(rig)) == pytest.approx(0.0, abs=1e-4)
    device.amount, device.state = 0.5, "safe"
    # A lease, a tick and a second on the way, a quarter of a milliampere more.
    found = jump(info(rig))
    assert found == pytest.approx(0.25 * per_ma_uc * (0.25 + 0.02 + 1.0), rel=0.02)


def test_a_device_that_was_stopped_below_its_safe_amount_let_no_lease_end() -> None:
    rig = GateRig(device_of(safe_ma=0.5))
    rig.connect()
    device = rig.obedient["stn"]
    device.amount, device.state = 0.25, "stopped"
    rig.hear(status(rig))
    rig.tick()
    before_uc, _ = _counted(rig)
    device.amount, device.state = 0.5, "safe"
    rig.hear(info(rig))
    assert _counted(rig)[0] == before_uc
