"""Steps from files: TOML, and what Summit's tools write, in both of its forms."""

import json
from pathlib import Path
from typing import Any

import pytest

from stimloop.errors import ConfigError
from stimloop.titrating.steps_file import read_steps
from stimulators.policies.titration.step import Step
from tests.stimulators.gate.gate_rig import device_of, feedback_of

_SWEEP: dict[str, Any] = {
    "comment": "Each index is one run.",
    "AmpInmA": [0, 1.0, 1.3],
    "RateInHz": [130.0, 130, 130.0],
    "PulseWidthInMicroSeconds": [60, 60, 60],
    "TimeToRunInSeconds": [20, 30, 20],
    "GroupABCD": ["A", "A", "A"],
    "EventMarkerDelayTimeInSeconds": 5,
}
_LEFT = {key: _SWEEP[key] for key in ("AmpInmA", "RateInHz", "PulseWidthInMicroSeconds")}
_TWO: dict[str, Any] = {
    "LeftINSOrUnilateral": {**_LEFT, "GroupToRunStimSweep": "C", "Program": [0, 0, 0]},
    "RightINS": {**_LEFT, "AmpInmA": [1.6, 1.6, 0.0]},
    "TimeToRunInSeconds": [40, 40, 40],
    "EventMarkerDelayTimeInSeconds": 5,
    "CurrentIndex": 0,
}


def written(folder: Path, sweep: Any) -> Path:
    file = folder / "stim_sweep_config.json"
    file.write_text(sweep if isinstance(sweep, str) else json.dumps(sweep), "utf-8")
    return file


def refusal(folder: Path, sweep: Any, **keys: Any) -> str:
    with pytest.raises(ConfigError) as raised:
        read_steps(written(folder, sweep), device_of(), "", **keys)
    return "\n".join(raised.value.lines).replace(f"{folder}/stim_sweep_config.json", "sweep")


def test_a_sweep_of_one_implant_gives_its_steps(tmp_path: Path) -> None:
    found = read_steps(written(tmp_path, _SWEEP), device_of(), "adbs")
    assert found.after_s is None
    assert found.steps == (
        Step(amplitude_ma=0.0, duration_s=20.0, settle_s=5.0),
        Step(amplitude_ma=1.0, duration_s=30.0, settle_s=5.0),
        Step(amplitude_ma=1.3, duration_s=20.0, settle_s=5.0),
    )


def test_a_comma_behind_the_last_entry_as_the_tools_leave_it_is_read(tmp_path: Path) -> None:
    text = json.dumps(_SWEEP).removesuffix("}") + ",\n}"
    assert len(read_steps(written(tmp_path, text), device_of(), "").steps) == 3


def test_a_sweep_of_two_implants_gives_those_of_one_side(tmp_path: Path) -> None:
    file = written(tmp_path, _TWO)
    assert read_steps(file, device_of(), "", side="right").steps[0].amplitude_ma == 1.6
    assert read_steps(file, device_of(), "", side="left").steps[1].duration_s == 40.0
    assert refusal(tmp_path, _TWO) == (
        "sweep: expected one side, found $.LeftINSOrUnilateral and $.RightINS: say --side left or "
        "right"
    )


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        (
            {"RateInHz": [130.0, 180.0, 130.0]},
            (
                "sweep: $.RateInHz[1]: expected 130 (frequency_hz of program 'adbs' of device "
                "'stn', "
                "which a titration does not change), found 180"
            ),
        ),
        (
            {"PulseWidthInMicroSeconds": [60, 60, 90]},
            (
                "sweep: $.PulseWidthInMicroSeconds[2]: expected 60 (pulse_width_us of program "
                "'adbs' "
                "of device 'stn', which a titration does not change), found 90"
            ),
        ),
        (
            {"GroupABCD": ["A", "B", "A"]},
            'sweep: $.GroupABCD[1]: expected one and the same throughout ("A"), found "B"',
        ),
        (
            {"TimeToRunInSeconds": [20, 20]},
            "sweep: $.TimeToRunInSeconds: expected as many numbers as in AmpInmA (3), found 2",
        ),
        ({"AmpInmA": "1.0"}, 'sweep: $.AmpInmA: expected a list of numbers, found "1.0"'),
        ({"AmpInmA": [0, True, 1]}, "sweep: $.AmpInmA[1]: expected a number, found true"),
        (
            {"AmpInmA": [0, -1, 1]},
            "sweep: $.AmpInmA[1]: expected a number from 0 to 100, found -1",
        ),
        (
            {"EventMarkerDelayTimeInSeconds": -1},
            "sweep: $.EventMarkerDelayTimeInSeconds: expected seconds, 0 or more, found -1",
        ),
    ],
)
def test_what_cannot_be_taken_is_a_line_with_its_json_path(
    tmp_path: Path, changed: dict[str, Any], text: str
) -> None:
    assert refusal(tmp_path, _SWEEP | changed) == text


