"""Charge of ten minutes in bins of two seconds, and what a device's own count does to it."""

import math

import pytest

from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.charge_window import ChargeWindow

_UNIT_UC = 1e-6
_FRESH_S = 5.0


def window_of(*given: tuple[float, float], rounds_up: bool = True) -> ChargeWindow:
    window = ChargeWindow(rounds_up=rounds_up)
    for charge_uc, now_s in given:
        window.add(charge_uc, now_s)
    return window


def near(charge_uc: float) -> object:
    return pytest.approx(charge_uc, abs=3 * _UNIT_UC)


# The window.


def test_charge_within_two_seconds_is_one_bin_and_what_comes_late_joins_the_newest() -> None:
    window = window_of((1.0, 1000.0), (2.0, 1001.5), (4.0, 1002.0), (8.0, 1001.0))
    assert list(window.bins(1004.0)) == [(2.0, near(3.0)), (0.0, near(12.0))]
    assert list(window.bins(1003.0)) == [(1.0, near(3.0)), (0.0, near(12.0))]
    assert window.charge_uc(1004.0) == near(15.0)


def test_a_bin_counts_until_all_of_it_is_ten_minutes_ago() -> None:
    window = window_of((1.0, 1000.0), (2.0, 1002.0))
    assert window.charge_uc(1601.96875) == near(3.0)
    assert window.charge_uc(1602.0) == near(2.0)
    assert window.charge_uc(1604.0) == 0.0
    window = window_of((1.0, 1000.0))
    window.add(2.0, 1602.0)
    assert window.charge_uc(1602.0) == near(2.0)
    assert list(window_of((1.0, 1000.0)).bins(1602.0)) == [(600.0, near(1.0))]


def test_a_charge_is_rounded_to_where_it_bounds() -> None:
    assert window_of((0.25 * _UNIT_UC, 1000.0)).charge_uc(1000.0) == _UNIT_UC
    assert window_of((0.75 * _UNIT_UC, 1000.0), rounds_up=False).charge_uc(1000.0) == 0.0


def test_the_worst_ten_minutes_to_come_are_just_before_a_bin_leaves() -> None:
    # The bin of 1000 s leaves at 1602 s, the next at 1604 s.
    window = window_of((100.0, 1000.0), (10.0, 1002.0))
    assert window.worst_ahead_uc(1002.0, 0.0) == near(110.0)
    assert window.worst_ahead_uc(1500.0, 0.125) == near(110.0 + 0.125 * 102.0)
    assert window.worst_ahead_uc(1500.0, 10.0) == near(6000.0)
    # Beyond ten minutes a rate gives no more than it gives in ten.
    assert window_of((100.0, 1000.0)).worst_ahead_uc(1000.0, 1.0) == near(700.0)
    assert window.worst_ahead_uc(1602.0, 0.0) == near(10.0)
    assert window_of().worst_ahead_uc(1000.0, 2.0) == 1200.0


def test_a_number_without_bounds_is_a_charge_of_a_thousand_coulombs() -> None:
    assert window_of((1e300, 1000.0)).charge_uc(1000.0) == pytest.approx(1e9)


# The count.


def test_what_counts_is_the_most_until_a_device_says_less() -> None:
    count = ChargeCount()
    count.begin(1000.0)
    count.add(1.0, 3.0, 1001.0)
    assert count.charge_uc(1001.0) == near(3.0)
    assert count.since_sent_uc == 3.0
    count.note_sent()
    assert count.since_sent_uc == 0.0
    count.add(0.0, 2.0, 1002.0)
    assert (count.since_sent_uc, count.since_uc(1001.0)) == (2.0, 2.0)
    assert count.since_uc(1000.0) == 5.0
    count.bound(1.5, 2.0, replaces=False)
    assert count.charge_uc(1002.0) == near(3.5)
    count.bound(9.0, 2.0, replaces=False)
    assert count.charge_uc(1002.0) == near(3.5)
    count.bound(2.5, 2.0, replaces=True)
    assert count.charge_uc(1002.0) == near(4.5)
    # Never below what it gave at least.
    count.bound(-5.0, 0.0, replaces=True)
    assert count.charge_uc(1002.0) == near(1.0)
    count.add(0.0, 4.0, 1003.0)
    assert count.charge_uc(1003.0) == near(4.0)


