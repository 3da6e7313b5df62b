"""The two ways in which an implant, Medtronic's Percept, adapts its amplitude."""

from collections.abc import Iterator
from typing import ClassVar

from stimulators.device_config import DeviceConfig
from stimulators.policies.dual_threshold import DualThreshold
from stimulators.policies.parts.percept_tables import PerceptDualConfig, PerceptSingleConfig
from stimulators.policies.policy import PolicyConfig, PolicyInputs


class PerceptDual(DualThreshold):
    """Percept's dual threshold: up after an onset above the upper, down below the lower, else held.

    Notes
    -----
    Held where its ramp is, on the way too, as `DualThreshold`, with the implant's parameters. Its
    sides are ganged by the policy `Ganged` around it. What the implant gives while adaptation is
    suspended (SuspendAmplitudeInMilliAmps) is here the safe amount of the device.

    The power that the implant averages is a `band_power` with ``preset = "percept"`` and
    ``hop_s = 0.2``. How the unit of its thresholds goes with that of its logged power is not
    published.

    Delay: half of averaging, and the onset; then the transition. Chance: as of `DualThreshold`.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(PerceptDual, PerceptDual.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.0, 2.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = PerceptDualConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        PerceptDualConfig(
            id="left",
            of="beta",
            device="stn",
            lowest_ma=1.0,
            highest_ma=2.5,
            upper_threshold=2.0,
            lower_threshold=0.5,
            averaging_s=0.1,
            onset_upper_s=0.1,
            onset_lower_s=0.2,
            detection_blanking_s=0.1,
            startup_delay_s=0.2,
            transition_up_s=0.5,
            transition_down_s=1.0,
        ),
    )

    def __init__(self, config: PerceptDualConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs, _wrong_device(inputs.devices[0]))


class PerceptSingle(DualThreshold):
    """Percept's single threshold: up after an onset above it, down after an onset below it.

    Notes
    -----
    A mean that is the threshold itself leaves the amount where it is. One crossing moves both sides
    where the policy `Ganged` is around it. Everything else is as in `PerceptDual`; the power that
    the implant averages is a `band_power` with ``preset = "percept_single"``, ``hop_s = 0.05``.

    Delay: half of averaging, and the onset; then the transition. Chance: as of `DualThreshold`.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(PerceptSingle, PerceptSingle.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.0, 2.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = PerceptSingleConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        PerceptSingleConfig(
            id="left",
            of="beta",
            device="stn",
            lowest_ma=1.0,
            highest_ma=2.5,
            upper_threshold=2.0,
            lower_threshold=1.0,
            averaging_s=0.1,
            onset_upper_s=0.1,
            onset_lower_s=0.2,
            detection_blanking_s=0.1,
            preset="percept_single",
        ),
    )

    def __init__(self, config: PerceptSingleConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs, _wrong_device(inputs.devices[0]))
        self._upper = self._lower = config.threshold


def _wrong_device(device: DeviceConfig) -> Iterator[str]:
    """Refuse a device whose amount is a level: all parameters of the implant are in milliampere."""
    if device.unit != "ma":
        yield (
            f"device: expected one that speaks milliampere, as the implant does, found "
            f"{device.id!r}, which speaks level"
        )
