"""The reasons for which a device refuses a command: each rule at its limits."""

from typing import Any

import msgspec
import pytest

from stimulators.device.counts.counts import Counts
from stimulators.wire.messages import Command
from tests.stimulators.device.device_bench import AHEAD_US, Bench, acks, stimulator


@pytest.mark.parametrize("kind", ["amplitude", "trigger"])
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        # The bench's clock is known to a microsecond.
        ({"issued_us": 1}, None),
        ({"issued_us": 2}, "clock"),
        ({"expires_us": 2}, None),
        ({"expires_us": 1}, "expired"),
        ({"expires_us": 10_000_000}, None),
        ({"expires_us": 10_000_001}, "validity"),
        ({"issued_us": -500}, None),
        ({"issued_us": -501}, "validity"),
    ],
)
def test_a_command_is_done_from_its_issue_to_its_end_and_not_a_microsecond_more(
    kind: str, changes: dict[str, int], word: str | None
) -> None:
    bench = Bench(stimulator(safe_ma=0.0))
    bench.now_us += 500
    bench.leased(armed_us=bench.now_us + AHEAD_US - 500)
    times = {key: bench.now_us + AHEAD_US + shift_us for key, shift_us in changes.items()}
    assert bench.refusal(bench.command(0.1, kind=kind, **times)) == word


@pytest.mark.parametrize(("fire_in_us", "is_done"), [(-2, False), (-1, True), (100_000, False)])
def test_a_time_to_fire_is_neither_over_nor_after_the_end(
    fire_in_us: int, *, is_done: bool
) -> None:
    bench = Bench().leased()
    fire_at_us = bench.now_us + AHEAD_US + fire_in_us
    ack = bench.ask(bench.command(1.0, kind="trigger", fire_at_us=fire_at_us))
    assert ack.refused == (None if is_done else "expired")


def test_a_trigger_may_fire_in_the_last_microsecond_before_its_end() -> None:
    bench = Bench().leased()
    fire_at_us = bench.now_us + AHEAD_US + 99_999
    assert bench.tell(bench.command(1.0, kind="trigger", fire_at_us=fire_at_us)) == ()
    assert len(bench.device.triggers.waiting) == 1


def test_a_command_is_refused_once_the_services_clock_is_not_known_any_more() -> None:
    """At 100 ppm ten milliseconds are reached 100 s after the last answer."""
    bench = Bench().leased()
    for _ in range(110):
        bench.now_us += 900_000
        bench.device.tick(bench.now_us)
        bench.tell(bench.lease(valid_us=10_000_000))
    bench.now_us += 900_000
    bench.device.tick(bench.now_us)
    assert bench.refusal(bench.command(0.4)) is None
    bench.now_us += 990_000
    assert bench.state == "live"
    assert bench.refusal(bench.command(0.3)) == "clock"


def test_an_amplitude_is_held_to_no_limit_of_triggers() -> None:
    bench = Bench().leased()
    assert bench.refusal(bench.command(1.0, kind="trigger")) is None
    assert bench.refusal(bench.command(1.0, kind="trigger")) == "refractory"
    assert bench.refusal(bench.command(1.0)) is None


def test_a_trigger_that_waited_is_not_given_in_a_program_it_was_not_meant_for() -> None:
    pulses = stimulator().programs["adbs"]
    bench = Bench(stimulator(programs={"adbs": pulses, "wide": pulses})).leased(valid_us=1_000_000)
    bench.drive(200_000, 0.6)
    # Down to 0 uses up the step that may be made at once: for a moment it rests there.
    assert bench.ask(bench.command(0.0)).applied_ma == 0.0
    assert bench.ask(bench.command(1.0)).applied_ma == 0.0
    fire_at_us = bench.now_us + AHEAD_US + 20_000
    assert acks(bench.tell(_trigger(bench, program="wide", fire_at_us=fire_at_us))) == []
    (ack,) = acks(bench.wait(25_000))
    assert (ack.refused, bench.device.triggers.n_given) == ("program", 0)


def _trigger(bench: Bench, **changes: Any) -> Command:
    return bench.command(1.0, kind="trigger", **changes)


