"""The base of every policy that follows one measure: its means give a goal for a ramp."""

from collections.abc import Iterable

from stimulators.policies.parts.amount_keeper import AmountKeeper, Basis, RampRates
from stimulators.policies.parts.amplitude_config import (
    AmplitudeConfig,
    amounts_of,
    n_hops_of,
    ways_of,
)
from stimulators.policies.parts.averaging import Averaging
from stimulators.policies.parts.onsets import Onsets
from stimulators.policies.policy import PolicyInputs
from stimulators.policies.ramp import per_sample
from stimulators.targets import DeviceEvent, Observation


class AmplitudePolicy(AmountKeeper):
    """Averages the measure, gets a goal for each mean from `goal_of`, and moves the amount there.

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
    compared_with : float
        What the newest mean was compared with.
    onsets : Onsets
        How long the mean has been above or below.
    n_update_hops : int
        Hops in a mean.

    Notes
    -----
    Means are taken only while the device is driven; when it is engaged, or the rig resumes, they
    begin anew. A mean of which less than half the hops are valid is none, and the amount stays
    where it is. What is common to all that keep an amount: `AmountKeeper`.
    """

    def __init__(
        self, config: AmplitudeConfig, inputs: PolicyInputs, wrong: Iterable[str] = ()
    ) -> None:
        own = amounts_of(config, inputs, wrong)
        rate_hz = inputs.rate_hz
        distance = own.highest - own.lowest
        ways = ways_of(config, distance)
        rates = RampRates(
            per_sample(distance, ways.up_s, rate_hz), per_sample(distance, ways.down_s, rate_hz)
        )
        super().__init__(config, inputs, own, rates, -1 if config.expected_sign == "rises" else 1)
        self._config = config
        self._channel = inputs.reads[0].channel
        self._blanking_samples = round(config.detection_blanking_s * rate_hz)
        self._startup_samples = round(config.startup_delay_s * rate_hz)
        self.n_update_hops = n_hops_of(config.averaging_s, inputs)
        self._averaging = Averaging(self.n_update_hops)
        self.onsets = Onsets(
            upper_samples=round(config.onset_upper_s * rate_hz),
            lower_samples=round(config.onset_lower_s * rate_hz),
        )
        self.reset()

    def goal_of(self, mean: float, observation: Observation) -> float | None:
        """Return the amount that is wanted after a new mean; None to leave it as it is.

        It need not lie within the clip, and must be a number.
        """
        raise NotImplementedError

    def start(self) -> None:
        """Forget what was derived from hops: at construction, and when driven anew."""

    def begin(self, event: DeviceEvent | None) -> None:
        """Begin the means anew, after the start-up delay or the blanking."""
        self._blank_until = 0
        if event is not None:
            is_new = event.change == "engaged"
            blank_samples = self._startup_samples if is_new else self._blanking_samples
            self._blank_until = event.sample + blank_samples
        self._averaging.restart()
        self.onsets.restart()
        self._mean: float | None = None
        self.compared_with = 0.0
        self.start()

    def take(self, observation: Observation) -> None:
        """Take in the measure of a hop; once a mean is complete, set the goal by it."""
        if not self.is_driven or observation.sample < self._blank_until:
            return
        mean = self._averaging.take(observation.values[0], is_valid=observation.valid)
        if mean is None:
            return
        where_before = self.where
        if mean != mean:  # noqa: PLR0124 NaN: too little of it was valid
            self.onsets.restart()
            self.goal = None
        else:
            self._mean = mean
            self.goal = self.goal_of(mean, observation)
        if self.where != where_before and self._blanking_samples:
            self._blank_until = observation.sample + self._blanking_samples
            self._averaging.restart()

    def watched(self, observation: Observation) -> float:
        """Return the measure."""
        return observation.values[0]

    def watched_name(self) -> str:
        """Return the name of the measure."""
        return self._config.measure

    def basis(self, observation: Observation) -> Basis:
        """Return the newest mean, and what it was compared with."""
        since_s = self.onsets.since_s
        return Basis(
            self._config.of,
            self._channel,
            observation.time_s if since_s is None else since_s,
            observation.values[0] if self._mean is None else self._mean,
            self.compared_with,
        )
