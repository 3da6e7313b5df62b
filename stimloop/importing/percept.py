"""The importer of Percept's session reports: a policy `percept_dual` or `percept_single`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from stimloop.checking.mistakes import Mistake
from stimloop.checking.tables import Reading
from stimloop.checking.wording import listed, shown
from stimloop.importing.importer import Imported, Importer, RefusedError
from stimloop.importing.percept_report import PerceptChannel, is_adaptive, wrong_together

#: Keys at the head of every report.
_KNOWN_BY: Final = ("FeatureInformationCode", "ProgrammerVersion", "ProgrammerUtcOffset")
_DATES: Final = ("SessionDate", "SessionEndDate")
#: Versions of the keys below; older reports, which have none, know no adaptive therapy.
_VERSION: Final = "3."
_STEP_MA: Final = {"Percept PC": 0.1, "Percept RC": 0.01}


class Group(NamedTuple):
    """A group of programs with its JSON path."""

    path: str
    content: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As the programmer shows it, with its title if it has one."""
        return str(self.content.get("GroupId", "")).rpartition(".")[2]

    @property
    def sensing(self) -> list[tuple[str, Any]]:
        """Its sensing channels, each with its path; one alone may stand without a list."""
        settings = self.content.get("ProgramSettings")
        found = settings.get("SensingChannel") if isinstance(settings, dict) else None
        return _listed(found, f"{self.path}.ProgramSettings.SensingChannel")

    @property
    def adaptive(self) -> list[tuple[str, Any]]:
        """The channels of sides that adapt."""
        return [(path, each) for path, each in self.sensing if is_adaptive(each)]


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
    groups = _groups(document)
    group, others = _chosen(groups, dates)
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
        *_of_group(group, others, channels),
        *(each for path, channel in channels.items() for each in _of_channel(path, channel)),
        *_of_sides(group, channels, ganged),
    ]
    detectors = [_detector(each) for each in leading]
    return Imported({"detectors": detectors, "policies": policies}, warnings)


def _wrong_dates(document: Mapping[str, Any]) -> Iterator[Mistake]:
    for key in _DATES:
        found = document.get(key)
        try:
            datetime.fromisoformat(str(found))
        except ValueError:
            yield Mistake(f"$.{key}", f"expected a date, found {shown(found)}")


def _groups(document: Mapping[str, Any]) -> list[Group]:
    """Return the groups at the end of the session, or those at its beginning where it has none."""
    found = document.get("Groups")
    for when in ("Final", "Initial"):
        content = found.get(when) if isinstance(found, dict) else None
        if groups := _listed(content, f"$.Groups.{when}"):
            return [Group(path, each) for path, each in groups if isinstance(each, dict)]
    return []


def _chosen(groups: Sequence[Group], dates: Sequence[Mistake]) -> tuple[Group, list[Group]]:
    """Return the group that adapts, the active one if it does, and the others that adapt."""
    adaptive = [each for each in groups if each.adaptive]
    if not adaptive:
        path = groups[0].path.partition("[")[0] if groups else "$.Groups"
        sensing = listed(each.name for each in groups if each.sensing)
        text = (
            "expected a group with adaptive therapy (a SensingChannel with its Mode), found "
            f"{len(groups)} groups without; that sense: {sensing}"
        )
        raise RefusedError([Mistake(path, text), *dates])
    active = [each for each in adaptive if each.content.get("ActiveGroup") is True]
    chosen = (active or adaptive)[0]
    return chosen, [each for each in adaptive if each is not chosen]


def _channels(group: Group) -> tuple[dict[str, PerceptChannel], list[Mistake]]:
    """Return the sides that adapt by path, and all that cannot be of them."""
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


def _of_group(
    group: Group, others: Sequence[Group], channels: Mapping[str, PerceptChannel]
) -> Iterator[Mistake]:
    for other in others:
        yield Mistake(other.path, f"{other.name}, which adapts too, is left out")
    if group.content.get("ActiveGroup") is not True:
        yield Mistake(group.path, f"{group.name} is taken, and was not the active group")
    for path, content in group.sensing:
        if path not in channels:
            side = str(content.get("HemisphereLocation") if isinstance(content, dict) else "")
            yield Mistake(path, f"the side {side.rpartition('.')[2]!r} does not adapt: left out")
    settings = group.content.get("GroupSettings")
    for key in ("HighPassFilterInHertz", "SensingBlankingDurationInMicroseconds"):
        if isinstance(settings, dict) and settings.get(key) is not None:
            yield Mistake(
                f"{group.path}.GroupSettings.{key}",
                f"{shown(settings[key])} is of the implant's amplifier, and has no counterpart",
            )


def _of_channel(path: str, channel: PerceptChannel) -> Iterator[Mistake]:
    yield Mistake(
        f"{path}.UpperLfpThreshold",
        "thresholds were taken as they stand: how their unit goes with the logged power (lsb) is "
        "not published, so set them anew from a titration",
    )
    yield Mistake(
        path,
        f'drives the device "percept_{channel.side}" here, of the stream "LFP" with a channel '
        f'"{channel.label}": write the rig\'s own in their place',
    )
    told = {"RateInHertz": "frequency_hz", "PulseWidthInMicroSecond": "pulse_width_us"}
    for key, own in told.items():
        if (found := getattr(channel, key)) is not None:
            text = f"belongs to the program of the device: {own} = {found:g}"
            yield Mistake(f"{path}.{key}", text)
    if (suspended_ma := channel.SuspendAmplitudeInMilliAmps) is not None:
        yield Mistake(
            f"{path}.SuspendAmplitudeInMilliAmps",
            f"what is given while adaptation is suspended belongs to the device: "
            f"safe_ma = {suspended_ma:g}",
        )


def _of_sides(
    group: Group, channels: Mapping[str, PerceptChannel], ganged: PerceptChannel | None
) -> Iterator[Mistake]:
    if len(channels) < 2:
        return
    if ganged is None:
        path = f"{group.path}.ProgramSettings.SensingChannel"
        yield Mistake(path, "both sides adapt, each by itself: two policies, of two devices")
        return
    path = next(each for each, channel in channels.items() if channel is ganged)
    yield Mistake(
        f"{path}.GangedToHemisphere",
        f"the {ganged.side} side follows the other one within its own limits: one policy; what it "
        "says of thresholds, onsets and transitions itself is left out",
    )


def _listed(content: Any, path: str) -> list[tuple[str, Any]]:  # noqa: ANN401 plain data
    """Return the entries of a list with their paths; what is no list is one entry."""
    if isinstance(content, list):
        return [(f"{path}[{number}]", each) for number, each in enumerate(content)]
    return [(path, content)] if isinstance(content, dict) else []


def _without_none(content: Any) -> Any:  # noqa: ANN401 plain data
    """Return a table without keys that hold nothing: some programs write these as null."""
    if not isinstance(content, dict):
        return content
    return {key: _without_none(each) for key, each in content.items() if each is not None}


IMPORTER: Final = Importer(
    format="Percept session report",
    recognizes=lambda document: any(key in document for key in _KNOWN_BY),
    convert=convert,
)
