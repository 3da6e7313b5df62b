"""Every built-in policy in a world of faults: the electrode stays within its limits."""

from random import Random
from typing import Any

import msgspec
import pytest

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from stimulators.policies.policy import PolicyConfig
from stimulators.policies.registry import POLICIES
from tests.world.oracle import Oracle
from tests.world.scenario import feedback_of, stimulator_of

_N_STEPS = 2500
#: Where the signal of the virtual rig is weak, and where it is strong.
_LOWER, _UPPER = 50.0, 100.0
_EXAMPLES = [
    example
    for policy in POLICIES.policies.values()
    if policy.__module__.startswith("stimulators.")
    for example in policy.examples
]


def _here(table: PolicyConfig) -> PolicyConfig:
    """Return a policy's table that reads the burst detector of the virtual rig."""
    said: dict[str, Any] = {"of": "burst", "by": "burst", "event": "onset"}
    said |= {"upper_threshold": _UPPER, "lower_threshold": _LOWER, "set_point": _UPPER}
    keys = {key: value for key, value in said.items() if hasattr(table, key)}
    if hasattr(table, "expected_sign"):
        keys["expected_sign"] = table.expected_sign or "falls"
    if hasattr(table, "wraps"):
        keys["wraps"] = _here(table.wraps)
    return msgspec.structs.replace(table, **keys)


@pytest.mark.parametrize("is_quiet", [True, False])
@pytest.mark.parametrize(
    ("seed", "example"),
    list(enumerate(_EXAMPLES)),
    ids=[f"{type(each).__name__}-{each.id}" for each in _EXAMPLES],
)
def test_the_limits_hold_with_every_policy(
    seed: int, example: PolicyConfig, *, is_quiet: bool
) -> None:
    devices = [
        feedback_of(name, simulated=False) if name == "band" else stimulator_of(name, safe_ma=0.5)
        for name in example.drives
    ]
    config = msgspec.structs.replace(virtual_rig(devices), policies=(_here(example),))
    world = World(config, seed=seed)
    faults = Random(seed).sample(sorted(SWARM_FAULTS), 3)  # noqa: S311 a seed must give the same again
    swarm = Swarm(world, () if is_quiet else faults, 2_000_000)
    oracle = Oracle(world, swarm, tolerance=0.0031, is_honest=False)
    wanted: set[str] = set()
    world.observers.append(
        lambda _service, _event, outcome: wanted.update(each.device for each in outcome.targets)
    )
    while world.schedule.n_steps < _N_STEPS:
        world.run(700_000)
        world.amplifier.is_strong = not world.amplifier.is_strong
    assert oracle.n_checks > 0
    assert wanted == set(example.drives) or not is_quiet
