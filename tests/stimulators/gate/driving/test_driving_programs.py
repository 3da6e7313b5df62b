"""Programs of one device as the gate drives it: how one leads into another, or does not."""

from itertools import count

import pytest

from stimulators.gate.driving.drive import Drive
from stimulators.gate.word import Word
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import Command
from tests.stimulators.gate.driving.bench import TICK_S, Bench, pulses
from tests.stimulators.gate.gate_rig import feedback_of


def test_a_program_is_reached_by_way_of_nothing() -> None:
    bench = Bench().be_live(0.375).want(1.0, "b")
    assert bench.ask() == (0.125, "a")
    bench.done()
    assert bench.ask(TICK_S) == (0.0, "a")
    assert bench.ask() is None
    bench.done()
    assert bench.ask(1.0) == (0.25, "b")
    # It is on its way there: the command is repeated, though the other program may still be in
    # effect.
    assert bench.ask(0.25) == (0.25, "b")
    bench.done()
    assert bench.ask(TICK_S) == (0.375, "b")


def test_a_program_that_was_refused_begins_from_nothing_again() -> None:
    bench = Bench().be_live(0.0).want(1.0, "b")
    assert bench.ask() == (0.25, "b")
    bench.drive.belief.send(99, 0.25, "b", bench.now_s)
    bench.refuse(0.0)
    assert bench.ask(0.25) == (0.0, "a")


@pytest.mark.parametrize(
    ("present", "wanted", "said"),
    [
        ("left", "left too", (1.25, "left too")),
        ("left", "right", (0.75, "left")),
        ("left", "unnamed", (0.75, "left")),
        ("unnamed", "unnamed too", (0.75, "unnamed")),
        ("not known", "left", (0.75, "not known")),
    ],
)
def test_between_the_same_contacts_a_program_changes_where_it_is(
    present: str, wanted: str, said: tuple[float, str]
) -> None:
    programs = {
        "left": pulses("1-2"),
        "left too": pulses("1-2"),
        "right": pulses("3-4"),
        "unnamed": pulses(),
        "unnamed too": pulses(),
    }
    bench = Bench(programs=programs, safe_program="left").be_live(1.0, program=present)
    assert bench.want(2.0, wanted).ask() == said


def test_what_was_said_in_one_program_leads_into_no_other() -> None:
    bench = Bench().be_live().go(1.0)
    assert bench.want(2.0, "b").ask(1.0) == (0.75, "a")


def test_a_device_in_another_program_than_was_said_is_told_again() -> None:
    bench = Bench().be_live(0.0).go(1.0, "b")
    bench.say(1.0, program="a", last_seq=bench.drive.commands.newest_seq)
    assert bench.ask(1.0) == (1.0, "b")


def test_a_feedback_device_has_no_programs_to_change() -> None:
    drive = Drive(
        feedback_of(),
        GateConfig(),
        session="s",
        tick_s=TICK_S,
        seqs=count(1),
        lease_seqs=count(1),
    )
    drive.belief.take(Word("boot", 1, 0, 0.1, "", "live", None), 64.0)
    drive.engage()
    drive.go_live()
    sent = drive.send_next("paused", 64.0)
    assert sent is None
    drive.disengage(64.0)
    drive.presence.note_instance("boot", 64.0)
    sent = drive.send_next("safe", 64.0)
    assert sent is not None
    assert isinstance(sent.message, Command)
    assert (sent.message.level, sent.message.program) == (0.1, "")
