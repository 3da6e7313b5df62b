"""Every report says when it was so, by the clock of the service that it is for."""

from tests.stimulators.device.device_bench import AHEAD_US, SESSION, Bench, reports

NEWER = "00000000000000000003-0000000c"


def test_a_report_before_any_clock_is_known_says_so() -> None:
    bench = Bench()
    first = bench.device.tick(bench.now_us)
    (report,) = reports(first)
    assert (report.said_us, report.said_uncertainty_us, report.said_clock) == (0, 0, "")


def test_each_report_is_stamped_with_the_clock_of_the_service() -> None:
    bench = Bench().leased()
    said = reports(bench.drive(3_000_000, 2.0))
    assert len(said) >= 3
    for report in said:
        assert report.said_clock == SESSION
        assert report.said_us is not None
        assert 0 < report.said_us <= bench.now_us + AHEAD_US + report.said_uncertainty_us
        assert 0 < report.said_uncertainty_us <= 10_000
    stamps = [each.said_us or 0 for each in said]
    assert stamps == sorted(stamps)


def test_the_stamp_is_of_the_moment_of_the_counts() -> None:
    bench = Bench().leased()
    bench.drive(500_000, 2.0)
    for _ in range(400):
        bench.tell(bench.lease())
        found = reports(bench.wait(5_000))
        for report in found:
            off_us = abs((report.said_us or 0) - bench.now_us - AHEAD_US)
            assert off_us <= report.said_uncertainty_us
            assert round(report.counted_since_s * 1e6) == bench.now_us - 1_000


def test_a_device_that_is_not_driven_stamps_for_the_service_that_answered_last() -> None:
    bench = Bench()
    bench.heard_by = NEWER
    bench.wait(1_500_000)
    # The newer service is gone; the older one goes on answering.
    bench.heard_by = SESSION
    said = reports(bench.wait(3_000_000))
    assert said[-1].said_clock == SESSION


def test_a_driven_device_stamps_for_the_service_that_drives_it() -> None:
    bench = Bench().leased(session=SESSION)
    bench.heard_by = NEWER
    said = reports(bench.drive(2_500_000, 2.0))
    assert {each.said_clock for each in said} == {SESSION}


def test_after_its_clock_was_set_no_report_is_stamped_by_the_clock_before() -> None:
    bench = Bench().leased()
    bench.drive(1_000_000, 2.0)
    bench.now_us -= 300_000
    said = reports(bench.device.tick(bench.now_us))
    said += reports(bench.device.tick(bench.now_us + 5_000))
    for _ in range(250):
        bench.now_us += 5_000
        said += reports(bench.device.tick(bench.now_us))
    assert said
    assert {each.said_us for each in said} == {0}


def test_a_clock_that_may_have_been_set_forward_makes_stamps_uncertain_for_a_while() -> None:
    bench = Bench().leased()
    bench.drive(1_000_000, 2.0)
    truth_us = bench.now_us + AHEAD_US
    bench.now_us += 200_000
    said = reports(bench.device.tick(bench.now_us))
    for _ in range(500):
        if said:
            break
        bench.now_us, truth_us = bench.now_us + 5_000, truth_us + 5_000
        said = reports(bench.device.tick(bench.now_us))
    (report,) = said
    assert (report.said_us or 0) - report.said_uncertainty_us <= truth_us
    bench.wait(1_500_000)
    (exact,) = reports(bench.wait(1_000_000))
    assert exact.said_uncertainty_us < 10_000
