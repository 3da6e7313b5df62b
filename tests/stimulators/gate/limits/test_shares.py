"""How much of each limit is used, as commands and displays show it; and the mean of ten minutes."""

import math
from typing import Any

import pytest

from stimulators.gate.limits.amount import AmountLimit, ChargeDensityLimit, ShannonLimit
from stimulators.gate.limits.limit import Asked, Limit
from stimulators.gate.limits.rates import CommandsLimit, RisesLimit
from stimulators.gate.limits.registry import Limits
from stimulators.gate.limits.relative import ClinicalLimit, MeanLimit
from stimulators.gate.limits.room import ChargeLimit, OnTimeLimit
from stimulators.gate.limits.slew import Slew
from stimulators.gate.limits.triggers import RefractoryLimit, TriggersLimit
from stimulators.gate.usage.budgets import RateBudget
from tests.stimulators.gate.driving.bench import Bench

_NOW_S = 64.0


def _limits(**limits: Any) -> Limits:
    """Return the limits of a device at its safe amount, 0.5 mA."""
    return Bench(limits=limits).be_live(0.5).drive.limits


def _asked(kind: Any = "amplitude", amount: float = 1.0, **keys: Any) -> Asked:
    settings: dict[str, Any] = {"is_up": True, "time_s": _NOW_S, "fire_at_s": _NOW_S}
    return Asked(kind, amount, "a", **({"now_s": _NOW_S} | settings | keys))


def _names(limits: Limits, asked: Asked) -> list[str]:
    return [limit.__name__ for limit, _ in limits.answers(asked)]


# Which limits a request is held against.


def test_each_kind_of_request_is_held_against_the_limits_that_it_concerns_and_that_are_set() -> (
    None
):
    charges = ["ChargeDensityLimit", "ShannonLimit"]
    plain = _limits()
    assert _names(plain, _asked()) == [
        "AmountLimit", *charges, "SlewLimit", "CommandsLimit", "RisesLimit", "OnTimeLimit",
        "ChargeLimit",
    ]  # fmt: skip
    assert _names(plain, _asked("trigger")) == [
        "AmountLimit", *charges, "RefractoryLimit", "TriggersLimit", "CommandsLimit", "ChargeLimit",
    ]  # fmt: skip
    assert _names(plain, _asked("target")) == ["AmountLimit"]
    relative = _limits(clinical_ma=2.0, clinical_share_max=1.2, above_mean_ma_max=1.0)
    assert _names(relative, _asked())[-2:] == ["ClinicalLimit", "MeanLimit"]


def test_whoever_looks_on_is_shown_each_request() -> None:
    limits, shown = _limits(), list[Asked]()
    limits.onlooker = shown.append
    asked = _asked("target")
    limits.check(asked)
    assert shown == [asked]


def test_the_two_limits_that_bind_most_are_named_the_nearest_first() -> None:
    limits = _limits(slew_ma_per_s_max=1000.0, charge_uc_per_10_min_max=1e6)
    nearest, second = limits.bounds(_asked(amount=2.7, moved=0.0))
    assert (nearest.limit, second.limit) == ("amplitude_ma_max", "shannon_k_max")
    assert nearest.share == pytest.approx(0.9)
    assert second.share < nearest.share


def test_a_request_that_one_limit_concerns_is_bound_by_that_one() -> None:
    (only,) = _limits().bounds(_asked("target", amount=1.5))
    assert (only.limit, only.share) == ("amplitude_ma_max", 0.5)


def test_time_that_the_clock_stood_still_is_told_to_every_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    limits, told = _limits(), list[float]()
    monkeypatch.setattr(limits[MeanLimit], "sleep", told.append)
    stand_still = limits.sleep
    stand_still(5.0)
    assert told == [5.0]


# The share of each.


