"""A device's words count up, name its boot, and say what it gives once a second and on arrival."""

from typing import Any

from stimulators.wire.messages import ClockRequest
from tests.stimulators.device.device_bench import (
    SESSION,
    Bench,
    acks,
    infos,
    reports,
    stimulator,
)


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
    assert len(reports(bench.tick())) == 1
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
