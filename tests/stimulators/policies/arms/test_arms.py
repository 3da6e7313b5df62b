"""Control arms: what is given has nothing to do with the signal, and all else is as ever."""

from collections import Counter

import numpy as np
import pytest

from stimulators.policies.arms.constant import ConstantConfig
from stimulators.policies.arms.off import OffConfig
from stimulators.policies.arms.random_arm import Random, RandomConfig
from stimulators.policies.arms.sham import ShamConfig
from stimulators.policies.arms.yoked import YokedConfig
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.threshold import ThresholdConfig
from stimulators.policies.wrapping.ganged import GangedConfig, GangedDevice
from stimulators.testing.policy_example import Hop, PolicyExample
from tests.stimulators.gate.gate_rig import device_of
from tests.stimulators.policies.driven import HOP_S, Driven

_WITHIN = ThresholdConfig(
    id="p", of="burst", device="stn", on_ma=2.0, onset_s=0.0, termination_s=0.0
)
_TRIGGERS = OnEventConfig(id="p", of="burst", device="stn", on_ma=1.0, event="onset")
_ON, _OFF = (1.0, 5.0, 1.0), (0.0, 0.5, 1.0)


def driven(config: PolicyConfig, safe_ma: float = 0.0) -> Driven:
    policy = Driven(config, device_of(safe_ma=safe_ma))
    policy.tell("engaged", safe_ma)
    return policy


def test_sham_decides_all_and_withholds_all() -> None:
    sham, plain = driven(ShamConfig(id="a", wraps=_WITHIN)), driven(_WITHIN)
    for values in (_ON, _OFF, _ON):
        (withheld,), (given,) = sham.targets(*values), plain.targets(*values)
        assert (withheld.withheld, given.withheld) == (True, False)
        assert (withheld.amount, withheld.value, withheld.policy) == (
            given.amount,
            given.value,
            "a",
        )


def test_off_is_the_safe_amount_and_constant_the_same_amount_always() -> None:
    off = driven(OffConfig(id="a", wraps=_WITHIN), safe_ma=0.5)
    constant = driven(ConstantConfig(id="a", always_ma=1.5, wraps=_WITHIN))
    for values in (_ON, _OFF):
        assert [each.amount for each in off.targets(*values)] == [0.5]
        assert [each.amount for each in constant.targets(*values)] == [1.5]
    assert constant.targets(*_ON, is_valid=False) == []


def test_an_arm_wraps_what_wraps_another() -> None:
    both = GangedConfig(id="b", others={"right": GangedDevice(highest_ma=1.0)}, wraps=_WITHIN)
    config = OffConfig(id="a", wraps=both)
    policy = Driven(config, device_of(safe_ma=0.5), device_of("right"))
    found = {each.device: each.amount for each in policy.targets(*_ON)}
    assert found == {"stn": 0.5, "right": 0.0}
    with pytest.raises(ValueError, match=r"^wraps: expected a policy of one device, found one of"):
        Driven(ConstantConfig(id="a", always_ma=1.0, wraps=both), device_of(), device_of("right"))


def test_yoked_gives_its_course_from_when_it_is_engaged() -> None:
    course = ((0.0, 0.5), (2 * HOP_S, 2.0), (3 * HOP_S, 1.0))
    policy = Driven(YokedConfig(id="a", course=course, wraps=_WITHIN))
    found = [policy.targets(*_ON)[0].amount]
    policy.tell("engaged")
    found += [policy.targets(*_ON)[0].amount for _ in range(5)]
    # A hop's sample is its last: the second change is due just before the third hop ends.
    assert found == [0.5, 0.5, 0.5, 2.0, 1.0, 1.0]


def _random(seed: int, signs: list[bool]) -> list[float]:
    policy = driven(RandomConfig(id="a", seed=seed, block_s=50 * HOP_S, wraps=_WITHIN))
    return [policy.targets(*(_ON if each else _OFF))[0].amount for each in signs]


def test_random_gives_as_much_as_long_but_at_other_times() -> None:
    signs = (np.random.default_rng(1).random(500) < 0.3).tolist()
    found = _random(7, signs)
    assert found[:50] == [0.0] * 50
    for block in range(1, 10):
        before = [2.0 * each for each in signs[50 * (block - 1) : 50 * block]]
        given = found[50 * block : 50 * (block + 1)]
        assert given in [before[turn:] + before[:turn] for turn in range(50)]
    assert _random(7, signs) == found
    assert _random(8, signs) != found


def test_random_says_nothing_of_the_signal() -> None:
    """The correlation of what is given with the signal is that of chance: 1 / sqrt(n)."""
    signs = np.random.default_rng(2).random(5000) < 0.5
    found = np.array(_random(3, signs.tolist()))
    assert abs(np.corrcoef(signs[50:], found[50:])[0, 1]) < 4.0 / np.sqrt(4950)


def test_random_gives_as_many_triggers() -> None:
    example = PolicyExample(Random, RandomConfig(id="a", seed=1, block_s=1.0, wraps=_TRIGGERS))
    bursts = [Hop(is_on=index % 10 < 3) for index in range(200)]
    targets = example.run([Hop(is_on=False, changes=(("engaged", 0.0),)), *bursts])
    found = Counter((each.sample + 1) // 250 for each in targets)
    assert [found[block] for block in range(4)] == [0, 5, 5, 5]


@pytest.mark.parametrize(
    ("expected", "config"),
    [
        (r"^wraps: expected a policy that keeps an amp", OffConfig(id="a", wraps=_TRIGGERS)),
        (r"^always_ma: expected an amount", ConstantConfig(id="a", wraps=_WITHIN)),
        (
            r"^always_ma: expected from 0 to 3",
            ConstantConfig(id="a", always_ma=4.0, wraps=_WITHIN),
        ),
        (
            r"^course: expected times that rise from 0",
            YokedConfig(id="a", course=((1.0, 1.0),), wraps=_WITHIN),
        ),
        (
            r"^course: expected times that rise from 0",
            YokedConfig(id="a", course=((0.0, 1.0), (0.0, 2.0)), wraps=_WITHIN),
        ),
        (
            r"^course: expected amounts up to 3 \(the limit of device 'stn'\), found 5$",
            YokedConfig(id="a", course=((0.0, 5.0),), wraps=_WITHIN),
        ),
    ],
)
def test_what_does_not_fit_is_named_with_its_key(expected: str, config: PolicyConfig) -> None:
    with pytest.raises(ValueError, match=expected):
        driven(config)