@pytest.mark.parametrize(
    ("limit", "asked", "share"),
    [
        (AmountLimit, _asked(amount=1.5), 0.5),
        (AmountLimit, _asked(amount=0.0), 0.0),
        (AmountLimit, _asked(amount=-0.5), math.inf),
        (ChargeDensityLimit, _asked(amount=2.0), 2.0 * 0.06 / 0.0598 / 30.0),
        (ChargeDensityLimit, _asked()._replace(program="nobody"), 0.0),
        (ShannonLimit, _asked(amount=2.0), 2.0 * 0.06 / math.sqrt(0.0598 * 10.0**1.5)),
        (ShannonLimit, _asked()._replace(program="nobody"), 0.0),
        (RisesLimit, _asked(is_rise=True), 1 / 600),
        (RisesLimit, _asked(), 0.0),
        (CommandsLimit, _asked(), 1 / 40),
        (CommandsLimit, _asked("trigger", is_up=False), 1 / 40),
        (CommandsLimit, _asked(is_up=False), 1 / 50),
        (RefractoryLimit, _asked("trigger"), 0.0),
        (TriggersLimit, _asked("trigger"), 1 / 60),
        (OnTimeLimit, _asked(is_up=False), 0.0),
        (ChargeLimit, _asked(is_up=False), 0.0),
        (MeanLimit, _asked(), 0.0),
    ],
)
def test_a_limit_says_which_share_of_it_is_used(
    limit: type[Limit], asked: Asked, share: float
) -> None:
    assert _limits()[limit].share(asked) == pytest.approx(share, rel=1e-12)


def test_without_a_limit_of_charge_no_charge_is_a_share_of_it() -> None:
    bench = Bench(limits={"charge_uc_per_10_min_max": 1e9}).be_live(0.5)
    limit = bench.drive.limits[ChargeLimit]
    assert limit.share(_asked(amount=1.0)) == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize(
    ("moved", "share"), [(0.0, 0.0), (1e-9, 0.0), (2e-9, 1e-9 / 0.25), (-0.125, 0.5), (0.25, 1.0)]
)
def test_a_step_is_a_share_of_the_one_that_may_go_now(moved: float, share: float) -> None:
    slew = Slew(slew_per_s_max=8.0, amount_max=3.0, tick_s=1 / 64)
    assert slew.spare == 0.25
    assert slew.share(moved) == pytest.approx(share, rel=1e-6, abs=1e-12)


def test_what_was_checked_last_counts_for_its_share_and_nothing_else_does() -> None:
    limits = _limits(on_time_s_max=60.0)
    on_time, charge = limits[OnTimeLimit], limits[ChargeLimit]
    low, high = _asked(amount=0.6), _asked(amount=2.9)
    for limit in (on_time, charge):
        share = limit.share(high)
        limit.check(low)
        assert limit.share(high) == share
        assert limit.share(low) < share


# Times between triggers, and rates.


def test_the_time_since_the_last_trigger_is_the_shortest_of_three() -> None:
    limit = _limits(refractory_s=0.5)[RefractoryLimit]
    limit.count(_asked("trigger", time_s=60.0, now_s=61.0, fire_at_s=62.0))
    for since in (
        {"time_s": 62.0, "now_s": 71.0, "fire_at_s": 72.0},
        {"time_s": 70.0, "now_s": 63.0, "fire_at_s": 72.0},
        {"time_s": 70.0, "now_s": 71.0, "fire_at_s": 64.0},
    ):
        asked = _asked("trigger", **since)
        assert limit.share(asked) == pytest.approx((0.5 - 1e-9) / 2.0, rel=1e-15)
    soon = _asked("trigger", time_s=60.25, now_s=71.0, fire_at_s=72.0)
    assert limit.share(soon) == pytest.approx((0.5 - 1e-9) / 0.25, rel=1e-15)
    before = _asked("trigger", time_s=60.0, now_s=71.0, fire_at_s=72.0)
    assert limit.share(before) == math.inf


def test_without_a_refractory_time_none_is_used() -> None:
    limit = _limits(refractory_s=0.0)[RefractoryLimit]
    limit.count(_asked("trigger"))
    assert limit.share(_asked("trigger", now_s=65.0, time_s=65.0, fire_at_s=65.0)) == 0.0


@pytest.mark.parametrize("key", ["time_s", "now_s", "fire_at_s"])
def test_of_three_counts_of_triggers_the_highest_counts(key: str) -> None:
    limit = _limits(triggers_per_min_max=4)[TriggersLimit]
    limit.count(_asked("trigger"))
    later = {"time_s": 300.0, "now_s": 300.0, "fire_at_s": 300.0} | {key: _NOW_S + 1.0}
    assert limit.share(_asked("trigger", **later)) == 0.5


def test_of_a_rate_those_count_that_are_within_its_window() -> None:
    budget = RateBudget(4, 10.0)
    assert budget.share(0.0) == 0.25
    for time_s in (0.0, 1.0, 2.0):
        budget.take(time_s)
    assert budget.share(9.0) == 1.0
    assert budget.share(10.0) == 0.75
    assert budget.share(12.0) == 0.25
    assert budget.share(9.0, leaving=3) == 4.0
    assert budget.share(9.0, leaving=4) == math.inf


