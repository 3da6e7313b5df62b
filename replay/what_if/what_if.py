"""What each fault does from each state, tried on the real gate and the real reference device."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from replay.virtual.rig import virtual_rig
from replay.virtual.service import VirtualService
from replay.virtual.world import World
from replay.what_if.faults import FAULTS, ON_TIME_S, WhatIfFault
from replay.what_if.states import CALIBRATE_S, STATES, reach
from replay.what_if.way_back import find_way_back
from stimulators.decisions import Notice, SendStop, State, StateChanged
from stimulators.device_config import DeviceConfig
from stimulators.policies.threshold import ThresholdConfig
from streamer.closed_loop import Outcome
from streamer.config import LoopConfig
from streamer.events import Event

__all__ = ["FAULTS", "STATES", "Row", "rows"]

_S = 1_000_000
_LOOK_US = 20_000
#: What a picture shows before and after a fault begins.
BEFORE_S, AFTER_S = 1.0, 10.0
_N_SEEN_MAX = 10


class Row(msgspec.Struct, frozen=True, kw_only=True):
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
        By device, what the policy wanted, in the same form.
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


def rows(
    config: LoopConfig,
    *,
    faults: Sequence[WhatIfFault] = FAULTS,
    states: Sequence[State] = STATES,
    seed: int = 1,
) -> Iterator[Row]:
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


class _Watch:
    """What is noticed and said from the moment that a fault begins."""

    def __init__(self, world: World) -> None:
        self.start_us = world.now_us
        self.noticed_us: int | None = None
        self.sees: list[str] = []
        self.amounts = {name: [(0.0, each.amount)] for name, each in world.devices.items()}
        self.wishes = {name: [(0.0, _wish(world, name))] for name in world.devices}
        self._world = world
        self._devices = self._described()
        self._is_gone = False
        world.observers.append(self._observe)

    @property
    def now_s(self) -> float:
        """Seconds since the fault began."""
        return (self._world.now_us - self.start_us) / 1e6

    def tell(self, text: str) -> None:
        """Note what an operator is told."""
        if self.noticed_us is None:
            self.noticed_us = self._world.now_us
        if len(self.sees) < _N_SEEN_MAX and not any(each.endswith(text) for each in self.sees):
            self.sees.append(f"{self.now_s:.2f} s: {text}")

    def look(self) -> None:
        """Look at devices, policies and the service."""
        described = self._described()
        for name, text in described.items():
            if text != self._devices[name]:
                self.tell(text)
        self._devices = described
        for name, device in self._world.devices.items():
            _note(self.amounts[name], self.now_s, device.amount)
            _note(self.wishes[name], self.now_s, _wish(self._world, name))
        for service in self._world.services:
            if service.phase == "ended" and service.exit_code:
                self.tell(f"a service ended with exit code {service.exit_code}")
        if not self._world.running and not self._is_gone:
            self._is_gone = True
            self.tell("status: the service is gone")

    def _described(self) -> dict[str, str]:
        return {
            name: f"device {name}: {each.device.state}, {each.device.info.reason}"
            if each.is_on
            else f"device {name}: {'asleep' if each.is_asleep else 'no power'}"
            for name, each in self._world.devices.items()
        }

    def _observe(self, service: VirtualService, event: Event, outcome: Outcome) -> None:  # noqa: ARG002
        if self.now_s > AFTER_S:
            return
        for each in outcome.decisions:
            if isinstance(each, StateChanged):
                self.tell(f"{each.after}: {each.reason}")
            elif isinstance(each, Notice):
                self.tell(each.text)
            elif isinstance(each, SendStop):
                self.tell(f"the service presses stop: {each.reason}")


def _row(config: LoopConfig, fault: WhatIfFault, state: State, seed: int) -> Row:
    world = World(_virtual(config, fault, state), seed=seed)
    _swing(world, state)
    reach(world, state, fault.name)
    watch = _Watch(world)
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
    return Row(
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
    )


def _virtual(config: LoopConfig, fault: WhatIfFault, state: State) -> LoopConfig:
    devices = list(config.devices)
    if fault.name == "limit reached":
        devices = [_short(device) for device in devices]
    return virtual_rig(
        devices,
        timing=config.gate,
        tick_s=config.rig.tick_s,
        policies=_policies(config),
        calibrate_s=CALIBRATE_S if state == "armed" else 0.0,
    )


def _short(device: DeviceConfig) -> DeviceConfig:
    on_time_s_max = min(ON_TIME_S, device.limits.on_time_s_max)
    limits = msgspec.structs.replace(device.limits, on_time_s_max=on_time_s_max)
    return msgspec.structs.replace(device, limits=limits)


def _policies(config: LoopConfig) -> Mapping[str, Mapping[str, Any]]:
    """Return the amounts and programs that the rig's own policies have."""
    found: dict[str, dict[str, Any]] = {}
    units = {device.id: device.unit for device in config.devices}
    for policy in config.policies:
        if not isinstance(policy, ThresholdConfig) or policy.output != "amplitude":
            continue
        unit = units.get(policy.device, "ma")
        keys = {key: getattr(policy, key) for key in (f"on_{unit}", f"off_{unit}")}
        keys["program"] = policy.program
        found[policy.device] = {
            key: value for key, value in keys.items() if value not in {None, ""}
        }
    return found


def _swing(world: World, state: State) -> None:
    """Let the signal be strong half of the time while the detector calibrates."""
    if state != "armed":
        return

    def swing() -> None:
        if world.service.loop.gate.state in {"idle", "armed"}:
            world.amplifier.is_strong = not world.amplifier.is_strong
            world.schedule.after(_S // 2, swing)
        else:
            world.amplifier.is_strong = True

    world.schedule.after(_S, swing)


def _is_driven(world: World, rest: Mapping[str, float]) -> bool:
    return any(each.amount > rest[name] + 1e-6 for name, each in world.devices.items())


def _wish(world: World, device: str) -> float:
    amount, _ = world.service.wish.get(device, (0.0, ""))
    return amount


def _note(points: list[tuple[float, float]], now_s: float, amount: float) -> None:
    if points[-1][1] != amount:
        points.append((round(now_s, 3), round(amount, 6)))


def _seconds(time_us: int | None, start_us: int) -> float | None:
    return None if time_us is None else round((time_us - start_us) / 1e6, 3)
