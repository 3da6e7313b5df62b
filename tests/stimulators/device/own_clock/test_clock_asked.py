"""A report says by which answer of the service it knows the time."""

from stimulators.device.device_clock import ServiceClocks
from stimulators.wire.messages import ClockReply
from tests.stimulators.device.device_bench import AHEAD_US, SESSION, Bench, reports


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


def test_a_slow_answer_does_not_make_an_exchange_of_before_a_step_sure_again() -> None:
    clocks = ServiceClocks("boot")
    _learn(clocks, sent_us=0, received_us=2_000, service_us=1_000)
    # The device's clock goes 0.9 s forward; then each way takes a second.
    clocks.note_look(905_000)
    _learn(clocks, sent_us=1_000_000, received_us=3_000_000, service_us=1_100_000)
    stamp = clocks.stamp(SESSION, 3_000_000)
    assert abs(stamp.time_us - 2_100_000) <= stamp.uncertainty_us
    # A quick answer knows the clock as it is now.
    _learn(clocks, sent_us=4_000_000, received_us=4_002_000, service_us=3_101_000)
    stamp = clocks.stamp(SESSION, 4_002_000)
    assert abs(stamp.time_us - 3_102_000) <= stamp.uncertainty_us
    assert stamp.uncertainty_us < 2_000


def _learn(clocks: ServiceClocks, *, sent_us: int, received_us: int, service_us: int) -> None:
    asked = clocks.ask(sent_us)
    assert asked is not None
    reply = ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=SESSION,
        received_us=service_us,
        replied_us=service_us,
    )
    clocks.learn(reply, received_us)
