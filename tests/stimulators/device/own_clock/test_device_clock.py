"""A device's idea of the service's clock is never further off than it says."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.device.device_clock import ServiceClocks
from stimulators.wire.messages import ClockReply

SESSION, OTHER = "00000000000000000002-0000000b", "00000000000000000003-0000000c"
_DELAYS_US = st.integers(0, 50_000)


_GOOD = ClockReply(
    request_seq=1, sent_us=0, nonce="1", session=SESSION, received_us=50, replied_us=60
)


def _offset_us(clock: ServiceClocks, now_us: int) -> int | None:
    known = clock.time_of(SESSION, now_us)
    return None if known is None else known.offset_us


def _exchange(
    clock: ServiceClocks, now_us: int, ahead_us: int, *, up_us: int, held_us: int, down_us: int
) -> int:
    """Ask at `now_us` and hear the answer; return when that was, by the device's clock."""
    asked = clock.ask(now_us)
    assert asked is not None
    received_us = now_us + up_us + ahead_us
    answered = ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=SESSION,
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
    clock = ServiceClocks("boot-1")
    now_us = 0
    for up_us, held_us, down_us in delays:
        now_us += 2_000_000
        now_us = _exchange(clock, now_us, ahead_us, up_us=up_us, held_us=held_us, down_us=down_us)
        known = clock.time_of(SESSION, now_us)
        if up_us + down_us < 10_000:
            assert known is not None
        if known is not None:
            assert known.uncertainty_us <= 10_000
            assert abs(known.offset_us - ahead_us) <= known.uncertainty_us


@given(st.integers(-50, 50), st.lists(_DELAYS_US, min_size=1, max_size=30))
def test_clocks_that_drift_stay_within_the_uncertainty(ppm: int, ups_us: list[int]) -> None:
    clock = ServiceClocks("boot-1")
    now_us = 0
    for up_us in ups_us:
        now_us += 2_000_000
        ahead_us = 5_000 + now_us * ppm // 1_000_000
        now_us = _exchange(clock, now_us, ahead_us, up_us=up_us, held_us=0, down_us=200)
        known = clock.time_of(SESSION, now_us)
        if known is not None:
            truth_us = 5_000 + now_us * ppm // 1_000_000
            assert abs(known.offset_us - truth_us) <= known.uncertainty_us + 1


def test_the_quickest_exchange_counts_until_it_has_aged() -> None:
    clock = ServiceClocks("boot-1")
    now_us = _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    assert clock.time_of(SESSION, now_us) == (1_000, 11)
    now_us = _exchange(clock, 2_000_000, 1_000, up_us=9_000, held_us=0, down_us=10)
    assert clock.time_of(SESSION, now_us) == (1_000, 11 + 201)


def test_what_was_learnt_long_ago_is_not_known_any_more() -> None:
    clock = ServiceClocks("boot-1")
    _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    assert _offset_us(clock, 90_000_000) == 1_000
    assert _offset_us(clock, 110_000_000) is None


def test_a_clock_that_was_set_is_believed_at_once() -> None:
    clock = ServiceClocks("boot-1")
    _exchange(clock, 0, 1_000, up_us=10, held_us=0, down_us=10)
    now_us = _exchange(clock, 2_000_000, 900_000, up_us=3_000, held_us=0, down_us=3_000)
    assert _offset_us(clock, now_us) == 900_000


def test_it_asks_ten_times_a_second_until_it_knows_and_then_once() -> None:
    clock = ServiceClocks("boot-1")
    asked = [now_us for now_us in range(0, 1_000_000, 5_000) if clock.ask(now_us)]
    assert asked == list(range(0, 1_000_000, 100_000))
    now_us = _exchange(clock, 1_000_000, 0, up_us=10, held_us=0, down_us=10)
    asked = [each for each in range(now_us, 5_000_000, 5_000) if clock.ask(each)]
    assert len(asked) == 4


@pytest.mark.parametrize(
    "changes",
    [
        {"request_seq": 2},
        {"sent_us": 1},
        {"replied_us": 40},
        {"replied_us": 10_000},
        {"nonce": "2"},
    ],
)
def test_an_answer_that_fits_no_question_changes_nothing(changes: dict[str, Any]) -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    clock.learn(msgspec.structs.replace(_GOOD, **changes), 100)
    assert clock.time_of(SESSION, 100) is None
    clock.learn(_GOOD, 100)
    assert clock.time_of(SESSION, 100) is not None


def test_an_answer_that_comes_twice_counts_once() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    clock.learn(_GOOD, 100)
    clock.learn(msgspec.structs.replace(_GOOD, received_us=1_000, replied_us=1_000), 200)
    assert _offset_us(clock, 200) == 5


def test_each_session_is_known_by_its_own_answers_alone() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    clock.learn(_GOOD, 100)
    clock.learn(msgspec.structs.replace(_GOOD, session=OTHER, received_us=950, replied_us=960), 100)
    assert _offset_us(clock, 100) == 5
    assert clock.time_of(OTHER, 100) == (905, 46)
    assert clock.best_session(100) == OTHER
    assert clock.stamp_us(SESSION, 100) == 105
    assert clock.stamp_us(None, 100) == 1_005


def test_an_older_session_that_goes_on_is_known_though_many_newer_ones_have_ended() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    for number in range(9, 4, -1):
        clock.learn(msgspec.structs.replace(_GOOD, session=f"{number:020d}-0000000a"), 100)
        assert clock.time_of(f"{number:020d}-0000000a", 100) == (5, 46)
    assert clock.time_of(f"{9:020d}-0000000a", 100) is None


