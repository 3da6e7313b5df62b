"""A policy that wants random amounts of two devices: the limits hold all the same."""

from collections.abc import Sequence
from random import Random
from typing import ClassVar

import msgspec
import pytest

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from stimulators.policies.policy import Clip, MeasureRead, PolicyConfig, PolicyInputs
from stimulators.policies.registry import POLICIES
from stimulators.targets import DeviceEvent, Observation, Target
from tests.world.oracle import Oracle
from tests.world.scenario import stimulator_of

_N_STEPS = 4000


class _WildConfig(PolicyConfig, frozen=True, kw_only=True, tag_field="kind", tag="wild"):
    seed: int = 0
    is_trigger: bool = False

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        return (MeasureRead("of", "burst", "", "value"),)

    @property
    def drives(self) -> tuple[str, ...]:
        return ("left", "right")


class _Wild:
    """A policy whose every hop wants a random amount, program and firing time, valid or not."""

    config_type: ClassVar[type[PolicyConfig]] = _WildConfig

    def __init__(self, config: _WildConfig, inputs: PolicyInputs) -> None:
        kind = "trigger" if config.is_trigger else "amplitude"
        self.config = config
        self.clips = tuple(
            Clip(each.id, kind, 0.0, each.amount_max)  # type: ignore[arg-type]
            for each in inputs.devices
        )
        self.devices = inputs.devices
        self.reset()

    def reset(self) -> None:
        self.random = Random(self.config.seed)  # noqa: S311 a seed must give the same run again

    def note(self, event: DeviceEvent) -> None:
        self.random.seed(self.random.random() + event.highest)

    def decide(self, observation: Observation) -> Sequence[Target]:
        return [
            self._target(clip, observation)
            for clip in self.clips
            for _ in range(self.random.choice((0, 1, 1, 1, 2)))
        ]

    def _target(self, clip: Clip, observation: Observation) -> Target:
        random = self.random
        ahead_s = random.choice((None, 0.03, 0.09, -0.5, 1e9, float("nan"), float("inf")))
        is_scheduled = self.config.is_trigger and ahead_s is not None
        odd = random.choice((0.0, 0.0, 0.0, float("nan"), float("inf")))
        return Target(
            policy=self.config.id,
            device=clip.device,
            detector="burst",
            channel="A",
            program=random.choice(("adbs", "adbs", "rest", "none")),
            kind=clip.kind,
            amount=random.choice((clip.lowest, clip.highest, random.uniform(0.0, clip.highest))),
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=observation.time_s + odd,
            value=0.0,
            threshold=0.0,
            fire_at_s=observation.time_s + (ahead_s or 0.0) if is_scheduled else None,
            withheld=random.random() < 0.1,
        )


@pytest.mark.parametrize("is_trigger", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_the_limits_hold_whatever_a_policy_wants(
    seed: int, monkeypatch: pytest.MonkeyPatch, *, is_trigger: bool
) -> None:
    monkeypatch.setitem(POLICIES.policies, _WildConfig, _Wild)  # type: ignore[misc]
    devices = [
        stimulator_of("left", safe_ma=0.5, has_rest=True),
        stimulator_of("right", slew_ma_per_s_max=2.0, rises_per_min_max=20),
    ]
    wild = _WildConfig(id="wild", seed=seed, is_trigger=is_trigger)
    config = msgspec.structs.replace(virtual_rig(devices), policies=(wild,))
    world = World(config, seed=seed)
    kinds = Random(seed).sample(sorted(SWARM_FAULTS), 4)  # noqa: S311
    swarm = Swarm(world, () if seed == 0 else kinds, 2_000_000)
    oracle = Oracle(world, swarm, tolerance=0.0031, is_honest=False)
    pulses: list[str] = []
    moves: list[str] = []
    world.electrodes.pulse_watchers.append(lambda device, _: pulses.append(device))
    world.electrodes.watchers.append(lambda device, _, now: moves.append(f"{device} {now}"))
    while world.schedule.n_steps < _N_STEPS:
        world.run(500_000)
    assert oracle.n_checks > 0
    if seed == 0:
        assert set(pulses) == ({"left", "right"} if is_trigger else set())
        assert is_trigger or len(moves) > 100
