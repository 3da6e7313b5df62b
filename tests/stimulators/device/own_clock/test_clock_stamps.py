"""Whose clock stamps a report, and how far the stamp may be off: to the microsecond."""

from stimulators.device.device_clock import ServiceClocks, Stamp
from stimulators.wire.messages import ClockReply
from tests.stimulators.device.device_bench import SESSION, Bench, reports

NEWER = "00000000000000000003-0000000c"
_LOOK_US = 30_000


def learn(clocks: ServiceClocks, now_us: int, *, session: str = SESSION) -> None:
    """Ask, and hear the answer 2 ms later from a service whose clock is a second ahead."""
    asked = clocks.ask(now_us)
    assert asked is not None
    reply = ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=session,
        received_us=now_us + 1_001_000,
        replied_us=now_us + 1_001_000,
    )
    clocks.learn(reply, now_us + 2_000)


def test_a_stamp_is_as_uncertain_as_the_time_it_is_made_of() -> None:
    clocks = ServiceClocks("boot")
    assert clocks.stamp(SESSION, 0) == Stamp("", 0, 0)
    learn(clocks, 0)
    known = clocks.time_of(SESSION, 10_000)
    assert known is not None
    assert clocks.stamp(SESSION, 10_000) == Stamp(SESSION, 1_010_000, known.uncertainty_us)
    assert clocks.stamp(None, 10_000) == clocks.stamp(NEWER, 10_000)


def test_a_long_look_makes_stamps_uncertain_by_its_length_until_the_next_answer() -> None:
    clocks = ServiceClocks("boot")
    learn(clocks, 0)
    sure_us = clocks.stamp(SESSION, 10_000).uncertainty_us
    clocks.note_look(_LOOK_US)
    assert clocks.stamp(SESSION, 10_000).uncertainty_us == sure_us
    for n_looks in (1, 2):
        clocks.note_look(_LOOK_US + 1)
        found_us = clocks.stamp(SESSION, 10_000).uncertainty_us
        assert found_us == sure_us + n_looks * (_LOOK_US + 1)
    learn(clocks, 2_000_000)
    assert clocks.stamp(SESSION, 2_010_000).uncertainty_us == sure_us


def test_the_session_that_answered_last_is_that_of_the_newest_answer() -> None:
    clocks = ServiceClocks("boot")
    assert clocks.newest_heard(0) is None
    learn(clocks, 0)
    learn(clocks, 1_500_000, session=NEWER)
    assert clocks.newest_heard(1_600_000) == NEWER
    learn(clocks, 3_000_000)
    assert clocks.newest_heard(3_100_000) == SESSION
    assert clocks.best_session(3_100_000) == NEWER


def test_a_clock_that_is_not_known_well_enough_any_more_makes_no_stamp() -> None:
    """At 100 ppm ten milliseconds are reached within 100 s of the last answer."""
    clocks, later_us = ServiceClocks("boot"), 100_000_000
    learn(clocks, 0, session=NEWER)
    assert clocks.stamp(NEWER, later_us) == clocks.stamp(None, later_us) == Stamp("", 0, 0)
    # Another service's clock that is known is better than one that is not.
    learn(clocks, later_us)
    assert clocks.stamp(NEWER, later_us + 2_000).session == SESSION
    assert clocks.stamp(SESSION, later_us + 2_000).session == SESSION


def test_for_no_service_in_particular_a_stamp_is_of_the_newest_that_is_known() -> None:
    clocks = ServiceClocks("boot")
    learn(clocks, 0, session=NEWER)
    learn(clocks, 1_500_000)
    assert [clocks.stamp(each, 1_600_000).session for each in (None, "another", SESSION)] == [
        NEWER,
        NEWER,
        SESSION,
    ]


def test_a_device_that_is_leased_stamps_for_that_service_though_another_answered_last() -> None:
    bench = Bench()
    bench.tick()
    bench.heard_by = NEWER
    assert reports(bench.wait(1_100_000))[-1].said_clock == NEWER
    bench.tell(bench.lease())
    bench.tell(bench.command(3.0))
    (arrived,) = reports(bench.wait(200_000))
    assert (arrived.state, arrived.said_clock) == ("live", SESSION)


def test_a_driven_device_stamps_for_the_service_that_drives_it_and_no_other() -> None:
    bench, said = Bench().leased(session=SESSION), []
    for _ in range(40):
        bench.tell(bench.lease())
        # Only the newer one answers when it asks for the time.
        bench.heard_by = NEWER
        said += reports(bench.wait(100_000))
    assert len(said) >= 4
    assert {each.said_clock for each in said} == {SESSION}
    said = reports(bench.wait(2_000_000))
    assert said[-1].said_clock == NEWER
