"""The entries of a report's logs in a line each."""

from collections.abc import Mapping
from typing import Any, Final

#: Keys of an entry that say when, not what.
_WHEN: Final = ("DateTime", "DateTimeBlockId", "DateTimeOffsetInSeconds", "ParameterTrendId")


def changed(entry: Mapping[str, Any]) -> str:
    """Return what an entry of the event log says, without the names of its enumerations.

    Examples
    --------
    >>> changed({"DateTime": "2024", "SessionType": "SessionStateDef.SessionStart"})
    'SessionType SessionStart'
    """
    said = [
        f"{key} {_short(value)}"
        for key, value in entry.items()
        if key not in _WHEN and isinstance(value, str | int | float) and value != ""
    ]
    return ", ".join(said)


def group_text(entry: Mapping[str, Any]) -> str:
    """Return the settings of the group that was active in an earlier session.

    Examples
    --------
    >>> program = {"AmplitudeInMilliAmps": 3.1, "PulseWidthInMicroSecond": 60, "RateInHertz": 180}
    >>> sides = {"LeftHemisphere": {"Programs": [program]}}
    >>> group = {"GroupId": "GroupIdDef.GROUP_A", "ActiveGroup": True, "ProgramSettings": sides}
    >>> group_text({"Groups": [group]})
    'GROUP_A, left 3.1 mA 60 us 180 Hz'
    """
    groups = entry.get("Groups")
    for group in groups if isinstance(groups, list) else ():
        if isinstance(group, dict) and group.get("ActiveGroup") is True:
            settings = group.get("ProgramSettings")
            settings = settings if isinstance(settings, dict) else {}
            sides = [
                f"{side} {_program(each, settings.get('RateInHertz'))}"
                for side in ("left", "right")
                for each in _programs(settings.get(f"{side.capitalize()}Hemisphere"))
            ]
            return ", ".join([_short(group.get("GroupId")), *sides])
    return ""


def snapshot_text(snapshot: Mapping[str, Any]) -> str:
    """Return the settings of a run: group, and for each side what it sensed and how it gave.

    Examples
    --------
    >>> side = {"SensingChannel": "SensingChannelDef.ONE_THREE_LEFT", "FrequencyInHertz": 11.72}
    >>> side |= {"LowerLfpThreshold": 20, "UpperLfpThreshold": 30, "RateInHertz": 125}
    >>> snapshot_text({"ActiveGroup": "GroupIdDef.GROUP_B", "Left": side})
    'GROUP_B, left ONE_THREE_LEFT at 11.72 Hz, thresholds 20 30, rate 125 Hz'
    """
    parts = [_short(snapshot.get("ActiveGroup"))]
    for name in ("Left", "Right"):
        side = snapshot.get(name)
        if not isinstance(side, dict):
            continue
        channel = _short(side.get("SensingChannel"))
        parts.append(f"{name.lower()} {channel} at {side.get('FrequencyInHertz')} Hz")
        for text, *keys, unit in _SETTINGS:
            values = [str(side[key]) for key in keys if side.get(key) is not None]
            if values:
                parts.append(" ".join([text, *map(_short, values), unit]).strip())
    return ", ".join(each for each in parts if each)


_SETTINGS: Final = (
    ("mode", "StreamingAdaptiveMode", ""),
    ("status", "AdaptiveTherapyStatus", ""),
    ("thresholds", "LowerLfpThreshold", "UpperLfpThreshold", ""),
    ("averaging", "AveragingDurationInMilliSeconds", "ms"),
    ("limits", "LowerLimitInMilliAmps", "UpperLimitInMilliAmps", "mA"),
    ("rate", "RateInHertz", "Hz"),
    ("pulse width", "PulseWidthInMicroSecond", "us"),
)


def summary_texts(summary: Mapping[str, Any]) -> list[str]:
    """Return the counts of patient's events, and for each side the time within its thresholds.

    The key of the counts is translated to the programmer's language: it is found by its content.

    Examples
    --------
    >>> summary_texts({"Ereignisse": [{"EventName": "Off", "EventCount": 38}]})
    ['38 times Off']
    """
    lists = [each for each in summary.values() if isinstance(each, list)]
    texts: list[str] = []
    for entry in (each for found in lists for each in found if isinstance(each, dict)):
        if "EventName" in entry and "EventCount" in entry:
            texts.append(f"{entry['EventCount']} times {' '.join(str(entry['EventName']).split())}")
        elif "BetweenThresholdPercent" in entry:
            where = f"{_short(entry.get('GroupId'))} {_short(entry.get('Hemisphere')).lower()}"
            shares = [
                f"{entry.get(f'{name}ThresholdPercent')} % {name.lower()}"
                for name in ("Below", "Between", "Above")
            ]
            mean = f"mean {entry.get('AverageAmplitude')} mA"
            texts.append(f"{where}: {', '.join(shares)} thresholds, {mean}")
    return texts


def _short(value: object) -> str:
    """Return a value without the name of its enumeration: ``GroupIdDef.GROUP_A``."""
    text = str(value) if value is not None else ""
    return text.partition("Def.")[2] or " ".join(text.split())


def _programs(hemisphere: object) -> list[Mapping[str, Any]]:
    programs = hemisphere.get("Programs") if isinstance(hemisphere, dict) else None
    return [each for each in programs or () if isinstance(each, dict)] if programs else []


def _program(program: Mapping[str, Any], rate_hz: object) -> str:
    values = (
        (program.get("AmplitudeInMilliAmps"), "mA"),
        (program.get("PulseWidthInMicroSecond"), "us"),
        (program.get("RateInHertz", rate_hz), "Hz"),
    )
    return " ".join(f"{value} {unit}" for value, unit in values if value is not None)
