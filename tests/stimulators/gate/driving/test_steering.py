"""When an amount is commanded, and when it is repeated, each rule at its limits."""

from typing import Any

import pytest

from stimulators.decisions import Bound, NothingSent, Send, State
from stimulators.gate.freshness import Flaw
from stimulators.gate_config import GateConfig
from tests.stimulators.gate.driving.bench import Bench, pulses

_TICK_S = 1 / 64


def test_the_last_step_down_before_another_program_ends_at_nothing() -> None:
    assert Bench().be_live(0.125).want(1.0, "b").ask() == (0.0, "a")


def test_a_program_that_is_not_configured_is_of_no_contacts_at_all() -> None:
    bench = Bench(programs={"a": pulses("XX")}, safe_program="a").be_live(1.0, program="other")
    assert bench.want(2.0).ask() == (0.75, "other")


def test_no_budget_holds_up_a_way_down() -> None:
    bench = Bench(limits={"on_time_s_max": 0.4}).be_live(2.0)
    assert bench.want(1.75).ask() == (1.75, "a")


def test_a_step_uses_as_much_of_the_right_to_move_as_it_moves() -> None:
    bench = Bench().be_live().want(0.625)
    assert bench.ask() == (0.625, "a")
    bench.done()
    assert bench.want(2.0).ask() == (0.75, "a")
    bench = Bench().be_live(2.0).want(1.875)
    assert bench.ask() == (1.875, "a")
    bench.done()
    assert bench.want(0.5).ask() == (1.75, "a")


def test_the_same_amount_in_another_program_is_said_at_once() -> None:
    programs = {"a": pulses("1-2"), "b": pulses("1-2")}
    bench = Bench(programs=programs).be_live()
    assert bench.want(0.75).ask() == (0.75, "a")
    bench.done()
    assert bench.want(0.75, "b").ask() == (0.75, "b")


def test_a_device_within_the_tolerance_of_what_was_said_is_there() -> None:
    tolerance = 1 / 64 - 1e-9
    assert tolerance + 1e-9 == 1 / 64
    for missing, said in ((1 / 64, None), (2 / 64, (1.0, "a"))):
        bench = Bench(tolerance=tolerance).be_live().go(1.0)
        bench.say(1.0 - missing, last_seq=bench.drive.commands.newest_seq)
        assert bench.ask(1.0) == said


def test_a_device_that_did_a_step_without_getting_there_goes_on_from_where_it_is() -> None:
    bench = Bench().be_live().want(2.0)
    assert bench.ask() == (0.75, "a")
    bench.done(0.5)
    assert bench.ask(_TICK_S) == (0.625, "a")


def test_a_shorter_step_than_the_one_that_is_open_waits_for_its_answer() -> None:
    bench = Bench().be_live().go(0.75)
    assert bench.want(2.0).ask(1.0) == (1.0, "a")
    bench.want(0.875)
    assert bench.ask(0.125) is None
    assert bench.ask(0.125) == (0.875, "a")


@pytest.mark.parametrize("n_engaged", [1, 2])
def test_who_is_engaged_anew_is_not_live_and_has_let_no_lease_end(n_engaged: int) -> None:
    bench = Bench(timing=GateConfig()).be_live()
    for _ in range(n_engaged):
        bench.drive.engage()
    assert not bench.drive.is_live
    assert bench.drive.flaw(bench.now_s) is None
    bench.drive.go_live()
    bench.drive.lapse()
    found = Flaw("device", "stn let its lease end", "a device that is live")
    assert bench.drive.flaw(bench.now_s) == found


def test_what_was_said_before_a_lease_ended_leads_nowhere() -> None:
    for end in ("lapse", "disengage"):
        bench = Bench().be_live(0.0).go(1.0, "b")
        if end == "lapse":
            bench.drive.lapse()
            bench.say(0.5, last_seq=bench.drive.commands.newest_seq, state="safe")
            bench.drive.go_live()
        else:
            bench.drive.disengage(bench.now_s)
            bench.drive.engage()
            bench.say(0.5, last_seq=bench.drive.commands.newest_seq, state="safe")
            bench.drive.go_live()
        assert bench.want(1.0, "b").ask(1.0) == (0.25, "a")