def test_a_pulse_counts_at_once_and_may_come_until_its_end() -> None:
    count = ChargeCount()
    count.begin(1000.0)
    count.bound(0.0, 0.0, replaces=True)
    count.add_pulse(2.0, 1000.0, 1000.5)
    assert count.charge_uc(1000.0) == near(2.0)
    assert (count.since_sent_uc, count.since_uc(1000.0), count.since_uc(1000.75)) == (
        *(2.0, 2.0),
        0.0,
    )


def test_what_nobody_knows_is_the_most_in_each_bin_of_the_time() -> None:
    count = ChargeCount()
    count.presume(10.0, 5.0, 1000.0)
    assert count.charge_uc(1000.0) == near(50.0)
    assert list(count.bins(1000.0)) == [
        (2.0, near(10.0)),
        (0.0, near(20.0)),
        (0.0, near(20.0)),
    ]
    assert count.worst_ahead_uc(1000.0, 0.0) == near(50.0)
    count.settle_unknown(1000.0)
    assert count.charge_uc(1000.0) == 0.0
    count.presume(1.0, 1e6, 1000.0)
    assert count.charge_uc(1000.0) == near(600.0)


def test_what_an_earlier_service_counted_is_as_old_as_it_was() -> None:
    count = ChargeCount()
    count.learn([(700.0, 9.0), (600.0, 5.0), (598.0, 1.0), (10.0, 2.0)], 2000.0)
    assert count.charge_uc(2000.0) == near(3.0)
    assert count.charge_uc(2004.0) == near(2.0)
    # It was given for sure.
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(2004.0) == near(2.0)


def test_what_a_device_counted_beyond_ours_was_given() -> None:
    count = ChargeCount()
    count.add(1.0, 3.0, 1000.0)
    count.note_told(2.0, 0.0, 1000.0)
    assert count.charge_uc(1000.0) == near(3.0)
    count.note_told(7.0, 0.0, 1000.0)
    assert count.charge_uc(1000.0) == near(7.0)
    count.bound(0.0, 0.0, replaces=True)
    # Of its seven we had counted three, perhaps, of which one for sure.
    assert count.charge_uc(1000.0) == near(5.0)


def test_a_fresh_stamp_alone_bounds_the_charge() -> None:
    count = ChargeCount()
    count.begin(1000.0)
    count.add(0.0, 3.0, 1000.0)
    count.bound_stamped(10.0, 2.0, 1000.0)
    assert count.charge_uc(1000.0) == near(12.0)
    assert count.charge_uc(1000.0 + 60.0) == near(3.0)


def test_how_much_may_be_older_than_a_device_s_count() -> None:
    count = ChargeCount()
    assert count.older_uc(0.0, 1000.0) == 0.0
    count.add(0.0, 0.0, 900.0)
    assert count.older_uc(0.0, 1000.0) == 0.0
    count.add(0.0, 1.0, 980.0)
    # The bin ends at 982 s, and may have begun 20 s ago.
    assert count.older_uc(19.0, 1000.0) == near(1.0)
    assert count.older_uc(20.0, 1000.0) == 0.0


def test_at_a_steady_rate_what_is_ahead_is_no_more_than_both_together() -> None:
    count = ChargeCount()
    count.begin(1000.0)
    count.add(0.0, 100.0, 1000.0)
    assert count.worst_ahead_uc(1000.0, 0.0) == near(100.0)
    assert count.worst_ahead_uc(1000.0, 1.0) == near(700.0)
    count.bound(10.0, 0.0, replaces=True)
    assert count.worst_ahead_uc(1000.0, 1.0) == near(610.0)
    count.presume(1.0, 50.0, 1000.0)
    count.bound(1e6, 0.0, replaces=True)
    assert count.worst_ahead_uc(1000.0, 1.0) == near(750.0)


