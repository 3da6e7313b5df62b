"""What a device must still be able to give on its way to safe, before it is given more."""

from typing import Any

from stimulators.gate.limits.limit import Asked, Limited
from stimulators.gate.limits.room import ChargeLimit
from stimulators.gate.usage.account import Account
from tests.stimulators.gate.driving.bench import TICK_S, TOLERANCE, Bench


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
