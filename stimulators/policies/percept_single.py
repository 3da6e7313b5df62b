"""The single threshold of an implant, Medtronic's Percept, with its parameters and defaults."""

from typing import Annotated, ClassVar, Literal

from msgspec import Meta

from stimulators.policies.dual_threshold import DualThreshold
from stimulators.policies.parts.amplitude_config import Duration, ThresholdsConfig
from stimulators.policies.parts.percept_ranges import (
    AveragingDuration,
    BlankingDuration,
    LimitAmplitude,
    TransitionDuration,
    wrong_device,
)
from stimulators.policies.policy import PolicyConfig, PolicyInputs

#: Where the threshold lies between the lower and the upper level, unless these are equal.
_SHARE = 0.75


class PerceptSingleConfig(
    ThresholdsConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="percept_single",
):
    """A `[[policies]]` table of kind ``percept_single``.

    Names, in brackets those of the implant's session report, ranges and defaults are the implant's,
    as in `PerceptDualConfig`; transitions have no default, and ``preset = "percept_single"`` are
    the implant's.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        Equal (as UpperLfpThreshold and LowerLfpThreshold of a report are in this mode), they are
        the threshold. Otherwise it lies at 75 % between them: the implant's own choice, with the
        mean at the lower amplitude limit as the upper one and that at the upper limit as the lower.
    averaging_s : float
        AveragingDurationInMilliSeconds, to 30 s.
    onset_upper_s, onset_lower_s : float
        UpperThresholdOnsetInMilliSeconds, LowerThresholdOnsetInMilliSeconds, to 30 s.
    transition_up_s, transition_down_s : float
        TransitionUpInMilliSeconds, TransitionDownInMilliSeconds, 250 ms to 30 minutes.
    detection_blanking_s : float
        DetectionBlankingDurationInMilliSeconds, to 30 s.
    startup_delay_s : float
        AdaptiveStartupDelayInMilliSeconds.
    lowest_ma, highest_ma : float
        LowerLimitInMilliAmps, UpperLimitInMilliAmps, to 25.5 mA.
    step_ma : float
        0.1 mA of a Percept PC, 0.01 of a Percept RC.
    expected_sign : {"falls"}
        AdaptiveModeDef.SINGLE_THRESHOLD_DIRECT: the implant's inverse mode only senses.

    Examples
    --------
    >>> import msgspec
    >>> table = {
    ...     "kind": "percept_single",
    ...     "id": "left",
    ...     "of": "beta",
    ...     "device": "stn",
    ...     "upper_threshold": 1400.0,
    ...     "lower_threshold": 1000.0,
    ...     "lowest_ma": 1.7,
    ...     "highest_ma": 2.3,
    ...     "preset": "percept_single",
    ... }
    >>> config = msgspec.convert(table, PerceptSingleConfig)
    >>> config.threshold, config.detection_blanking_s
    (1300.0, 0.55)
    """

    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "power"
    lowest_ma: LimitAmplitude | None = None
    highest_ma: LimitAmplitude | None = None
    step_ma: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.1
    averaging_s: AveragingDuration = 0.1
    onset_upper_s: Annotated[float, Meta(ge=0.0, le=30.0)] = 0.2
    onset_lower_s: Annotated[float, Meta(ge=0.0, le=30.0)] = 0.2
    transition_up_s: TransitionDuration | None = None
    transition_down_s: TransitionDuration | None = None
    detection_blanking_s: BlankingDuration = 0.55
    startup_delay_s: Duration = 0.0
    expected_sign: Literal["falls"] | None = None

    @property
    def threshold(self) -> float:
        """The one threshold."""
        return self.lower_threshold + _SHARE * (self.upper_threshold - self.lower_threshold)


class PerceptSingle(DualThreshold):
    """Above the threshold for its onset up, below it for its onset down.

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
    #: What the laws are held on.
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
        super().__init__(config, inputs, wrong_device(inputs.devices[0]))
        self._upper = self._lower = config.threshold
