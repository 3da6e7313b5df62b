"""The interface of every policy, built in or of another package."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target
from stimulators.wire.messages import CommandKind


class MeasureRead(NamedTuple):
    """One measure that a policy reads: a column of `Observation.values`.

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
        Measures with the same text here are compared, so they must have the same unit.

    Examples
    --------
    >>> MeasureRead(key="of", detector="burst", channel="", measure="is_on").unit
    ''
    """

    key: str
    detector: str
    channel: str
    measure: str
    unit: str = ""
    compared: str = ""


class EventRead(NamedTuple):
    """Detections that a policy reads: they are in `Observation.moments`.

    For such a read a hop is valid where every measure of the channel is.

    Parameters
    ----------
    key, detector, channel
        As in `MeasureRead`.
    kinds : tuple of str
        Which of ``onset``, ``offset`` and ``moment``.

    Examples
    --------
    >>> EventRead(key="of", detector="peaks", channel="STN_L_13", kinds=("moment",)).kinds
    ('moment',)
    """

    key: str
    detector: str
    channel: str
    kinds: tuple[str, ...]


class Thresholds(NamedTuple):
    """What the `value` of a target is compared with.

    Parameters
    ----------
    upper, lower : float or None
        In the unit of the measure, equal for a single threshold; None where each target says its
        own `threshold`, which a calibration gave.

    Examples
    --------
    >>> Thresholds(upper=12.0, lower=12.0).is_single, Thresholds().is_single
    (True, True)
    """

    upper: float | None = None
    lower: float | None = None

    @property
    def is_single(self) -> bool:
        """Whether nothing lies between."""
        return self.upper == self.lower


class PolicyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of every `[[policies]]` table; each policy's own struct adds its keys and tag.

    Parameters
    ----------
    id : str
        Name of the policy.

    Examples
    --------
    >>> import msgspec
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> table = {"kind": "threshold", "id": "adbs", "of": "burst", "device": "stn", "on_ma": 3.0}
    >>> msgspec.convert(table, ThresholdConfig).drives
    ('stn',)
    """

    id: Annotated[str, Meta(min_length=1, max_length=64)]

    @property
    def reads(self) -> tuple[MeasureRead | EventRead, ...]:
        """What the policy reads; it decides at every hop of the first detector."""
        raise NotImplementedError

    @property
    def drives(self) -> tuple[str, ...]:
        """Ids of the devices it drives."""
        raise NotImplementedError

    @property
    def compares_with(self) -> Thresholds | None:
        """What its measure is compared with, for a session's summary; None for no threshold."""
        return None

    @property
    def onset_longest_s(self) -> float:
        """How long its measure must have passed a threshold before that counts; 0 for at once."""
        return 0.0


class OneDeviceConfig(PolicyConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of a policy that reads one detector and drives one device.

    Parameters
    ----------
    of : str
        Id of the detector it reads.
    channel : str
        Channel of that detector; optional where it has only one.
    device : str
        Id of the device it drives.
    program : str
        One of the device's programs; optional where it has only one.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> issubclass(ThresholdConfig, OneDeviceConfig)
    True
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
    """A read after its detector was found: with the channel, and the unit and sign of a measure.

    Examples
    --------
    >>> ResolvedRead("beta", "STN_L_13", measure="power", unit="µV²").is_signed
    False
    """

    detector: str
    channel: str
    measure: str = ""
    unit: str = ""
    is_signed: bool = False


class PolicyInputs(NamedTuple):
    """The second argument of a policy's class: rate, hop, reads and devices.

    Parameters
    ----------
    rate_hz : float
        Rate of the samples by which observations are indexed.
    hop_samples : int
        Samples from one observation to the next.
    reads : tuple of ResolvedRead
        What it reads, in the order of its table's `reads`.
    devices : tuple of DeviceConfig
        The devices it drives, in the order of its table's `drives`.

    Examples
    --------
    >>> reads = (ResolvedRead("burst", "STN_L_13", "is_on"),)
    >>> PolicyInputs(rate_hz=1000.0, hop_samples=10, reads=reads, devices=()).reads[0].channel
    'STN_L_13'
    """

    rate_hz: float
    hop_samples: int
    reads: tuple[ResolvedRead, ...]
    devices: tuple[DeviceConfig, ...]


class Clip(NamedTuple):
    """The range of amounts that a policy may ever ask of a device, within the device's limits.

    Examples
    --------
    >>> Clip("stn", "amplitude", lowest=0.5, highest=3.0).highest
    3.0
    """

    device: str
    kind: CommandKind
    lowest: float
    highest: float


class Policy(Protocol):
    """Turns hops and device events into targets: without a clock, a file or the network.

    A policy is constructed as ``cls(config, inputs)``; it raises ValueError, the text beginning
    with the key, where they do not fit. What it decides depends on these and on the hops and events
    so far, nothing else. Durations are counted in samples. Ramps, steps and holds are its own; the
    gate limits how fast a device follows.

    Attributes
    ----------
    clips : tuple of Clip
        One range of amounts for each device that it drives. A target outside is a fault of the
        policy: the rig goes safe.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> from stimulators.testing import PolicyExample
    >>> policy: Policy = PolicyExample(Threshold, Threshold.examples[0]).build()
    >>> policy.clips
    (Clip(device='stn', kind='amplitude', lowest=0.5, highest=2.5),)
    """

    #: The struct this policy is configured by; its tag is the `kind` in the file.
    config_type: ClassVar[type[PolicyConfig]]

    @property
    def clips(self) -> tuple[Clip, ...]:
        """One range of amounts for each device that it drives."""
        ...

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Take in the next hop, and return its targets; never raises on data.

        `MakeSafe` in place of targets makes the rig safe, where no amount is the answer.

        Values of an observation that are not valid may be any numbers, and must not be used.
        """
        ...

    def note(self, event: DeviceEvent) -> None:
        """Take in an event of a device that it drives: how it is driven, or a new amount."""
        ...

    def reset(self) -> None:
        """Forget everything: what follows is as after construction. Called at SAFE."""
        ...
