"""On while a detector is on: the simplest policy, a single threshold with dwell times."""

from collections.abc import Iterator, Sequence
from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.amounts import program_of, wrong_amounts, wrong_program
from stimulators.policies.parts.durations import (
    hop_s_of,
    wrong_durations,
    wrong_transitions,
    wrong_way_up,
)
from stimulators.policies.parts.steps import Steps
from stimulators.policies.policy import (
    Clip,
    MeasureRead,
    OneDeviceConfig,
    PolicyConfig,
    PolicyInputs,
    Thresholds,
)
from stimulators.policies.ramp import Ramp, per_sample
from stimulators.targets import DeviceEvent, Observation, Target

_Amount = Annotated[float, Meta(ge=0.0, le=100.0)]
_Duration = Annotated[float, Meta(ge=0.0, le=3600.0)]


class ThresholdConfig(
    OneDeviceConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="threshold",
):
    """A `[[policies]]` table of kind ``threshold``.

    Parameters
    ----------
    onset_s : float
        How long the detector must be on, without a break, before the policy is on.
    termination_s : float
        How long it must be off before the policy is off again.
    output : {"amplitude", "trigger"}
        An amount that is held, or one trigger at each onset.
    on_ma, on_level : float
        The amount while on, or of a trigger, in the device's unit; no default.
    off_ma, off_level : float
        The amount while off; by default the device's safe amount.
    transition_up_s, transition_down_s : float
        How long the ramp from the lower of the two amounts to the higher takes, and the way back;
        0 is a step, which the device follows as its slew allows.
    step_ma, step_level : float
        Steps of the device: an amount is a whole number of them; 0 for none.
    detection_blanking_s : float
        How long the detector is ignored after the policy was switched on or off.
    startup_delay_s : float
        How long it is ignored after the device begins to be driven.

    Examples
    --------
    >>> config = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=3.0, off_ma=0.0)
    >>> [read.measure for read in config.reads]
    ['is_on', 'value', 'threshold']
    """

    onset_s: _Duration = 0.1
    termination_s: _Duration = 0.1
    output: Literal["amplitude", "trigger"] = "amplitude"
    on_ma: _Amount | None = None
    off_ma: _Amount | None = None
    on_level: _Amount | None = None
    off_level: _Amount | None = None
    transition_up_s: _Duration = 0.0
    transition_down_s: _Duration = 0.0
    step_ma: _Amount = 0.0
    step_level: _Amount = 0.0
    detection_blanking_s: _Duration = 0.0
    startup_delay_s: _Duration = 0.0

    @property
    def reads(self) -> tuple[MeasureRead, ...]:
        """Whether the detector is on, its measure, and the threshold of that."""
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
        """The longer of onset and termination."""
        return max(self.onset_s, self.termination_s)


