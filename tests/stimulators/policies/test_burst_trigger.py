"""Burst trigger: bursts that have lasted are stimulated, short ones left alone."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.device_config import DeviceConfig
from stimulators.policies.burst_trigger import BurstTriggerConfig
from stimulators.targets import MakeSafe
from tests.stimulators.gate.gate_rig import device_of, limits_of
from tests.stimulators.policies.driven import HOP_S, Driven


def burst_trigger(device: DeviceConfig | None = None, **keys: Any) -> Driven:
    settings: dict[str, Any] = {"on_ma": 2.0, "lasted_s": 2 * HOP_S}
    table = BurstTriggerConfig(id="p", of="burst", device="stn", **(settings | keys))
    driven = Driven(table, device)
    driven.tell("engaged")
    return driven


def picture(policy: Driven, signs: str) -> str:
    """Return ``1`` for a trigger or the amount of on, ``0`` for that of off, else ``.``."""
    found = []
    for sign in signs:
        targets = policy.hop(float(sign == "+"), 5.0, 1.0, is_valid=sign != "x")
        assert not isinstance(targets, MakeSafe)
        found.append("01"[targets[0].amount == 2.0] if targets else ".")
    return "".join(found)


@pytest.mark.parametrize(
    ("signs", "expected", "every_hops"),
    [
        ("-++--+++++-", ".......1...", 0),
        ("-++++++++--+++", "...1.........1", 0),
        ("-+++++++--+++", "...1.1.1....1", 2),
        ("++x++++", ".....1.", 0),
    ],
)
def test_a_burst_that_has_lasted_gives_triggers_until_it_is_over(
    signs: str, expected: str, every_hops: int
) -> None:
    assert picture(burst_trigger(every_s=every_hops * HOP_S), signs) == expected


def test_triggers_are_wanted_only_while_driven() -> None:
    policy = burst_trigger(every_s=HOP_S)
    assert picture(policy, "+++") == "..1"
    policy.tell("held")
    assert picture(policy, "+++") == "..."
    policy.tell("resumed")
    assert picture(policy, "+++") == "..1"


@pytest.mark.parametrize(
    ("signs", "expected", "keys"),
    [
        ("-++-+++++--", "00000011100", {"hold_s": 0.0}),
        ("-+++-----", "000111000", {"hold_s": 2 * HOP_S}),
        ("-+++-+++--", "0011101110", {"hold_s": HOP_S, "lasted_s": HOP_S}),
        ("+++++++-+++", "00111000001", {"hold_s": 0.0, "longest_s": 3 * HOP_S}),
        ("+++x++", "001.00", {"hold_s": 0.0}),
    ],
)
def test_an_amount_is_held_until_the_burst_is_over(
    signs: str, expected: str, keys: dict[str, Any]
) -> None:
    assert picture(burst_trigger(output="amplitude", **keys), signs) == expected


@given(signs=st.text("+-", max_size=60), n_hops=st.integers(0, 5))
def test_one_trigger_for_each_burst_that_is_long_enough(signs: str, n_hops: int) -> None:
    policy = burst_trigger(lasted_s=n_hops * HOP_S)
    bursts = [each for each in signs.split("-") if len(each) > n_hops]
    assert picture(policy, signs).count("1") == len(bursts)


def test_a_trigger_says_since_when_the_burst_is_on() -> None:
    policy = burst_trigger()
    assert picture(policy, "-++") == "..."
    found = policy.hop(1.0, 5.0, 1.0)
    assert not isinstance(found, MakeSafe)
    (trigger,) = found
    assert (trigger.onset_s, trigger.time_s) == (0.19, 0.39)
    assert (trigger.kind, trigger.value, trigger.threshold) == ("trigger", 5.0, 1.0)


@pytest.mark.parametrize(
    ("expected", "keys"),
    [
        (r"^on_ma: expected an amount", {"on_ma": None}),
        (
            r"^lasted_s: expected 0 or at least 0.1 \(one hop of 'burst'\), found 0.05$",
            {"lasted_s": 0.05},
        ),
        (
            r'^every_s: expected none with output = "amplitude", found 1$',
            {"every_s": 1.0, "output": "amplitude"},
        ),
        (r'^longest_s: expected none with output = "trigger", found 1$', {"longest_s": 1.0}),
        (r'^off_ma: expected none with output = "trigger", found 1$', {"off_ma": 1.0}),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(expected: str, keys: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=expected):
        burst_trigger(**keys)


def test_triggers_that_the_device_would_refuse_are_told() -> None:
    slow = device_of(limits=limits_of(refractory_s=0.5))
    with pytest.raises(ValueError, match=r"^every_s: expected 0 or at least 0.5 \(refractory_s"):
        burst_trigger(slow, every_s=0.2)
    burst_trigger(slow, every_s=0.5)