def test_a_refused_way_down_is_none_of_the_next_engagement() -> None:
    bench = Bench().be_live(2.0).want(1.75)
    bench.ask()
    bench.refuse(2.0)
    bench.drive.disengage(bench.now_s)
    bench.drive.engage()
    assert bench.drive.flaw(bench.now_s) is None


def test_without_a_wish_an_active_device_is_kept_at_the_lowest_it_may_give() -> None:
    bench = Bench().be_live(1.0)
    assert bench.ask() is None
    bench.drive.belief.send(99, 1.25, "a", bench.now_s)
    assert bench.ask() == (1.0, "a")


@pytest.mark.parametrize("state", ["hold", "paused"])
def test_a_trigger_that_waits_is_taken_back_at_once_though_the_slew_allows_no_step(
    state: State,
) -> None:
    limits = {"slew_ma_per_s_max": 0.5, "charge_uc_per_10_min_max": 1e6}
    bench = Bench(limits=limits, tolerance=0.1).be_live(0.5).want(3.0)
    bench.ask()
    assert bench.ask(1.0) == (0.7078125, "a")
    assert bench.command is not None
    # It is on its way there.
    bench.say(0.5, last_seq=bench.command.seq, answers=bench.command.seq, state=None)
    trigger = bench.target(1.0, kind="trigger", fire_at_s=bench.now_s + 0.08)
    assert isinstance(bench.drive.trigger(trigger, bench.now_s), Send)
    assert bench.drive.cancel_triggers(bench.now_s)
    assert bench.ask(_TICK_S, state) == (0.5, "a")


# Where a limit lies below what is wanted.


def _limited(**keys: float) -> Bench:
    """Return a device at 0.5 mA that may go up to 1 mA, of which 2 are wanted."""
    limits = {"clinical_ma": 1.0, "clinical_share_max": 1.0} | keys
    return Bench(limits=limits).be_live().want(2.0)


def _nothing(bench: Bench) -> NothingSent:
    decided = bench.drive.next_decision("active", bench.now_s)
    assert isinstance(decided, NothingSent)
    return decided


def test_on_the_way_to_a_limit_each_step_is_sent_and_between_them_it_waits_for_a_step() -> None:
    bench = _limited()
    assert bench.ask(_TICK_S) == (0.75, "a")
    bench.done()
    assert _nothing(bench).reason == "step"


def test_at_the_limit_it_is_the_limit_that_is_named_as_the_reason() -> None:
    bench = _limited()
    for _ in range(20):
        if bench.ask(_TICK_S) is not None:
            bench.done()
    assert bench.drive.belief.interval == (1.0, 1.0)
    told = _nothing(bench)
    assert (told.reason, told.bounds[0].limit) == ("limit", "clinical_share_max")
    assert told.bounds[0].share > 1.0


def test_beside_the_limit_stands_how_near_one_more_step_up_would_be_to_the_next() -> None:
    bench = _limited(commands_per_s_max=5.0, charge_uc_per_10_min_max=1e6, on_time_s_max=1e5)
    for _ in range(3):
        assert bench.ask(_TICK_S) is not None
        bench.done()
    # Three of four commands, as the fifth of a second is kept for the way down.
    assert _nothing(bench).bounds[1] == Bound("commands_per_s_max", 1.0)


# Why nothing is sent.


def test_a_device_that_gives_a_little_less_than_it_was_sent_is_there() -> None:
    bench = Bench().be_live().go(1.0)
    bench.say(1.0 - 1 / 128, last_seq=bench.drive.commands.newest_seq)
    bench.drive.next_decision("idle", bench.now_s)
    assert _nothing(bench).reason == "there"


@pytest.mark.parametrize("state", ["active", "hold"])
def test_while_the_newest_command_is_open_its_answer_is_waited_for(state: State) -> None:
    bench = Bench().be_live().want(0.625)
    assert bench.ask(_TICK_S) == (0.625, "a")
    if state == "hold":
        assert bench.ask(_TICK_S, state) == (0.5, "a")
    told = bench.drive.next_decision(state, bench.now_s)
    assert isinstance(told, NothingSent)
    assert told.reason == "answer"


