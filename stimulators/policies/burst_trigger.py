"""Stimulates a burst once it has lasted a set time, so that long bursts are cut short."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from stimulators.policies.amounts import program_of, wrong_amounts, wrong_program
from stimulators.policies.parts.amplitude_config import Amount
from stimulators.policies.parts.durations import hop_s_of, wrong_durations
from stimulators.policies.policy import (
    Clip,
    MeasureRead,
    OneDeviceConfig,
    PolicyConfig,
    PolicyInputs,
    Thresholds,
)
from stimulators.targets import DeviceEvent, Observation, Target

_Duration = Annotated[float, Meta(ge=0.0, le=60.0)]


class BurstTriggerConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="burst_trigger",
):
    """A `[[policies]]` table of kind ``burst_trigger``.

    Parameters
    ----------
    lasted_s : float
        How long a burst must have lasted before it is stimulated.
    output : {"trigger", "amplitude"}
        Triggers, or an amount that is held until the burst is over.
    every_s : float
        While the burst goes on, another trigger after each `every_s`; 0 for a single one.
    hold_s : float
        How long an amount is held after the end of the burst.
    longest_s : float
        The longest time that an amount is held at a stretch; a burst that goes on is then left
        alone. 0 for no such limit.
    on_ma, on_level : float
        The amount of a trigger, or the one that is held, in the device's unit; no default.
    off_ma, off_level : float
        The amount that is held otherwise; the device's safe amount unless given.

    Examples
    --------
    >>> config = BurstTriggerConfig(id="once", of="burst", device="stn", on_ma=2.0, lasted_s=0.1)
    >>> config.drives
    ('stn',)
    """

    lasted_s: _Duration = 0.2
    output: Literal["trigger", "amplitude"] = "trigger"
    every_s: _Duration = 0.0
    hold_s: _Duration = 0.05
    longest_s: _Duration = 0.0
    on_ma: Amount | None = None
    on_level: Amount | None = None
    off_ma: Amount | None = None
    off_level: Amount | None = None

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """Whether there is a burst, its measure, and the threshold of that measure."""
        return (
            MeasureRead("of", self.of, self.channel, "is_on"),
            MeasureRead("of", self.of, self.channel, "value", compared="level"),
            MeasureRead("of", self.of, self.channel, "threshold", compared="level"),
        )

    @property
    def compares_with(self) -> Thresholds:
        """The detector's own threshold."""
        return Thresholds()

    @property
    def onset_longest_s(self) -> float:
        """How long a burst has to last."""
        return self.lasted_s


