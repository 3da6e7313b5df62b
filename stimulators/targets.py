"""What a policy sees of a hop, what it wants of a device, and what it hears of it."""

from typing import Literal, NamedTuple, TypeAlias

import msgspec

from stimulators.wire.messages import CommandKind

#: What may become of a device, for the policy that drives it.
DeviceChange: TypeAlias = Literal[
    "engaged", "held", "resumed", "paused", "released", "safe", "applied"
]
#: How the gate drives a device now.
DevicePhase: TypeAlias = Literal["driven", "held", "paused", "released", "safe"]


class DetectedEvent(msgspec.Struct, frozen=True, gc=False):
    """One detection: the onset or offset of something, or a moment that may lie ahead.

    Parameters
    ----------
    detector, channel : str
        What found it, and where.
    kind : {"onset", "offset", "moment"}
        Which.
    sample : int
        Index of the sample nearest to it.
    time_s : float
        When it happens, in the service's LSL clock.
    strength : float
        The detector's measure at that moment.
    """

    detector: str
    channel: str
    kind: str
    sample: int
    time_s: float
    strength: float


class Observation(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One hop, as a policy sees it: the measures it declared, and what was detected.

    Parameters
    ----------
    sample : int
        Index of the newest sample the hop used.
    time_s : float
        Time of that sample in the service's LSL clock.
    valid : bool
        Whether all of it may be used.
    calibrating : bool
        Invalid only because a detector is still calibrating: not suspect data.
    values : tuple of float
        The measures, in the order in which the policy's table reads them.
    values_valid : tuple of bool
        Of each whether it may be used.
    moments : tuple of DetectedEvent
        What was detected since the hop before, in order.
    """

    sample: int
    time_s: float
    valid: bool
    calibrating: bool = False
    values: tuple[float, ...] = ()
    values_valid: tuple[bool, ...] = ()
    moments: tuple[DetectedEvent, ...] = ()


class Target(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a policy wants of a device at one hop; the gate decides what becomes of it.

    Parameters
    ----------
    policy, device : str
        Whose it is, and of which device.
    detector, channel : str
        What it follows.
    program : str
        One of the device's programs.
    kind : {"amplitude", "trigger"}
        An amount that is held, or a pulse.
    amount : float
        In the device's own unit: milliampere, or level from 0 to 1.
    sample, time_s : int, float
        The hop it was decided at.
    onset_s : float
        Since when it is wanted.
    value, threshold : float
        The measure it rests on, and what that was held against.
    fire_at_s : float, optional
        When a trigger is to be given, in the service's clock; at once without.
    withheld : bool
        It is not to be sent: the device stays at its safe amount.
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
    withheld: bool = False


class MakeSafe(msgspec.Struct, frozen=True, gc=False):
    """What a policy returns in place of targets where the rig is to be made safe.

    Parameters
    ----------
    reason : str
        Why, in one line: it stands in the journal, and an operator reads it.
    """

    reason: str


class Applied(NamedTuple):
    """How a device is driven, and the range of amounts it may give: the gate's belief.

    `is_certain` says whether lowest and highest are one within the device's tolerance.
    """

    phase: DevicePhase
    lowest: float
    highest: float
    is_certain: bool


class DeviceEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What became of a device, for the policy that drives it, bound to a sample.

    Parameters
    ----------
    policy, device : str
        Who hears of it, and of which device.
    change : str
        ``engaged``: it takes commands from now on. ``held``, ``resumed``, ``paused``, ``safe``:
        the state of the rig. ``released``: it is driven no longer. ``applied``: nothing of
        these, but the amount it gives is another one, or known better.
    sample : int
        The policy hears of it before the first hop at or after this sample.
    lowest, highest : float
        The range of amounts it may give, in its unit.
    certain : bool
        Whether these are one within the device's tolerance.
    """

    policy: str
    device: str
    change: DeviceChange
    sample: int
    lowest: float
    highest: float
    certain: bool
