"""The gate's smaller parts, each alone: lapses, stops, requests, other services, wishes."""

from collections.abc import Sequence
from typing import Any

import pytest

from stimulators.decisions import EndRun, Refusal
from stimulators.gate.arming import Requests
from stimulators.gate.driving.drive import Drive
from stimulators.gate.driving.wishes import Wishes
from stimulators.gate.states.lapses import Lapses
from stimulators.gate.states.stop_sender import StopSender
from stimulators.gate.word import word_of
from stimulators.gate_config import GateConfig
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Control, ControlAction, Status
from stimulators.wire.received import InfoHeard, StatusHeard
from tests.stimulators.gate.gate_rig import SESSION, GateRig, device_of

OLDER = "00001700000000000000-00000000"
_LEASE_S = 0.25


# Lapses.


def _lapses() -> Lapses:
    return Lapses(GateConfig(lease_s=_LEASE_S, hold_s_max=2.0, lapses_per_min_max=2))


def test_a_stall_is_longer_than_a_lease_and_is_told_once() -> None:
    lapses = _lapses()
    assert lapses.take_stall(64.0) is None
    lapses.note_tick(64.0)
    assert lapses.take_stall(64.0 + _LEASE_S) is None
    assert lapses.take_stall(64.5) == 0.5
    assert lapses.take_stall(64.5) is None
    assert lapses.take_stall(65.0) == 0.5


def test_a_lapse_is_at_most_as_long_as_a_hold() -> None:
    lapses = _lapses()
    assert lapses.count("a stall", 2.0, 64.0) is None
    found = lapses.count("a stall", 2.0 + 2**-20, 64.0)
    assert found == "a stall, longer than hold_s_max (2 s)"


def test_what_comes_within_a_lease_of_a_lapse_comes_of_it() -> None:
    lapses = _lapses()
    for now_s in (64.0, 64.25, 74.0, 74.125):
        assert lapses.count("a stall", 0.0, now_s) is None
    found = "a stall, after 2 lapses within a minute"
    assert lapses.count("a stall", 0.0, 74.375) == found
    assert lapses.count("a stall", 0.0, 123.75) == found
    assert lapses.count("a stall", 0.0, 124.0) is None
    assert lapses.count("a stall", 0.0, 125.0) == found


# Stops.


def _drives(rig: GateRig) -> Sequence[Drive]:
    return tuple(rig.gate._drives.values())


def test_a_stop_is_pressed_once_and_again_each_second_until_it_shows() -> None:
    rig = GateRig(device_of("a"), device_of("b"))
    rig.connect()
    stopping = StopSender("s", _drives(rig), ack_s_max=0.25)
    assert stopping.press_again(64.0) is None
    sent = stopping.press("too much", 64.0)
    assert sent is not None
    assert (sent.request_id, sent.reason) == ("s-stop-1", "too much")
    stopping.begin(64.0)
    assert stopping.is_stopped
    assert stopping.press("another", 64.0) is None
    assert stopping.press_again(64.75) is None
    sent = stopping.press_again(65.0)
    assert sent is not None
    assert (sent.request_id, sent.reason) == ("s-stop-2", "too much")
    assert stopping.press_again(65.75) is None
    # A device shows it; the other does not; then it does.
    for name, n_more in (("a", 1), ("b", 0)):
        device = rig.obedient[name]
        device.state = "stopped"
        rig.hear(InfoHeard(name, device.info(), retained=False))
        again = [stopping.press_again(66.0 + index) for index in (0, 1)]
        assert sum(each is not None for each in again) == 2 * n_more
    stopping.end()
    assert not stopping.is_stopped
    sent = stopping.press("once more", 70.0)
    assert sent is not None
    assert (sent.request_id, sent.reason) == ("s-stop-5", "once more")


def test_a_stop_of_somebody_else_is_pressed_where_no_device_shows_it_in_time() -> None:
    rig = GateRig()
    rig.connect()
    stopping = StopSender("s", _drives(rig), ack_s_max=0.25)
    stopping.begin(64.0)
    assert stopping.press_again(64.125) is None
    sent = stopping.press_again(64.25)
    assert sent is not None
    assert sent.reason == "the rig is stopped"
    # What comes while one is due soon is not pressed sooner, and not later.
    stopping.begin(64.5)
    assert stopping.press_again(65.0) is None
    stopping.begin(65.125)
    assert stopping.press_again(65.25) is None
    assert stopping.press_again(65.375) is not None
    rig.gate.tick(rig.now_s + 100.0)
    assert stopping.press_again(80.0) is None


# Requests.


def _asked(number: int, issued_s: float, **keys: Any) -> Control:
    action: ControlAction = "arm"
    settings: dict[str, Any] = {
        "request_id": f"r{number}",
        "session": "s",
        "operator": "o",
        "issued_us": round(issued_s * 1e6),
        "expires_us": round((issued_s + 10.0) * 1e6),
        "action": action,
    }
    return Control(**(settings | keys))


def _told(refusals: list[Refusal]) -> list[tuple[str, str, str]]:
    return [(each.reason, each.found, each.expected) for each in refusals]


