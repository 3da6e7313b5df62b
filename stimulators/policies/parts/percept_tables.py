"""The tables of an implant's two policies, Medtronic's Percept, with its ranges and defaults."""

from typing import Annotated, Literal, TypeAlias

from msgspec import Meta

from stimulators.policies.parts.amplitude_config import Duration, ThresholdsConfig
from stimulators.policies.policy import Thresholds

_Averaging: TypeAlias = Annotated[float, Meta(ge=0.0, le=30.0)]
_Blanking: TypeAlias = Annotated[float, Meta(ge=0.0, le=30.0)]
_Transition: TypeAlias = Annotated[float, Meta(ge=0.25, le=1800.0)]
_Limit: TypeAlias = Annotated[float, Meta(ge=0.0, le=25.5)]
_DualOnset: TypeAlias = Annotated[float, Meta(ge=0.0, le=360.0)]
_SingleOnset: TypeAlias = Annotated[float, Meta(ge=0.0, le=30.0)]

#: Where the single threshold lies between the lower and the upper level.
_SHARE = 0.75


class PerceptConfig(ThresholdsConfig, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The keys that both tables have beside averaging, onsets and blanking.

    Beside each key stands its name in the implant's session report.

    Parameters
    ----------
    lowest_ma, highest_ma : float
        LowerLimitInMilliAmps, UpperLimitInMilliAmps, to 25.5 mA.
    step_ma : float
        0.1 mA of a Percept PC, 0.01 of a Percept RC.
    transition_up_s, transition_down_s : float
        TransitionUpInMilliSeconds, TransitionDownInMilliSeconds, 250 ms to 30 minutes; or a preset.
    startup_delay_s : float
        AdaptiveStartupDelayInMilliSeconds.
    expected_sign : {"falls"}
        The implant's inverse modes only sense.
    """

    measure: Annotated[str, Meta(min_length=1, max_length=64)] = "power"
    lowest_ma: _Limit | None = None
    highest_ma: _Limit | None = None
    step_ma: Annotated[float, Meta(ge=0.0, le=1.0)] = 0.1
    transition_up_s: _Transition | None = None
    transition_down_s: _Transition | None = None
    startup_delay_s: Duration = 0.0
    expected_sign: Literal["falls"] | None = None


class PerceptDualConfig(
    PerceptConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="percept_dual",
):
    """A `[[policies]]` table of kind ``percept_dual``: AdaptiveModeDef.DUAL_THRESHOLD_DIRECT.

    Ranges and defaults are the implant's [1]_; transitions have no default, and those of
    ``preset = "percept_dual"`` are the implant's.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        UpperLfpThreshold, LowerLfpThreshold, in the unit of the measure.
    averaging_s : float
        AveragingDurationInMilliSeconds, to 30 s.
    onset_upper_s, onset_lower_s : float
        UpperThresholdOnsetInMilliSeconds, LowerThresholdOnsetInMilliSeconds, to 6 minutes.
    detection_blanking_s : float
        DetectionBlankingDurationInMilliSeconds, to 30 s.

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

    averaging_s: _Averaging = 1.2
    onset_upper_s: _DualOnset = 1.2
    onset_lower_s: _DualOnset = 1.2
    detection_blanking_s: _Blanking = 2.0


class PerceptSingleConfig(
    PerceptConfig,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="percept_single",
):
    """A `[[policies]]` table of kind ``percept_single``: AdaptiveModeDef.SINGLE_THRESHOLD_DIRECT.

    Ranges and defaults are the implant's, as of `PerceptDualConfig`; transitions have no default,
    and those of ``preset = "percept_single"`` are the implant's.

    Parameters
    ----------
    upper_threshold, lower_threshold : float
        Equal, as UpperLfpThreshold and LowerLfpThreshold of a report are in this mode, they are
        the threshold. Otherwise it lies at 75 % between them, as the implant places it: the upper
        one is the mean at the lower amplitude limit, the lower one that at the upper limit.
    averaging_s : float
        AveragingDurationInMilliSeconds, to 30 s.
    onset_upper_s, onset_lower_s : float
        UpperThresholdOnsetInMilliSeconds, LowerThresholdOnsetInMilliSeconds, to 30 s.
    detection_blanking_s : float
        DetectionBlankingDurationInMilliSeconds, to 30 s.

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

    averaging_s: _Averaging = 0.1
    onset_upper_s: _SingleOnset = 0.2
    onset_lower_s: _SingleOnset = 0.2
    detection_blanking_s: _Blanking = 0.55

    @property
    def threshold(self) -> float:
        """The one threshold."""
        return self.lower_threshold + _SHARE * (self.upper_threshold - self.lower_threshold)

    @property
    def compares_with(self) -> Thresholds:
        """The one threshold."""
        return Thresholds(self.threshold, self.threshold)
