"""What every policy has: its table in the configuration, and its two methods."""

from typing import ClassVar, Literal, Protocol

import msgspec

from stimulators.targets import Observation, Target


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
