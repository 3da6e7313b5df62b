"""One device as the gate drives it: each amount that is said, and when it is said again.

The device is safe at 0.5 mA and moves at 8 mA/s; the gate looks every 1/64 s, so that a step is an
eighth of a milliampere and the first one, from rest, a quarter.
"""

from itertools import count
from typing import Any

import pytest

from stimulators.decisions import Send, State
from stimulators.gate.driving.answers import OpenCommand
from stimulators.gate.driving.drive import Drive
from stimulators.gate.freshness import Flaw
from stimulators.gate.word import Word
from stimulators.gate_config import GateConfig
from stimulators.limits import ProgramConfig
from stimulators.targets import Observation, Target
from stimulators.wire.messages import Ack, Command, Lease
from tests.stimulators.gate.gate_rig import GateRig, device_of, feedback_of, info_of, limits_of

_TICK_S = 1 / 64
_TOLERANCE = 1 / 64


def pulses(contacts: str = "") -> ProgramConfig:
    return ProgramConfig(
        frequency_hz=130.0, pulse_width_us=60.0, contact_area_cm2=0.0598, contacts=contacts
    )


class Bench:
    """A drive of one device, whose words a test says, and time."""

    def __init__(
        self,
        *,
        timing: GateConfig | None = None,
        tolerance: float = _TOLERANCE,
        limits: dict[str, Any] | None = None,
        **keys: Any,
    ) -> None:
        programs = {"a": pulses(), "b": pulses()}
        its = limits_of(**({"slew_ma_per_s_max": 8.0, "refractory_s": 0.0} | (limits or {})))
        settings: dict[str, Any] = {"safe_ma": 0.5, "programs": programs, "safe_program": "a"}
        self.config = device_of(limits=its, **(settings | keys))
        self.timing = timing or GateConfig(command_valid_s=10.0)
        self.drive = Drive(
            self.config,
            self.timing,
            session="s",
            tick_s=_TICK_S,
            seqs=count(1),
            lease_seqs=count(1),
        )
        self.now_s = 64.0
        self.command: Command | None = None
        self._n_words = 0
        self.drive.learn(info_of(self.config, amount_tolerance=tolerance))
        self.drive.presence.note_instance("boot", self.now_s)

    def say(self, amount: float, *, state: Any = "live", program: str = "a", **keys: Any) -> Word:
        """Let the device say what it gives."""
        self._n_words += 1
        word = Word("boot", self._n_words, 0, amount, program, state, None)._replace(**keys)
        self.drive.belief.take(word, self.now_s)
        return word

    def be_live(self, amount: float = 0.5, *, program: str = "a") -> "Bench":
        """Engage the device, and let it say that it is live."""
        self.drive.engage()
        self.say(amount, program=program)
        self.drive.go_live()
        self.observe()
        return self

    def observe(self, *, valid: bool = True, **keys: Any) -> None:
        settings: dict[str, Any] = {
            "sample": 1,
            "time_s": self.now_s,
            "valid": valid,
            "calibrating": False,
        }
        self.drive.hops.observe(Observation(**(settings | keys)))

    def target(self, amount: float, program: str = "a", **keys: Any) -> Target:
        rig = GateRig()
        rig.now_s = self.now_s
        return rig.target(amount, program=program, **keys)

    def objection(self, target: Target, now_s: float) -> str | None:
        refusal = self.drive.objection_to_rise(target, now_s)
        return None if refusal is None else str(refusal.reason)

    def want(self, amount: float, program: str = "a") -> "Bench":
        self.drive.aim(self.target(amount, program))
        return self

    def ask(self, after_s: float = 0.0, state: State = "active") -> tuple[float, str] | None:
        """Return amount and program of the command that goes after some time, or None."""
        self.now_s += after_s
        sent = self.drive.send_next(state, self.now_s)
        if sent is None:
            return None
        assert isinstance(sent.message, Command)
        self.command = sent.message
        return self.command.amplitude_ma or 0.0, self.command.program

    def done(self, amount: float | None = None) -> None:
        """Let the device say that the newest command is done, at its amount or another."""
        assert self.command is not None
        given = self.command.amplitude_ma or 0.0 if amount is None else amount
        seq, program = self.command.seq, self.command.program
        word = self.say(given, last_seq=seq, answers=seq, program=program, state=None)
        answer, opened = self.drive.commands.take_answer(self.ack(seq))
        if opened is not None:
            self.drive.take_answer(opened, word, self.now_s, is_refused=False)
        assert answer in {"applied", "again"}

    def refuse(self, given: float) -> None:
        """Let the device, which gives this, refuse the newest command."""
        opened = self.opened()
        self.say(given, answers=opened.command.seq, is_refusal=True, state=None)
        self.drive.take_answer(opened, None, self.now_s, is_refused=True)

    def opened(self) -> OpenCommand:
        assert self.command is not None
        _, opened = self.drive.commands.take_answer(self.ack(self.command.seq))
        assert opened is not None
        return opened

    @staticmethod
    def ack(seq: int) -> Ack:
        return Ack(
            session="s",
            instance="boot",
            word=1,
            last_seq=0,
            received_us=0,
            applied_us=0,
            seq=seq,
        )

    def go(self, goal: float, program: str = "a") -> "Bench":
        """Bring the device to an amount, each command done at once."""
        self.want(goal, program)
        for _ in range(200):
            if self.ask(_TICK_S) is not None:
                self.done()
        assert (self.drive.belief.highest, self.drive.belief.program) == (goal, program)
        return self


