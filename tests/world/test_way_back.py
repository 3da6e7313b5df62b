"""What remains when a fault is over, and what an operator has to do then."""

import pytest

from replay.virtual.misbehaviour import HONEST, Misbehaviour
from replay.virtual.operator import VirtualOperator
from replay.virtual.rig import virtual_rig
from replay.virtual.swarm import Swarm
from replay.virtual.world import World
from replay.what_if.states import delivers, reach
from stimulators.decisions import Send
from stimulators.gate_config import GateConfig
from stimulators.wire import topics
from stimulators.wire.messages import Command
from tests.world.electrode_oracle import ViolationError
from tests.world.oracle import Oracle
from tests.world.scenario import change_wish, stimulator_of

_S = 1_000_000


def test_a_device_that_stuck_stays_where_it_is_until_the_policy_wants_another_amount() -> None:
    world = World(virtual_rig([stimulator_of(slew_ma_per_s_max=2.0)]), seed=5)
    reach(world, "active", "")
    commands = _commands_of(world)
    _stick(world)
    (device,) = world.devices.values()
    stuck_at, n_before = device.amount, len(commands)
    assert 0.0 < stuck_at < 3.0
    assert _told(world) == [f"left gives {stuck_at:g} where more was asked for"]
    world.run(20 * _S)
    assert (world.service.state, device.amount, len(commands)) == ("active", stuck_at, n_before)
    _swing(world)
    world.run(3 * _S)
    assert delivers(world)
    assert device.amount == 3.0


def test_a_rig_that_its_limits_end_again_and_again_delivers_once_the_signal_was_weak() -> None:
    # On the way through 0 to the policy's program `left` needs longer than `right` may be on.
    left = stimulator_of("left", safe_ma=2.0, has_rest=True, slew_ma_per_s_max=2.0)
    right = stimulator_of("right", has_rest=True, on_time_s_max=5.0, slew_ma_per_s_max=2.0)
    policies = {name: {"program": "adbs"} for name in ("left", "right")}
    timing = GateConfig(lease_s=1.0)
    world = World(virtual_rig([left, right], timing=timing, policies=policies), seed=5)
    Swarm(world, (), 1).calm_down()
    assert not _delivers_within(world, 20 * _S)
    while world.service.state != "safe":
        world.run(_S // 20)
    change_wish(world)
    assert _delivers_within(world, 3 * _S)


def test_what_is_wanted_is_not_given_yet_on_the_way_through_it_in_another_program() -> None:
    world = World(virtual_rig([stimulator_of(has_rest=True)]), seed=5)
    reach(world, "active", "")
    assert world.devices["left"].device.program == "rest"
    world.service.wish["left"] = 3.0, "adbs"
    assert not delivers(world)


def test_the_oracle_lets_a_device_stay_where_it_stuck_if_an_operator_was_told() -> None:
    world = _judged()
    _stick(world)
    world.run(20 * _S)
    assert not delivers(world)


def test_the_oracle_does_not_let_a_device_fall_short_of_what_is_wanted_in_silence() -> None:
    world = _judged()
    _stick(world)
    world.service.notices.clear()
    with pytest.raises(ViolationError, match="on a quiet rig"):
        world.run(20 * _S)


def test_the_oracle_does_not_excuse_what_is_wanted_since_the_device_moves_again() -> None:
    world = _judged()
    _stick(world)
    _swing(world)
    world.devices["left"].misbehaviour = Misbehaviour("steps", 1.3)
    with pytest.raises(ViolationError, match=r"gives 1\.3 on a quiet rig"):
        world.run(20 * _S)


def test_a_service_that_slept_while_a_newer_one_drove_says_that_it_must_start_again() -> None:
    world = World(virtual_rig([stimulator_of()]), seed=5)
    reach(world, "idle", "")
    first = world.service
    first.freeze(20 * _S)
    world.run(4 * _S)
    second = world.start_service(listens=False)
    world.run(4 * _S)
    assert _arm(world).exit_code == 0
    world.run(2 * _S)
    second.kill()
    world.run(15 * _S)
    assert "a newer one: start the service again" in first.loop.gate.status_text
    refused = _arm(world)
    assert refused.exit_code == 1
    assert "start the service again" in refused.reason
    first.end(0, "started again")
    world.run(4 * _S)
    world.start_service()
    world.run(6 * _S)
    assert _arm(world).exit_code == 0


def test_a_device_that_never_hears_the_time_is_told_while_the_other_one_is_driven() -> None:
    world = _half_deaf()
    world.run(63 * _S)
    assert [each.device for each in world.service.notices if each.kind == "no_lease"] == ["right"]
    assert world.service.loop.gate.status_text.endswith(
        "; waits for right (it says: lease refused: clock) to take a lease"
    )
    asked = world.operate("disarm")
    world.devices["right"].client.lost_topics.clear()
    world.run(5 * _S)
    assert asked.exit_code == 0
    world.run(10 * _S)
    assert _delivers_within(world, 10 * _S)


def test_the_oracle_does_not_let_a_rig_keep_silent_about_a_device_that_takes_no_lease() -> None:
    world = _half_deaf()
    world.run(63 * _S)
    world.service.notices.clear()
    with pytest.raises(ViolationError, match="right takes no lease of a rig that is active"):
        world.run(4 * _S)


def _half_deaf() -> World:
    """Return a rig, checked by the oracle, one of whose devices cannot learn the time."""
    world = World(virtual_rig([stimulator_of("left"), stimulator_of("right")]), seed=5)
    world.devices["right"].client.lost_topics.add(topics.CLOCK_REPLY)
    swarm = Swarm(world, (), _S)
    Oracle(world, swarm, tolerance=0.0031)
    swarm.calm_down()
    while not world.running or world.service.state != "active":
        world.run(_S // 10)
    return world


def _judged() -> World:
    """Return a rig that gives what its policy wants, checked by the oracle."""
    world = World(virtual_rig([stimulator_of(slew_ma_per_s_max=2.0)]), seed=5)
    swarm = Swarm(world, (), _S)
    Oracle(world, swarm, tolerance=0.0031)
    swarm.calm_down()
    world.run(30 * _S)
    assert delivers(world)
    return world


def _stick(world: World) -> None:
    """Let the device stop in the middle of its way up, for a second."""
    _swing(world)
    (device,) = world.devices.values()
    device.misbehaviour = Misbehaviour("sticks")
    world.run(_S)
    device.misbehaviour = HONEST


def _swing(world: World) -> None:
    """Let the policy want nothing for a second, and then everything again."""
    world.amplifier.is_strong = False
    world.run(3 * _S)
    world.amplifier.is_strong = True
    world.run(_S)


def _told(world: World) -> list[str]:
    return [each.text for each in world.service.notices if each.kind == "clipped"]


def _commands_of(world: World) -> list[Command]:
    commands: list[Command] = []
    world.observers.append(
        lambda service, event, outcome: commands.extend(  # noqa: ARG005 the seam's shape
            each.message
            for each in outcome.decisions
            if isinstance(each, Send) and isinstance(each.message, Command)
        )
    )
    return commands


def _arm(world: World) -> VirtualOperator:
    asked = world.operate("arm")
    while asked.exit_code is None:
        world.run(100_000)
    return asked


def _delivers_within(world: World, for_us: int) -> bool:
    end_us = world.now_us + for_us
    while world.now_us < end_us and not delivers(world):
        world.run(_S // 20)
    return delivers(world)
