"""Finds what an operator has to do after a fault until the rig drives again, by trying it."""

from replay.virtual.operator import Action, VirtualOperator
from replay.virtual.world import World
from replay.what_if.states import SEEN_US, delivers

_S = 1_000_000
_LOOK_US = 100_000
#: So long a rig may take to drive again by itself, and after each step.
_PATIENCE_US = 6 * _S
#: So long a limit may keep a rig from being armed: the window of the charge.
_WAIT_US = 700 * _S
_TEXTS = {"arm": "stimloop arm", "resume": "stimloop resume"}


def find_way_back(world: World, *, calibrate_s: float) -> tuple[tuple[str, ...], int | None]:
    """Do what is needed until every device gives what its policy wants.

    Parameters
    ----------
    world : World
        Some time after a fault.
    calibrate_s : float
        How long an arming may take because detectors calibrate.

    Returns
    -------
    tuple of str
        What was done, in order; empty where nothing had to be.
    int or None
        When the rig drove again; None where it did not.
    """
    steps: list[str] = []
    end_us = world.now_us + _WAIT_US
    patience_us = _PATIENCE_US + round(calibrate_s * _S)
    world.amplifier.is_strong = True
    world.run(SEEN_US)
    while world.now_us < end_us:
        if not world.running:
            _start(world, steps)
        action = _next_action(world)
        if action is None:
            if _waits(world, patience_us):
                return tuple(steps), world.now_us
            _help(world, steps)
            continue
        asked = world.operate(action)
        _until_ended(world, asked)
        _note(steps, _TEXTS[action], asked)
    return tuple(steps), None


def _help(world: World, steps: list[str]) -> None:
    """Do what is left where the rig is armed or active and still does not give what is wanted."""
    if world.service.state == "active":
        steps.append("wait until the policy wants another amount")
        world.amplifier.is_strong = False
        world.run(2 * _S)
        world.amplifier.is_strong = True
        world.run(SEEN_US)
    elif world.service.state == "armed":
        for service in world.running:
            service.end(0, "started again")
        world.run(4 * _S)


def _next_action(world: World) -> Action | None:
    state = world.service.state
    if state == "paused":
        return "resume"
    return "arm" if state in {"idle", "safe"} else None


def _start(world: World, steps: list[str]) -> None:
    """Start the service: a new session."""
    steps.append("stimloop run")
    world.start_service()
    world.run(6 * _S)


def _note(steps: list[str], text: str, asked: VirtualOperator) -> None:
    if asked.exit_code == 0:
        steps.append(text)
        return
    waiting = f"{text}: refused, {_plain(asked.reason)}"
    if not steps or steps[-1].partition(":")[0] != text:
        steps.append(waiting)


def _plain(reason: str) -> str:
    return reason.partition("; ")[0]


def _until_ended(world: World, asked: VirtualOperator) -> None:
    while asked.exit_code is None:
        world.run(_LOOK_US)


def _waits(world: World, for_us: int) -> bool:
    end_us = world.now_us + for_us
    while world.now_us < end_us:
        if delivers(world):
            return True
        world.run(_LOOK_US)
    return delivers(world)