# The way up and down.


def test_an_amount_goes_up_and_down_by_the_slew_from_what_the_device_says() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    assert bench.ask() is None
    bench.done()
    assert bench.ask() is None
    assert bench.ask(_TICK_S) == (0.875, "a")
    bench.done()
    assert bench.ask(_TICK_S) == (1.0, "a")
    bench.done()
    bench.want(0.5)
    assert bench.ask(_TICK_S) == (0.875, "a")
    bench.done()
    assert bench.ask(1.0) == (0.625, "a")
    bench.done()
    assert bench.ask(_TICK_S) == (0.5, "a")


def test_while_a_step_is_open_only_what_goes_on_is_said() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    # From 0.5, the lowest it may give, an eighth is not on the way.
    assert bench.ask(_TICK_S) is None
    assert bench.ask(_TICK_S) is None
    bench.done()
    assert bench.ask() == (1.0, "a")
    bench = Bench().be_live(2.0).want(0.5)
    assert bench.ask() == (1.75, "a")
    assert bench.ask(_TICK_S) is None
    bench.done()
    assert bench.ask() == (1.625, "a")


def test_a_step_that_is_not_answered_is_said_again_after_the_time_for_an_answer() -> None:
    bench = Bench(timing=GateConfig(ack_s_max=0.25, command_valid_s=10.0)).be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    assert bench.ask(0.1875) is None
    assert bench.ask(0.0625) == (0.75, "a")
    assert bench.ask(0.1875) is None
    bench.done(0.5)
    assert bench.ask(0.0625) == (0.75, "a")


def test_what_a_device_shows_is_not_said_again() -> None:
    bench = Bench().be_live().go(1.0)
    assert bench.ask(1.0) is None
    bench.drive.commands.missing_seq = 3
    assert bench.ask() == (1.0, "a")
    assert bench.ask(0.125) is None
    assert bench.ask(0.125) == (1.0, "a")
    bench.drive.commands.missing_seq = None
    bench.done(1.0 + _TOLERANCE)
    assert bench.ask(1.0) is None
    bench.say(1.0 + 2 * _TOLERANCE)
    assert bench.ask(1.0) == (1.0, "a")


def test_amounts_that_differ_by_rounding_alone_are_the_same() -> None:
    for amount in (1e-9, 0.0):
        assert Bench().be_live(0.0).want(amount).ask() is None
    for amount in (1.0 - 1e-9, 1.0):
        assert Bench().be_live(1.0).want(amount).ask() is None
    bench = Bench().be_live(1.0).want(1.0 + 5e-10)
    bench.drive.commands.missing_seq = 3
    assert bench.ask() == (1.0, "a")


def test_a_step_is_worth_a_command_that_can_show_within_the_tolerance() -> None:
    bench = Bench(tolerance=0.25).be_live(1.0).want(2.0)
    # The right to move was a quarter before the device said how little it shows.
    assert bench.ask() is None
    assert bench.ask(_TICK_S) is None
    assert bench.ask(_TICK_S) == (1.5, "a")


def test_the_commands_a_second_bound_the_way_up_before_the_way_down() -> None:
    bench = Bench(limits={"commands_per_s_max": 5.0}).be_live().want(3.0)
    said = []
    for _ in range(6):
        said.append(bench.ask(_TICK_S))
        if said[-1] is not None:
            bench.done()
    assert [each is not None for each in said] == [*(True,) * 4, *(False,) * 2]
    bench.want(0.5)
    assert bench.ask(_TICK_S) is not None
    bench.done()
    assert bench.ask(_TICK_S) is None


