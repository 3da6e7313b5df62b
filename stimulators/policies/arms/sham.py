"""The control arm sham: the wrapped policy decides, and nothing is sent."""

from collections.abc import Sequence
from typing import ClassVar

from stimulators.policies.arms.arm import Arm, ArmConfig
from stimulators.policies.arms.withheld import Withheld
from stimulators.policies.on_event import OnEventConfig
from stimulators.policies.policy import PolicyConfig, PolicyInputs
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import Observation, Target


class ShamConfig(
    ArmConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="sham",
):
    """A `[[policies]]` table of kind ``sham``; it adds no key.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> policy = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=2.0)
    >>> ShamConfig(id="sham", wraps=policy).drives
    ('stn',)
    """


class Sham(Arm):
    """Lets the wrapped policy decide and withholds all of it: devices stay at their safe amounts.

    What would have been given stands in the journal, target by target, refused as withheld. The
    stage `shadow` of a rig does the same to every policy of it.

    Parameters
    ----------
    config : ShamConfig
        What is wrapped.
    inputs : PolicyInputs
        Reads and devices.

    Notes
    -----
    The wrapped policy hears of devices that are driven, at their safe amounts: a ramp goes on as if
    it were followed, and a `pi` integrates no further than that.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Sham, Sham.examples[0]).run(hops)
    >>> sorted({(target.amount, target.withheld) for target in targets})
    [(0.5, True), (2.0, True)]
    """

    config_type: ClassVar[type[PolicyConfig]] = ShamConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        ShamConfig(id="sham", wraps=ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0)),
        ShamConfig(
            id="quiet",
            wraps=OnEventConfig(id="p", of="rhythm", device="stn", event="onset", on_ma=1.5),
        ),
    )

    def __init__(self, config: ShamConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs)
        self._shadow = Withheld(self._within)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the wrapped policy's targets, each marked as withheld."""
        return self._shadow.decide(observation)
