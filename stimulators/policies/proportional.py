"""An amount in proportion to the measure, between two thresholds."""

from typing import ClassVar

from stimulators.policies.parts.amplitude_config import Amount, Duration, ThresholdsConfig
from stimulators.policies.parts.amplitude_policy import AmplitudePolicy
from stimulators.policies.policy import PolicyConfig, PolicyInputs
from stimulators.targets import Observation


class ProportionalConfig(
    ThresholdsConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="proportional",
):
    """A `[[policies]]` table of kind ``proportional``.

    Parameters
    ----------
    dead_band_ma, dead_band_level : float
        The smallest change of the goal that is followed; the lowest and the highest amount are
        always reached.

    Examples
    --------
    >>> import msgspec
    >>> table = {
    ...     "kind": "proportional",
    ...     "id": "linear",
    ...     "of": "beta",
    ...     "device": "stn",
    ...     "upper_threshold": 4.0,
    ...     "lower_threshold": 0.2,
    ...     "lowest_ma": 0.5,
    ...     "highest_ma": 2.5,
    ...     "transition_up_s": 0.4,
    ...     "transition_down_s": 0.4,
    ... }
    >>> msgspec.convert(table, ProportionalConfig).drives
    ('stn',)
    """

    dead_band_ma: Amount = 0.0
    dead_band_level: Amount = 0.0
    averaging_s: Duration = 1.0


class Proportional(AmplitudePolicy):
    """The lowest amount at the lower threshold, the highest at the upper, linear between [1]_.

    ``lowest + (highest - lowest) * clip((mean - lower) / (upper - lower), 0, 1)``; with
    ``expected_sign = "rises"`` the other way round.

    Notes
    -----
    The amount goes to its newest goal by its transitions. Onsets are those of a goal that is
    further up (``onset_upper_s``) or down (``onset_lower_s``, the other way round with ``rises``)
    than the one that holds. Delay: half of averaging, and the transition. What it shares with
    other policies: `AmplitudePolicy`.

    Chance: of a measure that is uniform between the thresholds the mean amount is the middle.

    References
    ----------
    .. [1] M. Arlotti et al., "Eight-hours adaptive deep brain stimulation in patients with
       Parkinson disease", Neurology 90(11), 2018, doi:10.1212/WNL.0000000000005121.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(Proportional, Proportional.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (0.9, 1.974)
    """

    config_type: ClassVar[type[PolicyConfig]] = ProportionalConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        ProportionalConfig(
            id="linear",
            of="beta",
            device="stn",
            lowest_ma=0.5,
            highest_ma=2.5,
            dead_band_ma=0.25,
            upper_threshold=4.0,
            lower_threshold=0.2,
            averaging_s=0.1,
            onset_upper_s=0.1,
            transition_up_s=0.4,
            transition_down_s=0.4,
        ),
        ProportionalConfig(
            id="inverse",
            of="gamma",
            device="stn",
            highest_ma=3.0,
            step_ma=0.25,
            upper_threshold=4.0,
            lower_threshold=-1.0,
            averaging_s=0.0,
            transition_up_s=0.0,
            transition_down_s=0.5,
            expected_sign="rises",
        ),
    )

    def __init__(self, config: ProportionalConfig, inputs: PolicyInputs) -> None:
        wrong = []
        if config.upper_threshold <= config.lower_threshold:
            wrong.append(
                f"upper_threshold: expected more than lower_threshold "
                f"({config.lower_threshold:g}), found {config.upper_threshold:g}"
            )
        super().__init__(config, inputs, wrong)
        self._upper, self._lower = config.upper_threshold, config.lower_threshold
        self._dead_band: float = getattr(config, f"dead_band_{inputs.devices[0].unit}")

    def goal_of(self, mean: float, observation: Observation) -> float | None:
        """Return the amount for this mean, or the present goal within the dead band."""
        share = min(max((mean - self._lower) / (self._upper - self._lower), 0.0), 1.0)
        if self.sign < 0:
            share = 1.0 - share
        wanted = self.lowest + share * (self.highest - self.lowest)
        held = self.amount if self.goal is None else self.goal
        is_near = abs(wanted - held) <= self._dead_band and 0.0 < share < 1.0
        direction = 0 if is_near else int(wanted > held) - int(wanted < held)
        self.compared_with = self._upper if self.sign * direction > 0 else self._lower
        side = self.onsets.update(self.sign * direction, observation.sample, observation.time_s)
        return self.goal if side == 0 else wanted
