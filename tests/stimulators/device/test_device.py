"""The reference device does what it is allowed to do, and refuses the rest with a reason."""

import math
from typing import Any

import pytest

from stimulators.device.device import ReferenceDevice
from stimulators.wire.messages import Ack, ClockRequest, Command, Stop
from tests.stimulators.device.device_bench import (
    AHEAD_US,
    SESSION,
    SLEW_MA_PER_S,
    Bench,
    acks,
    feedback_device,
    infos,
    reply,
    reports,
    stimulator,
)

OLDER, NEWER = "00000000000000000001-0000000a", "00000000000000000003-0000000c"


def _is_refused(bench: Bench, word: str, **changes: Any) -> bool:
    before = bench.amount
    ack = bench.ask(bench.command(changes.pop("amount", 2.0), **changes))
    assert ack.refused == word
    assert bench.amount == before
    return True


def test_it_begins_at_its_safe_amount_and_says_what_it_is() -> None:
    device = ReferenceDevice(stimulator(), firmware="1.2")
    info = device.info
    assert (info.device, info.state, info.simulated, info.firmware) == ("stn", "safe", True, "1.2")
    assert (info.applied_ma, info.applied_level, info.safe_ma) == (0.5, None, 0.5)
    assert (info.programs, info.session) == (("adbs",), None)
    assert info.limits.amplitude_ma_max == 3.0
    assert info.limits.triggers_per_s_max == pytest.approx(5 / 60)


def test_a_command_under_a_lease_is_applied_and_acknowledged_in_the_services_time() -> None:
    bench = Bench(instance="boot-1").leased()
    bench.wait(20_000)
    command = bench.command(1.0)
    ack = bench.ask(command)
    assert ack == Ack(
        session=SESSION,
        instance="boot-1",
        word=ack.word,
        last_seq=command.seq,
        seq=command.seq,
        received_us=bench.now_us + AHEAD_US,
        applied_us=bench.now_us + AHEAD_US,
        applied_ma=1.0,
        program="adbs",
    )
    assert bench.amount == 1.0


def test_a_step_within_its_grain_is_taken_at_once_and_a_larger_one_gradually() -> None:
    bench = Bench().leased()
    assert bench.ask(bench.command(1.0)).applied_ma == 1.0
    bench.wait(60_000)
    at_once = SLEW_MA_PER_S * 0.05
    assert bench.ask(bench.command(2.5)).applied_ma == pytest.approx(1.0 + at_once)
    said = bench.wait(74_000)
    assert bench.amount < 2.5
    assert (infos(said), reports(said)) == ([], [])
    (arrived,) = reports(bench.wait(6_000))
    assert arrived.applied_ma == bench.amount == 2.5


def test_each_step_is_answered_and_only_the_end_of_a_way_is_told_besides() -> None:
    bench = Bench().leased()
    for step in range(10):
        bench.wait(20_000)
        bench.tell(bench.lease())
        said = bench.tell(bench.command(0.5 + 0.2 * step))
        assert [type(each) for each in said] == [Ack]


def test_when_the_lease_ends_it_goes_to_safe_by_its_own_timer_and_slew() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.1))
    bench.wait(100_000)
    bench.ask(bench.command(1.3))
    said = bench.wait(145_000)
    assert (bench.state, bench.amount, infos(said)) == ("live", 1.3, [])
    left, arrived = infos(bench.wait(60_000))
    assert (left.state, left.reason) == ("safe", "the lease ended")
    assert (arrived.state, arrived.applied_ma, bench.amount) == ("safe", 0.5, 0.5)


def test_the_lease_ends_when_it_does_however_late_the_device_looks() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(3.0))
    bench.now_us += 10_000_000
    assert _is_refused_after_lease(bench)
    assert bench.amount == 0.5


def test_how_often_it_looks_does_not_change_what_a_lease_that_ended_left() -> None:
    often, once = Bench().leased(valid_us=100_000), Bench().leased(valid_us=100_000)
    for bench in (often, once):
        bench.ask(bench.command(3.0))
    often.wait(150_000)
    once.now_us += 150_000
    once.tick()
    assert 0.5 < once.amount < 2.3
    assert once.amount == pytest.approx(often.amount)


def _is_refused_after_lease(bench: Bench) -> bool:
    said = bench.tell(bench.command(2.0))
    (ack,) = (each for each in said if isinstance(each, Ack))
    return ack.refused == "lease"


