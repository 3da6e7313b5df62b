"""Percept's session reports become policies that `config check` takes, or are refused."""

import copy
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli_w

from stimloop.__main__ import run_command
from stimloop.importing.importer import RefusedError
from stimloop.importing.percept import IMPORTER, convert

_ROOT = Path(__file__).parents[3]
_CHANNELS = "$.Groups.Final[0].ProgramSettings.SensingChannel"
_LEFT, _RIGHT = "HemisphereLocationDef.Left", "HemisphereLocationDef.Right"
_DUAL, _SINGLE = (f"AdaptiveModeDef.{each}_THRESHOLD_DIRECT" for each in ("DUAL", "SINGLE"))


def channel(side: Any = _LEFT, **keys: Any) -> dict[str, Any]:
    """Return a side that adapts by the implant's defaults, between 1.7 and 2.3 mA."""
    return {
        "HemisphereLocation": side,
        "Channel": "SensingElectrodeConfigDef.ONE_AND_THREE",
        "PulseWidthInMicroSecond": 60,
        "RateInHertz": 125,
        "UpperLfpThreshold": 1400,
        "LowerLfpThreshold": 900,
        "AdaptiveTherapyStatus": "ADBSStatusDef.RUNNING",
        "Mode": _DUAL,
        "TransitionUpInMilliSeconds": 150_000,
        "TransitionDownInMilliSeconds": 300_000,
        "UpperLimitInMilliAmps": 2.3,
        "LowerLimitInMilliAmps": 1.7,
        "SuspendAmplitudeInMilliAmps": 2.0,
        "SensingSetup": {"FrequencyInHertz": 19.53, "AveragingDurationInMilliSeconds": 1200},
        "AdaptiveTherapy": {
            "UpperThresholdOnsetInMilliSeconds": 1200,
            "LowerThresholdOnsetInMilliSeconds": 2400,
            "DetectionBlankingDurationInMilliSeconds": 2000,
            "AdaptiveStartupDelayInMilliSeconds": 10_000,
        },
    } | keys


def single(**keys: Any) -> dict[str, Any]:
    """Return a side that adapts by the defaults of the single threshold."""
    fast = {
        "UpperThresholdOnsetInMilliSeconds": 200,
        "LowerThresholdOnsetInMilliSeconds": 200,
        "DetectionBlankingDurationInMilliSeconds": 550,
        "AdaptiveStartupDelayInMilliSeconds": 0,
    }
    settings = {
        "Mode": _SINGLE,
        "LowerLfpThreshold": 1400,
        "TransitionUpInMilliSeconds": 250,
        "TransitionDownInMilliSeconds": 250,
        "SensingSetup": {"FrequencyInHertz": 19.53, "AveragingDurationInMilliSeconds": 100},
        "AdaptiveTherapy": fast,
    }
    return channel(**(settings | keys))


def report(*channels: dict[str, Any], **keys: Any) -> dict[str, Any]:
    group = {
        "GroupId": "GroupIdDef.GROUP_C",
        "ActiveGroup": True,
        "ProgramSettings": {"SensingChannel": list(channels or [channel()])},
        "GroupSettings": {"HighPassFilterInHertz": 1},
    }
    return {
        "DataVersion": "3.3",
        "FeatureInformationCode": "357d",
        "SessionDate": "2025-06-02T15:21:56Z",
        "SessionEndDate": "2025-06-02T15:51:56Z",
        "Groups": {"Initial": [], "Final": [group]},
    } | keys


def mock(data_dir: Path) -> Any:
    """Return the shared report of scrambled digits."""
    file = data_dir / "percept-json" / "Report_MOCK1_old_invalid_dates.json"
    return json.loads(file.read_text("utf-8"))


def write(folder: Path, content: Any) -> Path:
    file = folder / "report.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def rig_with(fragment: str) -> str:
    """Return the default rig with a fragment's detectors and policies, and a device a side."""
    tables = tomllib.loads((_ROOT / "config.toml").read_text("utf-8"))
    made = tomllib.loads(fragment)
    (stream,), (device,) = tables["streams"], tables["devices"]
    stream["montage"] = [
        {"channel": f"ONE_THREE_{side}", "terms": {"STN_L_1": 1.0, "STN_L_3": -1.0}}
        for side in ("LEFT", "RIGHT")
    ]
    device["limits"]["on_time_s_max"] = 600.0
    devices = [{**device, "id": f"percept_{side}"} for side in ("left", "right")]
    tables |= {"devices": devices, "patient": {"device": "percept_left", "seed": 1}}
    return tomli_w.dumps(tables | made)