class BurstTrigger:
    """Triggers, or an amount, from when a burst has lasted `lasted_s` until it is over [1]_.

    Short bursts are normal, long ones go with signs of Parkinson's disease: only these are
    stimulated.

    Parameters
    ----------
    config : BurstTriggerConfig
        Durations and amounts.
    inputs : PolicyInputs
        The rate of its samples, its channel, and the device it drives.

    Raises
    ------
    ValueError
        Where amounts or program do not fit the device, `lasted_s` or `every_s` is shorter than a
        hop, or keys mean nothing with this output; the text begins with the key.

    Notes
    -----
    A pure fold over hops, counted in samples. A burst counts from its first hop that was seen: one
    that is on at the first hop, at a reset, after a hop that is not valid, or when the device is
    driven anew, has begun there as far as is known. A hop that is not valid gives no target and
    ends the burst that is being counted. Triggers are wanted only while the device is driven; what
    a trigger delivers is for its program to say.

    Delay: that of the detector, its `duration_s_min` and `lasted_s` together: where the detector
    waits for a burst to last, `lasted_s` comes on top of that.

    Chance: of a burst of noise, `burst_statistics` tells how many last that long.

    References
    ----------
    .. [1] G. Tinkhauser et al., "The modulatory effect of adaptive deep brain stimulation on beta
       bursts in Parkinson's disease", Brain 140(4), 2017, doi:10.1093/brain/awx010.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(BurstTrigger, BurstTrigger.examples[0]).run(hops)
    >>> [(target.kind, target.amount) for target in targets]
    [('trigger', 2.0)]
    """

    config_type: ClassVar[type[PolicyConfig]] = BurstTriggerConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        BurstTriggerConfig(id="once", of="burst", device="stn", on_ma=2.0, lasted_s=0.1),
        BurstTriggerConfig(id="again", of="burst", device="band", on_level=0.5, every_s=0.1),
        BurstTriggerConfig(
            id="held",
            of="burst",
            device="stn",
            on_ma=2.0,
            off_ma=0.0,
            output="amplitude",
            lasted_s=0.0,
            hold_s=0.1,
            longest_s=0.3,
        ),
    )

    def __init__(self, config: BurstTriggerConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        is_trigger = config.output == "trigger"
        amounts = {
            key: {unit: getattr(config, f"{key}_{unit}") for unit in ("ma", "level")}
            for key in ("on", "off")
        }
        wrong = [
            *wrong_program(config.program, device, is_trigger=is_trigger),
            *wrong_amounts(amounts, device),
            *_wrong_durations(config, inputs, device.limits.refractory_s),
            *_meaning_nothing(config),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        self._config = config
        self._channel = inputs.reads[0].channel
        self._program = program_of(config.program, device)
        self._on: float = amounts["on"][device.unit]
        off = amounts["off"][device.unit]
        self._off: float = device.safe_amount if off is None else off
        ends = (self._on,) if is_trigger else (self._on, self._off)
        self.clips = (Clip(device.id, config.output, min(ends), max(ends)),)
        self._lasted_samples = round(config.lasted_s * inputs.rate_hz)
        self._every_samples = round(config.every_s * inputs.rate_hz)
        self._hold_samples = round(config.hold_s * inputs.rate_hz)
        self._longest_samples = round(config.longest_s * inputs.rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_driven = False
        self._forget()

    def _forget(self) -> None:
        self._begun_sample: int | None = None
        self._begun_s: float | None = None
        self._n_triggers = 0
        self._held_since: int | None = None
        self._held_until = -1

    def note(self, event: DeviceEvent) -> None:
        """Give triggers only while the device is driven, for bursts from then on."""
        if event.change != "applied":
            self._is_driven = event.change in {"engaged", "resumed"}
            self._forget()

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Take in the next hop, and return its target, if there is one."""
        if not observation.valid:
            self._begun_sample = None
            return ()
        is_on = bool(observation.values[0])
        sample = observation.sample
        if not is_on:
            self._begun_sample = None
        elif self._begun_sample is None:
            self._begun_sample, self._begun_s = sample, observation.time_s
            self._n_triggers = 0
        if self._config.output == "amplitude":
            is_held = self._is_held(sample, is_on=is_on)
            return (self._target(self._on if is_held else self._off, observation),)
        is_due = is_on and self._is_driven and self._is_trigger_due(sample)
        return (self._target(self._on, observation),) if is_due else ()

    def _has_lasted(self, sample: int) -> bool:
        return (
            self._begun_sample is not None and sample - self._begun_sample >= self._lasted_samples
        )

    def _is_trigger_due(self, sample: int) -> bool:
        if self._begun_sample is None or (self._n_triggers and not self._every_samples):
            return False
        due: int = (
            self._begun_sample + self._lasted_samples + self._n_triggers * self._every_samples
        )
        is_due = sample >= due
        self._n_triggers += is_due
        return is_due

    def _is_held(self, sample: int, *, is_on: bool) -> bool:
        """Return whether the amount is given: a burst has lasted, or `hold_s` is not over."""
        if is_on and self._has_lasted(sample):
            self._held_until = sample + self._hold_samples
        elif sample > self._held_until:
            self._held_since = None
            return False
        if self._held_since is None:
            self._held_since = sample
        return not self._longest_samples or sample - self._held_since < self._longest_samples

    def _target(self, amount: float, observation: Observation) -> Target:
        _, value, threshold = observation.values
        return Target(
            policy=self._config.id,
            device=self._config.device,
            detector=self._config.of,
            channel=self._channel,
            program=self._program,
            kind=self._config.output,
            amount=amount,
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=observation.time_s if self._begun_s is None else self._begun_s,
            value=value,
            threshold=threshold,
        )


def _wrong_durations(
    config: BurstTriggerConfig, inputs: PolicyInputs, refractory_s: float
) -> Iterator[str]:
    hop_s = hop_s_of(inputs)
    found_s = {key: getattr(config, key) for key in ("lasted_s", "every_s", "longest_s")}
    yield from wrong_durations(found_s, hop_s, f"one hop of {config.of!r}")
    if hop_s <= config.every_s < refractory_s:
        yield (
            f"every_s: expected 0 or at least {refractory_s:g} (refractory_s of device "
            f"{config.device!r}, which refuses others), found {config.every_s:g}"
        )


def _meaning_nothing(config: BurstTriggerConfig) -> Iterator[str]:
    """Yield an error for each key that only the other kind of output uses."""
    heeded = {"trigger": ("every_s",), "amplitude": ("longest_s", "off_ma", "off_level")}
    for output, keys in heeded.items():
        for key in keys if output != config.output else ():
            if found := getattr(config, key):
                yield f'{key}: expected none with output = "{config.output}", found {found:g}'
