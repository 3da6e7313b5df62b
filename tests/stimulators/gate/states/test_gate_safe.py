"""The state SAFE: what leads into it, what devices are sent in it, and who leads out of it."""

from collections.abc import Callable

import pytest

from stimulators.decisions import Send, SendStop, StateChanged
from stimulators.wire.messages import ClockRequest
from stimulators.wire.received import ClockAsked, InfoHeard, LinkChanged
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
    offline_of,
)

ANOTHER = "00001700000000000000-00000000"


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