def checked(content: Any, folder: Path) -> dict[str, Any]:
    """Return a report's fragment, which `config check` takes in a rig."""
    out, rig = folder / "fragment.toml", folder / "rig.toml"
    assert run_command(["config", "import", str(write(folder, content)), "--out", str(out)]) == 0
    rig.write_text(rig_with(out.read_text("utf-8")), "utf-8")
    assert run_command(["config", "check", str(rig)]) == 0
    return tomllib.loads(out.read_text("utf-8"))


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (report(), ["percept_dual"]),
        (report(single()), ["percept_single"]),
        (report(channel(), channel(_RIGHT)), ["percept_dual", "percept_dual"]),
        (report(single(), single(side=_RIGHT, GangedToHemisphere=_LEFT)), ["ganged"]),
    ],
)
def test_a_fragment_is_taken_once_it_is_in_a_rig(
    content: dict[str, Any], kinds: list[str], tmp_path: Path
) -> None:
    assert [each["kind"] for each in checked(content, tmp_path)["policies"]] == kinds


def test_every_number_is_where_it_belongs() -> None:
    found = convert(report()).tables
    assert found["policies"] == [
        {
            "id": "percept_left",
            "kind": "percept_dual",
            "of": "power_left",
            "device": "percept_left",
            "upper_threshold": 1400.0,
            "lower_threshold": 900.0,
            "averaging_s": 1.2,
            "onset_upper_s": 1.2,
            "onset_lower_s": 2.4,
            "transition_up_s": 150.0,
            "transition_down_s": 300.0,
            "detection_blanking_s": 2.0,
            "startup_delay_s": 10.0,
            "lowest_ma": 1.7,
            "highest_ma": 2.3,
            "step_ma": 0.1,
            "expected_sign": "falls",
        }
    ]
    assert found["detectors"] == [
        {
            "id": "power_left",
            "kind": "band_power",
            "stream": "LFP",
            "channels": ["ONE_THREE_LEFT"],
            "preset": "percept",
            "centre_hz": 19.53,
            "hop_s": 0.2,
        }
    ]
    (sensed,) = convert(report(single())).tables["detectors"]
    assert (sensed["preset"], sensed["hop_s"]) == ("percept_single", 0.05)
    fine = report(DeviceInformation={"Final": {"Neurostimulator": "Percept RC"}})
    assert convert(fine).tables["policies"][0]["step_ma"] == 0.01


def test_a_ganged_side_follows_within_its_own_limits() -> None:
    right = channel(_RIGHT, GangedToHemisphere=_LEFT, LowerLimitInMilliAmps=1.0)
    (policy,) = convert(report(right, channel())).tables["policies"]
    assert policy["others"] == {"percept_right": {"lowest_ma": 1.0, "highest_ma": 2.3}}
    assert (policy["kind"], policy["wraps"]["device"]) == ("ganged", "percept_left")


def test_what_has_no_counterpart_is_warned_of_by_its_path() -> None:
    told = convert(report(channel(), channel(_RIGHT))).warnings
    of_left = [each.path.removeprefix(f"{_CHANNELS}[0]") for each in told if "[0]." in each.path]
    assert [each for each in of_left if each.startswith(".")] == [
        ".UpperLfpThreshold",
        ".SensingSetup",
        ".RateInHertz",
        ".PulseWidthInMicroSecond",
        ".SuspendAmplitudeInMilliAmps",
    ]
    texts = dict(told)
    assert "is not published" in texts[f"{_CHANNELS}[0].UpperLfpThreshold"]
    assert "both sides adapt, each by itself" in texts[_CHANNELS]
    assert "$.Groups.Final[0].GroupSettings.HighPassFilterInHertz" in texts


def test_invalid_dates_are_told_and_change_nothing() -> None:
    found = convert(report(SessionDate="2637-79-75T18:77:95Z"))
    assert found.warnings[0] == (
        "$.SessionDate",
        "expected a date, found '2637-79-75T18:77:95Z'",
    )
    assert found.tables == convert(report()).tables


