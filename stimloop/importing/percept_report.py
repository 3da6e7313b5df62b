"""The keys of a Percept session report that say how an amplitude adapts, and their ranges.

Ranges are those of Medtronic's summary of safety and effectiveness P960009/S478, 2025; of
thresholds none is published in the unit that a report has them in.
"""

import math
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta

DUAL: Final = "AdaptiveModeDef.DUAL_THRESHOLD_DIRECT"
SINGLE: Final = "AdaptiveModeDef.SINGLE_THRESHOLD_DIRECT"
NOT_CONFIGURED: Final = "ADBSStatusDef.NOT_CONFIGURED"
#: Value of thresholds that were never set.
UNSET: Final = (30.0, 20.0)
#: Longest onset, and of a single threshold.
_ONSET_MS: Final = 360_000.0
_SINGLE_ONSET_MS: Final = 30_000.0
_BOTH: Final = ("Upper", "Lower")

_Hemisphere: TypeAlias = Literal["HemisphereLocationDef.Left", "HemisphereLocationDef.Right"]
_Limit: TypeAlias = Annotated[float, Meta(ge=0.0, le=25.5)]
_Transition: TypeAlias = Annotated[float, Meta(ge=250.0, le=1_800_000.0)]
_Onset: TypeAlias = Annotated[float, Meta(ge=0.0, le=_ONSET_MS)]
_HalfMinute: TypeAlias = Annotated[float, Meta(ge=0.0, le=30_000.0)]
_Delay: TypeAlias = Annotated[float, Meta(ge=0.0, le=3_600_000.0)]
_Threshold: TypeAlias = Annotated[float, Meta(gt=0.0, le=1e6)]


class PerceptOnsets(msgspec.Struct, frozen=True, kw_only=True):
    """``AdaptiveTherapy`` of a channel."""

    UpperThresholdOnsetInMilliSeconds: _Onset
    LowerThresholdOnsetInMilliSeconds: _Onset
    DetectionBlankingDurationInMilliSeconds: _HalfMinute
    AdaptiveStartupDelayInMilliSeconds: _Delay


class PerceptSensing(msgspec.Struct, frozen=True, kw_only=True):
    """``SensingSetup`` of a channel."""

    FrequencyInHertz: Annotated[float, Meta(ge=8.0, le=30.0)]
    AveragingDurationInMilliSeconds: _HalfMinute


class PerceptChannel(msgspec.Struct, frozen=True, kw_only=True):
    """One side that adapts: an entry of ``SensingChannel``."""

    HemisphereLocation: _Hemisphere
    Channel: Annotated[str, Meta(min_length=1)]
    Mode: Literal[
        "AdaptiveModeDef.DUAL_THRESHOLD_DIRECT", "AdaptiveModeDef.SINGLE_THRESHOLD_DIRECT"
    ]
    UpperLfpThreshold: _Threshold
    LowerLfpThreshold: _Threshold
    TransitionUpInMilliSeconds: _Transition
    TransitionDownInMilliSeconds: _Transition
    UpperLimitInMilliAmps: _Limit
    LowerLimitInMilliAmps: _Limit
    SensingSetup: PerceptSensing
    AdaptiveTherapy: PerceptOnsets
    SuspendAmplitudeInMilliAmps: _Limit | None = None
    PulseWidthInMicroSecond: float | None = None
    RateInHertz: float | None = None
    GangedToHemisphere: _Hemisphere | None = None

    @property
    def side(self) -> str:
        """``left`` or ``right``."""
        return self.HemisphereLocation.rpartition(".")[2].lower()

    @property
    def label(self) -> str:
        """The channel's name in recordings: ``ONE_THREE_LEFT``."""
        contacts = self.Channel.rpartition(".")[2].replace("_AND_", "_")
        return f"{contacts}_{self.side.upper()}"

    @property
    def is_single(self) -> bool:
        """Whether it has one threshold."""
        return self.Mode == SINGLE


def is_adaptive(channel: Any) -> bool:  # noqa: ANN401 whatever a file holds
    """Return whether an entry of ``SensingChannel`` says how an amplitude adapts."""
    if not isinstance(channel, dict) or channel.get("Mode") is None:
        return False
    return channel.get("AdaptiveTherapyStatus") != NOT_CONFIGURED


def wrong_together(channel: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield keys of an entry that contradict other keys, each with what was expected.

    What is no number says nothing here: it is wrong in itself.
    """
    yield from _wrong_thresholds(channel)
    yield from _wrong_onsets(channel)
    upper_ma, lower_ma = (_number(channel, f"{each}LimitInMilliAmps") for each in _BOTH)
    if upper_ma <= lower_ma:
        found = f"LowerLimitInMilliAmps ({lower_ma:g}), found {upper_ma:g}"
        yield "UpperLimitInMilliAmps", f"expected more than {found}"


def _wrong_thresholds(channel: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    upper, lower = (_number(channel, f"{each}LfpThreshold") for each in _BOTH)
    is_single = channel.get("Mode") == SINGLE
    key = "UpperLfpThreshold"
    if (upper, lower) == UNSET:
        yield key, "expected one that was set, found 30 over 20, as before any is set"
    elif is_single and (upper < lower or upper > lower):
        found = f"as the mode has one threshold, found {upper:g}"
        yield key, f"expected LowerLfpThreshold ({lower:g}), {found}"
    elif not is_single and upper <= lower:
        yield key, f"expected more than LowerLfpThreshold ({lower:g}), found {upper:g}"


def _wrong_onsets(channel: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    averaging_ms = _number(channel, "SensingSetup", "AveragingDurationInMilliSeconds")
    for each in _BOTH:
        name = f"{each}ThresholdOnsetInMilliSeconds"
        onset_ms = _number(channel, "AdaptiveTherapy", name)
        if channel.get("Mode") == SINGLE and _SINGLE_ONSET_MS < onset_ms <= _ONSET_MS:
            most = f"{_SINGLE_ONSET_MS:g}, as the mode has one threshold"
            yield f"AdaptiveTherapy.{name}", f"expected at most {most}, found {onset_ms:g}"
        elif 0.0 < onset_ms < averaging_ms:
            least = f"AveragingDurationInMilliSeconds ({averaging_ms:g})"
            text = f"expected 0 or at least {least}, found {onset_ms:g}"
            yield f"AdaptiveTherapy.{name}", text


def _number(content: Any, *keys: str) -> float:  # noqa: ANN401 whatever a file holds
    """Return the number at a path of keys; NaN, which compares with nothing, where it is none."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    is_number = isinstance(content, int | float) and not isinstance(content, bool)
    return float(content) if is_number else math.nan
