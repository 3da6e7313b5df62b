"""The small parts of a device, each alone: each rule at its limits."""

from typing import Any

import msgspec
import pytest

from stimulators.device.amount_output import AmountOutput
from stimulators.device.counts.binned_charge import BinnedCharge
from stimulators.device.counts.counts import BIN_US, Counts
from stimulators.device.counts.time_above_safe import TimeAboveSafe
from stimulators.device.own_time import STEP_US_MAX, OwnTime
from stimulators.device.stop_reports import StopReports
from stimulators.device.trigger_output import TriggerOutput
from stimulators.wire.messages import Command, Stop
from tests.stimulators.device.device_bench import Bench, stimulator

# Its own time.


def test_its_time_begins_at_0_whatever_its_clock_shows_and_only_goes_forward() -> None:
    time = OwnTime()
    assert (time.now_us, time.read(5_000_000), time.now_us) == (0, None, 0)
    assert (time.read(5_000_100), time.now_us) == (None, 100)
    assert (time.read(5_000_100), time.now_us) == (None, 100)
    assert time.read(5_000_099) == "its own clock was set back by 0.000 s"
    assert (time.read(5_000_199), time.now_us) == (None, 200)


def test_a_step_of_its_clock_by_more_than_a_second_is_a_fault_that_passes_all_the_same() -> None:
    time = OwnTime()
    time.read(0)
    assert STEP_US_MAX == 1_000_000
    assert (time.read(STEP_US_MAX), time.doubtful_us) == (None, 0)
    assert time.read(2 * STEP_US_MAX + 1) == "its own clock went 1.000 s forward in one step"
    assert time.doubtful_us == STEP_US_MAX + 1
    assert time.now_us == 2 * STEP_US_MAX + 1


# Stops that are told.


def _told(stops: StopReports, now_us: int, *, name: str = "x", **keys: bool) -> str | None:
    stop = Stop(request_id="1", operator=name, reason="why")
    return stops.report(stop, now_us, **({"is_verified": False, "is_change": False} | keys))


def test_an_unsigned_stop_is_told_if_none_was_told_in_the_second_before() -> None:
    stops = StopReports()
    assert _told(stops, 0, is_verified=True) == "stop by x: why"
    assert _told(stops, 10) == "stop by x: why (not verified)"
    assert _told(stops, 1_000_009) is None
    assert _told(stops, 1_000_010) == "stop by x: why (not verified), 1 more not reported"
    assert _told(stops, 9_000_000) == "stop by x: why (not verified)"
    assert _told(stops, 9_000_001, is_change=True) == "stop by x: why (not verified)"


def test_of_those_that_were_only_counted_the_newest_is_told_once_the_second_is_over() -> None:
    stops = StopReports()
    assert stops.report_due(0) is None
    _told(stops, 10)
    assert stops.report_due(5_000_000) is None
    stops = StopReports()
    _told(stops, 10)
    _told(stops, 20, name="y")
    _told(stops, 30, name="z")
    assert stops.report_due(1_000_009) is None
    assert stops.report_due(1_000_010) == "stop by z: why (not verified), 2 more not reported"
    assert stops.report_due(3_000_000) is None
    _told(stops, 1_500_000)
    assert stops.report_due(2_000_010) == "stop by x: why (not verified), 1 more not reported"


def test_what_is_told_of_a_stop_is_cut_to_300_letters() -> None:
    stops = StopReports()
    assert _told(stops, 0, name="x" * 400, is_verified=True) == f"stop by {'x' * 292}"


# Time above the safe amount.


def test_a_break_that_is_shorter_than_it_must_be_is_part_of_the_time_above() -> None:
    on_time = TimeAboveSafe(500.0, Counts())
    assert (on_time.on_us, on_time.running_us(50), on_time.off_us(50)) == (0, 0, 50)
    on_time.count(100, 200, is_above=True)
    assert (on_time.on_us, on_time.running_us(200), on_time.off_us(250)) == (100, 100, 50)
    on_time.count(200, 699, is_above=False)
    assert (on_time.on_us, on_time.running_us(699)) == (100, 599)
    on_time.count(699, 800, is_above=True)
    assert (on_time.on_us, on_time.running_us(801)) == (700, 701)
    on_time.count(800, 1_300, is_above=False)
    assert (on_time.on_us, on_time.running_us(1_300), on_time.off_us(1_300)) == (0, 0, 500)