@pytest.mark.parametrize(("n_max", "interval_s"), [(2, 1.0), (3, 0.5), (10, 0.125)])
def test_commands_so_far_apart_never_use_up_those_that_may_give_more(
    n_max: int, interval_s: float
) -> None:
    assert _limits(commands_per_s_max=float(n_max))[CommandsLimit].interval_s == interval_s


# A multiple of the clinical amplitude.


def test_a_way_down_from_above_the_clinical_multiple_is_not_refused() -> None:
    limit = _limits(clinical_ma=1.0, clinical_share_max=1.5)[ClinicalLimit]
    assert limit.check(_asked(amount=2.0, is_up=False)) is None
    assert limit.check(_asked(amount=2.0)) is not None
    assert limit.share(_asked(amount=0.75)) == 0.5


# The mean of ten minutes: of a device with steps of 1/32 mA, at 0.5 mA before.


class _Mean:
    """A device that gives an amount, and its limit 0.5 mA above the mean."""

    def __init__(self, given: float, *, above: float = 0.5, began_s: float = 1024.0) -> None:
        limits = {
            "amplitude_ma_max": 3.125,
            "above_mean_ma_max": above,
            "charge_uc_per_10_min_max": 1e6,
        }
        self.bench = Bench(limits=limits, tolerance=0.0)
        self.bench.be_live(given)
        self.limit = self.bench.drive.limits[MeanLimit]
        self.stay_s = self.bench.drive.account.stay_s
        self.now_s = began_s
        self.limit.advance(self.now_s)

    def run(self, seconds: float, tick_s: float = 0.25) -> "_Mean":
        for _ in range(round(seconds / tick_s)):
            self.now_s += tick_s
            self.limit.advance(self.now_s)
        return self

    @property
    def highest(self) -> float:
        return self.limit.highest(self.now_s)


def test_before_anything_was_given_the_mean_is_the_safe_amount() -> None:
    assert _Mean(0.5).highest == 1.0


def test_the_mean_is_of_what_was_given_and_the_limit_a_whole_step() -> None:
    assert _Mean(2.0).run(75.0).highest == 0.5 + (75.0 * 2.0 + 525.0 * 0.5) / 600.0
    assert _Mean(2.0).run(74.0).highest == 0.5 + (75.0 * 2.0 + 525.0 * 0.5) / 600.0 - 0.03125


def test_the_mean_of_long_ago_is_nothing() -> None:
    assert _Mean(0.0, above=1.0).run(1300.0).highest == 1.0
    assert _Mean(0.0, above=1.0 - 0.0005).run(1300.0).highest == 1.0 - 0.03125


def test_for_a_lease_a_device_gives_what_it_said_and_longer_its_safe_amount() -> None:
    within, beyond = _Mean(2.0), _Mean(2.0)
    assert within.run(80 * within.stay_s, within.stay_s).highest > 1.0
    assert beyond.run(40.0, 0.5).highest == 1.0


def test_a_long_time_without_a_look_counts_when_it_was() -> None:
    mean = _Mean(0.5)
    mean.run(590.0, 590.0)
    mean.now_s += 14.0
    mean.limit.advance(mean.now_s)
    assert mean.highest == 1.0


def test_time_that_the_machine_slept_is_part_of_the_ten_minutes() -> None:
    mean = _Mean(2.0).run(75.0)
    stand_still = mean.limit.sleep
    stand_still(540.0)
    # Of the last ten minutes nobody looked at nine.
    assert mean.highest == 0.5 + math.floor((60.0 * 2.0 / 600.0) * 32.0) / 32.0
    mean.run(0.25)
    assert mean.highest == 0.5 + math.floor((540.0 * 0.5 + 60.0 * 2.0) / 600.0 * 32.0) / 32.0


def test_the_share_is_of_the_highest_amount_now() -> None:
    mean = _Mean(0.5)
    now_s = mean.now_s
    assert mean.limit.share(_asked(amount=0.5, now_s=now_s)) == 0.5
    assert mean.limit.share(_asked(amount=0.5, now_s=now_s, is_up=False)) == 0.0
    assert mean.limit.check(_asked(amount=1.0, now_s=now_s)) is None
    assert mean.limit.check(_asked(amount=1.03, now_s=now_s)) is not None
    assert mean.limit.check(_asked(amount=1.03, now_s=now_s, is_up=False)) is None
