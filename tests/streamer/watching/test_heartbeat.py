"""The status is published once a second, sooner after an event, and names requests."""

from stimulators.decisions import Decision, Notice, Refusal
from stimulators.refusals import RefusalReason
from stimulators.wire.messages import Control, DeviceBelief, Status
from stimulators.wire.payload import from_payload, to_payload
from stimulators.wire.received import ControlHeard
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.events import Fault, Tick
from streamer.watching.heartbeat import Heartbeat
from tests.streamer.recording_transport import RecordingTransport
from tests.streamer.rigs import CONFIG, INFOS, SESSION

_GATE = ClosedLoop(CONFIG, INFOS, SESSION).gate


def _heartbeat() -> tuple[Heartbeat, RecordingTransport]:
    transport = RecordingTransport()
    heartbeat = Heartbeat(
        transport,
        _GATE,
        head=lambda: "ab",
        session="0001-a",
        config_digest="cd",
        versions={"stimloop": "0"},
        allow=("long_lease",),
    )
    return heartbeat, transport


def _answer(heartbeat: Heartbeat, request_id: str, decisions: tuple[Decision, ...] = ()) -> None:
    asked = Control(
        request_id=request_id,
        session="0001-a",
        operator="o",
        issued_us=0,
        expires_us=1,
        action="arm",
    )
    heartbeat.watch(ControlHeard(asked, retained=False), 0.0, Outcome(decisions=decisions))


def test_it_beats_once_a_second_whatever_the_ticks() -> None:
    heartbeat, transport = _heartbeat()
    for tick in range(500):
        heartbeat.watch(Tick(), 100.0 + tick * 0.02, Outcome())
    assert len(transport.statuses) == 10


def test_a_status_says_all_that_its_reader_needs() -> None:
    heartbeat, transport = _heartbeat()
    _answer(heartbeat, "r-1")
    heartbeat.watch(Tick(), 12.345678, Outcome())
    (status,) = transport.statuses
    assert (status.state, status.reason, status.journal_head) == ("idle", "not armed", "ab")
    assert (status.session, status.config_digest) == ("0001-a", "cd")
    assert (status.versions, status.now_us) == ({"stimloop": "0"}, 12_345_678)
    assert status.answered == "r-1"
    assert status.allow == ("long_lease",)
    assert (status.drives, status.devices) == ((), {"stn": DeviceBelief()})


def test_what_is_of_note_is_said_with_the_next_beat() -> None:
    heartbeat, transport = _heartbeat()
    heartbeat.watch(Tick(), 1.0, Outcome())
    heartbeat.watch(Tick(), 1.02, Outcome())
    heartbeat.watch(Fault("of note"), 1.03, Outcome(decisions=(Notice("late", "of note"),)))
    heartbeat.watch(Tick(), 1.04, Outcome())
    heartbeat.watch(Tick(), 1.06, Outcome())
    _answer(heartbeat, "r-2")
    heartbeat.watch(Tick(), 1.08, Outcome())
    assert [status.now_us for status in transport.statuses] == [1_000_000, 1_040_000, 1_080_000]
    assert [status.answered for status in transport.statuses] == ["", "", "r-2"]


def test_a_refused_request_is_answered_with_every_reason() -> None:
    heartbeat, transport = _heartbeat()
    _answer(
        heartbeat,
        "r1",
        (
            Refusal(RefusalReason.LATE, request_id="r1", found="3 s old", expected="at most 2 s"),
            Notice("other", "not a refusal"),
            Refusal(RefusalReason.LIMIT, request_id="r0", found="old", expected="other"),
            Refusal(RefusalReason.LINK, request_id="r1", found="no broker", expected="a link"),
        ),
    )
    heartbeat.watch(Tick(), 0.0, Outcome())
    _answer(heartbeat, "r2")
    heartbeat.watch(Tick(), 0.0, Outcome())
    first, second = transport.statuses
    assert (first.answered, second.answered) == ("r1", "r2")
    assert first.refused == (
        "late (expected at most 2 s, found 3 s old); link (expected a link, found no broker)"
    )
    assert second.refused == ""


def test_a_request_with_an_endless_name_leaves_a_status_that_can_be_read() -> None:
    heartbeat, transport = _heartbeat()
    _answer(heartbeat, "\0" * 65_000)
    heartbeat.watch(Tick(), 1.0, Outcome())
    (status,) = transport.statuses
    assert from_payload(to_payload(status), Status) == status


def test_two_requests_within_a_tick_are_both_answered() -> None:
    heartbeat, transport = _heartbeat()
    _answer(heartbeat, "r1", (Refusal(RefusalReason.LATE, request_id="r1"),))
    _answer(heartbeat, "r2")
    for tick in range(10):
        heartbeat.watch(Tick(), 1.0 + tick * 0.02, Outcome())
    first, second = transport.statuses
    assert (first.answered, first.refused) == ("r1", "late (expected , found )")
    assert (second.answered, second.refused) == ("r2", "")
