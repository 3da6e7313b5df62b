"""A stamped report bounds the charge exactly; a stamp that cannot be so is not used."""

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.gate.belief import Belief
from stimulators.gate.usage.account import Account
from stimulators.gate.usage.charge import ChargeCount
from stimulators.gate.usage.recent import RECENT_S, RecentCharge
from stimulators.gate.usage.stamp import earliest_said_s
from stimulators.gate.word import word_of
from stimulators.wire.messages import DeviceStatus
from tests.stimulators.gate.gate_rig import device_of, limits_of

#: 60 us at 130 Hz.
UC_PER_MA_S = 7.8
SESSION = "ours"
TICK_S = 0.02


def status(**keys: Any) -> DeviceStatus:
    told: dict[str, Any] = {
        "instance": "b",
        "word": 1,
        "session": SESSION,
        "state": "safe",
        "last_seq": 0,
    }
    stamp = {"said_us": 100_000_000, "said_uncertainty_us": 2_000, "said_clock": SESSION}
    return DeviceStatus(**(told | stamp | {"applied_ma": 0.0} | keys))


# When it was said.


@pytest.mark.parametrize(
    ("keys", "done_s", "now_s", "expected_s"),
    [
        ({}, -math.inf, 100.5, 99.998),
        ({"said_uncertainty_us": 0}, -math.inf, 100.5, 100.0),
        ({}, 99.999, 100.5, 99.999),
        ({}, 100.002, 100.5, 100.002),
        ({}, -math.inf, 99.998, 99.998),
        # In the future, before a command that it knows of, or long ago.
        ({}, -math.inf, 99.9979, None),
        ({}, 100.0021, 100.5, None),
        ({}, -math.inf, 100.003 + RECENT_S, None),
        ({"said_us": None}, -math.inf, 100.5, None),
        ({"said_us": 0}, -math.inf, 100.5, None),
        ({"said_clock": "another"}, -math.inf, 100.5, None),
        ({"said_uncertainty_us": -1}, -math.inf, 100.5, None),
    ],
)
def test_a_stamp_is_used_only_where_it_can_be_so(
    keys: dict[str, Any], done_s: float, now_s: float, expected_s: float | None
) -> None:
    found_s = earliest_said_s(status(**keys), SESSION, done_s=done_s, now_s=now_s)
    assert found_s == (None if expected_s is None else pytest.approx(expected_s, abs=1e-9))


# What was given since.


def test_the_charge_since_a_moment_is_all_that_was_counted_after_it() -> None:
    recent = RecentCharge()
    recent.add(0.0, 100.0)
    for index in range(1, 11):
        recent.add(1.0, 100.0 + index)
    assert recent.since_uc(110.0) == 0.0
    assert recent.since_uc(107.0) == 3.0
    # Within a stretch all of it counts.
    assert recent.since_uc(106.5) == 4.0
    assert recent.since_uc(100.0) == 10.0
    assert recent.since_uc(99.9) == math.inf


def test_a_pulse_counts_until_it_can_come_no_more() -> None:
    recent = RecentCharge()
    recent.add(0.0, 100.0)
    recent.add_pulse(5.0, 101.0)
    recent.add(0.0, 102.0)
    assert recent.since_uc(101.0) == 5.0
    assert recent.since_uc(101.2) == 0.0


def test_what_is_longer_ago_than_a_minute_is_not_known() -> None:
    recent = RecentCharge()
    for index in range(200):
        recent.add(1.0, 100.0 + index)
    assert recent.since_uc(299.0 - RECENT_S) == RECENT_S
    assert recent.since_uc(299.0 - RECENT_S - 1.5) == math.inf


