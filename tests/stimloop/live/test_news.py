"""Which steps give an operator a line, and which of the lines stand out."""

import pytest

from detectors.conditioning.conditioner import Note
from stimloop.live.news import news
from stimulators.decisions import Decision, EndRun, Notice, Refusal, StateChanged
from stimulators.refusals import RefusalReason
from stimulators.wire.received import LinkChanged
from streamer.closed_loop import Outcome
from streamer.events import Event, Tick


@pytest.mark.parametrize(
    ("decision", "text", "weight"),
    [
        (
            Notice(kind="clipped", text="gives 1 mA of 2", device="stn"),
            "stn: clipped: gives 1 mA of 2",
            "alarm",
        ),
        (StateChanged(before="active", after="safe", reason="x"), "active -> safe: x", "alarm"),
        (StateChanged(before="armed", after="active", reason="x"), "armed -> active: x", "plain"),
        (EndRun(reason="another drives"), "this service ends: another drives", "alarm"),
        (
            Refusal(reason=RefusalReason.LIMIT, expected="3", found="4"),
            "refused, limit: expected 3, found 4",
            "plain",
        ),
        (Refusal(reason=RefusalReason.REST, device="stn"), "stn: refused, rest", "plain"),
        (Notice(kind="stream_lost", text="the app"), "stream_lost: the app", "alarm"),
        (Notice(kind="stream_resumed", text="the app"), "stream_resumed: the app", "plain"),
        (Notice(kind="a", text="\x1b[2J\nsafe -> idle"), "a: \\x1b[2J\\nsafe -> idle", "alarm"),
    ],
)
def test_a_decision_is_a_line(decision: Decision, text: str, weight: str) -> None:
    (line,) = news(Tick(), Outcome(decisions=(decision,)))
    assert (line.text, line.weight) == (text, weight)


def test_notes_of_one_kind_at_one_sample_are_one_line_and_the_graver_word_stands() -> None:
    notes = [
        Note("LFP", 99, kind, f"ch{channel} reaches 1 V")
        for channel in range(1, 9)
        for kind in ("unusual", "implausible")
    ]
    lines = list(news(Tick(), Outcome(notes=(*notes, Note("LFP", 120, "restart", "")))))
    assert [each.text for each in lines] == [
        "LFP: implausible at sample 99: ch1 reaches 1 V (and 7 more like it)",
        "LFP: restart at sample 120",
    ]


@pytest.mark.parametrize("reason", ["superseded", "idle", "hold", "paused", "safe"])
def test_a_target_that_the_state_refuses_is_no_news(reason: str) -> None:
    assert list(news(Tick(), Outcome(decisions=(Refusal(reason=RefusalReason(reason)),)))) == []


@pytest.mark.parametrize(
    ("event", "text", "weight"),
    [
        (LinkChanged(is_up=True), "broker reached", "plain"),
        (LinkChanged(is_up=False, reason="gone\r"), "broker away: gone\\r", "alarm"),
    ],
)
def test_a_link_that_changes_is_a_line(event: Event, text: str, weight: str) -> None:
    (line,) = news(event, Outcome())
    assert (line.text, line.weight) == (text, weight)