# Rises.


def test_a_rise_is_a_step_from_rest_to_above_safe_and_is_counted_for_a_minute() -> None:
    bench = Bench(limits={"rises_per_min_max": 1}).be_live(0.0)
    assert bench.want(2.0).ask() == (0.25, "a")
    bench.done()
    began_s = bench.now_s + 1.0
    assert bench.ask(1.0) == (0.5, "a")
    bench.done()
    assert bench.ask(_TICK_S) == (0.625, "a")
    began_s = bench.now_s
    bench.done()
    assert bench.ask(_TICK_S) == (0.75, "a")
    bench.done()
    bench.go(0.5)
    bench.want(2.0)
    assert bench.ask() is None
    target = bench.target(2.0)
    objection = bench.objection
    assert objection(target, began_s + 59.75) == "rises"
    assert objection(bench.target(bench.drive.belief.safe_level), bench.now_s) is None
    assert bench.ask(began_s + 59.75 - bench.now_s) is None
    assert objection(target, began_s + 60.0) is None
    assert bench.ask(0.25) == (0.75, "a")
    bench.done()
    assert objection(target, bench.now_s) is None


def test_where_no_rise_is_allowed_safe_is_still_reached() -> None:
    bench = Bench(limits={"rises_per_min_max": 0}).be_live()
    assert bench.want(2.0).ask() is None
    safe_level = bench.drive.belief.safe_level
    assert bench.want(safe_level).ask() == (safe_level, "a")
    bench = Bench(limits={"rises_per_min_max": 0}).be_live(1.0)
    assert bench.objection(bench.target(2.0), bench.now_s) is None
    assert bench.want(2.0).ask() == (1.25, "a")


def test_a_rise_is_held_against_the_first_step_of_its_way() -> None:
    # A step of a quarter and its way back take 0.297 s, the whole way 0.578 s.
    for on_time_s_max, lease_s, found in ((0.4, 0.25, None), (0.4, 0.5, "on_time")):
        timing = GateConfig(lease_s=lease_s)
        bench = Bench(timing=timing, limits={"on_time_s_max": on_time_s_max}).be_live()
        objection = bench.objection(bench.target(3.0), bench.now_s)
        assert objection == found
        assert (bench.want(3.0).ask() is None) is (found is not None)


def test_the_way_up_ends_where_the_budget_does() -> None:
    bench = Bench(limits={"on_time_s_max": 0.4}).be_live().want(3.0)
    for _ in range(100):
        if bench.ask(_TICK_S) is not None:
            bench.done()
    # Lease, tick and way take less than 0.4 s.
    assert 1.0 < bench.drive.belief.highest < 0.5 + 8.0 * (0.4 - 0.25 - _TICK_S)


# Programs.


def test_a_program_is_reached_by_way_of_nothing() -> None:
    bench = Bench().be_live(0.375).want(1.0, "b")
    assert bench.ask() == (0.125, "a")
    bench.done()
    assert bench.ask(_TICK_S) == (0.0, "a")
    assert bench.ask() is None
    bench.done()
    assert bench.ask(1.0) == (0.25, "b")
    # It is on its way there: said again, though it may still be in the other.
    assert bench.ask(0.25) == (0.25, "b")
    bench.done()
    assert bench.ask(_TICK_S) == (0.375, "b")


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


# Hold, pause, descent.


def test_in_hold_the_lowest_is_said_where_it_is_not_certain() -> None:
    bench = Bench().be_live(1.0)
    assert bench.ask(state="hold") is None
    bench.want(3.0)
    assert bench.ask() == (1.25, "a")
    assert bench.ask(0.25, state="hold") == (1.0, "a")
    bench.done()
    assert bench.ask(0.25, state="hold") is None
    # What is beyond the limit is not said.
    bench = Bench().be_live(3.0 + _TOLERANCE)
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


# Leases.


def test_a_lease_goes_every_third_of_its_length_and_at_once_after_an_engagement() -> None:
    bench = Bench(timing=GateConfig(lease_s=0.75))
    drive = bench.drive
    assert drive.renew_lease(1.0, 64.0) is not None
    assert drive.renew_lease(1.0, 64.1875) is None
    sent = drive.renew_lease(1.0, 64.25)
    assert sent is not None
    assert isinstance(sent.message, Lease)
    assert sent.message.lease_seq == 2
    assert drive.renew_lease(1.0, 64.4375) is None
    drive.engage()
    assert drive.renew_lease(1.0, 64.4375) is not None


