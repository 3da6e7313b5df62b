"""One device as the gate drives it: each amount that is commanded, and when it is repeated.

The device is safe at 0.5 mA and moves at 8 mA/s; the gate looks every 1/64 s, so that a step is an
eighth of a milliampere and the first one, from rest, a quarter.
"""

from stimulators.decisions import Send
from stimulators.gate.freshness import Flaw
from stimulators.gate_config import GateConfig
from stimulators.wire.messages import Command, Lease
from tests.stimulators.gate.driving.bench import TICK_S, TOLERANCE, Bench


def test_an_amount_goes_up_and_down_by_the_slew_from_what_the_device_says() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    assert bench.ask() is None
    bench.done()
    assert bench.ask() is None
    assert bench.ask(TICK_S) == (0.875, "a")
    bench.done()
    assert bench.ask(TICK_S) == (1.0, "a")
    bench.done()
    bench.want(0.5)
    assert bench.ask(TICK_S) == (0.875, "a")
    bench.done()
    assert bench.ask(1.0) == (0.625, "a")
    bench.done()
    assert bench.ask(TICK_S) == (0.5, "a")


def test_while_a_step_is_open_only_what_goes_on_is_said() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    # From 0.5, the lowest it may give, an eighth is not on the way.
    assert bench.ask(TICK_S) is None
    assert bench.ask(TICK_S) is None
    bench.done()
    assert bench.ask() == (1.0, "a")
    bench = Bench().be_live(2.0).want(0.5)
    assert bench.ask() == (1.75, "a")
    assert bench.ask(TICK_S) is None
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
    bench.done(1.0 + TOLERANCE)
    assert bench.ask(1.0) is None
    bench.say(1.0 + 2 * TOLERANCE)
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
    assert bench.ask(TICK_S) is None
    assert bench.ask(TICK_S) == (1.5, "a")


def test_the_commands_a_second_bound_the_way_up_before_the_way_down() -> None:
    bench = Bench(limits={"commands_per_s_max": 5.0}).be_live().want(3.0)
    said = []
    for _ in range(6):
        said.append(bench.ask(TICK_S))
        if said[-1] is not None:
            bench.done()
    assert [each is not None for each in said] == [*(True,) * 4, *(False,) * 2]
    bench.want(0.5)
    assert bench.ask(TICK_S) is not None
    bench.done()
    assert bench.ask(TICK_S) is None


def test_a_rise_is_a_step_from_rest_to_above_safe_and_is_counted_for_a_minute() -> None:
    bench = Bench(limits={"rises_per_min_max": 1}).be_live(0.0)
    assert bench.want(2.0).ask() == (0.25, "a")
    bench.done()
    began_s = bench.now_s + 1.0
    assert bench.ask(1.0) == (0.5, "a")
    bench.done()
    assert bench.ask(TICK_S) == (0.625, "a")
    began_s = bench.now_s
    bench.done()
    assert bench.ask(TICK_S) == (0.75, "a")
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


def test_a_device_that_may_have_come_to_rest_unanswered_rises_anew() -> None:
    for limit, again in ((1, False), (2, True)):
        bench = Bench(limits={"rises_per_min_max": limit}).be_live()
        assert bench.want(0.75).ask(1.0) is not None
        bench.done()
        safe_level = bench.drive.belief.safe_level
        assert bench.want(safe_level).ask(1.0) == (safe_level, "a")
        # No answer yet: it may be at its safe amount by now.
        assert bench.drive.belief.highest > safe_level
        assert (bench.objection(bench.target(0.75), bench.now_s) is None) is again
        assert (bench.want(0.75).ask(TICK_S) is not None) is again
        # Told to leave it once, it does not leave it twice.
        assert bench.objection(bench.target(0.75), bench.now_s) == (None if again else "rises")


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
        if bench.ask(TICK_S) is not None:
            bench.done()
    # Lease, tick and way take less than 0.4 s.
    assert 1.0 < bench.drive.belief.highest < 0.5 + 8.0 * (0.4 - 0.25 - TICK_S)


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


def test_a_missing_answer_is_a_flaw_that_names_the_command() -> None:
    bench = Bench().be_live(1.0).want(2.0)
    bench.ask()
    bench.drive.commands.give_up_overdue(bench.now_s + 1.0)
    found = Flaw("ack", "no answer of stn to command 1", "one within 0.25 s")
    assert bench.drive.flaw(bench.now_s) == found


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
