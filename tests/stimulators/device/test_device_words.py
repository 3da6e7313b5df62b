"""A device's words count up, name its boot, and say what it gives once a second and on arrival."""

from typing import Any

from stimulators.wire.messages import ClockRequest
from tests.stimulators.device.device_bench import (
    AHEAD_US,
    SESSION,
    Bench,
    acks,
    feedback_device,
    infos,
    reports,
    stimulator,
)

NEWER_SESSION = "00000000000000000003-0000000b"


def _words(said: Any) -> list[int]:
    return [each.word for each in said if not isinstance(each, ClockRequest)]


def test_every_word_has_a_higher_number_than_the_one_before_and_names_the_boot() -> None:
    bench = Bench(instance="boot-7")
    said: list[Any] = [bench.device.describe()]
    said += bench.tick()
    said += bench.drive(2_000_000, 1.0)
    said += bench.wait(1_000_000)
    said += bench.stop()
    numbers = _words(said)
    assert numbers == list(range(1, len(numbers) + 1))
    assert {each.instance for each in said} == {"boot-7"}


def test_to_look_at_its_info_is_no_word() -> None:
    bench = Bench()
    first = bench.device.describe()
    assert bench.device.info == bench.device.info == first
    assert bench.device.describe().word == first.word + 1


def test_it_reports_once_a_second_and_at_the_end_of_a_way() -> None:
    bench = Bench()
    bench.tick()
    assert len(reports(bench.wait(10_000_000))) == 10
    bench.leased()
    bench.wait(100_000)
    bench.tell(bench.lease())
    bench.tell(bench.command(3.0))
    bench.wait(95_000)
    bench.tell(bench.lease())
    arrived = [each for each in reports(bench.wait(150_000)) if each.applied_ma == 3.0]
    assert len(arrived) == 1
    assert (arrived[0].state, arrived[0].session, arrived[0].program) == ("live", SESSION, "adbs")


def test_it_reports_at_once_where_it_finds_a_services_clock() -> None:
    bench = Bench()
    unheard, placed = reports(bench.tick())
    assert (unheard.said_clock, unheard.said_us) == ("", 0)
    assert placed.said_clock == SESSION
    assert placed.said_us == bench.now_us + AHEAD_US
    bench.wait(1_500_000)
    bench.heard_by = NEWER_SESSION
    found = [each for each in reports(bench.wait(1_000_000)) if each.said_clock == NEWER_SESSION]
    # At the first answer of the newer service, and a second later by the usual period.
    assert 1 <= len(found) <= 2


def test_two_services_that_answer_in_turn_are_not_told_of_without_end() -> None:
    bench = Bench()
    bench.tick()
    n_reports = 0
    for turn in range(20):
        bench.heard_by = (SESSION, NEWER_SESSION)[turn % 2]
        n_reports += len(reports(bench.wait(1_000_000)))
    assert n_reports <= 21


def test_it_reports_after_a_stop() -> None:
    bench = Bench().leased()
    (report,) = reports(bench.stop())
    assert (report.state, report.applied_ma) == ("stopped", 0.0)


def test_the_last_command_done_is_an_amplitude_of_the_session_that_is_held() -> None:
    bench = Bench().leased(valid_us=5_000_000)
    done = bench.command(1.0)
    assert bench.ask(done).last_seq == done.seq
    assert bench.ask(bench.command(99.0)).last_seq == done.seq
    assert bench.ask(bench.command(1.0, kind="trigger")).last_seq == done.seq
    assert acks(bench.stop())[0].last_seq == done.seq
    assert reports(bench.wait(1_000_000))[0].last_seq == done.seq


def test_its_info_says_all_that_a_gate_has_to_know() -> None:
    info = Bench(stimulator(amount_tolerance=0.05)).device.info
    assert (info.safe_ma, info.safe_level, info.stop_ma, info.stop_level) == (0.5, None, 0.0, None)
    assert (info.safe_program, info.program, info.amount_tolerance) == ("adbs", "adbs", 0.05)
    assert info.limits.charge_uc_per_10_min_max == 14_000.0
    assert info.limits.on_time_s_max == 120.0
    assert info.off_when_unpowered
    assert Bench().device.info.amount_tolerance is None
    assert not Bench(off_when_unpowered=False).device.info.off_when_unpowered


def test_a_device_with_steps_says_and_gives_whole_steps() -> None:
    bench = Bench(step=0.1).leased()
    assert bench.ask(bench.command(0.74)).applied_ma == 0.7
    assert bench.ask(bench.command(0.77)).applied_ma == 0.8
    assert bench.device.applied_ma == 0.8


def test_a_device_that_clips_says_and_gives_no_more() -> None:
    bench = Bench(ceiling=0.9).leased()
    assert bench.ask(bench.command(1.0)).applied_ma == 0.9
    assert infos(bench.wait(300_000))[-1].applied_ma == 0.5


def test_a_device_says_who_it_is_and_that_it_has_done_nothing_yet() -> None:
    info = Bench().device.info
    assert (info.instance, info.firmware, info.last_seq) == ("1", "reference", 0)
    assert Bench(feedback_device()).device.applied_level == 0.0
    assert Bench(feedback_device()).device.applied_ma is None
    assert Bench().device.applied_level is None


def test_a_device_that_is_leased_says_so_and_a_lease_that_is_refused_then_changes_nothing() -> None:
    bench = Bench().leased()
    assert bench.device.info.reason == "leased"
    assert bench.tell(bench.lease(lease_seq=0)) == ()
    assert bench.device.info.reason == "leased"


def test_a_stop_is_answered_in_the_session_that_is_held_and_reported_each_time() -> None:
    bench = Bench()
    (ack,) = acks(bench.stop())
    assert ack.session == ""
    bench = Bench().leased()
    (ack,) = acks(bench.stop())
    assert ack.session == SESSION
    assert len(reports(bench.stop("again"))) == 1


def test_where_a_lapse_is_the_arrival_it_is_told_once() -> None:
    bench = Bench().leased(valid_us=50_000)
    bench.ask(bench.command(0.7))
    said = bench.wait(60_000)
    assert [(each.state, each.applied_ma) for each in infos(said)] == [("safe", 0.5)]
    assert reports(said) == []


def test_the_end_of_a_way_is_reported_while_it_is_driven_and_no_news() -> None:
    bench = Bench().leased()
    bench.ask(bench.command(1.5))
    said = bench.drive(200_000)
    assert infos(said) == []
    assert [each.applied_ma for each in reports(said)] == [1.5]


def test_what_was_not_told_of_stops_is_not_told_of_a_device_that_is_driven_again() -> None:
    bench = Bench(stimulator(safe_ma=0.0)).leased()
    for number in range(3):
        bench.stop(f"{number}", verified=False)
    bench.wait(50_000)
    assert bench.device.info.reason.startswith("stop by me")
    armed_us = bench.now_us + AHEAD_US
    for _ in range(15):
        bench.tell(bench.lease(armed_us=armed_us))
        bench.wait(100_000)
        assert (bench.state, bench.device.info.reason) == ("live", "leased")