class Threshold:
    """On after the detector has been on for long enough, off after it has been off [1]_.

    Parameters
    ----------
    config : ThresholdConfig
        Durations and amounts.
    inputs : PolicyInputs
        The rate of its samples, its channel, and the device it drives.

    Raises
    ------
    ValueError
        Where amounts are not in the device's unit or above its limit, durations are shorter than a
        hop, ramps faster than the device or too slow to reach their end, the program is not one of
        its own, triggers are of a program that cannot be in effect, or have a transition; the
        text begins with the key.

    Notes
    -----
    All times are counted in samples: the same hops give the same targets in any chunks. With
    ``amplitude`` every valid hop gives a target. With ``trigger`` an onset gives one, but only
    where the detector was off before: one that is on at the first hop, or at a reset, gives none
    until it has been off.

    A hop that is not valid gives no target, and the time on or off is counted anew from the next
    valid one; the policy stays on or off as it was.

    A ramp moves at valid hops while the device is driven, and stays as it is in HOLD; when the
    device is engaged, or the rig resumes, it goes on from the amount that the device then gives.

    References
    ----------
    .. [1] S. Little et al., "Adaptive deep brain stimulation in advanced Parkinson disease", Ann.
       Neurol. 74(3), 2013, doi:10.1002/ana.23951.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> config = ThresholdConfig(id="adbs", of="burst", device="stn", on_ma=3.0, onset_s=0.04)
    >>> hops = [Hop(is_on=False), *[Hop(is_on=True)] * 4]  # at 250 Hz, 5 samples a hop
    >>> [target.amount for target in PolicyExample(Threshold, config).run(hops)]
    [0.5, 0.5, 0.5, 3.0, 3.0]
    """

    config_type: ClassVar[type[PolicyConfig]] = ThresholdConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        ThresholdConfig(id="step", of="burst", device="stn", on_ma=2.5, onset_s=0.04),
        ThresholdConfig(
            id="ramp",
            of="burst",
            device="stn",
            on_ma=3.0,
            off_ma=1.0,
            transition_up_s=0.5,
            transition_down_s=0.2,
        ),
        ThresholdConfig(id="pulse", of="burst", device="stn", on_ma=2.0, output="trigger"),
        ThresholdConfig(id="touch", of="burst", device="band", on_level=0.7),
        ThresholdConfig(
            id="steps",
            of="burst",
            device="stn",
            on_ma=2.0,
            step_ma=0.25,
            transition_up_s=0.5,
            detection_blanking_s=0.1,
            startup_delay_s=0.2,
        ),
    )

    def __init__(self, config: ThresholdConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        is_trigger = config.output == "trigger"
        amounts = {
            "on": {"ma": config.on_ma, "level": config.on_level},
            "off": {"ma": config.off_ma, "level": config.off_level},
        }
        wrong = [
            *wrong_program(config.program, device, is_trigger=is_trigger),
            *wrong_amounts(amounts, device),
            *(_wrong_with_triggers(config, device.unit) if is_trigger else ()),
            *_wrong_durations(config, inputs),
        ]
        wrong = wrong or [
            *_wrong_steps(config, device),
            *(() if is_trigger else _wrong_transitions(config, device)),
        ]
        if wrong:
            raise ValueError("\n".join(wrong))
        self._config = config
        self._channel = inputs.reads[0].channel
        self._program = program_of(config.program, device)
        self._on_amount: float = getattr(config, f"on_{device.unit}")
        off_amount = getattr(config, f"off_{device.unit}")
        self._off_amount: float = device.safe_amount if off_amount is None else off_amount
        lowest = self._on_amount if is_trigger else min(self._on_amount, self._off_amount)
        highest = self._on_amount if is_trigger else max(self._on_amount, self._off_amount)
        self.clips = (Clip(device.id, config.output, lowest, highest),)
        self._hop_samples = inputs.hop_samples
        self._onset_samples = round(config.onset_s * inputs.rate_hz)
        self._termination_samples = round(config.termination_s * inputs.rate_hz)
        rates = {
            key: per_sample(
                highest - lowest, getattr(config, f"transition_{key}_s"), inputs.rate_hz
            )
            for key in ("up", "down")
        }
        self._is_step = all(rate == float("inf") for rate in rates.values())
        self._ramp = Ramp(
            self._off_amount,
            lowest=lowest,
            highest=highest,
            up_per_sample=rates["up"],
            down_per_sample=rates["down"],
        )
        step = getattr(config, f"step_{device.unit}")
        self._steps = Steps(step, lowest=lowest, highest=highest)
        self._blanking_samples = round(config.detection_blanking_s * inputs.rate_hz)
        self._startup_samples = round(config.startup_delay_s * inputs.rate_hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_on = False
        self._has_been_off = False
        self._run_is_on: bool | None = None
        self._run_sample = 0
        self._run_s = 0.0
        self._onset_s: float | None = None
        self._is_driven = False
        self._blank_until = 0
        self._ramp.amount = self._off_amount
        self._steps.start_from(self._off_amount)

    def note(self, event: DeviceEvent) -> None:
        """Start the ramp from the device's amount, once it is driven; stop it in HOLD."""
        if event.change == "applied":
            return
        self._is_driven = event.change in {"engaged", "resumed"}
        if self._is_driven:
            self._ramp.start_from(event.lowest, event.highest)
            self._steps.start_from(self._ramp.amount)
        if event.change == "engaged" and self._startup_samples:
            self._blank_until = event.sample + self._startup_samples

    def decide(self, observation: Observation) -> Sequence[Target]:
        """Take in the next hop, and return its target, if there is one."""
        if not observation.valid:
            self._run_is_on = None
            return ()
        is_on, value, threshold = observation.values
        if bool(is_on) is not self._run_is_on:
            self._run_is_on = bool(is_on)
            self._run_sample = observation.sample
            self._run_s = observation.time_s
        if observation.sample < self._blank_until:
            self._run_is_on = None
            has_begun = False
        else:
            has_begun = self._switch(observation, is_on=bool(is_on))
        if self._config.output == "trigger" and not has_begun:
            return ()
        return (
            Target(
                policy=self._config.id,
                device=self._config.device,
                detector=self._config.of,
                channel=self._channel,
                program=self._program,
                kind=self._config.output,
                amount=self._steps.follow(self._amount()),
                sample=observation.sample,
                time_s=observation.time_s,
                onset_s=observation.time_s if self._onset_s is None else self._onset_s,
                value=value,
                threshold=threshold,
            ),
        )

    def _amount(self) -> float:
        """Return the next amount of the ramp to the amount of on or off."""
        goal = self._on_amount if self._is_on else self._off_amount
        if self._is_step:
            return goal
        return self._ramp.move(goal, self._hop_samples) if self._is_driven else self._ramp.amount

    def _switch(self, observation: Observation, *, is_on: bool) -> bool:
        """Switch once the detector has been on or off for long enough; return True at an onset."""
        if not is_on:
            self._has_been_off = True
        needed = self._onset_samples if is_on else self._termination_samples
        if is_on is self._is_on or observation.sample - self._run_sample < needed:
            if self._onset_s is None:
                self._onset_s = observation.time_s
            return False
        self._is_on = is_on
        self._onset_s = self._run_s
        if self._blanking_samples:
            self._blank_until = observation.sample + self._blanking_samples
        is_onset = is_on and self._has_been_off
        self._has_been_off = not is_on
        return is_onset


def _wrong_with_triggers(config: ThresholdConfig, unit: str) -> list[str]:
    """Return an error for each key that has no effect where an onset gives one trigger."""
    keys = ("transition_up_s", "transition_down_s", f"step_{unit}")
    found = {key: getattr(config, key) or None for key in keys}
    found = {f"off_{unit}": getattr(config, f"off_{unit}"), **found}
    return [
        f"{key}: expected none with triggers, found {value:g}"
        for key, value in found.items()
        if value is not None
    ]


def _wrong_steps(config: ThresholdConfig, device: DeviceConfig) -> Iterator[str]:
    """Yield an error for an amount that is no whole number of steps, or a step of another unit."""
    unit, other = ("ma", "level") if device.unit == "ma" else ("level", "ma")
    if foreign := getattr(config, f"step_{other}"):
        yield f"step_{other}: expected step_{unit} for device {device.id!r}, found {foreign:g}"
    step = getattr(config, f"step_{unit}")
    off = getattr(config, f"off_{unit}")
    amounts = {
        "on": getattr(config, f"on_{unit}"),
        "off": device.safe_amount if off is None else off,
    }
    for key, amount in amounts.items():
        if not Steps(step, lowest=0.0, highest=device.amount_max).has(amount):
            yield (
                f"{key}_{unit}: expected a whole number of steps (step_{unit} = {step:g}), "
                f"found {amount:g}"
            )


def _wrong_durations(config: ThresholdConfig, inputs: PolicyInputs) -> Iterator[str]:
    found_s = {"onset_s": config.onset_s, "termination_s": config.termination_s}
    return wrong_durations(found_s, hop_s_of(inputs), f"one hop of {config.of!r}")


def _wrong_transitions(config: ThresholdConfig, device: DeviceConfig) -> Iterator[str]:
    """Yield ramps that the device cannot follow, or that its time above safe ends too soon."""
    on: float = getattr(config, f"on_{device.unit}")
    off: float | None = getattr(config, f"off_{device.unit}")
    ends = (on, device.safe_amount if off is None else off)
    distance = max(ends) - min(ends)
    found_s = {
        "transition_up_s": config.transition_up_s,
        "transition_down_s": config.transition_down_s,
    }
    yield from wrong_transitions(found_s, distance, device)
    above = min(max(ends) - device.safe_amount, distance)
    above_s = config.transition_up_s * above / distance if distance > 0.0 else 0.0
    yield from wrong_way_up("transition_up_s", above_s, device)