def test_the_wait_is_until_enough_of_it_is_ten_minutes_ago() -> None:
    count = ChargeCount()
    count.add(0.0, 5.0, 1000.0)
    count.add(0.0, 5.0, 1010.0)
    assert count.wait_s(1100.0, 0.0) == 0.0
    # The bin of 1000 s ends at 1002 s and counts until 1602 s, and a bin more.
    first = count.wait_s(1100.0, 5.0)
    assert first == 600.0 + 2.0 - 98.0
    assert count.wait_s(1100.0, 4.0) == first
    assert count.wait_s(1100.0, 6.0) == first + 10.0
    assert count.wait_s(1100.0, 11.0) == 600.0
    assert math.isfinite(count.wait_s(1100.0, math.inf))


# What is rounded, and what is late.


def test_a_charge_joins_the_newest_bin_and_no_older_one() -> None:
    window = window_of((1.0, 1000.0), (2.0, 1002.0), (4.0, 1002.5))
    assert list(window.bins(1004.0)) == [(2.0, near(1.0)), (0.0, near(6.0))]


def test_what_is_over_is_dropped_with_the_next_charge() -> None:
    window = window_of((1.0, 1000.0), (2.0, 1602.0))
    assert list(window.bins(1602.0)) == [(0.0, near(2.0))]


def test_what_is_sure_is_rounded_down_and_what_nobody_knows_up() -> None:
    count = ChargeCount()
    count.add(0.75 * _UNIT_UC, 0.75 * _UNIT_UC, 1000.0)
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(1000.0) == 0.0
    count = ChargeCount()
    for _ in range(2):
        count.presume(0.125 * _UNIT_UC, 2.0, 1000.0)
        assert count.charge_uc(1000.0) == _UNIT_UC
        count.settle_unknown(1000.0)


def test_a_device_that_says_more_than_its_bound_was_bounded_too_low() -> None:
    count = ChargeCount()
    count.add(0.0, 10.0, 1000.0)
    count.bound(1.0, 0.0, replaces=True)
    assert count.charge_uc(1000.0) == near(1.0)
    count.note_told(5.0, 0.0, 1000.0)
    assert count.charge_uc(1000.0) == near(5.0)


def test_what_was_given_since_a_word_counts_beside_what_it_says() -> None:
    count = ChargeCount()
    count.add(0.0, 3.0, 1000.0)
    count.note_told(3.0, 5.0, 1000.0)
    assert count.charge_uc(1000.0) == near(8.0)


def test_a_stamped_count_replaces_a_lower_one_while_it_is_fresh() -> None:
    count = ChargeCount()
    count.begin(1000.0)
    count.add(0.0, 3.0, 1000.0)
    count.bound(1.0, 0.0, replaces=True)
    count.bound_stamped(10.0, 2.0, 1000.0)
    assert count.charge_uc(1000.0 + _FRESH_S) == near(12.0)
    assert count.charge_uc(1000.0 + _FRESH_S + 0.5) == near(3.0)


def test_a_wait_ends_when_the_last_of_the_charge_is_over() -> None:
    count = ChargeCount()
    count.add(0.0, 5.0, 1000.0)
    assert count.wait_s(1100.0, 0.5) == 504.0
    assert count.wait_s(1603.5, 5.0) == 0.5
    assert count.wait_s(1605.0, 5.0) == 0.0
    count.add(0.0, 5.0, 1010.0)
    assert count.wait_s(1100.0, 5.5) == 514.0


def test_a_device_s_own_count_alone_bounds_as_long_as_what_came_before_may_hide_charge() -> None:
    count = ChargeCount()
    assert not count.settle_unknown(1000.0)
    count.presume(1.0, 10.0, 1000.0)
    assert count.settle_unknown(1000.0)
    count.bound(50.0, 0.0, replaces=True)
    # The last bin of before is over two seconds after ten minutes.
    assert count.charge_uc(1601.96875) == near(50.0)
    assert count.charge_uc(1602.0) == 0.0