@pytest.mark.parametrize(
    ("on_us", "off_us", "running_us"), [(300, 499, 809), (300, 500, 0), (0, 0, 0), (1, 0, 11)]
)
def test_time_above_of_a_former_life_goes_on_unless_the_break_was_long_enough(
    on_us: int, off_us: int, running_us: int
) -> None:
    on_time = TimeAboveSafe(500.0, Counts(on_us=on_us, off_us=off_us))
    assert on_time.running_us(10) == running_us
    assert on_time.off_us(10) == off_us + 10


# Counts over a restart.


def test_what_was_counted_ages_while_nothing_is_given() -> None:
    counts = Counts(bins_fc=(1, 2), newest_us=3, on_us=4, off_us=5, counted_us=6)
    assert counts.after(100) == Counts(
        bins_fc=(1, 2), newest_us=103, on_us=4, off_us=105, counted_us=106
    )


@pytest.mark.parametrize(
    ("counts", "later"),
    [
        (
            Counts(bins_fc=(1, 2), newest_us=3, on_us=4, off_us=5, counted_us=6),
            Counts(bins_fc=(1, 102), newest_us=13, on_us=19, off_us=0, counted_us=16),
        ),
        # A time above that was over has not been on before.
        (
            Counts(bins_fc=(2,), newest_us=BIN_US - 10, off_us=5, counted_us=6),
            Counts(bins_fc=(2, 100), newest_us=0, on_us=10, off_us=0, counted_us=16),
        ),
        (
            Counts(newest_us=3 * BIN_US - 9),
            Counts(bins_fc=(0, 0, 0, 100), newest_us=1, on_us=10, counted_us=10),
        ),
        (Counts(), Counts(bins_fc=(100,), newest_us=10, on_us=10, counted_us=10)),
    ],
)
def test_a_time_that_nobody_saw_counts_as_the_most_that_may_have_been_given(
    counts: Counts, later: Counts
) -> None:
    assert counts.with_unknown(10, 100) == later


# Triggers.


def _triggers(**changes: Any) -> TriggerOutput:
    return TriggerOutput(msgspec.structs.replace(stimulator().limits, **changes))


def _trigger(**changes: Any) -> Command:
    return Bench().command(1.0, kind="trigger", **changes)


def test_triggers_keep_their_distance_and_their_number_in_any_minute() -> None:
    triggers = _triggers(refractory_s=0.05, triggers_per_min_max=2)
    assert triggers.n_given == 0
    assert triggers.refusal(0) is None
    triggers.give(_trigger(), 0)
    assert triggers.refusal(49_999) == "refractory"
    assert triggers.refusal(50_000) is None
    triggers.give(_trigger(seq=7), 50_000)
    assert triggers.n_given == 2
    assert triggers.last is not None
    assert triggers.last.seq == 7
    assert triggers.refusal(100_000) == "triggers"
    assert triggers.refusal(59_999_999) == "triggers"
    assert triggers.refusal(60_000_000) is None
    triggers.give(_trigger(), 60_000_000)
    assert triggers.refusal(60_049_999) == "refractory"
    assert triggers.refusal(60_050_000) is None
    triggers = _triggers(refractory_s=0.0, triggers_per_min_max=2)
    for now_us in (0, 50_000):
        triggers.give(_trigger(), now_us)
    assert triggers.refusal(60_000_000) is None
    triggers.give(_trigger(), 60_000_000)
    assert triggers.refusal(60_049_999) == "triggers"


def test_a_refractory_time_of_more_than_a_minute_is_kept_to_its_end() -> None:
    triggers = _triggers(refractory_s=90.0, triggers_per_min_max=600)
    triggers.give(_trigger(), 0)
    for now_us in (59_999_999, 60_000_000, 89_999_999):
        assert triggers.refusal(now_us) == "refractory"
    assert triggers.refusal(90_000_000) is None


def test_where_no_trigger_is_allowed_none_is_given() -> None:
    assert _triggers(refractory_s=0.0, triggers_per_min_max=0).refusal(0) == "triggers"


def test_of_triggers_no_more_than_16_wait_and_each_is_known_by_session_and_number() -> None:
    triggers = _triggers()
    triggers.waiting = [_trigger(seq=seq) for seq in range(15)]
    assert not triggers.is_full
    assert triggers.is_waiting(_trigger(seq=3))
    assert not triggers.is_waiting(_trigger(seq=15))
    assert not triggers.is_waiting(_trigger(seq=3, session="another"))
    triggers.waiting.append(_trigger(seq=15))
    assert triggers.is_full