@pytest.mark.parametrize(
    ("issued_s", "found"),
    [
        (62.0, []),
        (66.0, []),
        (61.5, [("late", "2.500 s old", "at most 2 s")]),
        (66.5, [("late", "-2.500 s old", "at most 2 s")]),
    ],
)
def test_a_request_is_at_most_two_seconds_old_or_ahead(
    issued_s: float, found: list[tuple[str, str, str]]
) -> None:
    taken = Requests("s").take(_asked(1, issued_s), 64.0, retained=False)
    assert _told(taken) == found


def test_a_request_is_taken_up_to_its_end() -> None:
    for end_s, n_refused in ((64.0, 0), (63.75, 1)):
        asked = _asked(1, 63.5, expires_us=round(end_s * 1e6))
        assert len(Requests("s").take(asked, 64.0, retained=False)) == n_refused


def test_a_request_that_is_remembered_or_another_session_s_is_refused() -> None:
    taken = Requests("s").take(_asked(1, 64.0, session="t"), 64.0, retained=True)
    assert _told(taken) == [
        ("retained", "a request kept by the broker", "a new one"),
        ("session", "t", "s"),
    ]


def test_a_request_acts_once_in_the_four_seconds_in_which_it_may() -> None:
    requests = Requests("s")
    assert requests.take(_asked(1, 66.0), 64.0, retained=False) == []
    for now_s in (64.0, 66.0, 68.0):
        taken = requests.take(_asked(1, now_s), now_s, retained=False)
        assert _told(taken) == [("repeated", "r1", "a new request_id")]
    assert requests.take(_asked(1, 68.5), 68.5, retained=False) == []


def test_two_hundred_and_fifty_six_requests_are_remembered_and_no_more_act() -> None:
    requests = Requests("s")
    for number in range(256):
        assert requests.take(_asked(number, 64.0), 64.0, retained=False) == []
    taken = requests.take(_asked(256, 65.0), 65.0, retained=False)
    assert _told(taken) == [("busy", "256 requests", "an operator")]
    assert requests.take(_asked(256, 68.5), 68.5, retained=False) == []
    assert requests.take(_asked(0, 68.5), 68.5, retained=False) == []


# Other services.


def _beat(session: str, **keys: Any) -> StatusHeard:
    return StatusHeard(Status(**({"state": "idle", "session": session} | keys)))


def test_a_service_is_gone_after_two_and_a_half_seconds_of_silence() -> None:
    for silent_s, found in ((2.5, ["service"]), (2.625, [])):
        rig = GateRig().be_ready()
        rig.now_s = 1002.125
        rig.hear(_beat(OLDER))
        while rig.now_s < 1002.125 + silent_s:
            rig.now_s += 0.0625
            rig.report()
        rig.control("arm")
        assert rig.refusals == found


def test_the_name_of_another_service_is_cut_to_a_hundred_letters() -> None:
    name = "0" * 300
    rig = GateRig().be_ready()
    rig.hear(_beat(name))
    ends = [each.reason for each in rig.decided if isinstance(each, EndRun)]
    assert ends == ["another service of this rig is there: session " + "0" * 100]
    rig.control("arm")
    (refused,) = [each for each in rig.decided if isinstance(each, Refusal)]
    assert refused.found == "service " + "0" * 100
    rig = GateRig().be_active()
    rig.hear(_beat(name, drives=("stn",)))
    assert rig.gate.reason == "service " + "0" * 100 + " drives devices, too"


# Wishes.


def test_a_wish_is_under_way_where_amount_program_and_channel_are_the_same() -> None:
    rig, wishes = GateRig(), Wishes()
    assert (wishes.newest, wishes.channel) == (None, "")
    assert not wishes.is_wished(rig.target(0.0))
    wishes.wish(rig.target(1.0))
    assert wishes.is_wished(rig.target(1.0))
    others: list[dict[str, Any]] = [{"program": "p"}, {"channel": "c"}, {"kind": "trigger"}]
    for other in others:
        assert not wishes.is_wished(rig.target(1.0, **other))
    assert not wishes.is_wished(rig.target(1.5))
    wishes.drop()
    assert (wishes.newest, wishes.channel) == (None, "STN_L_13")


def test_a_refusal_is_remembered_until_something_is_wished() -> None:
    rig, wishes = GateRig(), Wishes()

    def wish() -> None:
        wishes.wish(rig.target(1.0))

    for forget in (wish, wishes.forget):
        wishes.wish(rig.target(1.0))
        wishes.refuse(2.0, RefusalReason.LATE)
        assert wishes.newest is None
        assert wishes.was_refused(2.0, RefusalReason.LATE)
        assert not wishes.was_refused(1.0, RefusalReason.LATE)
        assert not wishes.was_refused(2.0, RefusalReason.LIMIT)
        forget()
        assert not wishes.was_refused(2.0, RefusalReason.LATE)
    assert wishes.newest is None


# Words.


def test_a_word_of_another_unit_says_no_amount() -> None:
    said = GateRig().obedient["stn"].info()
    assert word_of(said, SESSION, "level") is None
    assert word_of(said, SESSION, "ma") is not None
