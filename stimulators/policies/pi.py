"""A proportional and integral controller that brings a measure to a set point."""

from typing import Annotated, ClassVar

from msgspec import Meta

from stimulators.device_config import DeviceConfig
from stimulators.policies.parts.amplitude_config import Amount, AmplitudeConfig, Duration
from stimulators.policies.parts.amplitude_policy import AmplitudePolicy
from stimulators.policies.policy import PolicyConfig, PolicyInputs, Thresholds
from stimulators.targets import Observation

#: Published gain, for a device of milliampere.
_GAIN_MA = 0.23


class PiConfig(
    AmplitudeConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="pi",
):
    """A `[[policies]]` table of kind ``pi``.

    Parameters
    ----------
    set_point : float
        The value to which the measure is controlled, in its unit; above 0, no default.
    gain_ma, gain_level : float
        Amount for an error of 1, which is a measure of twice the set point. In milliampere 0.23
        unless given [1]_; a level has no default.
    integral_s : float
        How long a constant error takes until the integral part equals the proportional part [1]_; 0
        for no integral.

    References
    ----------
    .. [1] J. E. Fleming, E. Dunn, M. M. Lowery, "Simulation of closed-loop deep brain stimulation
       control schemes for suppression of pathological beta oscillations in Parkinson's disease",
       Frontiers in Neuroscience 14, 2020, doi:10.3389/fnins.2020.00166.

    Examples
    --------
    >>> import msgspec
    >>> table = {
    ...     "kind": "pi",
    ...     "id": "pi",
    ...     "of": "beta",
    ...     "device": "stn",
    ...     "set_point": 1.0,
    ...     "integral_s": 0.2,
    ...     "highest_ma": 3.0,
    ...     "transition_up_s": 0.25,
    ...     "transition_down_s": 0.25,
    ... }
    >>> msgspec.convert(table, PiConfig).set_point
    1.0
    """

    set_point: Annotated[float, Meta(gt=0.0, le=1e12)]
    gain_ma: Amount | None = None
    gain_level: Amount | None = None
    integral_s: Duration = 0.2

    @property
    def compares_with(self) -> Thresholds:
        """The set point."""
        return Thresholds(self.set_point, self.set_point)


class Pi(AmplitudePolicy):
    """``gain * (error + sum(error) * update_s / integral_s)``, held within its own clip [1]_.

    The error is ``(mean - set_point) / set_point``; with ``expected_sign = "rises"`` its negative.

    Notes
    -----
    No windup: a step of the integral is not taken if it leads out of the clip, nor if the device
    gives less (more) than was wanted and the step would want still more (less): the device may be
    on its way, refuse, or round. Its amount is known from its own reports; a step is taken only
    where that amount is certain, and none in HOLD, while paused, or at hops that are not valid.
    When the device is engaged, or the rig resumes, the integral starts at the value with which
    the first amount is the one that the device gives, as far as the clip allows. At SAFE it is
    forgotten.

    A step of the integral lasts as long as the mean that it uses: blanked times are not integrated.
    Delay: half the averaging. For what it shares with other policies see `AmplitudePolicy`.

    Chance: none; a measure that does not depend on the amount is followed all the same.

    References
    ----------
    .. [1] J. E. Fleming, E. Dunn, M. M. Lowery, "Simulation of closed-loop deep brain stimulation
       control schemes for suppression of pathological beta oscillations in Parkinson's disease",
       Frontiers in Neuroscience 14, 2020, doi:10.3389/fnins.2020.00166.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> table = PiConfig(
    ...     id="pi",
    ...     of="beta",
    ...     device="stn",
    ...     lowest_ma=0.0,
    ...     highest_ma=3.0,
    ...     set_point=2.0,
    ...     transition_up_s=0.0,
    ...     transition_down_s=0.0,
    ... )
    >>> example = PolicyExample(Pi, table)
    >>> driven = Hop(is_on=False, changes=(("engaged", 0.0),))  # a device at 0 mA
    >>> hops = [driven, *[Hop(is_on=True)] * 3]  # a measure of 0.25, then 3.0: half too much
    >>> [round(each.amount, 3) for each in example.run(hops)]  # the device stays at 0 mA
    [0.0, 0.328, 0.328, 0.328]
    """

    config_type: ClassVar[type[PolicyConfig]] = PiConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        PiConfig(
            id="pi",
            of="beta",
            device="stn",
            highest_ma=3.0,
            set_point=1.0,
            transition_up_s=0.25,
            transition_down_s=0.25,
        ),
        PiConfig(
            id="slow",
            of="beta",
            device="band",
            lowest_level=0.2,
            highest_level=0.8,
            step_level=0.05,
            set_point=0.5,
            gain_level=0.1,
            integral_s=2.0,
            averaging_s=0.1,
            detection_blanking_s=0.04,
            transition_up_s=0.5,
            transition_down_s=1.0,
            expected_sign="rises",
        ),
    )

    def __init__(self, config: PiConfig, inputs: PolicyInputs) -> None:
        (device,) = inputs.devices
        gain = getattr(config, f"gain_{device.unit}")
        self._gain: float = _GAIN_MA if gain is None else gain
        self._set_point = config.set_point
        super().__init__(config, inputs, _wrong_gain(config, device))
        update_s = self.n_update_hops * inputs.hop_samples / inputs.rate_hz
        self._per_error = self._gain * update_s / config.integral_s if config.integral_s else 0.0

    def start(self) -> None:
        """Forget the integral."""
        self._integral: float | None = None
        self._wanted = self.amount

    def goal_of(self, mean: float, observation: Observation) -> float | None:
        """Return the amount of the controller after this mean."""
        self.compared_with = self._set_point
        error = self.sign * (mean - self._set_point) / self._set_point
        proportional = self._gain * error
        if self._integral is None:
            self._integral = self._first(proportional)
        elif self._may_integrate(error):
            integral = self._integral + self._per_error * error
            if not self._leads_out(proportional + integral, error):
                self._integral = integral
        wanted = min(max(proportional + self._integral, self.lowest), self.highest)
        direction = int(wanted > self.amount) - int(wanted < self.amount)
        side = self.onsets.update(self.sign * direction, observation.sample, observation.time_s)
        self._wanted = wanted
        return wanted if side else None

    def _first(self, proportional: float) -> float:
        """Return the integral that makes the first amount what the device gives."""
        if self._per_error == 0.0:
            return 0.0
        return min(max(self.amount - proportional, self.lowest), self.highest)

    def _may_integrate(self, error: float) -> bool:
        lowest, highest, is_certain = self.given
        if not is_certain:
            return False
        if error > 0.0:
            return highest >= self._wanted - self.tolerance
        return lowest <= self._wanted + self.tolerance

    def _leads_out(self, wanted: float, error: float) -> bool:
        return (wanted > self.highest and error > 0.0) or (wanted < self.lowest and error < 0.0)


def _wrong_gain(config: PiConfig, device: DeviceConfig) -> list[str]:
    if device.unit == "level" and config.gain_level is None:
        return ["gain_level: expected a gain (it has no default for a level), found none"]
    return []
