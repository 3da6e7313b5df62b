"""The frame of every policy that keeps an amplitude: from means of hops to an amount by a ramp."""

from collections.abc import Iterable, Sequence

from stimulators.policies.amounts import program_of
from stimulators.policies.parts.amplitude_config import AmplitudeConfig, amounts_of, n_hops_of
from stimulators.policies.parts.averaging import Averaging
from stimulators.policies.parts.onsets import Onsets
from stimulators.policies.parts.sign_watch import SignWatch
from stimulators.policies.parts.steps import Steps
from stimulators.policies.policy import Clip, PolicyInputs
from stimulators.policies.ramp import Ramp, per_sample
from stimulators.targets import DeviceEvent, MakeSafe, Observation, Target

_FUZZ = 1e-9


class AmplitudePolicy:
    """Takes means of the measure, lets `goal_of` say where the amount goes, and goes there.

    Parameters
    ----------
    config : AmplitudeConfig
        The table.
    inputs : PolicyInputs
        The rate of its samples, its channel, and the device it drives.
    wrong : iterable of str
        What is wrong in keys of a policy's own, to be told with the rest.

    Raises
    ------
    ValueError
        Where the table does not fit the device or the hops; the text begins with the key.

    Attributes
    ----------
    clips : tuple of Clip
        Its own clip.
    sign : {1, -1}
        1 where a high measure calls for more, -1 where it calls for less.
    lowest, highest, amount : float
        Its own clip, and where its ramp is.
    goal : float or None
        Where the ramp goes; None while it stays where it is.
    held_against : float
        What the newest mean was compared with.
    given : tuple of float, float and bool
        The range of amounts that the device may give, and whether that is certain.
    tolerance : float
        How far what it gives may be from what is wanted of it: a step and its own error.

    Notes
    -----
    A pure fold over hops, counted in samples. A valid hop gives a target, another none: then the
    ramp stays where it is. Means are taken, and the ramp goes, only while the device is driven;
    when it is engaged, or the rig resumes, both begin anew, the ramp at what the device gives. A
    mean of which less than half the hops are valid is none, and the amount stays where it is.
    """

    def __init__(
        self, config: AmplitudeConfig, inputs: PolicyInputs, wrong: Iterable[str] = ()
    ) -> None:
        own = amounts_of(config, inputs, wrong)
        (device,) = inputs.devices
        rate_hz = inputs.rate_hz
        self._config = config
        self._channel = inputs.reads[0].channel
        self._program = program_of(config.program, device)
        self._unit = " mA" if device.unit == "ma" else ""
        self._hop_samples = inputs.hop_samples
        self.lowest, self.highest = own.lowest, own.highest
        self.clips = (Clip(device.id, "amplitude", own.lowest, own.highest),)
        self.sign = -1 if config.expected_sign == "rises" else 1
        self._start = min(max(device.safe_amount, own.lowest), own.highest)
        self._blanking_samples = round(config.detection_blanking_s * rate_hz)
        self._startup_samples = round(config.startup_delay_s * rate_hz)
        self.n_update_hops = n_hops_of(config.averaging_s, inputs)
        self._averaging = Averaging(self.n_update_hops)
        self.onsets = Onsets(
            upper_samples=round(config.onset_upper_s * rate_hz),
            lower_samples=round(config.onset_lower_s * rate_hz),
        )
        distance = own.highest - own.lowest
        self._ramp = Ramp(
            self._start,
            lowest=own.lowest,
            highest=own.highest,
            up_per_sample=per_sample(distance, own.transitions.up_s, rate_hz),
            down_per_sample=per_sample(distance, own.transitions.down_s, rate_hz),
        )
        self._steps = Steps(own.step, lowest=own.lowest, highest=own.highest)
        step_and_error = own.step + (device.amount_tolerance or 0.0)
        self.tolerance = min(step_and_error + _FUZZ, 0.25 * distance)
        self._watch = SignWatch(self.sign, n_hops_of(config.sign_watch_s, inputs))
        self.reset()

    def goal_of(self, mean: float, observation: Observation) -> float | None:
        """Return where the amount goes after a new mean; None to stay where it is.

        It need not lie within the clip, and must be a number.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Forget what was derived from hops: at construction, and when driven anew."""

    @property
    def amount(self) -> float:
        """Where the ramp is."""
        return self._ramp.amount

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        self._is_driven = False
        self.given = (0.0, 0.0, False)
        self._ramp.amount = self._start
        self._watch.restart()
        self._restart(blank_until=0)

    def note(self, event: DeviceEvent) -> None:
        """Go on from what the device gives, once it is driven; stay where it is in HOLD."""
        self.given = (event.lowest, event.highest, event.certain)
        if event.change == "applied":
            return
        self._is_driven = event.change in {"engaged", "resumed"}
        if self._is_driven:
            is_new = event.change == "engaged"
            blank_samples = self._startup_samples if is_new else self._blanking_samples
            self._ramp.start_from(event.lowest, event.highest)
            self._restart(blank_until=event.sample + blank_samples)

    def decide(self, observation: Observation) -> Sequence[Target] | MakeSafe:
        """Fold the next hop in and return what it calls for."""
        value = observation.values[0]
        if self._is_driven and observation.sample >= self._blank_until:
            mean = self._averaging.take(value, is_valid=observation.valid)
            if mean is not None:
                self._take_mean(mean, observation)
        if not observation.valid:
            return ()
        if self._is_driven and self.goal is not None:
            self._ramp.move(self._where, self._hop_samples)
        amount = self._steps.follow(self._ramp.amount)
        if self._is_wrong(value):
            return MakeSafe(self._found_wrong())
        return (self._target(amount, observation),)

    @property
    def _where(self) -> float:
        """Where the amount goes; where it is, once it is there or stays."""
        if self.goal is None:
            return self.amount
        return min(max(self.goal, self.lowest), self.highest)

    def _restart(self, *, blank_until: int) -> None:
        self._blank_until = blank_until
        self._averaging.restart()
        self.onsets.restart()
        self._steps.start_from(self._ramp.amount)
        self.goal: float | None = None
        self._mean: float | None = None
        self.held_against = 0.0
        self.start()

    def _take_mean(self, mean: float, observation: Observation) -> None:
        where_before = self._where
        if mean != mean:  # noqa: PLR0124 NaN: too little of it was valid
            self.onsets.restart()
            self.goal = None
        else:
            self._mean = mean
            self.goal = self.goal_of(mean, observation)
        if self._where != where_before and self._blanking_samples:
            self._blank_until = observation.sample + self._blanking_samples
            self._averaging.restart()

    def _is_wrong(self, value: float) -> bool:
        """Say whether the measure goes the wrong way, by what the device is known to give.

        Low is the lower half of the own clip. Where a gate or a ceiling lets the device give less
        than is wanted, the highest amount is not given.
        """
        lowest, highest, is_certain = self.given
        return is_certain and self._watch.is_wrong(
            value,
            is_at_highest=lowest >= self.highest - self.tolerance,
            is_low=2.0 * highest <= self.lowest + self.highest,
        )

    def _found_wrong(self) -> str:
        expected, found = ("fall", "higher") if self.sign > 0 else ("rise", "lower")
        watch, config = self._watch, self._config
        return (
            f"expected_sign: expected {config.measure} to {expected} as the amount rises, found it "
            f"{found} at {self.highest:g}{self._unit} ({watch.highest:g}) than at low amounts "
            f"({watch.low:g}): feedback may be positive"
        )

    def _target(self, amount: float, observation: Observation) -> Target:
        since_s = self.onsets.since_s
        return Target(
            policy=self._config.id,
            device=self._config.device,
            detector=self._config.of,
            channel=self._channel,
            program=self._program,
            kind="amplitude",
            amount=amount,
            sample=observation.sample,
            time_s=observation.time_s,
            onset_s=observation.time_s if since_s is None else since_s,
            value=observation.values[0] if self._mean is None else self._mean,
            threshold=self.held_against,
        )