# Engagement, and its end.


def test_an_engagement_begins_with_nothing_of_the_one_before() -> None:
    bench = Bench().be_live(2.0).want(1.0)
    bench.drive.disengage(bench.now_s)
    assert bench.drive.descent is not None
    bench.say(0.25, state="stopped")
    bench.drive.belief.note_stop()
    bench.drive.commands.missing_seq = 3
    bench.drive.engage()
    assert (bench.drive.is_engaged, bench.drive.is_live) == (True, False)
    assert bench.ask(state="idle") is None
    assert bench.drive.wishes.newest is None
    assert bench.drive.commands.missing_seq is None
    # Its leases may take a stopped device up to its safe amount.
    assert bench.drive.belief.highest == 0.5
    assert bench.drive.flaw(bench.now_s) is None


def test_a_device_that_let_its_lease_end_is_a_flaw_until_it_is_live_again() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    assert bench.ask() == (1.25, "a")
    assert bench.drive.flaw(bench.now_s) is None
    bench.drive.lapse()
    found = Flaw("device", "stn let its lease end", "a device that is live")
    assert bench.drive.flaw(bench.now_s) == found
    assert (bench.drive.is_live, bench.drive.wishes.newest) == (False, None)
    bench.drive.go_live()
    assert bench.drive.flaw(bench.now_s) is None
    # What was said before does not count as said.
    bench.say(1.0, last_seq=bench.drive.commands.newest_seq)
    bench.want(1.25)
    assert bench.ask() is None or bench.command is not None
    bench.drive.lapse()
    bench.drive.disengage(bench.now_s)
    assert (bench.drive.is_engaged, bench.drive.is_live) == (False, False)
    bench.observe()
    assert bench.drive.flaw(bench.now_s) is None


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


def test_a_missing_answer_is_a_flaw_that_names_the_command() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    bench.ask()
    bench.drive.commands.give_up_overdue(bench.now_s + 1.0)
    found = Flaw("ack", "no answer of stn to command 1", "one within 0.25 s")
    assert bench.drive.flaw(bench.now_s) == found


# Answers.


def test_refusals_count_while_the_device_is_live_and_end_with_what_is_done() -> None:
    bench = Bench(timing=GateConfig(refusals_in_row_max=1)).be_live(1.0).want(2.0)
    bench.ask()
    opened = bench.opened()
    take = bench.drive.take_answer
    assert take(opened, None, bench.now_s, is_refused=True) is False
    found = Flaw("refused", "stn refused 1 commands in a row", "fewer than 1")
    assert bench.drive.flaw(bench.now_s) == found
    assert take(opened, None, bench.now_s, is_refused=False) is False
    assert bench.drive.flaw(bench.now_s) is None
    bench.drive.is_live = False
    take(opened, None, bench.now_s, is_refused=True)
    bench.drive.go_live()
    assert bench.drive.flaw(bench.now_s) is None


def test_an_amplitude_clips_and_a_trigger_does_not() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    bench.ask()
    word = bench.say(1.0, last_seq=1)
    take = bench.drive.take_answer
    amplitude = bench.opened()
    assert not take(amplitude, word, 64.0, is_refused=False)
    bench.ask(1.0)
    later = bench.opened()
    assert not take(later, None, 65.0, is_refused=False)
    sent = bench.drive.trigger(bench.target(2.0, kind="trigger"), bench.now_s)
    assert isinstance(sent, Send)
    assert isinstance(sent.message, Command)
    bench.command = sent.message
    trigger = bench.opened()
    assert not take(trigger, word, 65.0, is_refused=False)
    word = bench.say(1.0, last_seq=2)
    assert take(later, word, 65.0, is_refused=False)
    # It is not asked for more, until something else is wished.
    assert bench.ask(1.0) is None
    bench.want(2.0)
    assert bench.ask(1.0) is None
    bench.want(3.0)
    assert bench.ask(1.0) == (1.25, "a")


def test_a_device_that_clips_and_is_not_certain_is_asked_again() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    bench.drive._shortfall.is_clipped = True
    assert bench.ask() is None
    bench.drive.belief.send(99, 1.25, "a", bench.now_s)
    assert bench.ask() == (1.25, "a")


def test_a_feedback_device_has_no_programs_to_change() -> None:
    drive = Drive(
        feedback_of(),
        GateConfig(),
        session="s",
        tick_s=_TICK_S,
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
