"""The dual threshold of an implant, Medtronic's Percept, with its parameters and defaults."""

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


class PerceptDualConfig(
    ThresholdsConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="percept_dual",
):
    """A `[[policies]]` table of kind ``percept_dual``.

    Beside each key stands its name in the implant's session report. Ranges and defaults are the
    implant's [1]_; transitions have no default, and ``preset = "percept_dual"`` are the implant's.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        UpperLfpThreshold, LowerLfpThreshold, in the unit of the measure.
    averaging_s : float
        AveragingDurationInMilliSeconds, to 30 s.
    onset_upper_s, onset_lower_s : float
        UpperThresholdOnsetInMilliSeconds, LowerThresholdOnsetInMilliSeconds, to 6 minutes.
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
        AdaptiveModeDef.DUAL_THRESHOLD_DIRECT: the implant's inverse mode only senses.

    References
    ----------
    .. [1] Medtronic, Percept BrainSense adaptive DBS, summary of safety and effectiveness
       P960009/S478, 2025, and white paper UC202012929dEN.

    Examples
    --------
    >>> import msgspec
    >>> table = {
    ...     "kind": "percept_dual",
    ...     "id": "left",
    ...     "of": "beta",
    ...     "device": "stn",
    ...     "upper_threshold": 1400.0,
    ...     "lower_threshold": 900.0,
    ...     "lowest_ma": 1.7,
    ...     "highest_ma": 2.3,
    ...     "preset": "percept_dual",
    ... }
    >>> msgspec.convert(table, PerceptDualConfig).averaging_s
    1.2
    """

    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "power"
    lowest_ma: LimitAmplitude | None = None
    highest_ma: LimitAmplitude | None = None
    step_ma: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.1
    averaging_s: AveragingDuration = 1.2
    onset_upper_s: Annotated[float, Meta(ge=0.0, le=360.0)] = 1.2
    onset_lower_s: Annotated[float, Meta(ge=0.0, le=360.0)] = 1.2
    transition_up_s: TransitionDuration | None = None
    transition_down_s: TransitionDuration | None = None
    detection_blanking_s: BlankingDuration = 2.0
    startup_delay_s: Duration = 0.0
    expected_sign: Literal["falls"] | None = None


class PerceptDual(DualThreshold):
    """Above the upper threshold for its onset up, below the lower down, between held where it is.

    Notes
    -----
    Held where its ramp is, on the way too, as `DualThreshold`, with the implant's parameters. Its
    sides are ganged by the policy `Ganged` around it. What the implant gives while adaptation is
    suspended (SuspendAmplitudeInMilliAmps) is here the safe amount of the device.

    The power that the implant averages is a `band_power` with ``preset = "percept"`` and
    ``hop_s = 0.2``. Its thresholds are counted in units whose relation to its logged power is not
    published.

    Delay: half of averaging, and the onset; then the transition. Chance: as of `DualThreshold`.

    Examples
    --------
    >>> from stimulators.testing.policy_example import Hop, PolicyExample
    >>> hops = [Hop(is_on=False, changes=(("engaged", 0.3),)), *[Hop(is_on=True)] * 150]
    >>> targets = PolicyExample(PerceptDual, PerceptDual.examples[0]).run(hops)
    >>> round(targets[0].amount, 3), round(targets[-1].amount, 3)
    (1.0, 2.5)
    """

    config_type: ClassVar[type[PolicyConfig]] = PerceptDualConfig
    #: What the laws are held on.
    examples: ClassVar[tuple[PolicyConfig, ...]] = (
        PerceptDualConfig(
            id="left",
            of="beta",
            device="stn",
            lowest_ma=1.0,
            highest_ma=2.5,
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
        PerceptDualConfig(
            id="defaults",
            of="beta",
            device="stn",
            highest_ma=1.0,
            upper_threshold=2.0,
            lower_threshold=0.5,
            averaging_s=0.2,
            onset_upper_s=0.2,
            onset_lower_s=0.2,
            detection_blanking_s=0.2,
            preset="rcs_fast",
        ),
    )

    def __init__(self, config: PerceptDualConfig, inputs: PolicyInputs) -> None:
        super().__init__(config, inputs, wrong_device(inputs.devices[0]))
