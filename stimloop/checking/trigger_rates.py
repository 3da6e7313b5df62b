"""Warns where a rhythm asks for more triggers than its device may be sent, or may refuse."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from detectors.rhythm.oscillation_config import OscillationConfig
from detectors.rhythm.target_phase_config import TargetPhaseConfig
from stimloop.key_path import innermost
from stimulators.device_config import DeviceConfig
from stimulators.gate.belief import Belief
from stimulators.gate.limits.limit import Limited
from stimulators.gate.limits.rates import CommandsLimit
from stimulators.gate.usage.account import Account
from stimulators.gate_config import GateConfig
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.phase_lock import PhaseLockConfig

if TYPE_CHECKING:
    from stimloop.config import Config

#: No file can allow more refusals in a row, nor more commands a second.
_REFUSALS_MAX = 100
_COMMANDS_MAX = 2000
_TINY = 1e-9


class _Driven(NamedTuple):
    """A device that gets a trigger in each cycle of a rhythm, or in each of several."""

    why: str
    rate_hz: float
    place: int
    device: DeviceConfig


def too_many_triggers(config: "Config") -> Iterator[str]:
    """Yield a warning for each limit that refuses triggers of a rhythm: key, found, expected, why.

    Parameters
    ----------
    config : Config
        The rig. Looked at is each policy that gives a trigger at the phase events of a
        `target_phase`, also where another one wraps it: `phase_lock`, and `on_event` at a moment.
    """
    for driven in _driven(config):
        yield from _of_limits(driven, config)
        yield from _of_refusals(driven, config.gate)


def _driven(config: "Config") -> Iterator[_Driven]:
    detectors = {each.id: (index, each) for index, each in enumerate(config.detectors)}
    devices = {each.id: (index, each) for index, each in enumerate(config.devices)}
    for place, outer in enumerate(config.policies):
        path, table = innermost(f"$.policies[{place}]", outer)
        is_at_phase = isinstance(table, PhaseLockConfig) or (
            isinstance(table, OnEventConfig) and table.event == "moment"
        )
        if not is_at_phase:
            continue
        _, events = detectors[table.of]
        if not isinstance(events, TargetPhaseConfig):
            continue
        at, rhythm = detectors[events.of]
        if not isinstance(rhythm, OscillationConfig):
            continue
        n_cycles, which = getattr(table, "every_cycles", 1), "each cycle"
        if n_cycles > 1:
            which = f"one of {n_cycles} cycles ({path}.every_cycles)"
        index, device = devices[table.device]
        yield _Driven(
            f"policy {outer.id!r} ({path}) gives a trigger in {which} of {rhythm.centre_hz:g} Hz "
            f"($.detectors[{at}].centre_hz)",
            rhythm.centre_hz / n_cycles,
            index,
            device,
        )


def _of_limits(driven: _Driven, config: "Config") -> Iterator[str]:
    why, rate_hz, place, device = driven
    path, limits = f"$.devices[{place}].limits", device.limits
    if limits.refractory_s * rate_hz >= 1.0 - _TINY:
        yield (
            f"{path}.refractory_s: recommended less than {1.0 / rate_hz:.3g}, found "
            f"{limits.refractory_s:g}: {why}, and one that comes sooner is refused"
        )
    per_min = 60.0 * rate_hz
    if limits.triggers_per_min_max < per_min - _TINY:
        yield (
            f"{path}.triggers_per_min_max: recommended at least {math.ceil(per_min - _TINY)}, "
            f"found {limits.triggers_per_min_max}: {why}, and those beyond are refused until the "
            "minute is over"
        )
    per_s = _triggers_per_s_max(device, config)
    if per_s < rate_hz - _TINY:
        needed = math.ceil(rate_hz)
        while needed < _COMMANDS_MAX and _triggers_per_s_max(device, config, needed) < rate_hz:
            needed += 1
        yield (
            f"{path}.commands_per_s_max: recommended at least {needed}, found "
            f"{limits.commands_per_s_max:g}, of which {per_s:g} may be triggers: {why}, and those "
            "beyond are refused"
        )


def _of_refusals(driven: _Driven, gate: GateConfig) -> Iterator[str]:
    """Yield where triggers that are late for less than a lease end a session."""
    n_late = math.floor(driven.rate_hz * gate.lease_s + _TINY)
    needed = min(n_late + 1, _REFUSALS_MAX)
    if gate.refusals_in_row_max < needed:
        yield (
            f"$.gate.refusals_in_row_max: recommended at least {needed}, found "
            f"{gate.refusals_in_row_max}: {driven.why}, {n_late} in one lease "
            f"($.gate.lease_s, {gate.lease_s:g}): where they come late to {driven.device.id!r} for "
            f"so long, it refuses {gate.refusals_in_row_max} in a row, and the rig holds and may "
            "go safe"
        )


def _triggers_per_s_max(
    device: DeviceConfig, config: "Config", commands_per_s_max: float | None = None
) -> float:
    """Return how many of the commands of a second the gate allows to be triggers."""
    if commands_per_s_max is not None:
        limits = replace(device.limits, commands_per_s_max=float(commands_per_s_max))
        device = replace(device, limits=limits)
    belief = Belief(device, config.gate.command_valid_s)
    account = Account(device, lease_s=config.gate.lease_s, tick_s=config.rig.tick_s)
    limit = CommandsLimit(Limited(device, belief, account, config.rig.tick_s))
    return round(1.0 / limit.interval_s, 6)