@given(
    steps=st.lists(st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 3.0)), min_size=1, max_size=60),
    late=st.integers(0, 40),
)
def test_a_stamped_count_is_never_below_what_was_given_however_late(
    steps: list[tuple[float, float]], late: int
) -> None:
    """The device gives a share of the most, and each of its words comes `late` steps later."""
    count, true_uc, now_s = ChargeCount(), 7.0, 1000.0
    count.begin(now_s)
    said = [(now_s, true_uc)]
    for share, most_uc in steps:
        now_s += TICK_S
        count.add(0.0, most_uc, now_s)
        true_uc += share * most_uc
        said.append((now_s, true_uc))
        if len(said) <= late:
            continue
        said_s, told_uc = said[len(said) - 1 - late]
        since_uc = count.since_uc(said_s)
        count.note_told(told_uc, since_uc, now_s)
        count.bound(told_uc, since_uc, replaces=True)
        assert true_uc - 1e-6 <= count.charge_uc(now_s) <= told_uc + since_uc + 1e-6


# The account.


class LateReports:
    """An account of one device that gives what a test says, and reports it late."""

    def __init__(self, **keys: Any) -> None:
        self.config = device_of(**keys)
        self.belief = Belief(self.config, 0.5)
        self.account = Account(self.config, lease_s=0.25, tick_s=TICK_S)
        self.now_s = 100.0
        self.given_uc = self.on_s = 0.0
        self.word = 0

    def run(self, amount: float, lasted_s: float) -> None:
        """Give an amount for a while."""
        for _ in range(round(lasted_s / TICK_S)):
            self.now_s += TICK_S
            self.given_uc += amount * UC_PER_MA_S * TICK_S
            self.on_s = self.on_s + TICK_S if amount > self.config.safe_amount else 0.0
            self.account.count(self.belief, self.now_s)

    def say(self, amount: float, **keys: Any) -> DeviceStatus:
        """Return a report of now."""
        self.word += 1
        told: dict[str, Any] = {
            "word": self.word,
            "state": "live",
            "applied_ma": amount,
            "charge_uc": self.given_uc,
            "on_s": self.on_s,
            "counted_since_s": 700.0,
            "said_us": round(self.now_s * 1e6),
        }
        return status(**(told | keys))

    def hear(self, said: DeviceStatus, *, is_driven: bool = True) -> None:
        """Take a report in."""
        word = word_of(said, SESSION, "ma")
        assert word is not None
        self.account.count(self.belief, self.now_s)
        self.account.note_lapse(self.belief, self.now_s)
        self.belief.take(word, self.now_s)
        said_s = earliest_said_s(said, SESSION, done_s=self.belief.done_s, now_s=self.now_s)
        self.account.settle(
            said,
            self.belief,
            self.now_s,
            said_s=said_s,
            reaches_power_on=True,
            is_driven=is_driven,
        )

    @property
    def counted_uc(self) -> float:
        """What the account counts now."""
        return self.account.charge_uc(self.now_s)


@pytest.mark.parametrize("late_s", [0.02, 0.5, 2.0, 5.0])
def test_a_late_stamped_report_counts_all_that_was_given_since(late_s: float) -> None:
    told = LateReports(safe_ma=2.0)
    told.account.count(told.belief, told.now_s)
    told.hear(told.say(2.0, state="safe"), is_driven=False)
    told.run(2.0, 20.0)
    said = told.say(2.0, state="safe")
    told.run(2.0, late_s)
    told.hear(said, is_driven=False)
    # The uncertainty of the stamp and one stretch between two counts.
    assert told.given_uc - 1e-6 <= told.counted_uc
    assert told.counted_uc <= told.given_uc + 2.0 * UC_PER_MA_S * (TICK_S + 0.003)


def test_a_device_that_let_its_lease_end_unheard_is_counted_at_its_safe_amount() -> None:
    told = LateReports(safe_ma=2.0)
    told.account.count(told.belief, told.now_s)
    told.hear(told.say(0.0))
    for _ in range(8):
        told.run(2.0, 1.0)
        assert told.counted_uc >= told.given_uc
    said = told.say(2.0, state="safe")
    told.run(2.0, 3.0)
    told.hear(said)
    assert told.given_uc - 1e-6 <= told.counted_uc <= told.given_uc * 1.02


