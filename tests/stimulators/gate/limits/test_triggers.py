"""Triggers are apart, and few in a minute, by each of three times: sample, now, when they fire."""

from typing import Any

import pytest

from stimulators.gate.limits.limit import Asked, Limit, Limited
from stimulators.gate.limits.triggers import RefractoryLimit, TriggersLimit
from tests.stimulators.gate.driving.bench import TICK_S, Bench

_TIMES = ("time_s", "now_s", "fire_at_s")


def _limit(kind: type[Limit], **limits: Any) -> Limit:
    bench = Bench(limits=limits)
    return kind(Limited(bench.config, bench.drive.belief, bench.drive.account, TICK_S))


def _trigger(at_s: float, **keys: Any) -> Asked:
    """Return a trigger of which the times that are not given are long after all others."""
    times = dict.fromkeys(_TIMES, 1000.0 * at_s)
    return Asked("trigger", 1.0, "a", **(times | keys))


@pytest.mark.parametrize("time", _TIMES)
def test_the_shortest_distance_of_three_counts(time: str) -> None:
    limit = _limit(RefractoryLimit, refractory_s=0.5)
    assert limit.check(_trigger(1.0, **{time: 0.0})) is None
    limit.count(_trigger(1.0, **{time: 64.0}))
    assert limit.check(_trigger(2.0, **{time: 64.25})) is not None
    assert limit.check(_trigger(2.0, **{time: 64.5})) is None


@pytest.mark.parametrize("time", _TIMES)
def test_the_most_in_a_minute_by_any_of_three_counts(time: str) -> None:
    limit = _limit(TriggersLimit, triggers_per_min_max=2)
    for number, at_s in enumerate((64.0, 74.0), 1):
        assert limit.check(_trigger(number, **{time: at_s})) is None
        limit.count(_trigger(number, **{time: at_s}))
    for at_s in (95.0, 123.875):
        assert limit.check(_trigger(3.0, **{time: at_s})) is not None
    assert limit.check(_trigger(3.0, **{time: 124.0})) is None


@pytest.mark.parametrize("kind", [RefractoryLimit, TriggersLimit])
def test_what_is_no_trigger_is_not_held_up(kind: type[Limit]) -> None:
    limit = _limit(kind, refractory_s=3600.0, triggers_per_min_max=1)
    limit.count(_trigger(1.0))
    assert limit.check(_trigger(1.0)) is not None
    assert limit.check(_trigger(1.0)._replace(kind="amplitude")) is None
