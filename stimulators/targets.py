"""What a policy reads (hops and events of devices), and what it returns (targets)."""

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from stimulators.wire.messages import CommandKind

#: The events of a device for the policy that drives it; see `DeviceEvent`.
DeviceChange: TypeAlias = Literal[
    "engaged", "held", "resumed", "paused", "released", "safe", "applied"
]
#: How the gate drives a device now.
DevicePhase: TypeAlias = Literal["driven", "held", "paused", "released", "safe"]


class DetectedEvent(msgspec.Struct, frozen=True, gc=False):
    """One detection: an onset, an offset, or a phase event (``moment``), which may lie ahead.

    Parameters
    ----------
    detector, channel : str
        The detector that found it, and on which channel.
    kind : {"onset", "offset", "moment"}
        What was detected.
    sample : int
        Index of the nearest sample.
    time_s : float
        When it happens, in the service's LSL clock.
    strength : float
        The detector's measure then.

    Examples
    --------
    >>> DetectedEvent("burst", "STN_L_13", "onset", sample=250, time_s=12.25, strength=34.0).kind
    'onset'
    """

    detector: str
    channel: str
    kind: str
    sample: int
    time_s: float
    strength: float


class Observation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One hop for a policy: the measures that it declared, and the detections.

    Parameters
    ----------
    sample : int
        Index of the newest sample the hop used.
    time_s : float
        Time of that sample in the service's LSL clock.
    valid : bool
        Whether every measure may be used.
    calibrating : bool
        Invalid only because a detector is still calibrating: not suspect data.
    values : tuple of float
        The measures, in the order in which the policy's table reads them.
    values_valid : tuple of bool
        Whether each measure may be used.
    moments : tuple of DetectedEvent
        Detections since the hop before, in order.

    Examples
    --------
    >>> hop = Observation(sample=99, time_s=10.099, valid=True, values=(1.0, 34.0, 25.0))
    >>> is_on, value, threshold = hop.values
    >>> value > threshold
    True
    """

    sample: int
    time_s: float
    valid: bool
    calibrating: bool = False
    values: tuple[float, ...] = ()
    values_valid: tuple[bool, ...] = ()
    moments: tuple[DetectedEvent, ...] = ()


class Target(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An amount or trigger that a policy asks of a device at one hop; the gate decides on it.

    Parameters
    ----------
    policy, device : str
        The policy that asks, and the device.
    detector, channel : str
        The detector and channel that it is based on.
    program : str
        One of the device's programs.
    kind : {"amplitude", "trigger"}
        An amount that is held, or a pulse.
    amount : float
        In the device's own unit: milliampere, or level from 0 to 1.
    sample, time_s : int, float
        The hop of the decision.
    onset_s : float
        When the policy went on or off, or the detection happened, that it follows.
    value, threshold : float
        The measure that it is based on, and the threshold of that.
    fire_at_s : float, optional
        When a trigger is to be fired, in the service's clock; at once without it.
    fire_uncertainty_s_max : float, optional
        How far from `fire_at_s` it may be fired, as far as the clocks of stream and device are
        known: a trigger that cannot be that exact is refused. Without it the clocks must be known
        as for any command.
    withheld : bool
        Whether it must not be sent, as in a control arm: the device stays at its safe amount.

    Examples
    --------
    >>> target = Target(
    ...     policy="adbs",
    ...     device="stn",
    ...     detector="burst",
    ...     channel="STN_L_13",
    ...     program="adbs",
    ...     kind="amplitude",
    ...     amount=3.0,
    ...     sample=99,
    ...     time_s=10.099,
    ...     onset_s=10.05,
    ...     value=34.0,
    ...     threshold=25.0,
    ... )
    >>> target.amount, target.withheld
    (3.0, False)
    """

    policy: str
    device: str
    detector: str
    channel: str
    program: str
    kind: CommandKind
    amount: float
    sample: int
    time_s: float
    onset_s: float
    value: float
    threshold: float
    fire_at_s: float | None = None
    fire_uncertainty_s_max: float | None = None
    withheld: bool = False


class MakeSafe(msgspec.Struct, frozen=True, gc=False):
    """What a policy returns in place of targets where the rig is to be made safe.

    Parameters
    ----------
    reason : str
        Why, in one line: it stands in the journal, and an operator reads it.

    Examples
    --------
    >>> MakeSafe("the measure rises with the amplitude").reason
    'the measure rises with the amplitude'
    """

    reason: str


class Applied(NamedTuple):
    """How a device is driven, and the range of amounts it may give: the gate's belief.

    `is_certain` says whether lowest and highest are equal within the device's tolerance.

    Examples
    --------
    >>> Applied("driven", lowest=1.5, highest=2.0, is_certain=False).highest
    2.0
    """

    phase: DevicePhase
    lowest: float
    highest: float
    is_certain: bool


class DeviceEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A change of a device, for the policy that drives it, bound to a sample.

    Parameters
    ----------
    policy, device : str
        The policy that receives it, and the device.
    change : str
        ``engaged``: it takes commands from now on. ``held``, ``resumed``, ``paused``, ``safe``:
        the rig changed its state. ``released``: it is driven no longer. ``applied``: none of
        these, but its amount changed, or is known better.
    sample : int
        The policy receives it before the first hop at or after this sample.
    lowest, highest : float
        The range of amounts it may give, in its unit.
    certain : bool
        Whether these are equal within the device's tolerance.

    Examples
    --------
    >>> event = DeviceEvent(
    ...     policy="adbs",
    ...     device="stn",
    ...     change="engaged",
    ...     sample=100,
    ...     lowest=0.5,
    ...     highest=0.5,
    ...     certain=True,
    ... )
    >>> event.change
    'engaged'
    """

    policy: str
    device: str
    change: DeviceChange
    sample: int
    lowest: float
    highest: float
    certain: bool
