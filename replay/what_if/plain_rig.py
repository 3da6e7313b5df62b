"""The rig that faults are tried on: the devices of a real one, on a plain signal."""

import msgspec

from replay.virtual.rig import virtual_rig
from replay.virtual.world import World
from replay.what_if.faults import ON_TIME_S, WhatIfFault
from replay.what_if.inflicting import S
from replay.what_if.stand_ins import stand_ins
from replay.what_if.states import CALIBRATE_S
from stimulators.decisions import State
from stimulators.device_config import DeviceConfig
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
    rig = virtual_rig(
        devices,
        timing=config.gate,
        tick_s=config.rig.tick_s,
        calibrate_s=CALIBRATE_S if state == "armed" else 0.0,
    )
    policies = tuple(each.table for each in stand_ins(config))
    return msgspec.structs.replace(rig, policies=policies)


def _short(device: DeviceConfig) -> DeviceConfig:
    on_time_s_max = min(ON_TIME_S, device.limits.on_time_s_max)
    limits = msgspec.structs.replace(device.limits, on_time_s_max=on_time_s_max)
    return msgspec.structs.replace(device, limits=limits)


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
