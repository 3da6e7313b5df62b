"""What still fits into a device's budgets, at each limit.

A device is safe at 0.5 mA and goes down at 8 mA/s, a lease and a tick hold it for 0.25 s. Program a
gives 10 µC a second and milliampere, b gives 5.
"""

import math
from typing import Any

import pytest

from stimulators.decisions import Refusal
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.limits.limit import Asked, Limited
from stimulators.gate.limits.registry import Limits
from stimulators.gate.limits.room import ChargeLimit, OnTimeLimit
from stimulators.gate.usage.account import Account
from stimulators.gate.usage.recent import RecentCharge
from stimulators.gate.word import Word
from stimulators.limits import ProgramConfig
from stimulators.refusals import RefusalReason
from tests.stimulators.gate.gate_rig import device_of, feedback_of, info_of, limits_of

_STAY_S = 0.25
_TOLERANCE = 0.125
_NOW_S = 5000.0
_KEYS = {
    RefusalReason.ON_TIME: "on_time_s_max",
    RefusalReason.CHARGE: "charge_uc_per_10_min_max",
}


def pulses(frequency_hz: float) -> ProgramConfig:
    return ProgramConfig(frequency_hz=frequency_hz, pulse_width_us=100.0, contact_area_cm2=0.0598)


class Bench:
    """The limits of a device that reports its amount."""

    def __init__(self, config: DeviceConfig | None = None, **limits: Any) -> None:
        programs = {"a": pulses(100.0), "b": pulses(50.0)}
        its = limits_of(**({"slew_ma_per_s_max": 8.0, "on_time_s_max": 2.0} | limits))
        self.config = config or device_of(
            safe_ma=0.5, programs=programs, safe_program="a", limits=its
        )
        self.account = Account(self.config, lease_s=_STAY_S, tick_s=0.0)
        self.charge, self.on_time = self.account.charge, self.account.on_time
        self.belief = Belief(self.config, command_valid_s=0.125)
        self.belief.learn(info_of(self.config, amount_tolerance=_TOLERANCE))
        self.limits = Limits(Limited(self.config, self.belief, self.account, 0.02))
        self._n_words = 0

    def say(self, amount: float, program: str = "a") -> "Bench":
        self._n_words += 1
        word = Word("boot", self._n_words, 0, amount, program, "live", None)
        self.belief.take(word, _NOW_S)
        return self

    def give(self, charge_uc: float, now_s: float = _NOW_S) -> "Bench":
        self.charge.add(charge_uc, charge_uc, now_s)
        return self

    def reached(self) -> str | None:
        return self.limits.reached(_NOW_S)

    def objection(self, amount: float, program: str = "a") -> str | None:
        asked = Asked("wish", amount, program, _NOW_S, is_up=True)
        refusal = self.limits[OnTimeLimit].check(asked) or self.limits[ChargeLimit].check(asked)
        return None if refusal is None else _KEYS[refusal.reason]

    def pulse(self, charge_uc: float) -> str | None:
        """Return the limit against a trigger of this charge; 1 mA of program a is 0.1 uC."""
        refusal = self.limits[ChargeLimit].check(Asked("trigger", charge_uc * 10.0, "a", _NOW_S))
        return None if refusal is None else _KEYS[refusal.reason]

    def waits(self) -> list[Refusal]:
        return list(self.limits.waits(_NOW_S))


# Time above safe.


def test_the_time_above_safe_holds_with_the_way_down() -> None:
    # From 2.5 mA: a quarter second of lease and a quarter of way.
    bench = Bench().say(2.5)
    for on_s, found in ((1.5 - 2**-20, None), (1.5, "on_time_s_max")):
        bench.on_time.on_s = on_s
        assert bench.reached() == found
    bench.on_time.on_s = 60.0
    assert bench.say(0.5 + _TOLERANCE).reached() is None
    assert bench.say(0.5 + _TOLERANCE + 2**-20).reached() == "on_time_s_max"


def test_a_rise_counts_with_the_break_before_it_and_its_way_down() -> None:
    bench = Bench().say(0.5)
    bench.on_time.on_s, bench.on_time.off_s = 1.0, 0.25
    # 1.25 s, a lease of 0.25 s and 0.5 s are 2 s: four milliampere of way.
    for amount, found in ((2.4375, None), (2.5, None), (4.5, "on_time_s_max"), (4.4375, None)):
        assert bench.objection(amount) == found
    bench.on_time.on_s = 60.0
    assert bench.objection(0.5 + _TOLERANCE) is None
    assert bench.objection(0.5 + _TOLERANCE + 2**-20) == "on_time_s_max"
    assert bench.objection(0.25) is None


# Charge.


@pytest.mark.parametrize("limit_uc", [3100.0, 3200.0])
def test_what_is_given_holds_with_the_way_down_and_all_that_safe_will_give(limit_uc: float) -> None:
    # Ten minutes of safe are 3000 uC; from 2 mA, 20 uC/s for 0.25 s and half of that for 0.25 s.
    for given_uc, found in (
        (limit_uc - 3007.5, None),
        (limit_uc - 3007.5 + 0.001, "charge_uc_per_10_min_max"),
    ):
        bench = Bench(charge_uc_per_10_min_max=limit_uc).say(2.0).give(given_uc)
        assert bench.reached() == found
        bench.say(0.5)
        assert bench.objection(2.0) == found


