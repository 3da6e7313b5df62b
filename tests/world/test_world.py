"""Rigs with every fault in virtual time, checked at the electrode."""

import secrets

import pytest

from replay.virtual.faults import SWARM_FAULTS
from replay.virtual.misbehaviour import Misbehaviour, MisbehaviourKind
from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from replay.what_if.states import reach
from tests.world.oracle import Oracle
from tests.world.scenario import run_seed, stimulator_of

_N_SLOW_STEPS = 10_000_000


def test_a_seed_replays_exactly() -> None:
    first, second = (run_seed(7, n_steps=6000) for _ in range(2))
    assert first == second
    assert first.digest != run_seed(8, n_steps=6000).digest


@pytest.mark.parametrize("kind", sorted(SWARM_FAULTS))
def test_each_kind_of_fault_alone(kind: str) -> None:
    for seed in range(2):
        run_seed(seed, kinds=[kind], n_steps=4000)


@pytest.mark.parametrize("first", range(0, 24, 4))
def test_swarms_of_faults(first: int) -> None:
    for seed in range(first, first + 4):
        run_seed(seed, n_steps=5000)


def test_a_swarm_that_was_never_tried() -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # noqa: T201 shown where it fails
    run_seed(seed, n_steps=5000)


@pytest.mark.slow
def test_ten_million_steps() -> None:
    start, n_steps, failed = secrets.randbits(32), 0, []
    print(f"seeds from {start}")  # noqa: T201 shown where it fails
    names = [None, *sorted(SWARM_FAULTS)]
    for index in range(10_000_000):
        if n_steps >= _N_SLOW_STEPS:
            break
        kind = names[index % len(names)]
        try:
            kinds = None if kind is None else [kind]
            n_steps += run_seed(start + index, kinds=kinds, n_steps=20_000).n_steps
        except AssertionError as error:
            failed.append(str(error))
            n_steps += 20_000
    assert failed == [], "\n\n".join(failed[:20])


@pytest.mark.parametrize("safe_ma", [0.0, 0.5])
def test_a_quiet_rig_counts_what_was_given_within_two_percent(safe_ma: float) -> None:
    world = World(virtual_rig([stimulator_of(safe_ma=safe_ma)]), seed=3)
    swarm = Swarm(world, (), 1_000_000)
    oracle = Oracle(world, swarm, tolerance=0.0)
    world.run(120_000_000)
    # A state word has just come.
    (name,) = world.devices
    world.run(1_010_000)
    counted_uc, _ = world.service.loop.gate.counted(name, world.service.now_s)
    given_uc = oracle.electrodes[name].charge_in_window_uc(world.now_us)
    assert given_uc > 100.0
    assert given_uc * (1.0 - 1e-3) <= counted_uc <= 1.02 * given_uc


@pytest.mark.parametrize("kind", ["mute_acks", "refuses", "refuses_way_down", "invents"])
def test_a_device_that_does_not_obey_is_brought_to_safety_soon(kind: MisbehaviourKind) -> None:
    world = _driven()
    (device,) = world.devices.values()
    device.misbehaviour = Misbehaviour(kind, device.config.amount_max)
    world.amplifier.is_strong = False
    gate = world.config.gate
    world.run(round((gate.hold_s_max + gate.lease_s + 1.5) * 1e6))
    assert world.service.state == "safe"
    assert device.amount <= device.config.safe_amount


@pytest.mark.parametrize("kind", ["says_high", "sticks"])
def test_a_device_that_says_that_it_does_not_go_down_is_stopped_soon(
    kind: MisbehaviourKind,
) -> None:
    world = _driven()
    (device,) = world.devices.values()
    device.misbehaviour = Misbehaviour(kind, device.config.amount_max)
    world.amplifier.is_strong = False
    gate = world.config.gate
    world.run(round((gate.hold_s_max + gate.lease_s + 4.0) * 1e6))
    assert world.service.state == "safe"
    assert device.amount <= device.config.safe_amount
    counted_uc, _ = world.service.loop.gate.counted(device.config.id, world.service.now_s)
    assert counted_uc > 0.0


def _driven() -> World:
    world = World(virtual_rig([stimulator_of()]), seed=5)
    reach(world, "active", "")
    return world


def test_what_a_device_gave_in_its_last_moment_with_power_is_counted() -> None:
    world = World(virtual_rig([stimulator_of()]), seed=5)
    oracle = Oracle(world, Swarm(world, (), 1_000_000), tolerance=0.0)
    ((name, device),) = world.devices.items()
    seen_us = since_us = 0
    # The power goes just before it looks at its clock, as it does each 10 ms.
    while device.amount < 1.0 or since_us < 8_000:
        world.run(1_000)
        since_us = since_us + 1_000 if device.device.counts.counted_us == seen_us else 0
        seen_us = device.device.counts.counted_us
    device.cycle_power(1_000_000)
    world.run(3_000_000)
    given_uc = oracle.electrodes[name].charge_in_window_uc(world.now_us)
    assert given_uc > 0.0
    assert sum(device.device.counts.bins_fc) / 1e9 >= given_uc * (1.0 - 1e-3)
    counted_uc, _ = world.service.loop.gate.counted(name, world.service.now_s)
    assert counted_uc >= given_uc * (1.0 - 1e-3)


def test_a_service_that_stands_still_as_it_learns_of_the_past_counts_that_time() -> None:
    rig = virtual_rig([stimulator_of(safe_ma=2.0, simulated=False)], arm="operator")
    world = World(rig, seed=3)
    oracle = Oracle(world, Swarm(world, (), 1_000_000), tolerance=0.0)
    world.run(10_000_000)
    world.service.kill()
    again = world.start_service()
    world.run(2_400_000)
    again.freeze(20_000_000)
    world.run(25_000_000)
    (name,) = world.devices
    counted_uc, _ = again.loop.gate.counted(name, again.now_s)
    assert counted_uc <= 1.05 * oracle.electrodes[name].charge_in_window_uc(world.now_us)
