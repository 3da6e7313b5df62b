"""A stop stops, whoever sends it, never raises, and what is told of unsigned ones is limited."""

import pytest

from stimulators.wire.messages import Command
from tests.stimulators.device.device_bench import (
    AHEAD_US,
    SESSION,
    Bench,
    acks,
    infos,
    reports,
    stimulator,
)


@pytest.mark.parametrize(("stop_ma", "left"), [(1.5, 0.0), (0.0, 0.0)])
def test_a_stop_never_raises_the_amount(stop_ma: float, left: float) -> None:
    bench = Bench(stimulator(safe_ma=0.0, stop_ma=stop_ma)).leased()
    bench.stop()
    bench.wait(2_000_000)
    assert (bench.state, bench.amount) == ("stopped", left)


def test_a_stop_on_the_way_down_leaves_it_where_it_is_if_that_is_lower() -> None:
    bench = Bench(stimulator(stop_ma=1.5)).leased()
    bench.ask(bench.command(1.0))
    bench.stop()
    assert bench.amount == 1.0
    bench.wait(2_000_000)
    assert bench.amount == 1.0


def test_a_stop_that_nobody_signed_stops_and_is_answered_as_such() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.0))
    said = bench.stop(verified=False)
    (ack,) = acks(said)
    assert (bench.state, bench.amount, ack.verified, ack.applied_ma) == ("stopped", 0.0, False, 0.0)
    assert infos(said)[0].reason == "stop by me: test (not verified)"
    (answer,) = acks(bench.stop("mine"))
    assert answer.verified


def test_of_a_flood_of_unsigned_stops_one_a_second_is_told_with_a_count() -> None:
    bench = Bench().leased()
    bench.stop("r0", verified=False)
    for number in range(100):
        bench.now_us += 5_000
        assert bench.stop(f"r{number + 1}", verified=False) == ()
    said = bench.wait(600_000)
    assert acks(said) == []
    (info,) = infos(said)
    assert info.reason == "stop by me: test (not verified), 100 more not reported"
    assert infos(bench.wait(3_000_000)) == []


def test_an_unsigned_stop_after_a_new_arming_is_told_however_soon() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    bench.stop(verified=False)
    bench.wait(20_000)
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US))
    assert bench.state == "live"
    said = bench.stop(verified=False)
    assert [each.verified for each in acks(said)] == [False]
    assert [each.state for each in infos(said)] == ["stopped"]


def test_every_unsigned_stop_holds_against_armings_before_it() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    bench.stop(verified=False)
    armed_us = bench.now_us + AHEAD_US + 20_000
    bench.wait(40_000)
    assert bench.stop(verified=False) == ()
    bench.tell(bench.lease(armed_us=armed_us))
    assert bench.state == "stopped"


def _scheduled(bench: Bench) -> Command:
    fire_at_us = bench.now_us + AHEAD_US + 60_000
    command = bench.command(1.0, kind="trigger", fire_at_us=fire_at_us)
    assert bench.tell(command) == ()
    return command


def test_an_accepted_amplitude_drops_the_triggers_that_wait_and_a_refused_one_does_not() -> None:
    bench = Bench().leased()
    waiting = _scheduled(bench)
    assert bench.refusal(bench.command(99.0)) == "limit"
    assert bench.device.triggers.waiting == [waiting]
    amplitude = bench.command(0.5)
    told = acks(bench.tell(amplitude))
    assert [(each.seq, each.refused) for each in told] == [
        (waiting.seq, "dropped"),
        (amplitude.seq, None),
    ]
    bench.wait(90_000)
    assert bench.device.triggers.n_given == 0


def test_an_unsigned_stop_drops_the_triggers_that_wait() -> None:
    bench = Bench().leased()
    waiting = _scheduled(bench)
    told = acks(bench.stop(verified=False))
    assert [(each.seq, each.refused) for each in told] == [(waiting.seq, "stopped"), (None, None)]
    bench.wait(90_000)
    assert bench.device.triggers.n_given == 0


def test_a_stopped_device_gives_no_more_than_its_limits_whatever_its_stop_amount_is() -> None:
    limits = stimulator().limits
    bench = Bench(stimulator(safe_ma=0.5, stop_ma=2.0)).leased()
    bench.drive(60_000_000, 2.0)
    bench.stop()
    assert bench.amount == 2.0
    on_s = max(each.on_s for each in reports(bench.wait(80_000_000)))
    assert (bench.state, bench.amount) == ("stopped", 0.5)
    assert on_s <= limits.on_time_s_max


def test_a_stop_that_is_over_holds_against_armings_of_before_it_of_every_session() -> None:
    bench = Bench(stimulator(safe_ma=0.5, stop_ma=0.0)).leased()
    bench.wait(200_000)
    before_us = bench.now_us + AHEAD_US
    bench.stop()
    bench.wait(50_000)
    newer = "00000000000000000003-0000000c"
    bench.heard_by = newer
    bench.wait(1_200_000)
    bench.heard_by = SESSION
    bench.wait(1_200_000)
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US))
    bench.wait(1_000_000)
    assert (bench.state, bench.amount) == ("safe", 0.5)
    bench.tell(bench.lease(session=newer, armed_us=before_us))
    assert bench.state == "safe"
    bench.tell(bench.lease(session=newer, armed_us=bench.now_us + AHEAD_US))
    assert bench.state == "live"