def test_the_way_down_counts_in_the_dearest_program_that_may_run() -> None:
    bench = Bench(charge_uc_per_10_min_max=3100.0).say(2.0, "b").give(3100.0 - 3003.75)
    assert bench.reached() is None
    assert bench.give(0.001).reached() == "charge_uc_per_10_min_max"
    bench = Bench(charge_uc_per_10_min_max=3100.0).say(0.5, "b").give(3100.0 - 3003.75)
    assert bench.objection(2.0, "b") is None
    assert bench.objection(2.0, "a") == "charge_uc_per_10_min_max"


def test_a_trigger_fits_beside_the_way_down() -> None:
    bench = Bench(charge_uc_per_10_min_max=3100.0).say(2.0).give(90.0)
    assert bench.pulse(2.5) is None
    assert bench.pulse(2.501) == "charge_uc_per_10_min_max"


def test_charge_that_leaves_the_window_before_safe_gives_as_much_is_no_hindrance() -> None:
    limit_uc = 3100.0
    bench = Bench(charge_uc_per_10_min_max=limit_uc).say(2.0)
    # Given nearly ten minutes ago: when it leaves, safe has given little.
    bench.give(1000.0, _NOW_S - 590.0)
    assert bench.reached() is None
    assert bench.give(2100.0).reached() == "charge_uc_per_10_min_max"


def test_without_a_limit_of_charge_everything_fits() -> None:
    bench = Bench(feedback_of(safe_level=0.1)).give(1e8)
    bench.say(0.5, "")
    assert bench.reached() is None
    assert bench.pulse(1e9) is None
    assert bench.waits() == []


# What has to wait.


def test_who_has_said_nothing_waits_for_no_budget() -> None:
    bench = Bench(charge_uc_per_10_min_max=3100.0).give(5000.0)
    bench.on_time.on_s = 60.0
    assert bench.waits() == []


def test_a_wait_for_the_time_above_safe_says_how_long() -> None:
    bench = Bench().say(0.5)
    for on_s, n_found in ((1.75 - 2**-20, 0), (1.75, 1)):
        bench.on_time.on_s, bench.on_time.off_s = on_s, 0.25
        assert len(bench.waits()) == n_found
    bench.on_time.on_s, bench.on_time.off_s = 9.0, 0.0
    (want,) = bench.waits()
    assert (want.reason, want.expected) == ("on_time", "less than on_time_s_max, 2 s")
    assert want.found == "perhaps above safe for 9 s, 0 s to wait"


def test_a_wait_for_charge_says_how_much_and_how_long() -> None:
    # At safe, 0.5 mA, the way down is 1.25 uC for the lease and 0.15625 for the way.
    bench = Bench(charge_uc_per_10_min_max=3100.0).say(0.5).give(98.0)
    assert bench.waits() == []
    bench.give(102.0, _NOW_S)
    (want,) = bench.waits()
    assert want.reason == "charge"
    assert want.found == "perhaps 200 uC given in ten minutes, 602 s to wait"
    expected = "room for the way to safe under charge_uc_per_10_min_max, 3100 uC"
    assert want.expected == expected


def test_what_leaves_the_window_in_time_fits_to_the_last_of_it() -> None:
    def bench(limit_uc: float) -> Bench:
        made = Bench(charge_uc_per_10_min_max=limit_uc).say(2.0)
        return made.give(3100.0, _NOW_S - 590.0)

    # At safe it gives 5 uC/s; the way down takes 7.5 uC.
    least_uc = bench(1e5).charge.worst_ahead_uc(_NOW_S, 5.0) + 7.5
    assert least_uc < 4000.0
    assert bench(least_uc).reached() is None
    assert bench(least_uc - 0.001).reached() == "charge_uc_per_10_min_max"


def test_a_feedback_device_that_said_nothing_has_reached_nothing() -> None:
    bench = Bench(feedback_of(safe_level=0.1))
    assert bench.reached() is None


# The last minute.


def test_the_last_minute_is_known_from_its_first_moment_on() -> None:
    recent = RecentCharge()
    for charge_uc, now_s in ((0.0, 100.0), (5.0, 110.0), (3.0, 135.0), (1.0, 170.0)):
        recent.add(charge_uc, now_s)
    assert recent.since_uc(110.0) == 4.0
    assert recent.since_uc(134.0) == 4.0
    assert recent.since_uc(135.0) == 1.0
    assert recent.since_uc(170.0) == 0.0
    assert recent.since_uc(109.0) == math.inf


def test_a_pulse_counts_until_a_tenth_of_a_second_after_its_end() -> None:
    recent = RecentCharge()
    recent.add(0.0, 60.0)
    recent.add_pulse(2.0, 63.9)
    assert 63.9 + 0.1 == 64.0
    assert [recent.since_uc(time_s) for time_s in (63.9375, 63.96875, 64.0, 64.0625)] == [
        *(2.0, 2.0),
        *(2.0, 0.0),
    ]
    recent.add(0.0, 124.0)
    assert recent.since_uc(64.0) == 2.0
    recent.add_pulse(3.0, 125.0)
    recent.add(0.0, 125.0)
    assert recent.since_uc(65.0) == 3.0