def test_leases_renewed_in_time_keep_it_driven() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.0))
    for _ in range(20):
        bench.wait(80_000)
        bench.tell(bench.lease())
    assert (bench.state, bench.amount) == ("live", 1.0)


def test_a_lapse_is_told_even_if_the_next_lease_is_there_already() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.0))
    bench.now_us += 300_000
    left, back = infos(bench.tell(bench.lease()))
    assert [left.state, back.state] == ["safe", "live"]
    assert back.applied_ma == 0.5


def test_a_device_on_its_way_to_safe_is_driven_again_only_once_it_is_there() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(2.9))
    bench.wait(200_000)
    bench.tell(bench.lease(valid_us=50_000))
    bench.wait(60_000)
    assert bench.amount > 0.5
    bench.tell(bench.lease())
    assert bench.state == "safe"
    assert bench.device.info.reason == "lease refused: on the way to the safe amount"
    bench.wait(250_000)
    bench.tell(bench.lease())
    assert (bench.state, bench.amount) == ("live", 0.5)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"session": OLDER}, "session"),
        ({"session": NEWER}, "session"),
        ({"simulated": False}, "simulated"),
        ({"amplitude_ma": None, "level": 0.5}, "unit"),
        ({"level": 0.5}, "unit"),
        ({"amplitude_ma": None}, "unit"),
        ({"amount": 3.01}, "limit"),
        ({"amount": -0.01}, "limit"),
        ({"amount": math.nan}, "limit"),
        ({"amount": math.inf}, "limit"),
        ({"program": "other"}, "program"),
        ({"seq": 0}, "order"),
        ({"seq": -5}, "order"),
    ],
)
def test_a_command_that_is_not_for_it_is_refused(changes: dict[str, Any], word: str) -> None:
    assert _is_refused(Bench().leased(), word, **changes)


def test_without_a_lease_nothing_is_done() -> None:
    bench = Bench()
    bench.tick()
    assert _is_refused(bench, "session")
    bench.leased()
    bench.wait(260_000)
    assert _is_refused(bench, "lease")


def test_without_the_services_clock_no_lease_counts_and_the_stamps_are_zero() -> None:
    bench = Bench()
    bench.tell(bench.lease())
    assert bench.device.info.reason == "lease refused: clock"
    assert bench.device.session is None
    ack = bench.ask(bench.command(1.0))
    assert (ack.received_us, ack.applied_us) == (0, 0)
    (stopped,) = (each for each in bench.stop() if isinstance(each, Ack))
    assert (stopped.received_us, stopped.applied_us) == (0, 0)


@pytest.mark.parametrize("late_us", [100_000, 100_001, 10_000_000])
def test_a_command_is_dead_once_it_has_expired(late_us: int) -> None:
    bench = Bench().leased(valid_us=10_000_000)
    command = bench.command(1.0)
    bench.now_us += late_us
    if late_us >= 10_000_000:
        bench.tell(bench.lease())
    assert bench.refusal(command) in {"expired", "lease"}
    assert bench.amount == 0.5


def test_a_command_just_before_it_expires_is_done() -> None:
    bench = Bench().leased()
    command = bench.command(1.0)
    bench.now_us += 99_000
    assert bench.refusal(command) is None


def test_a_command_from_the_future_is_not_believed() -> None:
    bench = Bench().leased()
    issued_us = bench.now_us + AHEAD_US + 50_000
    assert _is_refused(bench, "clock", issued_us=issued_us, expires_us=issued_us + 100_000)


def test_a_command_that_is_delivered_twice_is_done_once_and_answered_with_what_is_given_now() -> (
    None
):
    bench = Bench().leased()
    first, second = bench.command(0.8), bench.command(1.0)
    answered = bench.ask(first)
    newer = bench.ask(second)
    again = bench.ask(first)
    assert (answered.refused, again.refused, bench.amount) == (None, None, 1.0)
    assert (again.seq, again.applied_ma, again.last_seq) == (first.seq, 1.0, second.seq)
    assert answered.word < newer.word < again.word


def test_a_command_that_was_refused_is_looked_at_anew() -> None:
    bench = Bench()
    bench.tick()
    command = bench.command(1.0)
    assert bench.refusal(command) == "session"
    bench.tell(bench.lease())
    assert bench.refusal(command) is None


