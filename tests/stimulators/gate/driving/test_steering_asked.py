"""Where rises need an operator's yes: what counts as one, and how a device falls without it.

The device gives 0.5 mA at first, within 1/64 mA, and moves by 8 mA a second.
"""

from itertools import count
from typing import Any

import pytest

from stimulators.decisions import NothingSent
from stimulators.gate.driving.drive import Drive
from stimulators.gate.driving.rises import Rises
from tests.stimulators.gate.driving.bench import TICK_S, TOLERANCE, Bench
from tests.stimulators.gate.gate_rig import info_of

#: Less than this more is no other amount.
_MARGIN = 1e-9


class AskedBench(Bench):
    """A drive whose rises need a yes."""

    def __init__(self, **keys: Any) -> None:
        super().__init__(**keys)
        rises = Rises(1000.0, command_valid_s=self.timing.command_valid_s, numbers=count(1))
        self.drive = Drive(
            self.config,
            self.timing,
            session="s",
            tick_s=TICK_S,
            seqs=count(1),
            lease_seqs=count(1),
            rises=rises,
        )
        self.drive.learn(info_of(self.config, amount_tolerance=TOLERANCE))
        self.drive.presence.note_instance("boot", self.now_s)

    def say_yes(self, amount: float, program: str = "a") -> "AskedBench":
        """Open the way up to an amount."""
        self.drive.rises.end()
        self.drive.rises.want(self.target(amount, program), self.now_s)
        assert self.drive.rises.confirm("ada", self.now_s) is not None
        return self

    def waits(self, amount: float, program: str = "a") -> bool:
        """Return whether this amount is a rise that waits for a yes."""
        self.want(amount, program)
        return self.drive.wanted_rise(self.now_s) is not None

    def told(self) -> str:
        """Return why nothing is sent."""
        decided = self.drive.next_decision("active", self.now_s)
        assert isinstance(decided, NothingSent)
        return str(decided.reason)


def _at(amount: float = 0.5, **keys: Any) -> AskedBench:
    bench = AskedBench(**keys)
    bench.be_live(amount)
    return bench


def _under_way(goal: float, program: str = "a") -> AskedBench:
    """Return a device that was sent a step towards an amount, and has not answered yet."""
    bench = _at()
    bench.say_yes(goal, program).want(goal, program)
    assert bench.ask(TICK_S) is not None
    bench.drive.rises.end()
    return bench


@pytest.mark.parametrize(
    ("more", "is_rise"),
    [
        (0.0, False),
        (TOLERANCE, False),
        (TOLERANCE + _MARGIN, False),
        (TOLERANCE + 2.0 * _MARGIN, True),
    ],
)
def test_a_rise_is_more_than_is_given_and_the_tolerance(more: float, *, is_rise: bool) -> None:
    assert _at().waits(0.5 + more) is is_rise


def test_what_a_device_was_taken_to_counts_where_it_reports_a_little_less() -> None:
    bench = _at()
    bench.say_yes(1.0).go(1.0)
    bench.say(1.0 - TOLERANCE, last_seq=bench.command.seq if bench.command else 0)
    assert not bench.waits(1.0 + 0.5 * TOLERANCE)
    assert bench.waits(1.0 + 1.5 * TOLERANCE)


def test_nothing_of_another_program_is_no_rise_and_all_else_of_it_is() -> None:
    assert not _at().waits(0.0, "b")
    assert _at().waits(0.1, "b")


def test_what_is_under_way_is_not_asked_again() -> None:
    assert not _under_way(2.0).waits(2.0)


def test_what_a_device_clips_is_asked_once() -> None:
    bench = _at()
    bench.say_yes(2.0).want(2.0)
    for _ in range(20):
        if bench.ask(TICK_S) is not None:
            bench.done(min(1.0, (bench.command and bench.command.amplitude_ma) or 0.0))
    assert bench.told() == "clipped"
    bench.drive.rises.end()
    assert bench.drive.wanted_rise(bench.now_s) is None


