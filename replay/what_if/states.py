"""Brings a virtual rig to a state of the gate before a fault begins."""

from collections.abc import Callable, Mapping
from typing import Final

from replay.virtual.world import World
from stimulators.decisions import State

STATES: Final[tuple[State, ...]] = ("idle", "armed", "active", "hold", "paused", "safe")
#: How long the detector calibrates where the rig is to be armed when the fault begins.
CALIBRATE_S: Final = 20.0

#: By then the policies know whether the signal is strong.
SEEN_US: Final = 500_000

_MS = 1_000
_S = 1_000_000
_LOOK_US = 20 * _MS
_WAIT_US = 60 * _S


class NotReachedError(Exception):
    """The rig did not come to the state; the text says what it waits for."""


def reach(world: World, state: State, fault: str) -> None:
    """Start a service and bring it to a state.

    Parameters
    ----------
    world : World
        As it begins.
    state : str
        Which.
    fault : str
        The fault that will follow: what holds the rig must not be the same.

    Raises
    ------
    NotReachedError
        Where the rig cannot be brought there.
    """
    world.start_service(listens=False)
    _until(world, lambda: world.service.loop.gate.state == "idle", "idle")
    world.run(3 * _S)
    if state == "idle":
        return
    _arm(world)
    if state == "armed":
        world.run(_S)
        return
    world.amplifier.is_strong = True
    world.run(SEEN_US)
    _until(world, lambda: delivers(world), "the amount that the policy wants")
    world.run(_S // 2)
    _THEN[state](world, fault)


def delivers(world: World) -> bool:
    """Return whether the rig is active and every device gives what its policy wants.

    A device that passes the amount in another program, on its way to 0, does not give it yet.
    """
    if not world.running or world.service.state != "active":
        return False
    return all(
        abs(world.devices[name].amount - amount) < 1e-6
        and world.devices[name].device.program == program
        for name, (amount, program) in world.service.wish.items()
    )


def _arm(world: World) -> None:
    asked = world.operate("arm")
    _until(world, lambda: asked.exit_code is not None, "an answer to arm")
    if asked.exit_code != 0:
        raise NotReachedError(f"armed: {asked.reason}")


def _hold(world: World, fault: str) -> None:
    amplifier = world.amplifier
    key = "delay_us" if fault == "data suspect" else "is_spoilt"
    value = 10 * round(world.config.gate.data_age_s_max * 1e6) if key == "delay_us" else 1
    setattr(amplifier, key, value)
    _until(world, lambda: world.service.state == "hold", "hold")
    world.schedule.after(_S // 2, lambda: setattr(amplifier, key, 0))


def _pause(world: World, fault: str) -> None:  # noqa: ARG001 the shape of the others
    asked = world.operate("pause")
    _until(world, lambda: asked.exit_code is not None, "an answer to pause")
    if asked.exit_code != 0:
        raise NotReachedError(f"paused: {asked.reason}")


def _safe(world: World, fault: str) -> None:  # noqa: ARG001 the shape of the others
    world.amplifier.misjudge_clock(200 * _MS)
    _until(world, lambda: world.service.state == "safe", "safe")
    world.amplifier.misjudge_clock(-200 * _MS)
    world.run(4 * _S)


_THEN: Final[Mapping[State, Callable[[World, str], None]]] = {
    "active": lambda world, fault: None,  # noqa: ARG005 the shape of the others
    "hold": _hold,
    "paused": _pause,
    "safe": _safe,
}


def _until(world: World, holds: Callable[[], bool], what: str) -> None:
    end_us = world.now_us + _WAIT_US
    while not holds():
        if world.now_us >= end_us:
            service = world.service
            raise NotReachedError(f"{what}: found {service.state}, {service.loop.gate.reason}")
        world.run(_LOOK_US)