def test_a_device_on_the_step_that_it_was_sent_is_there_only_where_no_more_is_wanted() -> None:
    steps: dict[str, Any] = {"amplitude_step_ma": 0.1, "amount_tolerance": 0.05, "tolerance": 0.05}
    bench = Bench(limits={"slew_ma_per_s_max": 2.0}, **steps).be_live(0.5).want(0.8)
    while bench.ask(_TICK_S) is None:
        assert bench.now_s < 65.0
    bench.done(0.59)
    told: list[str] = []
    while not told or told[-1] == "step":
        bench.now_s += 1 / 1024
        decided = bench.drive.next_decision("active", bench.now_s)
        told += [str(decided.reason)] if isinstance(decided, NothingSent) else []
        assert not isinstance(decided, Send)
    assert told[-1] == "answer"


def test_a_device_that_refused_to_leave_its_safe_amount_has_used_up_no_way_out_of_it() -> None:
    bench = Bench(limits={"rises_per_min_max": 1}).be_live().want(1.0)
    assert bench.ask(_TICK_S) is not None
    bench.refuse(0.5)
    assert bench.objection(bench.target(1.0), bench.now_s) == "rises"


# A device with steps of 0.25 mA, which is moved by 16 mA a second and sent 5 commands a second.


def _stepping(amount: float, **keys: Any) -> Bench:
    limits = {"slew_ma_per_s_max": 16.0, "commands_per_s_max": 5.0, "charge_uc_per_10_min_max": 1e5}
    settings: dict[str, Any] = {"amplitude_step_ma": 0.25, "amount_tolerance": 0.125}
    return Bench(limits=limits, tolerance=0.0, **(settings | keys)).be_live(amount)


def test_a_step_is_rounded_down_whatever_another_program_was_sent() -> None:
    programs = {"a": pulses("1-2"), "b": pulses("1-2")}
    bench = _stepping(1.0, programs=programs).want(1.25)
    assert bench.ask(1.0) == (1.25, "a")
    bench.done()
    assert bench.want(1.2, "b").ask(1.0) == (1.0, "b")


def test_a_rest_is_reached_by_the_slew_and_not_by_steps() -> None:
    bench = _stepping(2.125)
    assert bench.ask(_TICK_S, "paused") == (1.625, "a")


def test_on_the_way_up_to_rest_it_waits_for_the_slew_alone() -> None:
    bench = _stepping(0.0, safe_ma=2.0)
    assert bench.ask(_TICK_S, "paused") == (0.5, "a")
    bench.done()
    assert bench.ask(_TICK_S, "paused") == (0.75, "a")


def test_a_way_up_leaves_time_between_commands_and_a_way_down_none() -> None:
    up = _stepping(0.5).want(2.0)
    assert up.ask(_TICK_S) == (1.0, "a")
    up.done()
    assert up.ask(_TICK_S) is None
    down = _stepping(2.0).want(0.5)
    assert down.ask(_TICK_S) == (1.5, "a")
    down.done()
    assert down.ask(_TICK_S) == (1.25, "a")


# A way down, and what waits at the device.


def _slow(amount: float) -> Bench:
    limits = {"slew_ma_per_s_max": 0.5, "charge_uc_per_10_min_max": 1e6}
    return Bench(limits=limits, tolerance=0.1).be_live(amount)


def test_where_the_slew_allows_no_step_down_nothing_is_sent() -> None:
    bench = _slow(2.0).want(0.5)
    bench.ask()
    assert bench.ask(1.0) is not None
    bench.done()
    bench.drive.lapse()
    bench.drive.go_live()
    assert bench.want(0.5).ask() is None
    assert _nothing(bench).reason == "step"


def test_a_way_down_takes_triggers_back_with_its_own_step() -> None:
    bench = Bench().be_live(2.0)
    trigger = bench.target(1.0, kind="trigger", fire_at_s=bench.now_s + 0.08)
    assert isinstance(bench.drive.trigger(trigger, bench.now_s), Send)
    assert bench.drive.cancel_triggers(bench.now_s)
    assert bench.ask(state="paused") == (1.75, "a")
