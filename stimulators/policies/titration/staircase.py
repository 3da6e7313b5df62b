"""A staircase of amounts: what a titration asks of a device, step by step."""

from collections.abc import Sequence
from typing import Annotated, ClassVar

from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import program_of, wrong_program
from stimulators.policies.parts.amplitude_config import Amount, Duration
from stimulators.policies.policy import (
    Clip,
    MeasureRead,
    OneDeviceConfig,
    PolicyConfig,
    PolicyInputs,
)
from stimulators.policies.ramp import Ramp
from stimulators.policies.titration.course import Course, StepLength
from stimulators.policies.titration.step import Step, doses_of, wrong_steps
from stimulators.targets import DeviceEvent, Observation, Target

#: Tolerance of a reported amount where the device states none, as a share of the highest amount.
_TOLERANCE_SHARE = 0.001


class StaircaseConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="staircase",
):
    """A `[[policies]]` table of kind ``staircase``.

    Parameters
    ----------
    steps : tuple of Step
        Amount, duration and settling time of each, in order; at least three, no default.
    measure : str
        Name of the detector's measure whose response is wanted.
    after_s : float
        How long the measure is recorded at the device's safe amount after the last step, with the
        settling time of the last step, to show whether it comes back; 0 leaves that out.
    repeats_max : int
        How often a step is begun anew that was broken by HOLD, a pause, another amount or too few
        valid hops; after that it is left as broken.
    ramp_ma_per_s, ramp_level_per_s : float
        Change of the amount a second; 0 for the device's own slew.

    Examples
    --------
    >>> import msgspec
    >>> steps = [{"amplitude_ma": ma, "duration_s": 45.0, "settle_s": 15.0} for ma in (0, 1, 2)]
    >>> table = {"kind": "staircase", "id": "s", "of": "beta", "device": "stn", "steps": steps}
    >>> msgspec.convert(table, StaircaseConfig).drives
    ('stn',)
    """

    steps: tuple[Step, ...]
    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "value"
    after_s: Duration = 60.0
    repeats_max: Annotated[int, Meta(ge=0, le=10)] = 2
    ramp_ma_per_s: Amount = 0.0
    ramp_level_per_s: Amount = 0.0

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """The measure."""
        return (MeasureRead("of", self.of, self.channel, self.measure),)


