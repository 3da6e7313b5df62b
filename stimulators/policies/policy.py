"""The seam every policy fits: what it may see of a hop, and what it may want."""

from typing import ClassVar, Literal, Protocol

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


class PolicyConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What every `[[policies]]` table has.

    Parameters
    ----------
    id : str
        Name of the policy.
    of : str
        Id of the detector it follows.
    channel : str
        Channel of that detector; may be left out where it has only one.
    device : str
        Id of the device it drives.
    program : str
        One of the device's programs; may be left out where it has only one.
    """

    id: str
    of: str
    device: str
    channel: str = ""
    program: str = ""


class Policy(Protocol):
    """A pure fold over hops: no clock, no ramps, no knowledge of what was granted."""

    config_type: ClassVar[type[PolicyConfig]]

    id: str
    device: str
    wants: Literal["amplitude", "trigger"]

    def decide(self, seen: Observation) -> Target | None:
        """Fold the next hop in and return what it calls for, if anything."""
        ...

    def reset(self) -> None:
        """Forget everything: called at SAFE. A refusal changes nothing of what is wanted."""
        ...
