"""The gate's small parts against plain definitions: budgets, charge, slew, answers, descents."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.gate.driving.answers import OpenCommand, OpenCommands
from stimulators.gate.driving.descent import Descent
from stimulators.gate.limits.slew import Slew
from stimulators.gate.usage.budgets import RateBudget
from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.charge_window import ChargeWindow
from stimulators.gate.usage.on_time import OnTime
from stimulators.wire.messages import Ack, Command, CommandKind, Reason
from tests.stimulators.gate.limits.trigger_limits import TriggerBudget

_GAPS_S = st.lists(st.sampled_from([0.0, 0.01, 0.3, 0.5, 1.0, 2.0]), max_size=60)


def times(gaps_s: list[float]) -> list[float]:
    """Return times with these distances, in binary fractions that add up exactly."""
    now_s, moments = 64.0, []
    for gap_s in gaps_s:
        now_s += round(gap_s * 256) / 256
        moments.append(now_s)
    return moments


@given(n_max=st.integers(0, 5), gaps_s=_GAPS_S, leaving=st.integers(0, 3))
def test_a_rate_budget_is_the_count_in_the_window(
    n_max: int, gaps_s: list[float], leaving: int
) -> None:
    budget, taken = RateBudget(n_max, 1.0), list[float]()
    for now_s in times(gaps_s):
        n_recent = sum(now_s - each < 1.0 for each in taken)
        assert budget.has_room(now_s, leaving=leaving) is (n_recent < n_max - leaving)
        assert budget.has_room(now_s) is (n_recent < n_max)
        if n_recent < n_max:
            budget.take(now_s)
            taken.append(now_s)


def test_a_rate_budget_that_is_overdrawn_stays_as_small_as_it_is() -> None:
    budget = RateBudget(2, 1.0)
    for index in range(50):
        budget.take(index / 100)
    assert len(budget._times_s) == 2
    assert not budget.has_room(1.0)
    assert budget.has_room(1.485)


def test_a_trigger_that_was_asked_for_and_did_not_go_makes_room_for_none() -> None:
    budget = TriggerBudget(0.0, 2)
    budget.take(0.0, 0.0, 0.4)
    budget.take(10.0, 10.0, 10.0)
    assert budget.refusal(60.05, 60.05, 60.45) is None
    assert budget.refusal(60.06, 60.06, 60.06) == "triggers"


def test_triggers_a_minute_are_counted_by_sample_time_and_by_now() -> None:
    for stretch in (1.0, 0.5, 2.0):  # sample time runs as fast as now, slower, faster
        budget = TriggerBudget(0.0, 2)
        budget.take(0.0, 0.0)
        budget.take(10.0 * stretch, 10.0)
        free_s = 60.0 / min(stretch, 1.0)
        assert budget.refusal((free_s - 0.5) * stretch, free_s - 0.5) == "triggers"
        assert budget.refusal(free_s * stretch, free_s) is None


def test_a_trigger_from_before_the_last_is_refused_without_a_refractory_time_too() -> None:
    budget = TriggerBudget(0.0, 9)
    budget.take(10.0, 20.0)
    assert budget.refusal(9.0, 21.0) == "refractory"
    assert budget.refusal(10.0, 20.0) is None


# Charge.


@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0.02, 3.0, 10.0, 95.0, 400.0]), st.floats(0.0, 5.0)),
        max_size=40,
    ),
)
def test_a_charge_window_bounds_any_ten_minutes(steps: list[tuple[float, float]]) -> None:
    high, low = ChargeWindow(rounds_up=True), ChargeWindow(rounds_up=False)
    given_uc = list[tuple[float, float]]()
    for now_s, (_, charge_uc) in zip(times([gap for gap, _ in steps]), steps, strict=True):
        high.add(charge_uc, now_s)
        low.add(charge_uc, now_s)
        given_uc.append((now_s, charge_uc))
        most_uc = sum(charge for time_s, charge in given_uc if now_s - time_s < 606.0)
        least_uc = sum(charge for time_s, charge in given_uc if now_s - time_s < 600.0)
        assert least_uc - 1e-9 <= high.charge_uc(now_s) <= most_uc + 1e-4
        assert low.charge_uc(now_s) <= high.charge_uc(now_s)
    assert len(high._bins) <= 304


@given(
    steps=st.lists(
        st.tuples(st.floats(0.0, 2.0), st.floats(0.0, 2.0), st.floats(0.0, 1.0), st.booleans()),
        max_size=80,
    )
)
def test_the_charge_that_counts_is_never_below_what_was_given(
    steps: list[tuple[float, float, float, bool]],
) -> None:
    """The device gives anything between lowest and highest, and its count comes late."""
    count, true_uc, at_send_uc, now_s = ChargeCount(), 0.0, 0.0, 1000.0
    for lowest, more, share, is_sent in steps:
        now_s += 0.5
        if is_sent:
            count.note_sent()
            at_send_uc = true_uc
        count.add(lowest, lowest + more, now_s)
        true_uc += lowest + share * more
        # Its word was said at any time since the newest command was sent: at worst, then.
        count.note_told(at_send_uc, 0.0, now_s)
        count.bound(at_send_uc, count.since_sent_uc, replaces=False)
        assert count.charge_uc(now_s) >= true_uc - 1e-9


def test_what_nobody_knows_is_the_most_until_it_is_settled() -> None:
    count = ChargeCount()
    count.presume(23.4, 100.0, 5000.0)
    assert count.charge_uc(5000.0) == pytest.approx(2340.0)
    count.add(1.0, 1.0, 5001.0)
    count.settle_unknown(5001.0)
    assert count.charge_uc(5001.0) == pytest.approx(1.0)
    count.note_told(50.0, 0.0, 5001.0)
    assert count.charge_uc(5001.0) == pytest.approx(50.0)


@given(limit_uc=st.floats(0.0, 900.0), after_s=st.floats(0.0, 300.0))
def test_the_wait_for_charge_is_as_long_as_it_is(limit_uc: float, after_s: float) -> None:
    count = ChargeCount()
    for index in range(10):
        count.add(100.0, 100.0, 5000.0 + 20.0 * index)
    now_s = 5200.0 + after_s
    wait_s = count.wait_s(now_s, count.charge_uc(now_s) - limit_uc)
    if wait_s > 6.0:
        assert count.charge_uc(now_s + wait_s - 6.0) > limit_uc - 1e-3
    assert count.charge_uc(now_s + wait_s + 0.01) <= limit_uc + 1e-3


def test_what_is_kept_for_the_next_service_counts_the_same_there() -> None:
    count, after = ChargeCount(), ChargeCount()
    for index in range(50):
        count.add(1.0, 3.0, 5000.0 + 7.0 * index)
    now_s = 5350.0
    bins = count.bins(now_s)
    assert [age_s for age_s, _ in bins] == sorted((age_s for age_s, _ in bins), reverse=True)
    after.learn(bins, 100_000.0)
    assert after.charge_uc(100_000.0) == pytest.approx(count.charge_uc(now_s))


@given(rate=st.floats(0.0, 5.0))
def test_the_worst_ten_minutes_to_come_are_found(rate: float) -> None:
    window = ChargeWindow(rounds_up=True)
    for index in range(20):
        window.add(40.0 * (index % 3), 5000.0 + 11.0 * index)
    now_s = 5230.0
    worst_uc = max(
        sum(
            40.0 * (index % 3)
            for index in range(20)
            if 5000.0 + 11.0 * index > now_s + ahead_s - 600.0
        )
        + rate * min(ahead_s, 600.0)
        for ahead_s in range(0, 700, 2)
    )
    assert worst_uc - 1e-6 <= window.worst_ahead_uc(now_s, rate) <= worst_uc + 120.0 + 6.0 * rate


@given(
    moves=st.lists(st.tuples(st.sampled_from([0.25, 0.5, 1.0]), st.booleans()), max_size=60),
    off_s_min=st.sampled_from([0.0, 0.5, 2.0]),
)
def test_time_above_safe_ends_with_a_break_that_is_long_enough(
    moves: list[tuple[float, bool]], off_s_min: float
) -> None:
    on_time = OnTime(off_s_min)
    row: list[tuple[float, bool]] = []
    for passed_s, is_on in moves:
        on_time.pass_time(passed_s, is_on=is_on)
        row.append((passed_s, is_on))
        since, off_s = 0, 0.0
        for index, (each_s, was_on) in enumerate(row):
            off_s = 0.0 if was_on else off_s + each_s
            if not was_on and off_s >= off_s_min:
                since = index + 1
        stretch = row[since:]
        while stretch and not stretch[0][1]:
            stretch.pop(0)
        total_s = sum(each_s for each_s, _ in stretch)
        assert on_time.if_rising_s == total_s
        while stretch and not stretch[-1][1]:
            total_s -= stretch.pop()[0]
        assert on_time.on_s == total_s


def test_a_time_above_safe_that_nobody_knows_waits_for_a_break() -> None:
    on_time = OnTime(2.0)
    on_time.presume(60.0)
    assert (on_time.if_rising_s, on_time.wait_s) == (60.0, 2.0)
    on_time.pass_time(1.5, is_on=False)
    assert on_time.wait_s == 0.5
    on_time.pass_time(0.5, is_on=False)
    assert (on_time.if_rising_s, on_time.wait_s) == (0.0, 0.0)


# Slew.


@given(
    moves=st.lists(st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 3.0), st.booleans()), max_size=60),
    slew=st.sampled_from([0.03, 1.0, 12.0, 500.0]),
    tolerance=st.sampled_from([0.0, 0.003, 0.05]),
)
def test_an_amount_never_moves_more_than_slew_and_spare(
    moves: list[tuple[float, float, bool]], slew: float, tolerance: float
) -> None:
    limit = Slew(slew_per_s_max=slew, amount_max=3.0, tick_s=0.02)
    limit.tolerate(tolerance)
    now_s, amount = 0.0, 1.0
    passed = [(0.0, amount)]
    for after_s, goal, is_sure in moves:
        now_s += after_s
        limit.advance(now_s)
        lowest = amount if is_sure else amount / 2.0
        if goal > amount:
            step = limit.up(amount, goal)
            assert step is None or amount <= step <= goal
        else:
            step = limit.down(lowest, amount, goal)
            assert step is None or goal <= step <= max(goal, lowest)
        if step is None:
            continue
        if goal > amount:
            limit.take(step - amount)
        else:
            # Never above the lowest: what is given up there was not given by the slew.
            limit.take(min(amount - step, limit._right))
        if is_sure:
            passed.append((now_s, step))
        else:
            passed = [(now_s, step)]
        amount = step
    for index, (then_s, before) in enumerate(passed):
        for later_s, after in passed[index:]:
            assert abs(after - before) <= slew * (later_s - then_s) + limit.spare + 1e-9


def test_an_amount_that_is_asked_for_often_enough_moves_at_its_slew() -> None:
    for slew in (0.05, 1.0, 12.0):
        limit = Slew(slew_per_s_max=slew, amount_max=3.0, tick_s=0.02)
        steps, amount = list[float](), 0.0
        for tick in range(50):
            limit.advance(0.02 * tick)
            step = limit.up(amount, 3.0) if amount < 3.0 else None
            if step is not None:
                limit.take(step - amount)
                steps.append(step)
                amount = step
        assert abs(amount - min(3.0, slew)) <= limit.spare
        assert all(after - before >= 0.0059 for before, after in pairwise(steps[:-1]))


# The way down, and answers.


@given(ack_s_max=st.sampled_from([0.1, 0.25, 0.9, 1.5]))
def test_a_descent_is_said_less_and_less_often_down_to_once_a_second(ack_s_max: float) -> None:
    descent, said_s = Descent(0.0, ack_s_max=ack_s_max, way_s=0.5), list[float]()
    for tick in range(1000):
        now_s = tick / 50.0
        if descent.is_due(now_s):
            descent.note_said(now_s)
            said_s.append(now_s)
    gaps_s = [after - before for before, after in pairwise(said_s)]
    expected_s = [min(ack_s_max * 2**index, 1.0) for index in range(len(gaps_s))]
    assert gaps_s == pytest.approx(expected_s, abs=0.021)
    assert descent.deadline_s == 1.5


def open_of(seq: int, amount: float, *, kind: CommandKind = "amplitude") -> OpenCommand:
    command = Command(
        session="s",
        seq=seq,
        kind=kind,
        channel="c",
        program="p",
        onset_us=0,
        issued_us=0,
        expires_us=1,
        reason=Reason(detector="d", value=0.0, threshold=0.0, policy="p"),
        simulated=True,
        amplitude_ma=amount,
    )
    return OpenCommand(
        command=command, amount=amount, is_way_down=False, sample=0, due_s=float(seq)
    )


def ack_of(seq: int | None, refused: str | None = None) -> Ack:
    return Ack(
        session="s",
        instance="i",
        word=1,
        last_seq=0,
        received_us=0,
        applied_us=0,
        seq=seq,
        refused=refused,
    )


def test_an_answer_is_to_a_command_that_waits_or_to_none() -> None:
    commands = OpenCommands()
    for seq in (1, 2, 3):
        commands.expect(open_of(seq, 0.5))
    commands.expect(open_of(4, 9.0, kind="trigger"))
    assert commands.take_answer(ack_of(2)) == ("applied", open_of(2, 0.5))
    assert commands.take_answer(ack_of(3, "expired")) == ("refused", open_of(3, 0.5))
    kinds = [commands.take_answer(ack_of(seq))[0] for seq in (2, 3, 0, -1, None, 5)]
    assert kinds == ["again", "again", "unknown", "unknown", "unknown", "unknown"]
    commands.forget()
    assert commands.take_answer(ack_of(1)) == ("again", None)
    assert commands.newest_seq == 4


def test_what_is_overdue_is_told_once_in_a_row_and_any_answer_ends_the_row() -> None:
    commands = OpenCommands()
    for seq in (1, 2, 3, 4):
        commands.expect(open_of(seq, 0.5))
    assert commands.give_up_overdue(0.9) is None
    first = commands.give_up_overdue(2.0)
    assert first is not None
    assert (first.command.seq, commands.missing_seq) == (1, 2)
    assert commands.give_up_overdue(3.0) is None
    assert commands.missing_seq == 3
    commands.take_answer(ack_of(4))
    assert commands.missing_seq is None
    commands.expect(open_of(5, 0.5))
    assert commands.give_up_overdue(9.0) is not None
    commands.take_answer(ack_of(5))
    assert commands.missing_seq is None


def test_no_more_commands_are_remembered_than_could_be_open() -> None:
    commands = OpenCommands()
    for seq in range(1, 3000):
        commands.expect(open_of(seq, 0.5))
    assert len(commands._open) == 1024
    assert math.isfinite(commands.newest_seq)