def test_triggers_whose_time_has_come_are_taken_and_the_others_wait_on() -> None:
    triggers = _triggers()
    now, later, soon = _trigger(seq=1), _trigger(seq=2, fire_at_us=101), _trigger(fire_at_us=100)
    triggers.waiting = [now, later]
    assert triggers.take_due(0) == [now]
    assert triggers.waiting == [later]
    triggers.waiting = [now, later, soon]
    assert triggers.take_due(100) == [now, soon]
    assert triggers.waiting == [later]
    assert (triggers.drop(), triggers.waiting) == ([later], [])


# Charge of ten minutes.


def test_charge_is_counted_in_bins_of_two_seconds_and_forgotten_after_the_window() -> None:
    charge = BinnedCharge(0.0, Counts())
    assert charge.total_fc == 0
    charge.add(5, 0)
    charge.add(7, BIN_US)
    assert charge.total_fc == 12
    charge.add(0, 300 * BIN_US)
    assert charge.total_fc == 12
    charge.add(0, 301 * BIN_US - 1)
    assert charge.total_fc == 12
    charge.add(0, 301 * BIN_US)
    assert charge.total_fc == 7
    charge.add(0, 302 * BIN_US)
    assert charge.total_fc == 0


def test_a_steady_rate_is_counted_bin_by_bin_rounded_up() -> None:
    charge = BinnedCharge(0.0, Counts())
    charge.add_steady(0.5, 1, 2 * BIN_US + 2)
    assert charge.kept(2 * BIN_US + 2).bins_fc[-3:] == (BIN_US // 2, BIN_US // 2, 1)
    assert charge.total_fc == BIN_US + 1
    assert charge.kept(2 * BIN_US + 2).newest_us == 2


def test_what_the_safe_amount_will_give_is_rounded_up_bin_by_bin() -> None:
    assert BinnedCharge(3e-7, Counts()).worst_fc(0) == 301


def test_what_is_counted_late_counts_as_given_now() -> None:
    charge = BinnedCharge(0.0, Counts())
    charge.add(5, 3 * BIN_US)
    charge.add(2, 0)
    assert charge.kept(3 * BIN_US).bins_fc[-2:] == (0, 7)
    assert charge.kept(3 * BIN_US).newest_us == 0


def test_a_rate_after_a_while_without_a_count_is_rounded_up_once() -> None:
    charge = BinnedCharge(0.0, Counts())
    charge.add_steady(0.25, 5 * BIN_US + 1, 5 * BIN_US + 5)
    assert charge.total_fc == 1


def test_what_the_safe_amount_gave_is_rounded_down_where_it_makes_room() -> None:
    assert BinnedCharge(0.5, Counts()).worst_fc(1) == 301 * BIN_US // 2


def test_of_a_time_longer_than_the_window_only_the_window_and_a_bin_count() -> None:
    charge = BinnedCharge(0.0, Counts())
    charge.add_steady(1.0, 0, 10_000 * BIN_US)
    assert charge.total_fc == 300 * BIN_US
    charge.add_steady(1.0, 10_000 * BIN_US, 10_000 * BIN_US + 1)
    assert charge.total_fc == 300 * BIN_US + 1


def test_charge_of_a_former_life_is_as_old_as_it_is() -> None:
    charge = BinnedCharge(0.0, Counts(bins_fc=(3, 4), newest_us=BIN_US - 1))
    assert charge.total_fc == 7
    charge.add(5, 0)
    assert charge.kept(0).bins_fc[-2:] == (3, 9)
    charge.add(5, 1)
    assert charge.kept(1).bins_fc[-3:] == (3, 9, 5)
    assert charge.kept(1).newest_us == 0
    old = BinnedCharge(0.0, Counts(bins_fc=(3, 4), newest_us=300 * BIN_US))
    assert old.total_fc == 4
    assert BinnedCharge(0.0, Counts(bins_fc=(3, 4), newest_us=301 * BIN_US)).total_fc == 0
    assert BinnedCharge(0.0, Counts(bins_fc=tuple([1] * 400))).total_fc == 301


def test_the_worst_to_come_is_what_was_given_and_the_safe_amount_until_it_expires() -> None:
    """One femtocoulomb a microsecond is safe: 2 million a bin, 602 million in all."""
    charge = BinnedCharge(1.0, Counts())
    assert charge.worst_fc(0) == 301 * BIN_US
    # While the newest bin grows by the safe amount the worst stays what it is.
    charge.add_steady(1.0, 0, BIN_US - 1)
    assert charge.worst_fc(BIN_US - 1) == 301 * BIN_US
    charge.add(1_000, BIN_US - 1)
    assert charge.worst_fc(BIN_US - 1) == 301 * BIN_US + 1_000
    # What is given less than the safe amount leaves no room for later.
    idle = BinnedCharge(1.0, Counts())
    idle.add_steady(0.0, 0, 10 * BIN_US)
    assert idle.worst_fc(10 * BIN_US) == 301 * BIN_US
    # Much at once counts until it leaves the window; 150 bins later half of the rest is to come.
    much = BinnedCharge(1.0, Counts())
    much.add(10**9, 0)
    assert much.worst_fc(0) == 301 * BIN_US + 10**9
    much.add_steady(1.0, 1, 150 * BIN_US)
    assert much.worst_fc(150 * BIN_US) == 10**9 + 301 * BIN_US - 1


# The amount that it gives.


def test_it_moves_by_its_slew_and_a_step_of_50_ms_of_it_at_once() -> None:
    output = AmountOutput(0.0, 10.0)
    output.advance(0)
    output.go(2.0)
    assert (output.amount, output.is_moving) == (0.5, True)
    output.advance(50_000)
    assert output.amount == pytest.approx(1.0)
    output.go(2.0)
    assert output.amount == pytest.approx(1.0)
    output.advance(150_000)
    assert (output.amount, output.is_moving) == (2.0, False)
    # It has just arrived: what may be made at once comes back with time, and never more of it.
    output.go(0.0)
    assert output.amount == pytest.approx(2.0)
    output.advance(170_000)
    assert output.amount == pytest.approx(1.8)
    output.jump(1.0)
    output.advance(10_170_000)
    output.go(0.0)
    assert output.amount == pytest.approx(0.5)


def test_to_another_program_it_goes_through_0_and_rests_there_until_time_passes() -> None:
    output = AmountOutput(1.0, 10.0, "a")
    output.advance(0)
    output.go(1.0, "b")
    assert (output.amount, output.program, output.is_moving) == (0.5, "a", True)
    output.advance(100_000)
    assert (output.amount, output.program, output.is_moving) == (0.0, "b", True)
    output.advance(100_000)
    assert output.amount == 0.0
    output.advance(200_000)
    assert (output.amount, output.program, output.is_moving) == (1.0, "b", False)


def test_a_program_changes_as_soon_as_0_is_reached() -> None:
    output = AmountOutput(0.5, 10.0, "a")
    output.go(1.0, "b")
    assert (output.amount, output.program) == (0.0, "b")
    output.jump(0.0)
    output.switch("c")
    assert (output.program, output.goal_program, output.is_moving) == ("c", "c", False)


def test_it_is_on_its_way_while_only_the_program_is_another() -> None:
    output = AmountOutput(1.0, 10.0, "a")
    output.go(2.0)
    output.jump(1.0)
    output.go(1.0, "b")
    assert (output.amount, output.goal, output.is_moving) == (1.0, 1.0, True)


def test_its_first_look_at_the_time_moves_nothing_and_neither_does_an_earlier_one() -> None:
    output = AmountOutput(0.0, 10.0)
    assert output.program == ""
    output.go(2.0)
    output.advance(100)
    assert output.amount == 0.5
    output.advance(90)
    assert output.amount == 0.5


def test_a_stop_ends_a_way_to_another_program() -> None:
    output = AmountOutput(1.0, 10.0, "a")
    output.go(1.0, "b")
    output.jump(0.2)
    assert (output.amount, output.goal, output.program, output.is_moving) == (0.2, 0.2, "a", False)


def test_its_peak_is_where_it_can_be_at_most_by_then() -> None:
    output = AmountOutput(1.0, 10.0)
    output.advance(0)
    output.go(3.0)
    assert output.amount == 1.5
    assert output.peak(10_000) == pytest.approx(1.6)
    assert output.peak(1_000_000) == 3.0
    assert output.peak(0, 3.0) == 1.5
    output.go(0.5)
    assert output.peak(1_000_000) == 1.5
    rested = AmountOutput(1.0, 10.0)
    assert (rested.peak(0, 3.0), rested.peak(0, 1.2), rested.peak(0, 0.0)) == (1.5, 1.2, 1.0)


def test_it_gives_whole_steps_and_clips() -> None:
    output = AmountOutput(0.34, 10.0, step=0.1, ceiling=2.5)
    assert output.given == 0.3
    assert [output.given_at(each) for each in (0.36, 2.44, 2.56)] == [0.4, 2.4, 2.5]
    assert AmountOutput(0.34, 10.0).given == 0.34
