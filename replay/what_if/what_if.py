"""What each fault does from each state, tried on the real gate and the real reference device."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from replay.virtual.world import World
from replay.what_if.faults import WHAT_IF_FAULTS, WhatIfFault
from replay.what_if.onlooker import AFTER_S, Onlooker
from replay.what_if.plain_rig import plain_rig, swing_while_calibrating
from replay.what_if.stand_ins import stand_ins
from replay.what_if.states import CALIBRATE_S, STATES, reach
from replay.what_if.way_back import find_way_back
from stimulators.decisions import State
from streamer.config import LoopConfig

__all__ = ["STATES", "WHAT_IF_FAULTS", "FaultRow", "rows"]

_S = 1_000_000
_LOOK_US = 20_000


class FaultRow(msgspec.Struct, frozen=True, kw_only=True):
    """What one fault does from one state.

    Parameters
    ----------
    fault, sentence : str
        Its name, and what happens.
    state : str
        What the rig was in when it began.
    noticed_s : float or None
        How long after that the service or a device noticed; None where nothing had to be.
    state_after : str
        What the rig was in ten seconds later; ``offline`` without a service.
    at_rest_s : float or None
        How long after it began all devices gave their safe amount or less, and went on so; 0
        where they did when it began; None where they are driven ten seconds later.
    must_rest : bool
        Whether devices that were driven have to come to rest by this fault.
    sees : tuple of str
        What an operator is told, with the seconds since it began.
    way_back : tuple of str
        What was done until the rig drove again; empty where it did so by itself.
    drives_again_s : float or None
        How long after it began the devices gave again what the policies want; None where that
        did not come about.
    amounts : dict of str to tuple
        By device, what it gave: pairs of seconds since it began, and amount in the device's unit.
    wishes : dict of str to tuple
        By device, what the policy wanted, in the same form; the safe amount where it gives triggers
        or all of it is withheld.
    policies : dict of str to str
        By device, what stood in the place of which policy.
    """

    fault: str
    sentence: str
    state: State
    noticed_s: float | None
    state_after: str
    at_rest_s: float | None
    must_rest: bool
    sees: tuple[str, ...]
    way_back: tuple[str, ...]
    drives_again_s: float | None
    amounts: dict[str, tuple[tuple[float, float], ...]]
    wishes: dict[str, tuple[tuple[float, float], ...]]
    policies: dict[str, str]


def rows(
    config: LoopConfig,
    *,
    faults: Sequence[WhatIfFault] = WHAT_IF_FAULTS,
    states: Sequence[State] = STATES,
    seed: int = 1,
) -> Iterator[FaultRow]:
    """Yield what each fault does from each state, fault by fault.

    Parameters
    ----------
    config : LoopConfig
        The rig. Its devices, its `[gate]` table and the amounts of its policies are used; in
        place of its streams and detectors there is one plain signal that turns policies on and
        off.
    faults, states
        Which; all of them without.
    seed : int
        Of clocks and names; it changes little.

    Raises
    ------
    NotReachedError
        Where the rig cannot be brought to a state at all.
    """
    for fault in faults:
        for state in states:
            yield _row(config, fault, state, seed)


def _row(config: LoopConfig, fault: WhatIfFault, state: State, seed: int) -> FaultRow:
    world = World(plain_rig(config, fault, state), seed=seed)
    swing_while_calibrating(world, state)
    reach(world, state, fault.name)
    watch = Onlooker(world)
    rest = {name: world.devices[name].config.safe_amount for name in world.devices}
    driven_us = world.now_us if _is_driven(world, rest) else None
    fault.begin(world)
    if state != "armed":
        world.schedule.after(_S, lambda: setattr(world.amplifier, "is_strong", False))
        world.schedule.after(2 * _S, lambda: setattr(world.amplifier, "is_strong", True))
    while watch.now_s < AFTER_S:
        world.run(_LOOK_US)
        watch.look()
        if _is_driven(world, rest):
            driven_us = world.now_us
    is_driven = driven_us == world.now_us
    rested_s = 0.0 if driven_us is None else (driven_us + _LOOK_US - watch.start_us) / 1e6
    state_after = world.service.state
    way_back, again_us = find_way_back(world, calibrate_s=CALIBRATE_S if state == "armed" else 0.0)
    return FaultRow(
        fault=fault.name,
        sentence=fault.sentence,
        state=state,
        noticed_s=_seconds(watch.noticed_us, watch.start_us),
        state_after=state_after,
        at_rest_s=None if is_driven else rested_s,
        must_rest=fault.must_rest,
        sees=tuple(watch.sees),
        way_back=way_back,
        drives_again_s=_seconds(again_us, watch.start_us),
        amounts={name: tuple(each) for name, each in watch.amounts.items()},
        wishes={name: tuple(each) for name, each in watch.wishes.items()},
        policies={each.device: each.text for each in stand_ins(config)},
    )


def _is_driven(world: World, rest: Mapping[str, float]) -> bool:
    return any(each.amount > rest[name] + 1e-6 for name, each in world.devices.items())


def _seconds(time_us: int | None, start_us: int) -> float | None:
    return None if time_us is None else round((time_us - start_us) / 1e6, 3)
