"""The stages of a rig in worlds of faults: nothing rises without a live yes, or in a shadow."""

import pytest

from replay.virtual.faults import SWARM_FAULTS
from stimulators.gate_config import Stage
from tests.world.scenario import run_seed


@pytest.mark.parametrize("stage", ["confirm", "shadow"])
def test_nothing_rises_without_a_yes_whatever_goes_wrong(stage: Stage) -> None:
    for seed in range(1, 6):
        run_seed(seed, n_steps=3000, stage=stage)


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(SWARM_FAULTS))
@pytest.mark.parametrize("stage", ["confirm", "shadow"])
def test_nothing_rises_without_a_yes_with_each_kind_of_fault(kind: str, stage: Stage) -> None:
    for seed in range(4):
        run_seed(seed, kinds=[kind], n_steps=5000, stage=stage)
