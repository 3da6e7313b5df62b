"""The gate's small rooms against plain definitions: budgets, ramps, answers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from stimulators.gate.acks import OpenCommand, OpenCommands
from stimulators.gate.ramp import Ramp

from stimulators.gate.budgets import ChargeBudget, RateBudget, TriggerBudget
from stimulators.wire.messages import Ack, Command, CommandKind, Reason

_GAPS_S = st.lists(st.sampled_from([0.0, 0.01, 0.3, 0.5, 1.0, 2.0]), max_size=60)


def times(gaps_s: list[float]) -> list[float]:
    """Return the moments that lie so far apart, in binary fractions that add up exactly."""
    now_s, moments = 64.0, []
    for gap_s in gaps_s:
        now_s += round(gap_s * 256) / 256
        moments.append(now_s)
    return moments


@given(n_max=st.integers(0, 5), gaps_s=_GAPS_S)
def test_a_rate_budget_is_the_count_in_the_window(n_max: int, gaps_s: list[float]) -> None:
    budget, taken = RateBudget(n_max, 1.0), list[float]()
    for now_s in times(gaps_s):
        has_room = sum(now_s - each < 1.0 for each in taken) < n_max
        assert budget.has_room(now_s) is has_room
        if has_room:
            budget.take(now_s)
            taken.append(now_s)


def test_a_rate_budget_that_is_overdrawn_stays_as_small_as_it_is() -> None:
    budget = RateBudget(2, 1.0)
    for place in range(50):
        budget.take(place / 100)
    assert len(budget._times_s) == 2
    assert not budget.has_room(1.0)
    assert budget.has_room(1.485)


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


@given(
    gaps_s=st.lists(st.sampled_from([0.02, 3.0, 10.0, 95.0, 400.0]), max_size=40),
    charge_uc=st.sampled_from([1.0, 4.0]),
)
def test_charge_in_any_ten_minutes_stays_in_its_budget(
    gaps_s: list[float], charge_uc: float
) -> None:
    budget, given_uc = ChargeBudget(10.0), list[tuple[float, float]]()
    for now_s in times(gaps_s):
        most_uc = sum(charge for time_s, charge in given_uc if now_s - time_s < 620.0)
        least_uc = sum(charge for time_s, charge in given_uc if now_s - time_s < 600.0)
        has_room = budget.has_room(charge_uc, now_s)
        assert not has_room or least_uc + charge_uc <= 10.0
        assert has_room or most_uc + charge_uc > 10.0
        if has_room:
            budget.add(charge_uc, now_s)
            given_uc.append((now_s, charge_uc))
    assert len(budget._bins) <= 62


@given(
    moves=st.lists(st.tuples(st.floats(0.0, 0.5), st.floats(0.0, 3.0)), max_size=60),
    slew=st.sampled_from([0.03, 1.0, 12.0, 500.0]),
)
def test_a_ramp_never_moves_more_than_slew_and_spare(
    moves: list[tuple[float, float]], slew: float
) -> None:
    ramp = Ramp(1.0, slew_per_s_max=slew, amount_max=3.0, tick_s=0.02)
    now_s, passed = 0.0, [(0.0, 1.0)]
    for after_s, goal in moves:
        now_s += after_s
        ramp.goal = goal
        amount = ramp.next_amount(now_s)
        if amount is None:
            continue
        assert min(ramp.amount, goal) <= amount <= max(ramp.amount, goal)
        ramp.move(amount)
        passed.append((now_s, amount))
    for place, (then_s, before) in enumerate(passed):
        for later_s, after in passed[place:]:
            assert abs(after - before) <= slew * (later_s - then_s) + ramp.spare + 1e-9


def test_a_ramp_that_is_asked_often_enough_runs_at_its_slew() -> None:
    for slew in (0.05, 1.0, 12.0):
        ramp = Ramp(0.0, slew_per_s_max=slew, amount_max=3.0, tick_s=0.02)
        ramp.goal = 3.0
        steps = []
        for tick in range(50):
            amount = ramp.next_amount(0.02 * tick)
            if amount is not None:
                steps.append(amount)
                ramp.move(amount)
        assert abs(ramp.amount - min(3.0, slew)) <= ramp.spare
        assert all(after - before >= 0.0059 for before, after in pairwise(steps[:-1]))


# Answers.


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
    return OpenCommand(command=command, amount=amount, sample=0, due_s=float(seq))


def ack_of(seq: int, refused: str | None = None) -> Ack:
    return Ack(session="s", received_us=0, applied_us=0, seq=seq, refused=refused)


def test_the_newest_command_that_was_applied_says_where_the_device_is() -> None:
    commands = OpenCommands(0.0)
    for seq, amount in ((1, 0.5), (2, 1.0), (3, 1.5)):
        commands.expect(open_of(seq, amount))
    commands.expect(open_of(4, 9.0, kind="trigger"))
    assert (commands.amount, commands.believed) == (0.0, 1.5)
    assert commands.answer(ack_of(2))[0] == "applied"
    assert commands.answer(ack_of(1))[0] == "applied"
    assert commands.answer(ack_of(4))[0] == "applied"
    assert (commands.amount, commands.believed) == (1.0, 1.5)
    assert commands.answer(ack_of(3, "expired"))[0] == "refused"
    assert (commands.amount, commands.believed) == (1.0, 1.0)
    assert [commands.answer(ack_of(seq))[0] for seq in (2, 3, 0, 5)] == [
        "again",
        "again",
        "unknown",
        "unknown",
    ]


def test_what_is_overdue_is_told_once_in_a_row_and_any_answer_ends_the_row() -> None:
    commands = OpenCommands(0.0)
    for seq in (1, 2, 3, 4):
        commands.expect(open_of(seq, 0.5))
    assert commands.overdue(0.9) is None
    first = commands.overdue(2.0)
    assert first is not None
    assert (first.command.seq, commands.missing_seq) == (1, 2)
    assert commands.overdue(3.0) is None
    assert commands.missing_seq == 3
    commands.answer(ack_of(4))
    assert commands.missing_seq is None
    commands.expect(open_of(5, 0.5))
    assert commands.overdue(9.0) is not None


def test_no_more_commands_are_remembered_than_could_be_open() -> None:
    commands = OpenCommands(0.0)
    for seq in range(1, 3000):
        commands.expect(open_of(seq, 0.5))
    assert len(commands._open) == 1024
