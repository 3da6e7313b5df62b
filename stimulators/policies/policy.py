"""The seam every policy fits, built in or from elsewhere."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target
from stimulators.wire.messages import CommandKind


class MeasureRead(NamedTuple):
    """One measure that a policy reads: one of `Observation.values`.

    Parameters
    ----------
    key : str
        The key of the table that names the detector; errors begin with it.
    detector : str
        Id of the detector.
    channel : str
        Its channel; empty where it has only one.
    measure : str
        Name of the measure.
    unit : str
        The unit it must have; empty for any.
    compared : str
        Measures with the same word here are held against each other, so they must have one unit.
    """

    key: str
    detector: str
    channel: str
    measure: str
    unit: str = ""
    compared: str = ""


class EventRead(NamedTuple):
    """Detections that a policy reads: they stand in `Observation.moments`.

    A hop is valid for it where every measure of the channel is.

    Parameters
    ----------
    key, detector, channel
        As of a `MeasureRead`.
    kinds : tuple of str
        Which of ``onset``, ``offset`` and ``moment``.
    """

    key: str
    detector: str
    channel: str
    kinds: tuple[str, ...]


class PolicyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every `[[policies]]` table has; each policy's own struct adds its keys and tag.

    Parameters
    ----------
    id : str
        Name of the policy.
    """

    id: Annotated[str, Meta(min_length=1, max_length=64)]

    @property
    def reads(self) -> tuple[MeasureRead | EventRead, ...]:
        """What the policy reads; it decides at every hop of the detector that is named first."""
        raise NotImplementedError

    @property
    def drives(self) -> tuple[str, ...]:
        """Ids of the devices it drives."""
        raise NotImplementedError


class OneDeviceConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the table of a policy has that follows one detector and drives one device.

    Parameters
    ----------
    of : str
        Id of the detector it follows.
    channel : str
        Channel of that detector; may be left out where it has only one.
    device : str
        Id of the device it drives.
    program : str
        One of the device's programs; may be left out where it has only one.
    """

    of: str
    device: str
    channel: str = ""
    program: str = ""

    @property
    def drives(self) -> tuple[str, ...]:
        """The device."""
        return (self.device,)


class ResolvedRead(NamedTuple):
    """What a read came to: its detector and channel, and of a measure the unit and the sign."""

    detector: str
    channel: str
    measure: str = ""
    unit: str = ""
    is_signed: bool = False


class PolicyInputs(NamedTuple):
    """What a policy is built on.

    Parameters
    ----------
    rate_hz : float
        Rate of the samples that observations count.
    hop_samples : int
        Samples from one observation to the next.
    reads : tuple of ResolvedRead
        What it reads, in the order of its table's `reads`.
    devices : tuple of DeviceConfig
        The devices it drives, in the order of its table's `drives`.
    """

    rate_hz: float
    hop_samples: int
    reads: tuple[ResolvedRead, ...]
    devices: tuple[DeviceConfig, ...]


class Clip(NamedTuple):
    """What a policy may ever want of a device: its own clip, within the device's limits."""

    device: str
    kind: CommandKind
    lowest: float
    highest: float


class Policy(Protocol):
    """A pure fold over hops and device events: no clock, no file, no network.

    A policy is constructed as ``cls(config, inputs)``; it raises ValueError, the text beginning
    with the key, where they do not fit. Durations are counted in samples. Ramps, steps and holds
    are its own; the gate limits how fast a device follows.

    Attributes
    ----------
    clips : tuple of Clip
        What it may want, one for each device that it drives. A target beyond is a fault of the
        policy: the rig goes safe.
    """

    #: The struct this policy is configured by; its tag is the `kind` in the file.
    config_type: ClassVar[type[PolicyConfig]]

    @property
    def clips(self) -> tuple[Clip, ...]:
        """What it may want, one for each device that it drives."""
        ...

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Fold the next hop in and return what it calls for; never raises on data.

        `MakeSafe` in place of targets makes the rig safe, where no amount is the answer.

        Values of an observation that are not valid may be any numbers, and mean nothing.
        """
        ...

    def note(self, event: DeviceEvent) -> None:
        """Take in what became of a device that it drives."""
        ...

    def reset(self) -> None:
        """Forget everything: what follows is as after construction. Called at SAFE."""
        ...
