"""The sections of a configuration that determine detections and decisions; journalled whole."""

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from detectors.chain import AnyDetectorConfig
from stimulators.device_config import DeviceConfig
from stimulators.gate_config import GateConfig, Stage
from stimulators.policies.registry import AnyPolicyConfig
from streamer.streams import StreamConfig

#: What lies outside the recommended, by the word that allows it; no other is known.
Allowed: TypeAlias = Literal[
    "embedded_broker_with_real_device",
    "plain_network_with_real_device",
    "plain_password_with_real_device",
    "long_lease_with_real_device",
    "late_commands_with_real_device",
    "old_data_with_real_device",
    "long_hold_with_real_device",
    "fast_slew_with_real_device",
    "stop_above_safe",
    "small_percentile",
    "slow_band",
    "large_contact_area",
    "short_pulses",
    "slow_pulses",
    "slew_like_a_step",
    "off_equals_on",
    "long_dwell",
    "auto_arm_with_real_device",
    "odd_host",
    "port_of_the_other_kind",
]


class RigSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[rig]` table.

    Parameters
    ----------
    name : str
        The rig's name: a level of every topic, so letters, digits, ``-`` and ``_`` only.
    arm : {"operator", "auto"}
        ``auto`` arms by itself, once, and only where configuration and device both say
        simulated.
    stage : {"closed", "confirm", "shadow"}
        ``closed`` does what policies want. ``confirm`` lets amounts fall, and rise only after an
        operator said yes to it. ``shadow`` decides as ever and withholds all: devices stay at their
        safe amounts.
    confirm_s : float
        Stage ``confirm``: how long a yes keeps the way up open, and how long an operator has to
        say it after a rise was wanted last.
    tick_s : float
        Seconds from one look at ramps, leases and time-outs to the next.
    allow : tuple of str
        What this rig does though it is not recommended, a word for each; `config check` names
        the word where one is needed.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
    arm: Literal["operator", "auto"] = "operator"
    stage: Stage = "closed"
    confirm_s: Annotated[float, Meta(ge=5.0, le=3600.0)] = 30.0
    tick_s: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.02
    allow: tuple[Allowed, ...] = ()


class LoopConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sections the loop itself reads.

    Raises
    ------
    ValueError
        Where a device's budgets leave no way out once a lease of this rig is counted.
    """

    rig: RigSection
    streams: tuple[StreamConfig, ...]
    detectors: tuple[AnyDetectorConfig, ...]
    policies: tuple[AnyPolicyConfig, ...] = ()
    devices: tuple[DeviceConfig, ...] = ()
    gate: GateConfig = GateConfig()

    def __post_init__(self) -> None:
        for index, device in enumerate(self.devices):
            try:
                device.require_way_out(self.gate.lease_s)
            except ValueError as error:
                raise ValueError(f"devices[{index}].{error}") from error
