"""Two thresholds: more above the upper one, less below the lower one, no change between."""

from collections.abc import Iterable
from typing import ClassVar

from stimulators.policies.parts.amplitude_config import Duration, ThresholdsConfig
from stimulators.policies.parts.amplitude_policy import AmplitudePolicy
from stimulators.policies.policy import PolicyConfig, PolicyInputs
from stimulators.targets import Observation


class DualThresholdConfig(
    ThresholdsConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="dual_threshold",
):
    """A `[[policies]]` table of kind ``dual_threshold``.

    Averaging, onsets and blanking are by default those of an implant's dual threshold [1]_.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        Thresholds in the unit of the measure; equal ones are a single threshold.

    References
    ----------
    .. [1] Medtronic, Percept BrainSense adaptive DBS, summary of safety and effectiveness
       P960009/S478, 2025, and white paper UC202012929dEN.

    Examples
    --------
    >>> import msgspec
    >>> table = {
    ...     "kind": "dual_threshold",
    ...     "id": "dual",
    ...     "of": "beta",
    ...     "device": "stn",
    ...     "upper_threshold": 2.0,
    ...     "lower_threshold": 0.5,
    ...     "lowest_ma": 1.0,
    ...     "highest_ma": 2.5,
    ...     "transition_up_s": 0.5,
    ...     "transition_down_s": 1.0,
    ... }
    >>> msgspec.convert(table, DualThresholdConfig).drives
    ('stn',)
    """

    averaging_s: Duration = 1.2
    onset_upper_s: Duration = 1.2
    onset_lower_s: Duration = 1.2
    detection_blanking_s: Duration = 2.0


class DualThreshold(AmplitudePolicy):
    """Raises the amount above the upper threshold, lowers it below the lower, else holds it [1]_.

    With ``expected_sign = "rises"`` it goes down above and up below.

    Notes
    -----
    Between the thresholds the amount stays where its ramp is, also on the way. A mean that is
    above for a shorter time than its onset counts as between. Delay: half of averaging, and the
    onset; then the transition. What it shares with other policies: `AmplitudePolicy`.

    Chance: the mean of noise passes a threshold at its percentile p in 1 - p of updates; an onset
    of n updates, of means that are independent, in ``(1 - p) ** (n + 1)``.

    References
    ----------
    .. [1] A. Velisar et al., "Dual threshold neural closed loop deep brain stimulation in
       Parkinson disease patients", Brain Stimulation 12(4), 2019,
       doi:10.1016/j.brs.2019.02.020.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(DualThreshold, DualThreshold.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.0, 2.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = DualThresholdConfig
    #: The configurations on which the laws are tested.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        DualThresholdConfig(
            id="dual",
            of="beta",
            device="stn",
            lowest_ma=1.0,
            highest_ma=2.5,
            step_ma=0.1,
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
        DualThresholdConfig(
            id="touch",
            of="gamma",
            device="band",
            highest_level=0.8,
            upper_threshold=1.0,
            lower_threshold=1.0,
            averaging_s=0.0,
            onset_upper_s=0.0,
            onset_lower_s=0.04,
            detection_blanking_s=0.0,
            transition_up_s=0.0,
            transition_down_s=0.0,
            expected_sign="rises",
        ),
    )

    def __init__(
        self, config: ThresholdsConfig, inputs: PolicyInputs, wrong: Iterable[str] = ()
    ) -> None:
        found = [*wrong]
        if config.upper_threshold < config.lower_threshold:
            found.append(
                f"upper_threshold: expected at least lower_threshold ({config.lower_threshold:g}), "
                f"found {config.upper_threshold:g}"
            )
        super().__init__(config, inputs, found)
        self._upper, self._lower = config.upper_threshold, config.lower_threshold

    def goal_of(self, mean: float, observation: Observation) -> float | None:
        """Return an end of the clip, or None between the thresholds."""
        side = int(mean > self._upper) - int(mean < self._lower)
        self.compared_with = self._lower if side < 0 else self._upper
        side = self.sign * self.onsets.update(side, observation.sample, observation.time_s)
        if side == 0:
            return None
        return self.highest if side > 0 else self.lowest
