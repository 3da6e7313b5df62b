"""What a device must still be able to give on its way to safe, before it is given more."""

from typing import Any

import pytest
from msgspec.structs import replace

from stimulators.decisions import Send
from stimulators.gate.limits.limit import Asked, Limited
from stimulators.gate.limits.room import ChargeLimit
from stimulators.gate.usage.account import Account
from tests.stimulators.gate.driving.bench import TICK_S, TOLERANCE, Bench, pulses


def _limit(bench: Bench, limit_uc: float) -> ChargeLimit:
    """Return the limit of a device that has given nothing, and rests at nothing."""
    account = Account(bench.config, lease_s=1.0, tick_s=TICK_S)
    limit = ChargeLimit(Limited(bench.config, bench.drive.belief, account, TICK_S))
    limit._limit_uc, limit._steady_uc = limit_uc, 0.0
    return limit


def _asked(amount: float, **keys: Any) -> Asked:
    settings: dict[str, Any] = {"kind": "amplitude", "program": "a", "now_s": 64.0}
    return Asked(amount=amount, **(settings | keys))


def test_a_trigger_leaves_the_way_down_from_the_highest_that_a_device_may_give() -> None:
    bench = Bench().be_live(0.5).want(3.0)
    assert bench.ask() is not None
    lowest, highest = bench.drive.belief.interval
    assert lowest < highest
    limit = _limit(bench, 0.0)
    limit._limit_uc = limit._reserve_uc(0.5 * (lowest + highest), ("a",))
    assert limit.check(_asked(0.0, kind="trigger")) is not None
    limit._limit_uc = limit._reserve_uc(highest, ("a",))
    assert limit.check(_asked(0.0, kind="trigger")) is None


def test_what_stays_at_the_safe_amount_needs_no_way_down() -> None:
    bench = Bench().be_live(0.5)
    limit = _limit(bench, 0.0)
    for amount in (0.5, 0.5 + TOLERANCE):
        assert limit.check(_asked(amount, is_up=True)) is None
    assert limit.check(_asked(0.5 + 2 * TOLERANCE, is_up=True)) is not None
    assert limit.check(_asked(0.5 + 2 * TOLERANCE)) is None


@pytest.mark.parametrize(
    ("keys", "n_pulses"),
    [({}, 1), ({"pulses": 5}, 5), ({"duration_s": 0.03}, 4), ({"duration_s": 1e-6}, 1)],
)
def test_a_trigger_counts_with_all_the_pulses_that_it_delivers(
    keys: dict[str, Any], n_pulses: int
) -> None:
    program = replace(pulses(), **keys)
    limits = {"refractory_s": 0.05, "charge_uc_per_10_min_max": 100.0}
    bench = Bench(safe_ma=0.0, limits=limits, programs={"a": program}, safe_program="a").be_live(
        0.0
    )
    target = bench.target(2.0, kind="trigger")
    n_given = 0
    while isinstance(bench.drive.trigger(target, bench.now_s), Send):
        n_given += 1
        bench.now_s += 0.0625
        target = bench.target(2.0, kind="trigger")
    one_uc = n_pulses * 2.0 * 60.0 / 1000.0
    assert n_given == min(60, int(100.0 / one_uc))
