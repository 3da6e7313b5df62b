"""The rig that faults are tried on: the devices of a real one, on a plain signal."""

from collections.abc import Mapping
from typing import Any

import msgspec

from replay.virtual.rig import virtual_rig
from replay.virtual.world import World
from replay.what_if.faults import ON_TIME_S, WhatIfFault
from replay.what_if.inflicting import S
from replay.what_if.states import CALIBRATE_S
from stimulators.decisions import State
from stimulators.device_config import DeviceConfig
from stimulators.policies.threshold import ThresholdConfig
from streamer.config import LoopConfig


def plain_rig(config: LoopConfig, fault: WhatIfFault, state: State) -> LoopConfig:
    """Return the rig on which a fault is tried from a state.

    Parameters
    ----------
    config : LoopConfig
        The real rig: its devices, its `[gate]` table and the amounts of its policies are used.
    fault : WhatIfFault
        Which; some need a rig of their own.
    state : str
        A rig that is to be found armed calibrates its detector.
    """
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


def swing_while_calibrating(world: World, state: State) -> None:
    """Let the signal be strong half of the time while the detector calibrates."""
    if state != "armed":
        return

    def swing() -> None:
        if world.service.loop.gate.state in {"idle", "armed"}:
            world.amplifier.is_strong = not world.amplifier.is_strong
            world.schedule.after(S // 2, swing)
        else:
            world.amplifier.is_strong = True

    world.schedule.after(S, swing)
