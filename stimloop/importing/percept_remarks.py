"""Remarks on a session report: parts without a counterpart in a rig, and what it needs besides."""

from collections.abc import Iterator, Mapping, Sequence

from stimloop.checking.mistakes import Mistake
from stimloop.checking.wording import shown
from stimloop.importing.percept_group import Group
from stimloop.importing.percept_report import PerceptChannel


def of_group(
    group: Group, others: Sequence[Group], channels: Mapping[str, PerceptChannel]
) -> Iterator[Mistake]:
    """Yield a remark on each part of the groups that is left out."""
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


def of_sensing(path: str, channel: PerceptChannel) -> Iterator[Mistake]:
    """Yield the remarks on the sensed power of a side."""
    yield Mistake(
        f"{path}.UpperLfpThreshold",
        "thresholds were taken as they stand: how their unit goes with the logged power (lsb) is "
        "not published, so set them anew from a titration",
    )
    yield Mistake(
        f"{path}.SensingSetup",
        f'reads the channel "{channel.label}" of the stream "LFP" here: write the rig\'s own in '
        "their place",
    )


def of_device(path: str, channel: PerceptChannel) -> Iterator[Mistake]:
    """Yield what the rig's file must have for the device of a side."""
    yield Mistake(
        path,
        f'drives the device "percept_{channel.side}" here: write the id of the rig\'s own in its '
        "place",
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


def of_sides(
    group: Group, channels: Mapping[str, PerceptChannel], ganged: PerceptChannel | None
) -> Iterator[Mistake]:
    """Yield the remarks on two sides that adapt."""
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
