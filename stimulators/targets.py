"""What a policy sees of a hop of a detector, and what it wants of a device."""

import msgspec

from stimulators.wire.messages import CommandKind


class Observation(msgspec.Struct, frozen=True, gc=False):
    """One hop of one detector on one channel, as a policy sees it.

    Parameters
    ----------
    sample : int
        Index of the newest sample the hop used.
    time_s : float
        Time of that sample in the service's LSL clock.
    is_on : bool
        Whether the detector says that the thing it looks for is there.
    valid : bool
        Whether any of this may be used.
    calibrating : bool
        Invalid only because the detector is still calibrating: not suspect data.
    value, threshold : float
        The detector's measure and what it is held against.
    """

    sample: int
    time_s: float
    is_on: bool
    valid: bool
    calibrating: bool
    value: float
    threshold: float


class Target(msgspec.Struct, frozen=True, gc=False):
    """What a policy wants of a device at one hop; the gate decides what becomes of it.

    `amount` is in the device's own unit: milliampere, or level from 0 to 1. `fire_at_s` is when
    a trigger is to be given, in the service's clock; at once without.
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