def test_another_group_and_a_side_that_does_not_adapt_are_left_out() -> None:
    content = report(channel(), {"HemisphereLocation": _RIGHT})
    other = copy.deepcopy(content["Groups"]["Final"][0]) | {
        "GroupId": "GroupIdDef.GROUP_A",
        "ActiveGroup": False,
    }
    content["Groups"]["Final"].insert(0, other)
    found = convert(content)
    assert len(found.tables["policies"]) == 1
    texts = dict(found.warnings)
    assert texts["$.Groups.Final[0]"] == "GROUP_A, which adapts too, is left out"
    second = "$.Groups.Final[1].ProgramSettings.SensingChannel[1]"
    assert texts[second] == "the side 'Right' does not adapt: left out"


_SENSING = {"FrequencyInHertz": 19.53, "AveragingDurationInMilliSeconds": 1200}
_ONSETS = channel()["AdaptiveTherapy"]


@pytest.mark.parametrize(
    ("path", "told", "content"),
    [
        (
            f"{_CHANNELS}[0].Mode",
            "AdaptiveModeDef.DUAL_THRESHOLD_INVERSE",
            report(channel(Mode="AdaptiveModeDef.DUAL_THRESHOLD_INVERSE")),
        ),
        (
            f"{_CHANNELS}[0].UpperLfpThreshold",
            "expected more than LowerLfpThreshold (900), found 900",
            report(channel(UpperLfpThreshold=900)),
        ),
        (
            f"{_CHANNELS}[0].UpperLfpThreshold",
            "expected one that was set, found 30 over 20",
            report(channel(UpperLfpThreshold=30.0, LowerLfpThreshold=20.0)),
        ),
        (
            f"{_CHANNELS}[0].UpperLfpThreshold",
            "expected LowerLfpThreshold (1300), as the mode has one threshold, found 1400",
            report(single(LowerLfpThreshold=1300)),
        ),
        (
            f"{_CHANNELS}[0].AdaptiveTherapy.UpperThresholdOnsetInMilliSeconds",
            "expected at most 30000, as the mode has one threshold, found 60000",
            report(single(AdaptiveTherapy=_ONSETS | {"UpperThresholdOnsetInMilliSeconds": 60_000})),
        ),
        (
            f"{_CHANNELS}[0].AdaptiveTherapy.LowerThresholdOnsetInMilliSeconds",
            "expected 0 or at least AveragingDurationInMilliSeconds (1200), found 600",
            report(channel(AdaptiveTherapy=_ONSETS | {"LowerThresholdOnsetInMilliSeconds": 600})),
        ),
        (
            f"{_CHANNELS}[0].SensingSetup.FrequencyInHertz",
            "expected a number from 8 to 30, found 73.1",
            report(channel(SensingSetup=_SENSING | {"FrequencyInHertz": 73.1})),
        ),
        (
            f"{_CHANNELS}[0].TransitionUpInMilliSeconds",
            "expected a number from 250 to 1.8e+06, found 100",
            report(channel(TransitionUpInMilliSeconds=100)),
        ),
        (
            f"{_CHANNELS}[0].UpperLimitInMilliAmps",
            "expected more than LowerLimitInMilliAmps (1.7), found 1.6",
            report(channel(UpperLimitInMilliAmps=1.6)),
        ),
        (
            f"{_CHANNELS}[0].TransitionDownInMilliSeconds",
            "found none",
            report(channel(TransitionDownInMilliSeconds=None)),
        ),
        (
            f"{_CHANNELS}[0].GangedToHemisphere",
            "expected a side that adapts, found 'HemisphereLocationDef.Left'",
            report(channel(_RIGHT, GangedToHemisphere=_LEFT)),
        ),
        ("$.DataVersion", "expected 3.x, whose keys are known", report(DataVersion="4.0")),
        (
            "$.Groups.Final",
            "expected a group with adaptive therapy",
            report(channel(AdaptiveTherapyStatus="ADBSStatusDef.NOT_CONFIGURED")),
        ),
        ("$.Groups", "expected a group with adaptive therapy", report(Groups=[])),
    ],
)
def test_what_cannot_be_is_one_line_with_its_path(
    path: str, told: str, content: dict[str, Any]
) -> None:
    assert IMPORTER.recognizes(content)
    with pytest.raises(RefusedError) as refused:
        convert(content)
    (mistake,) = refused.value.mistakes
    assert mistake.path == path
    assert told in mistake.text