def test_what_replies_again_is_not_the_next_to_be_forgotten() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    for number in range(4):
        clock.learn(msgspec.structs.replace(_GOOD, session=f"{number:020d}-0000000a"), 100)
    asked = clock.ask(2_000_000)
    assert asked is not None
    again = msgspec.structs.replace(
        _GOOD,
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        received_us=2_000_050,
        replied_us=2_000_060,
    )
    clock.learn(msgspec.structs.replace(again, session=f"{0:020d}-0000000a"), 2_000_100)
    clock.learn(msgspec.structs.replace(again, session=f"{4:020d}-0000000a"), 2_000_100)
    known = [clock.time_of(f"{number:020d}-0000000a", 2_000_100) is not None for number in range(5)]
    assert known == [True, False, True, True, True]


def test_of_many_sessions_only_the_last_few_are_remembered() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    for number in range(100):
        clock.learn(msgspec.structs.replace(_GOOD, session=f"{number:020d}-0000000a"), 100)
    assert len(clock._exchanges) == 4
    assert clock.best_session(100) == f"{99:020d}-0000000a"


def test_what_was_forgotten_is_asked_for_at_once() -> None:
    clock = ServiceClocks("boot-1")
    clock.ask(0)
    clock.learn(_GOOD, 100)
    assert clock.ask(99_000) is None
    clock.forget()
    assert clock.stamp_us(SESSION, 100) == 0
    assert clock.ask(99_000) is not None
    clock.learn(_GOOD, 99_000)
    assert clock.time_of(SESSION, 99_000) is None


def test_questions_without_an_answer_are_forgotten() -> None:
    clock = ServiceClocks("boot-1")
    for number in range(1_000):
        clock.ask(number * 100_000)
    assert len(clock._open) == 8


# Where each rule begins and ends.


def _answer(clock: ServiceClocks, sent_us: int, **changes: Any) -> ClockReply:
    asked = clock.ask(sent_us)
    assert asked is not None
    times = {"received_us": sent_us, "replied_us": sent_us} | changes
    return ClockReply(
        request_seq=asked.request_seq,
        sent_us=asked.sent_us,
        nonce=asked.nonce,
        session=SESSION,
        **times,
    )


def test_hurried_it_asks_a_tenth_of_a_second_later_unless_it_would_ask_before() -> None:
    clock = ServiceClocks("boot-1")
    clock.learn(_answer(clock, 0), 0)
    clock.learn(_answer(clock, 100_000), 100_000)
    clock.hurry(500_000)
    assert clock.ask(599_999) is None
    clock.learn(_answer(clock, 600_000), 600_000)
    clock.hurry(1_550_000)
    assert clock.ask(1_599_999) is None
    assert clock.ask(1_600_000) is not None


@pytest.mark.parametrize(
    ("received_us", "replied_us", "is_known"),
    [(5_000, 5_000, True), (5_000, 4_999, False), (5_000, 5_100, True), (5_000, 5_101, False)],
)
def test_an_answer_was_held_no_longer_than_its_round_trip_and_not_less_than_0(
    received_us: int, replied_us: int, *, is_known: bool
) -> None:
    clock = ServiceClocks("boot-1")
    clock.learn(_answer(clock, 1_000, received_us=received_us, replied_us=replied_us), 1_100)
    assert (clock.time_of(SESSION, 1_100) is not None) == is_known


@pytest.mark.parametrize(("round_trip_us", "uncertainty_us"), [(0, 1), (1, 2), (2, 2), (3, 3)])
def test_it_is_uncertain_by_half_the_round_trip_rounded_up_and_a_microsecond(
    round_trip_us: int, uncertainty_us: int
) -> None:
    clock = ServiceClocks("boot-1")
    clock.learn(_answer(clock, 0), round_trip_us)
    known = clock.time_of(SESSION, round_trip_us)
    assert known is not None
    assert known.uncertainty_us == uncertainty_us
    later = clock.time_of(SESSION, round_trip_us + 20_000)
    assert later is not None
    assert later.uncertainty_us == uncertainty_us + 2


@pytest.mark.parametrize(("apart_us", "offset_us"), [(8, 0), (9, 9), (-8, 0), (-9, -9)])
def test_only_what_both_uncertainties_cannot_explain_means_that_a_clock_was_set(
    apart_us: int, offset_us: int
) -> None:
    clock = ServiceClocks("boot-1")
    clock.learn(_answer(clock, 0), 0)
    clock.learn(_answer(clock, 100_000), 100_000)
    # Ten milliseconds later that is uncertain by 2 us; one of 5 us each way is by 6.
    clock.hurry(10_000)
    stamp_us = 110_005 + apart_us
    newest = _answer(clock, 110_000, received_us=stamp_us, replied_us=stamp_us)
    clock.learn(newest, 110_010)
    assert _offset_us(clock, 110_010) == offset_us


def test_an_answer_to_a_question_from_before_all_was_forgotten_does_not_count() -> None:
    clock = ServiceClocks("boot-1")
    answer = _answer(clock, 0)
    clock.forget()
    clock.learn(answer, 0)
    assert clock.time_of(SESSION, 0) is None
    assert clock.ask(0) is not None


@pytest.mark.parametrize(("half_us", "is_known"), [(9_999, True), (10_000, False)])
def test_a_time_that_is_uncertain_by_more_than_10_ms_is_none(
    half_us: int, *, is_known: bool
) -> None:
    clock = ServiceClocks("boot-1")
    clock.learn(_answer(clock, 0), 2 * half_us)
    assert (clock.time_of(SESSION, 2 * half_us) is not None) == is_known