def test_a_device_below_its_safe_amount_is_counted_exactly_with_each_report() -> None:
    told = LateReports(safe_ma=2.0)
    told.account.count(told.belief, told.now_s)
    for _ in range(30):
        told.hear(told.say(1.0))
        assert told.counted_uc <= told.given_uc + 2.1 * UC_PER_MA_S * (TICK_S + 0.003)
        told.run(1.0, 1.0)
        assert told.counted_uc >= told.given_uc


@pytest.mark.parametrize("ahead_s", [0.01, 1.0, 1e6])
def test_a_stamp_of_the_future_lowers_nothing(ahead_s: float) -> None:
    told, unstamped = LateReports(), LateReports()
    for each, said_us in ((told, round((110.0 + ahead_s) * 1e6)), (unstamped, 0)):
        each.account.count(each.belief, each.now_s)
        each.hear(each.say(3.0))
        each.run(3.0, 10.0)
        each.hear(each.say(3.0, charge_uc=1.0, said_us=said_us))
    assert told.counted_uc == unstamped.counted_uc >= told.given_uc


@pytest.mark.parametrize("keys", [{"said_clock": "another"}, {"said_uncertainty_us": 2**53 - 1}])
def test_a_stamp_that_says_nothing_leaves_what_the_belief_says(keys: dict[str, Any]) -> None:
    told = LateReports()
    told.account.count(told.belief, told.now_s)
    told.hear(told.say(3.0))
    told.run(3.0, 10.0)
    told.hear(told.say(3.0, charge_uc=1.0, **keys))
    assert told.counted_uc >= told.given_uc


@pytest.mark.parametrize(
    ("amount", "expected_s"),
    [(3.0, 2.0 + 1.0), (0.0, 2.0 + 1.0 + 0.5)],
    ids=["on", "in a break that may be too short to count"],
)
def test_on_time_counts_from_when_it_was_said(amount: float, expected_s: float) -> None:
    told = LateReports(limits=limits_of(off_time_s_min=0.5))
    told.account.count(told.belief, told.now_s)
    told.hear(told.say(0.0))
    told.belief.send(1, 3.0, "adbs", told.now_s)
    told.run(3.0, 5.0)
    said = told.say(amount, on_s=2.0, last_seq=1)
    told.run(3.0, 1.0)
    told.hear(said)
    assert told.account.on_s == pytest.approx(expected_s, abs=0.003)
    assert told.account.on_s >= expected_s


def test_after_the_machine_slept_no_stamp_counts_until_clocks_were_compared_anew() -> None:
    told = LateReports()
    told.account.count(told.belief, told.now_s)
    told.hear(told.say(3.0))
    told.run(3.0, 1.0)
    pass_night = told.account.sleep
    pass_night(30.0, told.belief, told.now_s)
    told.given_uc += 30.0 * 3.0 * UC_PER_MA_S
    told.run(3.0, 0.1)
    told.hear(told.say(3.0, charge_uc=1.0))
    assert told.counted_uc >= told.given_uc


def test_a_device_that_leaves_the_stamp_out_is_taken_to_be_a_second_late_at_rest() -> None:
    told = LateReports(safe_ma=2.0)
    told.account.count(told.belief, told.now_s)
    for _ in range(5):
        told.hear(
            msgspec.structs.replace(told.say(2.0, state="safe"), said_us=None), is_driven=False
        )
        told.run(2.0, 1.0)
    assert told.given_uc <= told.counted_uc <= told.given_uc + 1.1 * 2.0 * UC_PER_MA_S


def test_what_was_counted_too_high_before_hides_nothing_once_it_is_over() -> None:
    """An earlier service's count is too high by as much as nobody counted of the time between."""
    count = ChargeCount()
    count.learn([(595.0, 500.0)], 1000.0)
    count.begin(1000.0)
    for second in range(1, 20):
        now_s = 1000.0 + second
        count.add(0.0, 1.0, now_s)
        told_uc, since_uc = 500.0 + second, count.since_uc(now_s)
        count.note_told(told_uc, since_uc, now_s)
        count.bound_stamped(told_uc, since_uc, now_s)
        assert count.charge_uc(now_s + 0.9) >= told_uc
