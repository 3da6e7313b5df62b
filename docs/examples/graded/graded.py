"""Graded: the further a measure is above its threshold, the more is given."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from stimulators.policies.policy import (
    Clip,
    MeasureRead,
    OneDeviceConfig,
    PolicyConfig,
    PolicyInputs,
)
from stimulators.policies.ramp import Ramp, per_sample
from stimulators.targets import DeviceEvent, Observation, Target


class GradedConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="graded",
):
    """A `[[policies]]` table of kind ``graded``.

    Parameters
    ----------
    lowest_ma, highest_ma : float
        What is given at the threshold and below it, and at twice the threshold and above.
    transition_s : float
        The way from the one to the other takes so long at least.
    """

    lowest_ma: Annotated[float, Meta(ge=0.0, le=100.0)]
    highest_ma: Annotated[float, Meta(ge=0.0, le=100.0)]
    transition_s: Annotated[float, Meta(gt=0.0, le=3600.0)] = 1.0

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """The measure, and what it is held against."""
        return (
            MeasureRead("of", self.of, self.channel, "value", compared="level"),
            MeasureRead("of", self.of, self.channel, "threshold", compared="level"),
        )


class Graded:
    """An amount between two, by how far a measure is above its threshold; by a ramp."""

    config_type: ClassVar[type[PolicyConfig]] = GradedConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        GradedConfig(id="graded", of="burst", device="stn", lowest_ma=0.5, highest_ma=2.0),
    )

    def __init__(self, config: GradedConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        lowest, highest = config.lowest_ma, config.highest_ma
        if not lowest < highest <= device.amount_max or device.unit != "ma":
            raise ValueError(
                f"highest_ma: expected more than lowest_ma ({lowest:g}) and at most "
                f"{device.amount_max:g} {device.unit} (device {device.id!r}), found {highest:g}"
            )
        self.clips = (Clip(device.id, "amplitude", lowest, highest),)
        self._config = config
        self._channel = inputs.reads[0].channel
        self._program = config.program or next(iter(device.programs), "")
        self._hop_samples = inputs.hop_samples
        rate = per_sample(highest - lowest, config.transition_s, inputs.rate_hz)
        self._ramp = Ramp(
            lowest, lowest=lowest, highest=highest, up_per_sample=rate, down_per_sample=rate
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._ramp.amount = self._config.lowest_ma
        self._is_driven = False

    def note(self, event: DeviceEvent) -> None:
        """Go on from what the device gives, once it is driven."""
        if event.change != "applied":
            self._is_driven = event.change in {"engaged", "resumed"}
        if self._is_driven and event.change != "applied":
            self._ramp.start_from(event.lowest, event.highest)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the next amount."""
        if not observation.valid:
            return ()
        value, threshold = observation.values
        if self._is_driven:
            self._ramp.move(self._goal(value, threshold), self._hop_samples)
        return [
            Target(
                policy=self._config.id,
                device=self._config.device,
                detector=self._config.of,
                channel=self._channel,
                program=self._program,
                kind="amplitude",
                amount=self._ramp.amount,
                sample=observation.sample,
                time_s=observation.time_s,
                onset_s=observation.time_s,
                value=value,
                threshold=threshold,
            )
        ]

    def _goal(self, value: float, threshold: float) -> float:
        share = min(max(value / threshold - 1.0, 0.0), 1.0) if threshold > 0.0 else 0.0
        lowest, highest = self._config.lowest_ma, self._config.highest_ma
        return lowest + share * (highest - lowest)