def test_a_list_that_is_there_twice_is_refused_as_nobody_can_say_which_counts(
    tmp_path: Path,
) -> None:
    twice = json.dumps(_SWEEP).removesuffix("}") + ', "AmpInmA": [0, 3.0, 3.0]}'
    assert refusal(tmp_path, twice) == (
        "sweep: expected each key once in an object, found 'AmpInmA' twice with different values: "
        "nobody can say which counts"
    )


def test_of_two_implants_the_path_names_the_side(tmp_path: Path) -> None:
    sweep = _TWO | {"RightINS": _TWO["RightINS"] | {"RateInHz": [130, 130, 125.0]}}
    assert refusal(tmp_path, sweep, side="right").startswith("sweep: $.RightINS.RateInHz[2]: ")
    assert refusal(tmp_path, _SWEEP, side="right") == (
        "sweep: $.RightINS: expected the lists of that side, found none: the file is of one "
        "implant, leave --side out"
    )


def test_no_json_no_object_and_a_device_of_levels_are_told(tmp_path: Path) -> None:
    assert refusal(tmp_path, "{").startswith("sweep: line 1, column 2: expected JSON, found: ")
    assert refusal(tmp_path, "[1]").startswith("sweep: expected a JSON object, found ")
    assert refusal(tmp_path, {}) == "sweep: $.AmpInmA: expected a list of numbers, found none"
    with pytest.raises(ConfigError, match="expected a device of milliampere, found 'band'"):
        read_steps(written(tmp_path, _SWEEP), feedback_of(), "")
    with pytest.raises(ConfigError, match="expected a file that can be read, found none"):
        read_steps(tmp_path / "other.json", device_of(), "")


def test_toml_gives_its_steps_and_its_mistakes_have_a_key_path(tmp_path: Path) -> None:
    file = tmp_path / "steps.toml"
    step = "[[steps]]\namplitude_ma = 1.5\nduration_s = 45.0\nsettle_s = 15.0\n"
    file.write_text(f"after_s = 20.0\n{step * 3}", "utf-8")
    found = read_steps(file, device_of(), "")
    assert (found.after_s, len(found.steps), found.steps[2].amplitude_ma) == (20.0, 3, 1.5)
    file.write_text(step.replace("duration_s", "length_s"), "utf-8")
    with pytest.raises(ConfigError) as raised:
        read_steps(file, device_of(), "")
    assert [line.partition(": ")[2].partition(":")[0] for line in raised.value.lines] == [
        "$.steps[0].length_s",
        "$.steps[0].duration_s",
    ]


def test_the_steps_of_the_guide_are_taken(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[3] / "docs" / "guides" / "titration.md").read_text("utf-8")
    file = tmp_path / "steps.toml"
    file.write_text(guide.partition("```toml\n")[2].partition("```")[0], "utf-8")
    found = read_steps(file, device_of(), "")
    assert (found.after_s, len(found.steps)) == (60.0, 3)