def _nearly_spent() -> Bench:
    """Return a device at 1 mA that may stay there for a moment, but not go higher."""
    pulses = msgspec.structs.replace(stimulator().programs["adbs"], contacts="2-")
    fast = msgspec.structs.replace(pulses, frequency_hz=250.0)
    config = stimulator(safe_ma=0.0, programs={"adbs": pulses, "fast": fast}, safe_program="adbs")
    spent = Counts(bins_fc=(int(13_950e9),), counted_us=600_000_000)
    bench = Bench(config, counts=spent).leased()
    bench.drive(200_000, 1.0)
    budgets, delivery = bench.device._budgets, bench.device._delivery
    while budgets.limit_for(0.9, "fast", delivery.now_us) is None:
        bench.drive(5_000)
    assert (bench.state, bench.amount) == ("live", 1.0)
    return bench


def test_where_the_charge_is_nearly_used_up_nothing_goes_higher_and_all_goes_down() -> None:
    bench = _nearly_spent()
    assert bench.refusal(bench.command(1.6)) == "charge"
    assert bench.refusal(bench.command(1.0)) is None
    assert bench.refusal(bench.command(0.9)) is None


def test_where_the_charge_is_nearly_used_up_a_dearer_program_is_taken_at_0_only() -> None:
    bench = _nearly_spent()
    assert bench.refusal(bench.command(1.0, program="fast")) == "charge"
    assert bench.refusal(bench.command(0.9, program="fast")) == "charge"
    assert bench.refusal(bench.command(0.0, program="fast")) is None
    assert bench.device.program == "fast"


def test_where_the_charge_is_nearly_used_up_no_trigger_is_given_that_does_not_fit() -> None:
    bench = _nearly_spent()
    check, delivery = bench.device._budgets.limit_for_trigger, bench.device._delivery
    while check(3.0, "adbs", delivery.now_us) is None:
        bench.drive(5_000)
    assert (bench.state, bench.amount) == ("live", 1.0)
    assert bench.refusal(bench.command(3.0, kind="trigger")) == "charge"
    assert bench.device.triggers.n_given == 0
    assert bench.refusal(bench.command(0.1, kind="trigger")) is None


# What was done, and what waits.

_NEWER = "00000000000000000003-0000000c"


def test_256_commands_are_remembered_as_done() -> None:
    bench = Bench().leased(valid_us=5_000_000)
    commands = [bench.command(0.6) for _ in range(257)]
    for command in commands[:256]:
        assert bench.refusal(command) is None
    assert bench.refusal(commands[0]) is None
    assert bench.refusal(commands[256]) is None
    assert bench.refusal(commands[0]) == "order"
    assert bench.refusal(commands[1]) is None


def test_a_number_that_was_done_in_another_session_is_none_that_was_done() -> None:
    bench = Bench().leased()
    done = bench.command(0.7)
    assert bench.refusal(done) is None
    stranger = msgspec.structs.replace(done, session=_NEWER)
    assert bench.refusal(stranger) == "session"
    bench.wait(300_000)
    bench.heard_by = _NEWER
    bench.wait(1_200_000)
    bench.tell(bench.lease(session=_NEWER))
    assert bench.device.info.last_seq == 0
    again = bench.command(0.9, session=_NEWER, seq=done.seq)
    assert bench.ask(again).applied_ma == 0.9


def test_a_trigger_that_comes_twice_is_given_once_and_answered_as_done() -> None:
    bench = Bench().leased()
    trigger = _trigger(bench)
    assert [bench.refusal(trigger), bench.refusal(trigger)] == [None, None]
    assert bench.device.triggers.n_given == 1


def test_a_trigger_that_waits_is_dropped_once_the_services_clock_is_not_known() -> None:
    bench = Bench().leased()
    for _ in range(109):
        bench.now_us += 900_000
        bench.device.tick(bench.now_us)
        bench.tell(bench.lease(valid_us=10_000_000))
    now_us = bench.now_us + AHEAD_US
    fire = {"fire_at_us": now_us + 4_000_000, "expires_us": now_us + 5_000_000}
    assert bench.tell(_trigger(bench, **fire)) == ()
    answers = []
    for _ in range(3):
        bench.now_us += 900_000
        answers += acks(bench.device.tick(bench.now_us))
    assert [each.refused for each in answers] == ["clock"]
    assert bench.state == "live"
