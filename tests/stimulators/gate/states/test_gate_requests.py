"""What operators ask of the gate, what it answers, and what the status says of arming."""

from typing import Any

import pytest

from stimulators.decisions import NothingSent, Notice, Refusal, StateChanged
from stimulators.gate import remedies
from stimulators.gate_config import GateConfig
from stimulators.reasons import NothingReason
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import ControlAction, Stop
from stimulators.wire.received import (
    Flooded,
    InfoHeard,
    LinkChanged,
    StopHeard,
    Unreadable,
)
from tests.stimulators.gate.gate_rig import SESSION, GateRig, device_of

OLDER = "00001700000000000000-00000000"


def _refused(rig: GateRig) -> list[Refusal]:
    return [each for each in rig.decided if isinstance(each, Refusal)]


def _told(rig: GateRig) -> list[tuple[str, str]]:
    return [(each.kind, each.text) for each in rig.decided if isinstance(each, Notice)]


# What the status says.


@pytest.mark.parametrize(
    ("arm", "word"), [("operator", "not ready to be armed"), ("auto", "waits")]
)
def test_the_status_says_what_keeps_a_rig_from_being_armed(arm: Any, word: str) -> None:
    rig = GateRig(arm=arm)
    assert rig.gate.status_text == "not armed"
    rig.tick()
    link = f"no broker, expected a link to the broker: {remedies.REMEDIES[RefusalReason.LINK]}"
    assert rig.gate.status_text == f"not armed; {word}: {link}"
    rig.hear(LinkChanged(is_up=True))
    rig.tick()
    device = f"stn: nothing, expected a device that answers: {remedies.of_device('nothing')}"
    assert rig.gate.status_text == f"not armed; {word}: {device}"
    rig.connect()
    rig.tick()
    stream = f"stream LFP: no data, expected data: {remedies.OF_SILENCE}"
    assert rig.gate.status_text == f"not armed; {word}: {stream}"


def test_the_status_says_that_a_rig_is_ready_in_idle_and_in_safe() -> None:
    rig = GateRig().be_ready()
    rig.tick()
    assert rig.gate.status_text == "not armed; ready to be armed"
    rig.control("arm")
    rig.tick()
    rig.control("disarm")
    assert rig.gate.status_text == "disarmed by o"
    rig.tick()
    assert rig.gate.status_text == "disarmed by o; ready to be armed"
    rig.control("arm")
    rig.observe()
    assert rig.gate.status_text == "a valid estimate, and a device that is live"
    rig.tick()
    assert rig.gate.status_text == "a valid estimate, and a device that is live"
    rig.take(rig.gate.fail("a fault", rig.now_s))
    assert rig.gate.status_text == "a fault"
    rig.tick()
    assert rig.gate.status_text == "a fault; ready to be armed"
    rig.hear(LinkChanged(is_up=False, reason="gone"))
    rig.tick()
    assert rig.gate.status_text.startswith("a fault; not ready to be armed: no broker")


def test_a_rig_that_arms_itself_does_not_wait_in_safe() -> None:
    rig = GateRig(arm="auto").be_ready()
    assert (rig.state, rig.gate.reason) == ("armed", "armed by itself: everything is simulated")
    rig.take(rig.gate.fail("a fault", rig.now_s))
    rig.hear(LinkChanged(is_up=False))
    rig.tick()
    assert rig.gate.status_text.startswith("a fault; not ready to be armed: no broker")
    rig = GateRig(arm="auto")
    rig.tick()
    rig.take(rig.gate.fail("a fault", rig.now_s))
    assert rig.gate.status_text.startswith("a fault; not ready to be armed: no broker")
    rig = GateRig(arm="auto")
    rig.connect()
    rig.control("disarm")
    rig.tick()
    assert rig.gate.status_text.startswith("not armed; not ready to be armed: stream LFP")
    rig.run(2.5, hop=rig.report)
    assert rig.state == "idle"


# Requests.


def test_a_request_that_is_not_known_yet_is_refused_and_a_mark_is_none_of_the_gate() -> None:
    rig = GateRig().be_ready()
    rig.control("set")
    expected = "arm, disarm, pause, resume, confirm or mark"
    assert _refused(rig) == [
        Refusal(RefusalReason.UNSUPPORTED, request_id="request-1", found="set", expected=expected)
    ]
    assert rig.control("mark") == ()


def _state(action: ControlAction, rig: GateRig) -> list[tuple[str, str, str]]:
    return [
        (each.reason, each.found, each.expected)
        for each in rig.control(action)
        if isinstance(each, Refusal)
    ]


def test_each_request_has_its_states() -> None:
    rig = GateRig().be_ready()
    assert _state("pause", rig) == [("state", "idle", "active or hold")]
    assert _state("resume", rig) == [("state", "idle", "paused")]
    rig = GateRig().be_armed()
    assert _state("arm", rig) == [("state", "armed", "idle or safe")]
    rig = GateRig().be_active()
    assert _state("arm", rig) == [("state", "active", "idle or safe")]
    assert _state("resume", rig) == [("state", "active", "paused")]
    assert rig.control("pause") == (
        StateChanged("active", "paused", "paused by o"),
        NothingSent("stn", NothingReason.REST),
    )
    assert _state("pause", rig) == [("state", "paused", "active or hold")]
    assert rig.control("disarm")[0] == StateChanged("paused", "idle", "disarmed by o")
    rig = GateRig().be_held()
    assert rig.control("pause")[0] == StateChanged("hold", "paused", "paused by o")


