"""A trigger is given at its time or not at all: exactness, the clock behind it, and the link."""

import pytest

from stimulators.wire.messages import ClockReply, ClockRequest, Command
from tests.stimulators.device.device_bench import AHEAD_US, SESSION, Bench, acks, reply

_WITHIN_US = 2_000


def _scheduled(bench: Bench, fire_in_us: int = 40_000, within_us: int = _WITHIN_US) -> Command:
    return bench.command(
        1.0,
        kind="trigger",
        fire_at_us=bench.now_us + AHEAD_US + fire_in_us,
        fire_uncertainty_us_max=within_us,
    )


@pytest.mark.parametrize(
    # The bench's clock is known to a microsecond, and a little more as it drifts.
    ("late_us", "refused"),
    [(0, None), (_WITHIN_US - 6, None), (_WITHIN_US, "expired"), (20_000, "expired")],
)
def test_a_trigger_is_given_no_later_than_it_may_be_off(late_us: int, refused: str | None) -> None:
    bench = Bench().leased()
    assert bench.tell(_scheduled(bench)) == ()
    bench.wait(39_000)
    bench.now_us += 1_000 + late_us
    (ack,) = acks(bench.tick())
    assert ack.refused == refused
    assert bench.device.triggers.n_given == (refused is None)
    assert ack.applied_us == bench.now_us + AHEAD_US


def test_when_it_has_to_look_next_is_said() -> None:
    bench = Bench().leased()
    assert bench.device.fires_in_us is None
    bench.tell(_scheduled(bench, 40_000))
    bench.tell(_scheduled(bench, 90_000))
    assert bench.device.fires_in_us == 40_000
    bench.wait(15_000)
    assert bench.device.fires_in_us == 25_000
    bench.now_us += 25_000
    assert [each.refused for each in acks(bench.tick())] == [None]
    assert bench.device.fires_in_us == 50_000


def _far(bench: Bench, round_trip_us: int, *, set_by_us: int = 0) -> None:
    """Let the device know the time by an exchange that took so long; its clock was set before."""
    (asked,) = (each for each in bench.device.tick(bench.now_us) if isinstance(each, ClockRequest))
    heard_us = bench.now_us + round_trip_us // 2
    bench.now_us += round_trip_us
    bench.tell(
        ClockReply(
            request_seq=asked.request_seq,
            sent_us=asked.sent_us,
            nonce=asked.nonce,
            session=SESSION,
            received_us=heard_us + AHEAD_US - set_by_us,
            replied_us=heard_us + AHEAD_US - set_by_us,
        )
    )
    bench.tell(bench.lease(issued_us=bench.now_us + AHEAD_US - set_by_us))
    assert bench.state == "live"


@pytest.mark.parametrize(("round_trip_us", "refused"), [(3_000, None), (4_200, "clock")])
def test_a_clock_that_is_known_too_badly_refuses_at_once(
    round_trip_us: int, refused: str | None
) -> None:
    bench = Bench()
    _far(bench, round_trip_us)
    said = acks(bench.tell(_scheduled(bench)))
    assert [each.refused for each in said] == ([] if refused is None else [refused])
    # What has no such limit is taken as ever.
    assert acks(bench.tell(bench.command(0.6)))[-1].refused is None


def test_a_clock_that_may_have_been_set_meanwhile_refuses_at_the_time() -> None:
    bench = Bench().leased()
    bench.tell(_scheduled(bench))
    bench.wait(5_000)
    bench.now_us += 35_000  # time that passed, or a clock that was set: it cannot know
    (ack,) = acks(bench.device.tick(bench.now_us))
    assert (ack.refused, bench.device.triggers.n_given) == ("clock", 0)


@pytest.mark.parametrize(("within_us", "refused"), [(3_000, "clock"), (8_000, None)])
def test_a_trigger_is_not_given_early_by_a_clock_that_was_set_forward(
    within_us: int, refused: str | None
) -> None:
    bench = Bench()
    _far(bench, 4_000)
    set_by_us = 4_500  # less than tells the two exchanges apart
    bench.now_us += 100_000 + set_by_us
    _far(bench, 5_200, set_by_us=set_by_us)
    service_us = bench.now_us + AHEAD_US - set_by_us
    command = bench.command(
        1.0,
        kind="trigger",
        issued_us=service_us,
        expires_us=service_us + 100_000,
        fire_at_us=service_us + 40_000,
        fire_uncertainty_us_max=within_us,
    )
    assert bench.tell(command) == ()
    bench.wait(40_000 - set_by_us - 1_000)
    bench.now_us += 1_000
    (ack,) = acks(bench.tick())
    assert (ack.refused, bench.device.triggers.n_given) == (refused, refused is None)


def test_after_such_a_pause_it_compares_its_clock_soon_and_goes_on() -> None:
    bench = Bench().leased()
    bench.wait(200_000)
    bench.now_us += 35_000
    said = bench.device.tick(bench.now_us)
    (asked,) = (each for each in said if isinstance(each, ClockRequest))
    bench.tell(reply(asked, bench.now_us, session=SESSION))
    bench.tell(bench.lease())
    bench.tell(_scheduled(bench, 5_000))
    assert [each.refused for each in acks(bench.wait(5_000))] == [None]


def test_who_loses_the_link_drops_what_waits() -> None:
    bench = Bench().leased()
    bench.tell(_scheduled(bench))
    bench.now_us += 5_000
    (ack,) = acks(bench.device.lose_link(bench.now_us))
    assert ack.refused == "dropped"
    bench.wait(60_000)
    assert bench.device.triggers.n_given == 0
    assert bench.state == "live"


def test_a_trigger_that_comes_again_after_it_was_dropped_is_not_given() -> None:
    bench = Bench().leased()
    command = _scheduled(bench)
    bench.tell(command)
    dropped, done = acks(bench.tell(bench.command(0.5)))
    assert (dropped.refused, done.refused) == ("dropped", None)
    assert bench.refusal(command) == "order"
    bench.wait(60_000)
    assert bench.device.triggers.n_given == 0


def test_a_trigger_that_was_overtaken_by_what_takes_it_back_is_not_given() -> None:
    bench = Bench().leased()
    command, taking_back = _scheduled(bench), bench.command(0.5)
    assert bench.ask(taking_back).refused is None
    assert bench.refusal(command) == "order"
    bench.wait(60_000)
    assert bench.device.triggers.n_given == 0