def test_two_entries_of_one_side_are_refused() -> None:
    with pytest.raises(RefusedError) as refused:
        convert(report(channel(), channel()))
    assert [each.path for each in refused.value.mistakes] == [
        f"{_CHANNELS}[{number}].HemisphereLocation" for number in range(2)
    ]


def test_the_shared_report_of_scrambled_digits_is_refused_a_line_each(
    data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_dir / "percept-json" / "Report_MOCK1_old_invalid_dates.json"
    assert run_command(["config", "import", str(file)]) == 2
    told = [line.split(": ", 3)[2] for line in capsys.readouterr().err.splitlines()]
    within = [each.rpartition("SensingChannel")[2] for each in told]
    assert within == [
        "[0].SensingSetup.FrequencyInHertz",
        "[0].AdaptiveTherapy.UpperThresholdOnsetInMilliSeconds",
        "[1].SensingSetup.FrequencyInHertz",
        "[1].AdaptiveTherapy.UpperThresholdOnsetInMilliSeconds",
        "[1].AdaptiveTherapy.LowerThresholdOnsetInMilliSeconds",
        "[1].UpperLimitInMilliAmps",
        "$.SessionDate",
        "$.SessionEndDate",
    ]


def test_the_same_report_with_plausible_numbers_is_taken(data_dir: Path, tmp_path: Path) -> None:
    content = mock(data_dir)
    settings = content["Groups"]["Final"][2]["ProgramSettings"]
    for found, side in zip(settings["SensingChannel"], (_LEFT, _RIGHT), strict=True):
        plausible = channel(side)
        for key in ("SensingSetup", "AdaptiveTherapy"):
            found[key].update(plausible.pop(key))
        found.update(plausible)
    (policy,) = checked(content, tmp_path)["policies"]
    assert (policy["kind"], policy["wraps"]["kind"]) == ("ganged", "percept_dual")


@pytest.mark.parametrize("name", ["report_from_rda.json", "Report_MOCK13.json"])
def test_a_report_without_adaptive_therapy_says_so_in_one_line(
    name: str, data_dir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_dir / "percept-json" / name
    assert run_command(["config", "import", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "$.Groups.Final: expected a group with adaptive therapy (a SensingChannel" in line
    assert line.endswith("that sense: GROUP_B")


def _entries(content: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every table or list in a document with each of its keys."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, each in list(items):
        yield content, key
        if isinstance(each, dict | list):
            yield from _entries(each)


@pytest.mark.parametrize("junk", [None, [], {}, "x", -1, float("nan"), True, [[1]]])
def test_whatever_stands_in_a_place_of_a_report_is_taken_or_told(junk: Any) -> None:
    paths: list[str] = []
    whole = report(channel(), channel(_RIGHT, GangedToHemisphere=_LEFT))
    n_entries = len(list(_entries(whole)))
    for number in range(n_entries):
        content = copy.deepcopy(whole)
        table, key = list(_entries(content))[number]
        table[key] = junk
        try:
            convert(content)
        except RefusedError as refused:
            paths += [each.path for each in refused.mistakes]
    assert len(paths) > 20
    assert all(each.startswith("$") for each in paths)


def test_a_key_that_is_said_twice_is_refused_where_it_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = json.dumps(report(Impedance={"Electrode1": 1}))
    twice = text.replace('"Electrode1": 1', '"Electrode1": 1, "Electrode1": 2')
    (tmp_path / "report.json").write_text(twice, "utf-8")
    assert run_command(["config", "import", str(tmp_path / "report.json")]) == 0
    twice = text.replace('"Mode":', '"Mode": "none", "Mode":')
    (tmp_path / "report.json").write_text(twice, "utf-8")
    capsys.readouterr()
    assert run_command(["config", "import", str(tmp_path / "report.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{_CHANNELS}[0]: expected each key once in an object, found 'Mode' twice" in line