def test_forged_commands_that_are_refused_never_block_the_real_way_down() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.0))
    for seq in range(2, 602):
        assert bench.refusal(bench.command(99.0, seq=seq)) == "limit"
    assert bench.ask(bench.command(0.0, seq=2)).refused is None
    assert bench.device.info.last_seq == 2


def test_a_command_that_was_overtaken_is_refused() -> None:
    bench = Bench().leased()
    first, second = bench.command(0.8), bench.command(1.0)
    assert bench.refusal(second) is None
    assert bench.refusal(first) == "order"
    assert bench.amount == 1.0


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"valid_us": 0}, "validity"),
        ({"valid_us": -1}, "validity"),
        ({"valid_us": 10_000_001}, "validity"),
        ({"armed_us": AHEAD_US + 1_001}, "validity"),
        ({"simulated": False}, "simulated"),
        ({"issued_us": AHEAD_US + 100_000}, "clock"),
        ({"issued_us": AHEAD_US - 300_000, "armed_us": 1}, "expired"),
        ({"session": "00000000000000000002-b"}, "session"),
        ({"session": "z"}, "session"),
        ({"session": "00000000000000000002-0000000B"}, "session"),
    ],
)
def test_a_lease_that_does_not_count_changes_nothing(changes: dict[str, Any], word: str) -> None:
    bench = Bench(newest_session=OLDER)
    bench.tick()
    bench.tell(bench.lease(**changes))
    assert (bench.state, bench.device.session) == ("safe", None)
    assert bench.device.info.reason == f"lease refused: {word}"


def test_a_lease_that_waited_on_the_way_has_lost_that_time() -> None:
    bench = Bench()
    bench.tick()
    lease = bench.lease()
    bench.now_us += 200_000
    bench.tell(lease)
    assert bench.state == "live"
    bench.wait(55_000)
    assert bench.state == "safe"


@pytest.mark.parametrize(
    "changes", [{"lease_seq": 1}, {"lease_seq": 0}, {"armed_us": AHEAD_US - 1}]
)
def test_a_lease_that_was_overtaken_or_of_an_earlier_arming_extends_nothing(
    changes: dict[str, Any],
) -> None:
    bench = Bench().leased()
    bench.wait(100_000)
    bench.tell(bench.lease(valid_us=5_000_000, **changes))
    bench.wait(155_000)
    assert bench.state == "safe"


def test_what_may_be_over_by_the_services_clock_is_over() -> None:
    bench = Bench()
    (asked,) = (each for each in bench.device.tick(bench.now_us) if isinstance(each, ClockRequest))
    bench.now_us += 10_000
    # Five milliseconds each way: the offset is right, and known to five milliseconds.
    bench.tell(reply(asked, bench.now_us - 5_000))
    bench.tell(bench.lease())
    command = bench.command(1.0)
    bench.now_us += 94_000
    assert bench.refusal(command) is None
    command = bench.command(1.2)
    bench.now_us += 96_000
    assert bench.refusal(command) == "expired"
    bench.now_us += 54_000
    assert infos(bench.tick()) == []
    assert bench.state == "live"
    bench.now_us += 2_000
    bench.tick()
    assert bench.state == "safe"


def test_a_session_is_held_against_any_other_while_its_lease_runs() -> None:
    bench = Bench().leased()
    bench.tell(bench.lease(session=NEWER, lease_seq=1))
    assert bench.device.session == SESSION
    assert bench.refusal(bench.command(1.0, session=NEWER)) == "session"
    assert bench.refusal(bench.command(1.0)) is None


def test_a_newer_session_is_adopted_after_the_lease_and_counts_from_one_again() -> None:
    bench = Bench().leased()
    for _ in range(5):
        bench.ask(bench.command(0.5))
    bench.wait(300_000)
    bench.heard_by = NEWER
    bench.wait(1_000_000)
    bench.tell(bench.lease(session=NEWER, lease_seq=1))
    assert bench.device.info.last_seq == 0
    assert (bench.device.session, bench.device.newest_session) == (NEWER, NEWER)
    assert bench.refusal(bench.command(1.0, session=NEWER, seq=1)) is None
    assert bench.device.info.session == NEWER


