"""Every built-in policy in a world of faults: the electrode stays within its limits."""

from random import Random

import msgspec
import pytest

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from stimulators.policies.policy import PolicyConfig
from tests.world.drawn_policies import EXAMPLES, LEVEL_DEVICE, reading_burst, reads_peaks
from tests.world.oracle import Oracle
from tests.world.scenario import feedback_of, stimulator_of

_N_STEPS = 2500


@pytest.mark.parametrize("is_quiet", [True, False])
@pytest.mark.parametrize(
    ("seed", "example"),
    list(enumerate(EXAMPLES)),
    ids=[f"{type(each).__name__}-{each.id}" for each in EXAMPLES],
)
def test_the_limits_hold_with_every_policy(
    seed: int, example: PolicyConfig, *, is_quiet: bool
) -> None:
    devices = [
        feedback_of(name, simulated=False)
        if name == LEVEL_DEVICE
        else stimulator_of(name, safe_ma=0.5)
        for name in example.drives
    ]
    table = reading_burst(example)
    rig = virtual_rig(devices, has_rhythm=reads_peaks(table))
    config = msgspec.structs.replace(rig, policies=(table,))
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
