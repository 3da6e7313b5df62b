"""All that decides what is detected and decided; the journal keeps it, verification reads it."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detectors.chain import AnyDetectorConfig
from stimulators.limits import DeviceConfig, GateConfig
from stimulators.policies.threshold import AnyPolicyConfig
from streamer.streams import StreamConfig


class RigSection(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[rig]` table.

    Parameters
    ----------
    name : str
        The rig's name: a level of every topic, so letters, digits, ``-`` and ``_`` only.
    arm : {"operator", "auto"}
        ``auto`` arms by itself, once, and only where configuration and device both say
        simulated.
    tick_s : float
        Seconds from one look at ramps, leases and time-outs to the next.
    """

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]+$", max_length=64)]
    arm: Literal["operator", "auto"] = "operator"
    tick_s: Annotated[float, Meta(gt=0.0, le=1.0)] = 0.02


class LoopConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The sections the loop itself reads."""

    rig: RigSection
    streams: tuple[StreamConfig, ...]
    detectors: tuple[AnyDetectorConfig, ...]
    policies: tuple[AnyPolicyConfig, ...] = ()
    devices: tuple[DeviceConfig, ...] = ()
    gate: GateConfig = GateConfig()
