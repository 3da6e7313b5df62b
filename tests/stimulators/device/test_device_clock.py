"""A device's idea of the service's clock is never further off than it says."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.device.device_clock import ServiceClock
from stimulators.wire.messages import ClockReply

_DELAYS_US = st.integers(0, 50_000)


def _exchange(
    clock: ServiceClock, now_us: int, ahead_us: int, *, up_us: int, held_us: int, down_us: int
) -> int:
    """Ask at `now_us` and hear the answer; return when that was, by the device's clock."""
    asked = clock.ask(now_us)
    assert asked is not None
    received_us = now_us + up_us + ahead_us
    answered = ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        received_us=received_us,
        replied_us=received_us + held_us,
    )
    heard_us = now_us + up_us + held_us + down_us
    clock.learn(answered, heard_us)
    return heard_us


@given(st.integers(-(10**12), 10**12), st.lists(st.tuples(_DELAYS_US, _DELAYS_US, _DELAYS_US)))
def test_the_true_offset_lies_within_the_uncertainty(
    ahead_us: int, delays: list[tuple[int, int, int]]
) -> None:
    clock = ServiceClock()
    now_us = 0
    for up_us, held_us, down_us in delays:
        now_us += 2_000_000
        now_us = _exchange(clock, now_us, ahead_us, up_us=up_us, held_us=held_us, down_us=down_us)
        uncertainty_us = clock.uncertainty_us(now_us)
        offset_us = clock.offset_us(now_us)
        assert uncertainty_us is not None
        assert (offset_us is None) == (uncertainty_us > 10_000)
        if offset_us is not None:
            assert abs(offset_us - ahead_us) <= uncertainty_us


@given(st.integers(-50, 50), st.lists(_DELAYS_US, min_size=1, max_size=30))
def test_clocks_that_drift_stay_within_the_uncertainty(ppm: int, ups_us: list[int]) -> None:
    clock = ServiceClock()
    now_us = 0
    for up_us in ups_us:
        now_us += 2_000_000
        ahead_us = 5_000 + now_us * ppm // 1_000_000
        now_us = _exchange(clock, now_us, ahead_us, up_us=up_us, held_us=0, down_us=200)
        offset_us, uncertainty_us = clock.offset_us(now_us), clock.uncertainty_us(now_us)
        if offset_us is not None and uncertainty_us is not None:
            assert abs(offset_us - (5_000 + now_us * ppm // 1_000_000)) <= uncertainty_us + 1


def test_the_quickest_exchange_counts_until_it_has_aged() -> None:
    clock = ServiceClock()
    now_us = _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    best = clock.uncertainty_us(now_us)
    assert best == 11
    now_us = _exchange(clock, 2_000_000, 1_000, up_us=9_000, held_us=0, down_us=10)
    assert clock.offset_us(now_us) == 1_000
    assert clock.uncertainty_us(now_us) == 11 + 201


def test_what_was_learnt_long_ago_is_not_known_any_more() -> None:
    clock = ServiceClock()
    _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    assert clock.offset_us(90_000_000) == 1_000
    assert clock.offset_us(110_000_000) is None


def test_a_clock_that_was_set_is_believed_at_once() -> None:
    clock = ServiceClock()
    _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    now_us = _exchange(clock, 2_000_000, 900_000, up_us=3_000, held_us=0, down_us=3_000)
    assert clock.offset_us(now_us) == 900_000


def test_it_asks_ten_times_a_second_until_it_knows_and_then_once() -> None:
    clock = ServiceClock()
    asked = [now_us for now_us in range(0, 1_000_000, 5_000) if clock.ask(now_us)]
    assert asked == list(range(0, 1_000_000, 100_000))
    now_us = _exchange(clock, 1_000_000, 0, up_us=10, held_us=0, down_us=10)
    asked = [each for each in range(now_us, 5_000_000, 5_000) if clock.ask(each)]
    assert len(asked) == 4


@pytest.mark.parametrize(
    "changes",
    [{"request_seq": 2}, {"sent_us": 1}, {"replied_us": 40}, {"replied_us": 10_000}],
)
def test_an_answer_that_fits_no_question_changes_nothing(changes: dict[str, int]) -> None:
    clock = ServiceClock()
    clock.ask(0)
    good = ClockReply(request_seq=1, sent_us=0, received_us=50, replied_us=60)
    clock.learn(msgspec.structs.replace(good, **changes), 100)
    assert clock.uncertainty_us(100) is None


def test_an_answer_that_comes_twice_counts_once() -> None:
    clock = ServiceClock()
    clock.ask(0)
    clock.learn(ClockReply(request_seq=1, sent_us=0, received_us=50, replied_us=60), 100)
    clock.learn(ClockReply(request_seq=1, sent_us=0, received_us=1_000, replied_us=1_000), 200)
    assert clock.offset_us(200) == 5


def test_questions_without_an_answer_are_forgotten() -> None:
    clock = ServiceClock()
    for number in range(1_000):
        clock.ask(number * 100_000)
    assert len(clock._open) == 8
