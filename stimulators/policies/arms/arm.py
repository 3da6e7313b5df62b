"""What control arms share: the wrapped policy decides, and the arm gives something else."""

from collections.abc import Sequence
from importlib import metadata
from typing import TYPE_CHECKING, Final, TypeAlias, Union

from stimulators.device_config import DeviceConfig
from stimulators.policies.kinds import GROUP, find_in
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs
from stimulators.policies.wrapping.wrapped import WrappingConfig, wrapped
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target

_KINDS: Final = find_in(
    ("stimulators.policies", "stimulators.policies.wrapping"),
    metadata.entry_points(group=GROUP),
    without="stimulators.policies.registry",
)

#: A table of a policy that an arm may wrap: any but another arm.
if TYPE_CHECKING:
    AnyArmedConfig: TypeAlias = PolicyConfig
else:
    AnyArmedConfig = Union[tuple(_KINDS.policies)]  # noqa: UP007


class ArmConfig(WrappingConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys of every control arm's table.

    Parameters
    ----------
    wraps : table
        The table of the policy that it is compared with, of any kind but an arm.
    """

    wraps: AnyArmedConfig


class Arm:
    """A policy that lets another one decide and gives something else.

    Parameters
    ----------
    config : ArmConfig
        The table, with that of the wrapped policy.
    inputs : PolicyInputs
        Reads and devices.

    Notes
    -----
    Where the wrapped policy would make the rig safe, an arm wants nothing at that hop: what it saw
    did not follow from what it wanted.
    """

    def __init__(self, config: ArmConfig, inputs: PolicyInputs) -> None:
        self._within = wrapped(config, inputs, _KINDS.policies)
        self.clips: tuple[Clip, ...] = self._within.clips

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._within.reset()

    def note(self, event: DeviceEvent) -> None:
        """Pass a device event on to the wrapped policy."""
        self._within.note(event)

    def wanted_within(self, observation: Observation) -> Sequence[Target]:
        """Return the targets of the wrapped policy at the next hop."""
        wanted = self._within.decide(observation)
        return () if isinstance(wanted, MakeSafe) else wanted

    def require_amplitude(self) -> None:
        """Refuse to wrap a policy that gives triggers.

        Raises
        ------
        ValueError
            Where it does.
        """
        if any(clip.kind != "amplitude" for clip in self.clips):
            raise ValueError("wraps: expected a policy that keeps an amplitude, found triggers")

    def require_one(self, inputs: PolicyInputs) -> tuple[DeviceConfig]:
        """Return the one device that the wrapped policy drives.

        Raises
        ------
        ValueError
            Where it drives several.
        """
        if len(inputs.devices) != 1:
            names = ", ".join(each.id for each in inputs.devices)
            raise ValueError(f"wraps: expected a policy of one device, found one of {names}")
        return (inputs.devices[0],)
