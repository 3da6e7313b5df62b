"""The control arm constant: continuous stimulation."""

from collections.abc import Sequence
from typing import ClassVar

import msgspec

from stimulators.policies.amounts import wrong_amounts
from stimulators.policies.arms.arm import Arm, ArmConfig
from stimulators.policies.parts.amplitude_config import Amount
from stimulators.policies.policy import Clip, PolicyConfig, PolicyInputs
from stimulators.policies.threshold import ThresholdConfig
from stimulators.targets import Observation, Target


class ConstantConfig(
    ArmConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="constant",
):
    """A `[[policies]]` table of kind ``constant``.

    Parameters
    ----------
    always_ma, always_level : float
        What is given, in the unit of the device; no default.

    Examples
    --------
    >>> from stimulators.policies.threshold import ThresholdConfig
    >>> policy = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=2.0)
    >>> ConstantConfig(id="constant", wraps=policy, always_ma=1.5).drives
    ('stn',)
    """

    always_ma: Amount | None = None
    always_level: Amount | None = None


class Constant(Arm):
    """Gives one fixed amount, at every hop at which the wrapped policy wants something.

    Parameters
    ----------
    config : ConstantConfig
        The amount, and what is wrapped: a policy that keeps the amplitude of one device.
    inputs : PolicyInputs
        Reads and the device.

    Raises
    ------
    ValueError
        Where the amount does not fit the device, or what is wrapped gives triggers or drives
        several; the text begins with the key.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Constant, Constant.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.5, 1.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = ConstantConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        ConstantConfig(
            id="continuous",
            always_ma=1.5,
            wraps=ThresholdConfig(id="p", of="burst", device="stn", on_ma=2.0),
        ),
    )

    def __init__(self, config: ConstantConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs)
        self.require_amplitude()
        (device,) = self.require_one(inputs)
        always = {"ma": config.always_ma, "level": config.always_level}
        if wrong := [*wrong_amounts({"always": always}, device)]:
            raise ValueError("\n".join(wrong))
        self._amount = always[device.unit] or 0.0
        self.clips = (Clip(device.id, "amplitude", self._amount, self._amount),)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the amount."""
        wanted = self.wanted_within(observation)
        return [msgspec.structs.replace(each, amount=self._amount) for each in wanted]