def test_an_older_session_is_never_adopted_again_not_even_by_the_next_life() -> None:
    bench = Bench().leased()
    bench.wait(300_000)
    bench.tell(bench.lease(session=OLDER))
    assert bench.state == "safe"
    reborn = Bench(newest_session=bench.device.newest_session)
    reborn.tick()
    reborn.tell(reborn.lease(session=OLDER))
    assert reborn.state == "safe"
    reborn.heard_by = NEWER
    reborn.wait(200_000)
    reborn.tell(reborn.lease(session=NEWER))
    assert reborn.state == "live"


def test_the_newest_session_drives_it_again_after_power_on_by_a_new_arming_alone() -> None:
    reborn = Bench(newest_session=SESSION)
    switched_on_us = reborn.now_us + AHEAD_US
    reborn.wait(300_000)
    reborn.tell(reborn.lease(armed_us=switched_on_us - 1))
    assert reborn.state == "safe"
    assert "arm anew" in reborn.device.info.reason
    reborn.tell(reborn.lease(armed_us=switched_on_us + 100_000))
    assert reborn.state == "live"


@pytest.mark.parametrize("is_driven", [False, True])
def test_a_stop_takes_it_to_its_stop_amount_at_once(*, is_driven: bool) -> None:
    bench = Bench(stimulator(stop_ma=0.2))
    if is_driven:
        bench.leased().ask(bench.command(3.0))
        bench.wait(200_000)
    said = bench.stop()
    assert bench.amount == 0.2
    (ack,) = (each for each in said if isinstance(each, Ack))
    assert (ack.request_id, ack.applied_ma, ack.seq) == ("stop-1", 0.2, None)
    (info,) = infos(said)
    assert (info.state, info.reason) == ("stopped", "stop by me: test")


def test_after_a_stop_nothing_moves_it_but_a_later_arming() -> None:
    bench = Bench(stimulator(safe_ma=0.0, stop_ma=0.0)).leased()
    bench.stop()
    bench.wait(20_000)
    bench.tell(bench.lease())
    assert bench.refusal(bench.command(1.0)) == "stopped"
    assert (bench.state, bench.device.info.reason) == ("stopped", "stop by me: test")
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US - 5_000))
    assert bench.state == "live"
    assert bench.refusal(bench.command(1.0)) is None


def test_a_stop_holds_against_a_session_that_was_armed_before_and_never_heard() -> None:
    bench = Bench()
    bench.tick()
    bench.stop()
    bench.now_us += 50_000
    bench.tell(bench.lease(armed_us=AHEAD_US + 500))
    assert bench.state == "stopped"


def test_a_device_that_was_stopped_elsewhere_first_goes_to_safe() -> None:
    bench = Bench(stimulator(safe_ma=2.0, stop_ma=0.0))
    bench.tick()
    bench.stop()
    bench.wait(2_000_000)
    assert (bench.state, bench.amount) == ("stopped", 0.0)
    armed_us = bench.now_us + AHEAD_US - 1_000
    bench.tell(bench.lease(armed_us=armed_us))
    assert bench.state == "safe"
    bench.wait(200_000)
    bench.tell(bench.lease(armed_us=armed_us))
    assert (bench.state, bench.amount) == ("live", 2.0)


def test_a_lease_from_before_the_stop_never_counts_again() -> None:
    bench = Bench(stimulator(safe_ma=2.0, stop_ma=0.0)).leased()
    bench.stop()
    bench.wait(20_000)
    bench.tell(bench.lease(armed_us=bench.now_us + AHEAD_US - 5_000))
    assert bench.state == "safe"
    bench.wait(200_000)
    assert bench.amount == 2.0
    # One of the first arming, of before the stop.
    bench.tell(bench.lease())
    assert bench.state == "safe"
    assert "leased" not in bench.device.info.reason


def test_pressing_stop_twice_changes_nothing_and_is_answered_twice() -> None:
    bench = Bench().leased()
    first = bench.stop("a")
    second = bench.stop("b")
    assert [each.request_id for each in (*first, *second) if isinstance(each, Ack)] == ["a", "b"]
    assert infos(second) == []


def _trigger(bench: Bench, **changes: Any) -> Command:
    return bench.command(changes.pop("amount", 1.0), kind="trigger", **changes)


