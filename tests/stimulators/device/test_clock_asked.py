"""A report says by which answer of the service it knows the time."""

from tests.stimulators.device.device_bench import AHEAD_US, Bench, reports


def test_a_report_before_any_answer_names_none() -> None:
    bench = Bench()
    (report,) = reports(bench.device.tick(bench.now_us))
    assert report.clock_asked_us == 0


def test_a_report_names_the_answer_that_its_stamp_rests_on() -> None:
    bench = Bench()
    bench.wait(1_000_000)
    before_us = bench.now_us + AHEAD_US
    said = reports(bench.wait(3_000_000))
    asked_us = [each.clock_asked_us for each in said]
    assert asked_us == sorted(asked_us)
    assert before_us < asked_us[-1] <= (said[-1].said_us or 0) + said[-1].said_uncertainty_us
