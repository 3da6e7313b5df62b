"""A policy whose targets are decided and never sent: for the arm `sham` and the stage `shadow`."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from stimulators.policies.policy import Clip, Policy, PolicyConfig
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target


class Withheld:
    """Lets another policy decide and withholds all its targets.

    The rig is armed and its devices take leases as ever, at their safe amounts; each target stands
    in the journal, and is refused as withheld.

    Parameters
    ----------
    policy : Policy
        What decides.

    Notes
    -----
    Where the policy would make the rig safe, nothing is wanted at that hop: what it saw did not
    follow from what it wanted.

    Examples
    --------
    >>> from stimulators.policies.threshold import Threshold
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> example = PolicyExample(Threshold, Threshold.examples[0])
    >>> (hop,) = example.observations([Hop(is_on=True)])
    >>> [target.withheld for target in Withheld(example.build()).decide(hop)]
    [True]
    """

    #: It has no table of its own: that of the wrapped policy is used.
    config_type: ClassVar[type[PolicyConfig]]

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.clips: tuple[Clip, ...] = policy.clips

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._policy.reset()

    def note(self, event: DeviceEvent) -> None:
        """Pass a device event on to the policy."""
        self._policy.note(event)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the policy's targets, each marked as withheld."""
        wanted = self._policy.decide(observation)
        if isinstance(wanted, MakeSafe):
            return ()
        if not isinstance(wanted, list | tuple):
            return wanted  # `BoundPolicy` says what is wrong with it
        return [
            msgspec.structs.replace(each, withheld=True) if type(each) is Target else each
            for each in wanted
        ]
