"""The amount to which the gate drives a device in each state, and the way down to safe."""

import pytest

from stimulators.decisions import State
from stimulators.gate.freshness import Flaw
from tests.stimulators.gate.driving.bench import TOLERANCE, Bench


def test_in_hold_the_lowest_is_said_where_it_is_not_certain() -> None:
    bench = Bench().be_live(1.0)
    assert bench.ask(state="hold") is None
    bench.want(3.0)
    assert bench.ask() == (1.25, "a")
    assert bench.ask(0.25, state="hold") == (1.0, "a")
    bench.done()
    assert bench.ask(0.25, state="hold") is None
    # What is beyond the limit is not commanded.
    bench = Bench().be_live(3.0 + TOLERANCE)
    bench.drive.commands.missing_seq = 3
    assert bench.ask(1.0, state="hold") == (3.0, "a")


def test_in_hold_a_way_down_that_was_refused_is_said_again_and_nothing_rises() -> None:
    bench = Bench().be_live(2.0).want(1.75)
    assert bench.ask() == (1.75, "a")
    bench.refuse(2.0)
    assert bench.ask(0.25, state="hold") == (1.75, "a")
    bench.refuse(2.0)
    bench.say(1.0)
    bench.drive.belief.send(99, 2.0, "a", bench.now_s)
    assert bench.ask(0.25, state="hold") == (1.75, "a")


def test_a_pause_asks_for_no_less_than_safe_of_a_device_that_refused_to_go_down() -> None:
    bench = Bench().be_live(0.75).want(0.25)
    assert bench.ask(1.0) == (0.5, "a")
    bench.done()
    assert bench.ask(1.0) == (0.25, "a")
    bench.refuse(0.5)
    assert bench.drive.flaw(bench.now_s) == Flaw(
        "refused", "stn refused the way down", "a way down that is taken"
    )
    bench.ask(0.25, state="paused")
    bench.observe()
    assert bench.drive.flaw(bench.now_s) is None


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("active", (1.25, "a")),
        ("hold", None),
        ("paused", (0.75, "a")),
        ("armed", None),
        ("safe", None),
        ("idle", None),
    ],
)
def test_each_state_has_its_goal(state: State, said: tuple[float, str] | None) -> None:
    assert Bench().be_live(1.0).want(2.0).ask(state=state) == said


def test_only_a_device_that_is_engaged_and_live_on_a_valid_estimate_follows() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    assert bench.drive.may_move
    bench.observe(valid=False)
    assert (bench.drive.may_move, bench.ask()) == (False, None)
    bench = Bench()
    bench.say(1.0)
    bench.observe()
    bench.want(2.0)
    bench.drive.go_live()
    assert (bench.drive.may_move, bench.ask()) == (False, None)
    bench = Bench()
    bench.drive.engage()
    bench.say(1.0)
    bench.observe()
    bench.want(2.0)
    assert (bench.drive.may_move, bench.ask()) == (False, None)


def test_a_descent_says_safe_less_and_less_often_until_the_device_is_there() -> None:
    bench = Bench().be_live(2.0)
    bench.drive.disengage(bench.now_s)
    assert bench.ask(state="idle") == (0.5, "a")
    assert bench.ask(0.1875, state="idle") is None
    assert bench.ask(0.0625, state="idle") == (0.5, "a")
    assert bench.ask(0.4375, state="idle") is None
    bench.drive.presence.forget()
    assert bench.ask(1.0, state="idle") is None
    bench.drive.presence.note_instance("boot", bench.now_s)
    assert bench.ask(state="idle") == (0.5, "a")
    bench.say(0.5, state="safe", last_seq=3)
    assert bench.ask(1.0, state="idle") is None
    assert bench.drive.descent is None


def test_a_descent_from_another_program_goes_by_way_of_nothing() -> None:
    bench = Bench().be_live(1.0, program="b")
    bench.drive.disengage(bench.now_s)
    assert bench.ask(state="safe") == (0.0, "b")
    bench.say(0.0, program="b", last_seq=1)
    assert bench.ask(1.0, state="safe") == (0.5, "a")


@pytest.mark.parametrize(
    ("given", "program", "way_s"),
    [(2.5, "a", 0.5), (0.5, "a", 0.25), (0.0, "a", 0.25), (2.5, "b", 0.625), (0.0, "b", 0.3125)],
)
def test_the_way_down_takes_a_lease_and_the_slew(given: float, program: str, way_s: float) -> None:
    bench = Bench().be_live(given, program=program)
    assert bench.drive.way_down_s == way_s
    bench.drive.disengage(bench.now_s)
    assert bench.drive.descent is not None
    assert bench.drive.descent.deadline_s == bench.now_s + way_s + 1.0


def test_a_refused_way_down_ends_with_the_lease() -> None:
    bench = Bench().be_live(2.0).want(1.0)
    bench.ask()
    bench.refuse(2.0)
    bench.drive.lapse()
    bench.drive.go_live()
    bench.observe()
    assert bench.drive.flaw(bench.now_s) is None


def test_who_is_not_engaged_is_not_brought_down_twice() -> None:
    bench = Bench()
    bench.drive.disengage(bench.now_s)
    assert bench.drive.descent is None
    bench.be_live(1.0).want(2.0)
    bench.ask()
    bench.drive.disengage(bench.now_s)
    assert bench.drive.wishes.newest is None
    assert bench.drive.commands.give_up_overdue(bench.now_s + 9.0) is None
