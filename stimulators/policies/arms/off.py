"""The control arm off: every device stays at its safe amount."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from stimulators.policies.arms.arm import Arm, ArmConfig
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import Observation, Target


class OffConfig(
    ArmConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="off",
):
    """A `[[policies]]` table of kind ``off``; it adds no key.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> policy = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=2.0)
    >>> OffConfig(id="off", wraps=policy).drives
    ('stn',)
    """


class Off(Arm):
    """Gives each device its safe amount, at every hop at which the wrapped policy wants something.

    Parameters
    ----------
    config : OffConfig
        What is wrapped.
    inputs : PolicyInputs
        Reads and devices.

    Raises
    ------
    ValueError
        Where the wrapped policy gives triggers: for these use `sham`, which withholds them.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Off, Off.examples[0]).run(hops)
    >>> sorted({(target.amount, target.withheld) for target in targets})
    [(0.5, False)]
    """

    config_type: ClassVar[type[PolicyConfig]] = OffConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        OffConfig(id="off", wraps=ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0)),
    )

    def __init__(self, config: OffConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs)
        self.require_amplitude()
        self._safe = {each.id: each.safe_amount for each in inputs.devices}
        self.clips = tuple(
            Clip(name, "amplitude", amount, amount) for name, amount in self._safe.items()
        )

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the safe amount of each device."""
        wanted = self.wanted_within(observation)
        return [msgspec.structs.replace(each, amount=self._safe[each.device]) for each in wanted]