class Staircase:
    """Asks for one amount after another, each for a time; the response is computed afterwards.

    Parameters
    ----------
    config : StaircaseConfig
        The steps.
    inputs : PolicyInputs
        Rate, hop and the device.

    Raises
    ------
    ValueError
        Where an amount is over the limit, a step is measured before the device can be at its
        amount, the staircase would use the device's time above safe or its charge up, or there are
        fewer than three steps; the text begins with the key.

    Attributes
    ----------
    clips : tuple of Clip
        From the lowest amount of all, the safe one included, to the highest.
    course : Course
        The steps, and the attempts at them so far.
    n_doses : int
        Steps, and the measurement after them.
    longest_s : float
        How long it takes where every step is begun anew as often as it may be.

    Notes
    -----
    A pure fold over hops, counted in samples. A step begins at a valid hop, and is clean only where
    the device certainly gave its amount at every measured hop. In HOLD the amount stays; after it,
    and after a pause, the step is begun anew, settling time included. A disarm, or SAFE, ends the
    staircase: armed again, it begins at the first step. Once it is over, the device's safe
    amount is wanted, for good.

    Delay: none; what it wants does not depend on the measure.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.0),)), *[Hop(is_on=False)] * 12]
    >>> targets = PolicyExample(Staircase, Staircase.examples[0]).run(hops)
    >>> targets[0].amount
    0.5
    """

    config_type: ClassVar[type[PolicyConfig]] = StaircaseConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        StaircaseConfig(
            id="staircase",
            of="beta",
            device="stn",
            steps=tuple(
                Step(amplitude_ma=ma, duration_s=0.5, settle_s=0.25) for ma in (0.5, 1.5, 2.5)
            ),
            after_s=0.5,
        ),
        StaircaseConfig(
            id="levels",
            of="beta",
            device="band",
            steps=tuple(
                Step(amplitude_level=level, duration_s=0.4, settle_s=0.3)
                for level in (0.4, 0.0, 0.8)
            ),
            after_s=0.0,
            repeats_max=0,
            ramp_level_per_s=3.0,
        ),
    )

    def __init__(self, config: StaircaseConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        rate_hz = inputs.rate_hz
        ramp_per_s = config.ramp_ma_per_s if device.unit == "ma" else config.ramp_level_per_s
        per_s = min(ramp_per_s or device.slew_per_s_max, device.slew_per_s_max)
        wrong = [
            *wrong_program(config.program, device, is_trigger=False),
            *_wrong_ramp(config, device),
            *wrong_steps(
                config.steps,
                device,
                after_s=config.after_s,
                per_s=per_s,
                hop_s=inputs.hop_samples / rate_hz,
            ),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        doses = doses_of(config.steps, device, config.after_s)
        self.n_doses = len(doses)
        self.longest_s = (1 + config.repeats_max) * sum(each.duration_s for each in doses)
        self._config = config
        self._channel = inputs.reads[0].channel
        self._program = program_of(config.program, device)
        self._hop_samples = inputs.hop_samples
        self._safe = device.safe_amount
        self._tolerance = max(device.amount_tolerance or 0.0, _TOLERANCE_SHARE * device.amount_max)
        amounts = [each.amount for each in doses]
        lowest, highest = min(*amounts, self._safe), max(*amounts, self._safe)
        self.clips = (Clip(device.id, "amplitude", lowest, highest),)
        self._lengths = [
            StepLength(
                each.amount, round(each.settle_s * rate_hz), round(each.duration_s * rate_hz)
            )
            for each in doses
        ]
        per_sample = ramp_per_s / rate_hz if ramp_per_s else float("inf")
        self._ramp = Ramp(
            self._safe,
            lowest=lowest,
            highest=highest,
            up_per_sample=per_sample,
            down_per_sample=per_sample,
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self.course = Course(self._lengths, self._config.repeats_max)
        self._given = (0.0, 0.0, False)
        self._is_driven = False
        self._has_begun = False
        self._since_s: float | None = None
        self._ramp.amount = self._safe

    def note(self, event: DeviceEvent) -> None:
        """Begin when the device is engaged, give up a step that is broken, and go on after that."""
        self._given = (event.lowest, event.highest, event.certain)
        change = event.change
        if change == "applied":
            return
        self._is_driven = change in {"engaged", "resumed"}
        if not self._is_driven:
            self.course.break_off(change, event.sample)
            if change == "released":
                self._has_begun = False
                self._ramp.amount = self._safe
            return
        if change == "engaged" or not self._has_begun:
            self.course.begin()
            self._has_begun = True
        self._ramp.start_from(event.lowest, event.highest)

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Return the amount of the step, at every valid hop."""
        course = self.course
        if self._is_driven:
            start_before = course.start_sample
            course.take(observation.sample, is_valid=observation.valid, is_given=self._is_given())
            if course.start_sample != start_before:
                self._since_s = observation.time_s
        if not observation.valid:
            return ()
        if self._is_driven:
            wanted = self._safe if course.is_over else course.amount
            self._ramp.move(wanted, self._hop_samples)
        return (self._target(observation),)

    def _is_given(self) -> bool:
        """Return whether the device certainly gives the amount of the step."""
        lowest, highest, is_certain = self._given
        amount, tolerance = self.course.amount, self._tolerance
        return is_certain and amount - tolerance <= lowest and highest <= amount + tolerance

    def _target(self, observation: Observation) -> Target:
        return Target(
            policy=self._config.id,
            device=self._config.device,
            detector=self._config.of,
            channel=self._channel,
            program=self._program,
            kind="amplitude",
            amount=self._ramp.amount,
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=observation.time_s if self._since_s is None else self._since_s,
            value=observation.values[0],
            threshold=0.0,
        )


def _wrong_ramp(config: StaircaseConfig, device: DeviceConfig) -> list[str]:
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    found = getattr(config, f"ramp_{other}_per_s")
    if not found:
        return []
    return [
        f"ramp_{other}_per_s: expected ramp_{unit}_per_s for device {device.id!r}, found {found:g}"
    ]