def test_a_rise_that_the_device_refused_is_asked_again() -> None:
    bench = _under_way(2.0)
    bench.refuse(0.5)
    assert bench.waits(2.0)
    # The amount that it was sent is above this; it was never taken there.
    assert (bench.drive.said or 0.0) > 0.6
    assert bench.waits(0.6)


# Without a yes a device falls, and never rises.


def test_it_falls_to_what_is_wanted() -> None:
    bench = _at(2.0).want(1.9)
    assert bench.ask(TICK_S) == (1.9, "a")


def test_between_what_it_may_give_it_goes_to_the_least() -> None:
    bench = _under_way(2.0)
    lowest, highest = bench.drive.belief.interval
    assert lowest < highest
    bench.want(0.5 * (lowest + highest))
    assert bench.ask(TICK_S) == (lowest, "a")


def test_where_more_is_wanted_it_stays_and_says_that_it_waits() -> None:
    bench = _at()
    bench.want(2.0)
    assert bench.told() == "unconfirmed"


def test_where_it_is_there_it_says_so() -> None:
    bench = _at()
    bench.want(0.5)
    assert bench.told() == "there"


def test_it_is_not_taken_up_again_by_the_little_that_it_gives_less() -> None:
    bench = _at()
    bench.say_yes(1.0).go(1.0)
    bench.say(1.0 - TOLERANCE, last_seq=bench.command.seq if bench.command else 0)
    bench.drive.rises.end()
    bench.want(2.0)
    bench.now_s += 1.0
    assert bench.told() == "unconfirmed"


def test_it_is_not_taken_up_again_by_the_much_that_it_gives_less() -> None:
    bench = _at()
    bench.say_yes(1.0).go(1.0)
    bench.say(0.9, last_seq=bench.command.seq if bench.command else 0)
    bench.drive.rises.end()
    bench.want(2.0)
    assert bench.ask(1.0) is None


def test_while_a_step_up_is_open_it_falls_to_the_least_that_it_may_give() -> None:
    bench = _under_way(2.0)
    bench.want(2.0)
    assert bench.ask(TICK_S) == (0.5, "a")


@pytest.mark.parametrize("is_refused", [False, True])
def test_on_the_way_to_another_program_it_falls_in_that_one_unless_it_was_refused(
    *, is_refused: bool
) -> None:
    bench = _at(0.0)
    bench.say_yes(2.0, "b").want(2.0, "b")
    assert bench.ask(TICK_S) is not None
    bench.drive.rises.end()
    if is_refused:
        bench.refuse(0.0)
    bench.want(0.0, "b")
    sent = bench.ask(TICK_S)
    assert sent is None if is_refused else sent == (0.0, "b")


# A device with steps.


def test_an_amount_on_a_step_is_that_step() -> None:
    up = Bench(amplitude_step_ma=0.25, amount_tolerance=0.125, tolerance=0.0).be_live(0.5)
    up.want(2.0)
    assert up.ask(TICK_S) == (0.75, "a")
    down = Bench(amplitude_step_ma=0.25, amount_tolerance=0.125, tolerance=0.0).be_live(2.0)
    down.want(0.5)
    assert down.ask(TICK_S) == (1.75, "a")


def test_on_the_way_down_the_lowest_step_that_it_may_be_at_is_a_step() -> None:
    bench = Bench(amplitude_step_ma=0.25, amount_tolerance=0.125, tolerance=0.0).be_live(1.0)
    bench.want(1.25)
    assert bench.ask(TICK_S) == (1.25, "a")
    assert bench.drive.belief.interval == (1.0, 1.25)
    bench.want(0.5)
    assert [bench.ask(TICK_S), bench.ask(TICK_S)] == [None, (1.0, "a")]


def test_a_yes_between_two_steps_opens_the_lower_one() -> None:
    bench = _at(amplitude_step_ma=0.25, amount_tolerance=0.125)
    bench.say_yes(1.3).want(2.0)
    for _ in range(40):
        if bench.ask(TICK_S) is not None:
            bench.done()
    assert bench.drive.belief.interval == (1.25, 1.25)
