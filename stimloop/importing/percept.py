"""The importer of Percept's session reports: a policy `percept_dual` or `percept_single`."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from stimloop.checking.mistakes import Mistake
from stimloop.checking.tables import Reading
from stimloop.checking.wording import shown
from stimloop.importing.importer import Imported, Importer, RefusedError
from stimloop.importing.percept_group import Group, chosen, groups_of
from stimloop.importing.percept_remarks import of_device, of_group, of_sensing, of_sides
from stimloop.importing.percept_report import PerceptChannel, wrong_together

#: Keys at the head of every report.
_KNOWN_BY: Final = ("FeatureInformationCode", "ProgrammerVersion", "ProgrammerUtcOffset")
_DATES: Final = ("SessionDate", "SessionEndDate")
#: Versions of the keys below; older reports, which have none, know no adaptive therapy.
_VERSION: Final = "3."
_STEP_MA: Final = {"Percept PC": 0.1, "Percept RC": 0.01}


def convert(document: Mapping[str, Any]) -> Imported:
    """Return a report's policies and the power they read, as it stood at the end of the session.

    Raises
    ------
    RefusedError
        With every value that cannot be, or where no group adapts.
    """
    dates = [*_wrong_dates(document)]
    version = document.get("DataVersion")
    if version is not None and not str(version).startswith(_VERSION):
        expected = f"{_VERSION}x, whose keys are known, or none"
        wrong = Mistake("$.DataVersion", f"expected {expected}, found {shown(version)}")
        raise RefusedError([wrong, *dates])
    groups = groups_of(document)
    group, others = chosen(groups, dates)
    channels, wrong_values = _channels(group)
    if wrong_values:
        raise RefusedError([*wrong_values, *dates])
    ganged = _ganged(channels)
    steps = _step_ma(document)
    leading = [each for each in channels.values() if each is not ganged]
    policies = [_policy(each, steps) for each in leading]
    if ganged is not None:
        policies = [_around(policies[0], ganged)]
    warnings = [
        *dates,
        *of_group(group, others, channels),
        *of_sides(group, channels, ganged),
    ]
    for path, channel in channels.items():
        if channel is not ganged:
            warnings += of_sensing(path, channel)
        warnings += of_device(path, channel)
    detectors = [_detector(each) for each in leading]
    return Imported({"detectors": detectors, "policies": policies}, warnings)


def _wrong_dates(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in _DATES:
        found = document.get(key)
        try:
            datetime.fromisoformat(str(found))
        except ValueError:
            what = "none" if found is None else shown(found)
            yield Mistake(f"$.{key}", f"expected a date, found {what}")


def _channels(group: Group) -> tuple[dict[str, PerceptChannel], list[Mistake]]:
    """Return the sides that adapt, by path; their errors are appended."""
    channels: dict[str, PerceptChannel] = {}
    wrong: list[Mistake] = []
    for path, content in group.adaptive:
        reading = Reading(PerceptChannel, _without_none(content))
        wrong += [Mistake(f"{path}{at.removeprefix('$')}", text) for at, text in reading.mistakes]
        wrong += [Mistake(f"{path}.{key}", text) for key, text in wrong_together(content)]
        if reading.config is not None:
            channels[path] = reading.config
    sides = [each.side for each in channels.values()]
    for path, each in channels.items():
        if sides.count(each.side) > 1:
            found = f"found the {each.side} one again"
            wrong.append(Mistake(f"{path}.HemisphereLocation", f"expected one side each, {found}"))
    followed = [each.get("HemisphereLocation") for _, each in group.adaptive]
    for path, each in channels.items():
        if each.GangedToHemisphere not in (None, *followed):
            text = f"expected a side that adapts, found {shown(each.GangedToHemisphere)}"
            wrong.append(Mistake(f"{path}.GangedToHemisphere", text))
    return channels, wrong


def _ganged(channels: Mapping[str, PerceptChannel]) -> PerceptChannel | None:
    """Return the side that follows the other one, if there is one."""
    locations = [each.HemisphereLocation for each in channels.values()]
    for each in channels.values():
        leads = each.GangedToHemisphere
        if leads in locations and leads != each.HemisphereLocation:
            return each
    return None


def _policy(channel: PerceptChannel, step_ma: float) -> dict[str, Any]:
    therapy = channel.AdaptiveTherapy
    return {
        "id": f"percept_{channel.side}",
        "kind": "percept_single" if channel.is_single else "percept_dual",
        "of": f"power_{channel.side}",
        "device": f"percept_{channel.side}",
        "upper_threshold": channel.UpperLfpThreshold,
        "lower_threshold": channel.LowerLfpThreshold,
        "averaging_s": channel.SensingSetup.AveragingDurationInMilliSeconds / 1000.0,
        "onset_upper_s": therapy.UpperThresholdOnsetInMilliSeconds / 1000.0,
        "onset_lower_s": therapy.LowerThresholdOnsetInMilliSeconds / 1000.0,
        "transition_up_s": channel.TransitionUpInMilliSeconds / 1000.0,
        "transition_down_s": channel.TransitionDownInMilliSeconds / 1000.0,
        "detection_blanking_s": therapy.DetectionBlankingDurationInMilliSeconds / 1000.0,
        "startup_delay_s": therapy.AdaptiveStartupDelayInMilliSeconds / 1000.0,
        "lowest_ma": channel.LowerLimitInMilliAmps,
        "highest_ma": channel.UpperLimitInMilliAmps,
        "step_ma": step_ma,
        "expected_sign": "falls",
    }


def _around(policy: Mapping[str, Any], ganged: PerceptChannel) -> dict[str, Any]:
    """Return the policy that lets one side follow the other."""
    amounts = {
        "lowest_ma": ganged.LowerLimitInMilliAmps,
        "highest_ma": ganged.UpperLimitInMilliAmps,
    }
    return {
        "id": "percept_both",
        "kind": "ganged",
        "others": {f"percept_{ganged.side}": amounts},
        "wraps": dict(policy),
    }


def _detector(channel: PerceptChannel) -> dict[str, Any]:
    return {
        "id": f"power_{channel.side}",
        "kind": "band_power",
        "stream": "LFP",
        "channels": [channel.label],
        "preset": "percept_single" if channel.is_single else "percept",
        "centre_hz": channel.SensingSetup.FrequencyInHertz,
        "hop_s": 0.05 if channel.is_single else 0.2,
    }


def _step_ma(document: Mapping[str, Any]) -> float:
    """Return the step of the implant's amplitude; that of a Percept PC where it is not said."""
    information = document.get("DeviceInformation")
    last = information.get("Final") if isinstance(information, dict) else None
    model = last.get("Neurostimulator") if isinstance(last, dict) else None
    return _STEP_MA.get(str(model), 0.1)


def _without_none(content: Any) -> Any:  # noqa: ANN401 plain data
    """Return a table without keys that hold nothing: some programs write these as null."""
    if not isinstance(content, dict):
        return content
    return {key: _without_none(each) for key, each in content.items() if each is not None}


IMPORTER: Final = Importer(
    format="Percept session report",
    recognizes=lambda document: any(key in document for key in _KNOWN_BY),
    convert=convert,
    reads=("DataVersion", *_DATES, "DeviceInformation", "Groups"),
)