def test_an_arming_out_of_safe_is_asked_for_after_it_went_safe() -> None:
    rig = GateRig().be_active()
    rig.now_s = 1002.25
    rig.report()
    rig.take(rig.gate.fail("a fault", rig.now_s))
    asked = rig.control("arm", issued_us=round(rig.now_s * 1e6))
    (late,) = asked
    assert isinstance(late, Refusal)
    said = (late.reason, late.found, late.expected)
    assert said == ("late", "a request from before safe", "a newer one")
    assert (late.request_id, late.device) == ("request-2", "")
    asked = rig.control("arm", issued_us=round(rig.now_s * 1e6) + 1)
    assert asked == (StateChanged("safe", "armed", "armed by o"),)


def test_out_of_safe_a_rig_is_armed_under_the_same_conditions() -> None:
    rig = GateRig().be_active()
    rig.take(rig.gate.fail("a fault", rig.now_s))
    rig.now_s += 0.0625
    rig.report(problem="frozen")
    rig.control("arm")
    assert rig.state == "safe"
    assert [each.reason for each in _refused(rig)] == ["data"]


def test_what_keeps_a_device_from_being_armed_names_it() -> None:
    rig = GateRig(device_of("a"), device_of("b")).be_ready()
    device = rig.obedient["b"]
    rig.hear(InfoHeard("b", device.info(simulated=False), retained=False))
    rig.control("arm")
    assert _refused(rig) == [
        Refusal(
            RefusalReason.SIMULATED,
            device="b",
            request_id="request-1",
            found="real",
            expected="simulated",
        )
    ]


def test_a_resume_needs_its_time_of_good_data_to_the_moment() -> None:
    rig = GateRig(timing=GateConfig(resume_s=0.5)).be_paused()
    for index in range(1, 9):
        rig.now_s = 1002.25 + index * 0.0625
        rig.report()
        rig.observe(valid=index > 1)
        rig.tick()
        if index == 1:
            flaw = "an estimate that is not valid (expected valid estimates)"
            assert _state("resume", rig) == [("data", flaw, "good data for 0.5 s")]
    # Good since 1002.375.
    assert _state("resume", rig) == [("data", "good for 0.38 s", "good data for 0.5 s")]
    for index in (9, 10):
        rig.now_s = 1002.25 + index * 0.0625
        rig.report()
        rig.observe()
        rig.tick()
    assert rig.control("resume") == (StateChanged("paused", "active", "resumed by o"),)


def test_a_disarming_that_is_not_ours_says_why() -> None:
    rig = GateRig().be_active()
    for keys, found in (
        ({"retained": True}, ("retained", "a request kept by the broker", "a new one")),
        ({"session": OLDER}, ("session", OLDER, SESSION)),
    ):
        (refused,) = rig.control("disarm", **keys)
        assert isinstance(refused, Refusal)
        assert (refused.reason, refused.found, refused.expected) == found
    assert rig.state == "active"


# What comes over the network.


def test_a_stop_names_who_pressed_it_and_whether_that_is_verified() -> None:
    for verified, kind in ((True, "stop"), (False, "unverified stop")):
        rig = GateRig().be_active()
        stop = Stop(request_id="s", operator="o", reason="enough " * 60)
        rig.hear(StopHeard(stop, verified=verified))
        assert rig.gate.reason == f"{kind} by o: {stop.reason}"[:300]


def test_a_link_that_is_lost_is_safe_and_nothing_is_known_any_more() -> None:
    rig = GateRig().be_active()
    rig.answers = False
    rig.hear(LinkChanged(is_up=False, reason="gone " * 80))
    assert (rig.state, rig.gate.reason) == ("safe", ("no broker: " + "gone " * 80)[:300])
    rig.hear(LinkChanged(is_up=True))
    rig.run(0.1, hop=rig.report)
    rig.control("arm")
    assert "device" in rig.refusals
    rig = GateRig().be_active()
    assert rig.hear(LinkChanged(is_up=True)) == ()
    assert rig.state == "active"


def test_unreadable_messages_are_told_once_a_topic_for_sixty_four_topics() -> None:
    rig = GateRig()
    for index in (0, 0, *range(70)):
        rig.hear(Unreadable(f"topic {index}", "not JSON " * 40))
    told = _told(rig)
    assert [text[:9].strip(" :") for _, text in told] == [
        f"topic {index}"[:9] for index in range(64)
    ]
    assert {kind for kind, _ in told} == {"unreadable"}
    assert told[0][1] == ("topic 0: " + "not JSON " * 40)[:300]


def test_a_flood_is_told_with_its_count() -> None:
    rig = GateRig()
    rig.hear(Flooded(topic="t", n_dropped=7))
    rig.hear(Flooded(topic="t" * 400, n_dropped=7))
    assert _told(rig) == [
        ("flood", "t: 7 messages dropped unread, more than the limit"),
        ("flood", "t" * 300),
    ]


def test_what_an_unknown_device_says_is_nothing() -> None:
    rig = GateRig().be_active()
    info = rig.obedient["stn"].info(state="offline")
    assert rig.hear(InfoHeard("other", info, retained=False)) == ()
    assert rig.state == "active"


def test_a_question_for_the_time_is_a_sign_of_life() -> None:
    rig = GateRig().be_ready()
    for _ in range(12):
        rig.now_s += 1.0
        rig.live()
        rig.report()
        rig.tick()
    assert rig.notices == []
    rig.now_s += 5.5
    rig.tick()
    assert _told(rig) == [("device_silent", "device stn says nothing")]
