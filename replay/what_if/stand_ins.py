"""The policies of a rig on which faults are tried: plain ones with the amounts of the real ones.

A fault is looked at for ten seconds, on one signal that is strong or weak. The onsets, ramps and
means of a real policy may take minutes, and its detectors need other signals: in its place stands
a `threshold` between the lowest and the highest amount that it may want.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import program_of
from stimulators.policies.arms.sham import ShamConfig
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs, ResolvedRead
from stimulators.policies.threshold import ThresholdConfig
from streamer.config import LoopConfig
from streamer.wiring.policy_reads import declared
from streamer.wiring.wiring import policy_of

#: Said above what stands in for whom.
WHY: Final = (
    "Each fault is looked at for ten seconds. Onsets, ramps and means may take minutes, so plain "
    "policies with the amounts of the real ones stand in their places:"
)
#: The detector of the virtual rig that is on while the signal is strong.
_BURST: Final = "burst"
#: Fine enough for any onset: a real policy is made only to be asked for its amounts.
_RATE_HZ: Final = 1000.0


class StandIn(NamedTuple):
    """What stands in a policy's place for one device.

    Parameters
    ----------
    device : str
        The device.
    table : PolicyConfig
        Its table on the virtual rig.
    text : str
        What it does, in whose place, for people.
    """

    device: str
    table: PolicyConfig
    text: str


def stand_ins(config: LoopConfig) -> tuple[StandIn, ...]:
    """Return what drives each device of a rig while faults are tried, in the order of devices.

    Parameters
    ----------
    config : LoopConfig
        The real rig.
    """
    return tuple(_stand_in(config, device) for device in config.devices)


def _stand_in(config: LoopConfig, device: DeviceConfig) -> StandIn:
    policy = next((each for each in config.policies if device.id in each.drives), None)
    whole = Clip(device.id, "amplitude", device.safe_amount, device.amount_max)
    if policy is None:
        text = f"no policy drives it; here one steps {_between(whole, device)}"
        return StandIn(device.id, _table(device, whole, device.safe_program), text)
    name = f"policy {policy.id!r} ({policy.__struct_config__.tag})"
    try:
        clip = _clip_of(policy, device, config.devices)
    except ValueError as error:
        reason = str(error).partition("\n")[0]
        text = f"{name} cannot be asked for its amounts ({reason}); here one steps "
        text += f"{_between(whole, device)} in its place"
        return StandIn(device.id, _table(device, whole, device.safe_program), text)
    program = program_of(_program_of(policy, device.id), device)
    table: PolicyConfig = _table(device, clip, program)
    if _is_withheld(policy) or config.rig.stage == "shadow":
        table = ShamConfig(id=table.id, wraps=table)
    return StandIn(device.id, table, f"{name}: {_described(clip, device, config, policy)}")


def _clip_of(policy: PolicyConfig, device: DeviceConfig, devices: Sequence[DeviceConfig]) -> Clip:
    """Return what a policy may ask of a device."""
    reads = tuple(
        ResolvedRead(each.detector, each.channel, getattr(each, "measure", ""))
        for each in declared(policy).reads
    )
    known = {each.id: each for each in devices}
    driven = tuple(known[name] for name in policy.drives if name in known)
    made = policy_of(policy, PolicyInputs(_RATE_HZ, 1, reads, driven))
    return next(clip for clip in made.clips if clip.device == device.id)


def _table(device: DeviceConfig, clip: Clip, program: str) -> ThresholdConfig:
    amounts = {f"on_{device.unit}": clip.highest}
    if clip.kind == "amplitude":
        amounts[f"off_{device.unit}"] = clip.lowest
    plain = ThresholdConfig(
        id=f"policy-{device.id}",
        of=_BURST,
        device=device.id,
        program=program,
        output=clip.kind,
        onset_s=0.0,
        termination_s=0.0,
    )
    return msgspec.structs.replace(plain, **amounts)


def _program_of(policy: PolicyConfig, device: str) -> str:
    """Return the program that a table says for a device; empty where it says none."""
    others = getattr(policy, "others", None) or {}
    if device in others:
        return str(others[device].program)
    within: PolicyConfig | None = getattr(policy, "wraps", None)
    return str(getattr(policy, "program", "")) if within is None else _program_of(within, device)


def _is_withheld(policy: PolicyConfig) -> bool:
    return isinstance(policy, ShamConfig)


def _described(clip: Clip, device: DeviceConfig, config: LoopConfig, policy: PolicyConfig) -> str:
    """Return what stands in a policy's place, and why."""
    unit = _unit(device)
    if clip.kind == "trigger":
        does = f"one trigger of {clip.highest:g}{unit} as the signal becomes strong; between "
        does += "triggers it gives its safe amount"
    elif clip.lowest == clip.highest:
        does = f"{clip.highest:g}{unit}, always"
    else:
        does = f"one that steps {_between(clip, device)}"
    if _is_withheld(policy) or config.rig.stage == "shadow":
        does += ", and nothing of it is sent"
    elif config.rig.stage == "confirm":
        does += ", as if each rise were confirmed"
    return f"in its place {does}"


def _between(clip: Clip, device: DeviceConfig) -> str:
    return f"between {clip.lowest:g} and {clip.highest:g}{_unit(device)}"


def _unit(device: DeviceConfig) -> str:
    return " mA" if device.unit == "ma" else " (level)"