def test_triggers_are_given_no_faster_than_their_refractory_time() -> None:
    bench = Bench().leased(valid_us=5_000_000)
    assert bench.refusal(_trigger(bench)) is None
    bench.wait(49_000)
    assert bench.refusal(_trigger(bench)) == "refractory"
    bench.wait(1_000)
    assert bench.refusal(_trigger(bench)) is None
    assert bench.device.triggers.n_given == 2
    assert bench.amount == 0.5


def test_no_more_triggers_are_given_in_a_minute_than_allowed() -> None:
    bench = Bench().leased(valid_us=10_000_000)
    for _ in range(5):
        assert bench.refusal(_trigger(bench)) is None
        bench.wait(100_000)
    assert bench.refusal(_trigger(bench)) == "triggers"
    first_us = bench.now_us - 500_000
    while bench.now_us < first_us + 60_000_000:
        bench.wait(1_000_000)
        bench.tell(bench.lease(valid_us=5_000_000))
    assert bench.refusal(_trigger(bench)) is None
    assert bench.refusal(_trigger(bench, amount=3.1)) == "limit"


def test_a_trigger_with_a_time_is_given_then_and_answered_then() -> None:
    bench = Bench().leased()
    fire_at_us = bench.now_us + AHEAD_US + 30_000
    command = _trigger(bench, fire_at_us=fire_at_us)
    assert bench.tell(command) == ()
    assert bench.tell(command) == ()
    assert [each for each in bench.wait(25_000) if isinstance(each, Ack)] == []
    (ack,) = (each for each in bench.wait(10_000) if isinstance(each, Ack))
    assert (ack.seq, ack.refused) == (command.seq, None)
    assert 0 <= ack.applied_us - fire_at_us <= 5_000
    assert bench.device.triggers.last == command


@pytest.mark.parametrize("from_now_us", [-50_000, 100_000, 10_000_000])
def test_a_trigger_whose_time_is_over_or_after_its_expiry_is_refused(from_now_us: int) -> None:
    bench = Bench().leased()
    command = _trigger(bench, fire_at_us=bench.now_us + AHEAD_US + from_now_us)
    assert bench.refusal(command) == "expired"


def test_triggers_that_wait_are_few_and_a_stop_or_the_end_of_the_lease_drops_them() -> None:
    bench = Bench().leased(valid_us=30_000)
    for _ in range(16):
        fire_at_us = bench.now_us + AHEAD_US + 60_000
        assert bench.tell(_trigger(bench, fire_at_us=fire_at_us)) == ()
    assert bench.refusal(_trigger(bench, fire_at_us=fire_at_us)) == "triggers"
    left = acks(bench.wait(40_000))
    assert [each.refused for each in left] == ["lease"] * 16
    bench.tell(bench.lease())
    bench.tell(_trigger(bench, fire_at_us=bench.now_us + AHEAD_US + 60_000))
    dropped, answer = acks(bench.stop())
    assert (dropped.refused, answer.request_id) == ("stopped", "stop-1")
    assert bench.device.triggers.n_given == 0


def test_a_trigger_the_device_slept_through_is_not_given_late() -> None:
    bench = Bench().leased(valid_us=5_000_000)
    bench.tell(_trigger(bench, fire_at_us=bench.now_us + AHEAD_US + 60_000))
    bench.now_us += 100_000
    (ack,) = (each for each in bench.tick() if isinstance(each, Ack))
    assert (ack.refused, bench.device.triggers.n_given) == ("expired", 0)


def test_a_feedback_device_speaks_level_and_keeps_to_its_own_limits() -> None:
    bench = Bench(feedback_device()).leased()
    assert bench.ask(bench.command(0.05)).applied_level == 0.05
    assert bench.refusal(bench.command(0.9)) == "limit"
    assert bench.refusal(bench.command(0.1, amplitude_ma=0.1)) == "unit"
    assert bench.refusal(bench.command(None, amplitude_ma=0.1)) == "unit"
    assert bench.device.info.applied_level == 0.05
    assert bench.device.info.applied_ma is None


def test_a_real_device_refuses_what_is_simulated() -> None:
    bench = Bench(stimulator(simulated=False)).leased()
    assert _is_refused(bench, "simulated", simulated=True)
    assert bench.refusal(bench.command(1.0, simulated=False)) is None


def test_a_reason_as_long_as_a_book_is_cut() -> None:
    bench = Bench()
    said = bench.tell(Stop(request_id="r", operator="o" * 10_000, reason=""))
    (info,) = infos(said)
    assert len(info.reason) == 300
