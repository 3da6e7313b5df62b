"""What a device once counted beyond the gate's own count: how long it counts, what it forbids."""

import pytest

from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.charge_window import WINDOW_S

near = pytest.approx
_START_S = 1000.0
_RATE = 15.6
_UNIT_UC = 1e-6


def _resting(count: ChargeCount, from_s: int, until_s: int) -> None:
    """Count the safe amount, second by second."""
    for at_s in range(from_s, until_s):
        count.add(_RATE, _RATE, _START_S + at_s + 1.0)


def _said_too_much() -> ChargeCount:
    """Return the count of a device whose own was too high until its clock was right again."""
    count = ChargeCount()
    count.begin(_START_S)
    _resting(count, 0, 700)
    count.note_told(WINDOW_S * _RATE + 780.0, 0.0, _START_S + 700.0)
    _resting(count, 700, 720)
    return count


def test_what_a_device_counted_beyond_ours_is_over_when_a_stamped_report_says_so() -> None:
    count, now_s = _said_too_much(), _START_S + 720.0
    assert count.charge_uc(now_s) > WINDOW_S * _RATE + 700.0
    count.bound_stamped(WINDOW_S * _RATE, 0.2, now_s)
    assert count.charge_uc(now_s) == near(WINDOW_S * _RATE, rel=0.005)
    # When it was given nobody knows: the worst to come counts it as new.
    assert count.worst_ahead_uc(now_s, _RATE) >= WINDOW_S * _RATE + 700.0


def test_a_stamped_report_that_says_it_still_keeps_it() -> None:
    count, now_s = _said_too_much(), _START_S + 720.0
    count.bound_stamped(WINDOW_S * _RATE + 400.0, 0.0, now_s)
    assert count.charge_uc(now_s) == near(WINDOW_S * _RATE + 400.0, rel=0.005)
    # Of a report without a stamp nobody knows how old it is: it takes nothing off.
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(now_s) > WINDOW_S * _RATE + 300.0


def test_a_report_that_says_that_nothing_was_given_does_not_hide_what_the_belief_counted() -> None:
    count, now_s = _said_too_much(), _START_S + 720.0
    count.bound_stamped(0.0, 0.0, now_s)
    assert count.charge_uc(now_s) >= WINDOW_S * _RATE


def test_of_a_report_that_says_less_than_what_is_sure_nothing_beyond_is_left() -> None:
    count = ChargeCount()
    count.begin(_START_S)
    count.add(10.0, 10.0, _START_S)
    count.note_told(15.0, 0.0, _START_S)
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(_START_S) == near(15.0)
    count.bound_stamped(3.0, 0.0, _START_S)
    assert count.charge_uc(_START_S) == near(10.0)


def test_what_is_beyond_is_sure_and_rounded_down() -> None:
    count = ChargeCount()
    count.begin(_START_S)
    count.note_told(3.5 * _UNIT_UC, 0.0, _START_S)
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(_START_S) == near(3 * _UNIT_UC)
    count.bound_stamped(1.5 * _UNIT_UC, 0.0, _START_S)
    count.bound(0.0, 0.0, replaces=True)
    assert count.charge_uc(_START_S) == near(_UNIT_UC)
