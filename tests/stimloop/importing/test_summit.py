"""Summit RC+S's adaptive_config.json becomes a policy that `config check` takes, or is refused."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from stimloop.__main__ import run_command
from stimloop.importing.importer import RefusedError
from stimloop.importing.summit import IMPORTER, convert

_ROOT = Path(__file__).parents[3]
_INPUTS = tuple(f"Ch{channel}Band{band}" for channel in range(4) for band in range(2))
_HOLD = 25.5


def discriminant(*inputs: str, **keys: Any) -> dict[str, Any]:
    """Return ``LD0`` or ``LD1`` that reads these inputs with weight 1."""
    vector = [1.0] * len(inputs) + [0.0] * (4 - len(inputs))
    return {
        "Comment": "Detection settings",
        "IsEnabled": bool(inputs),
        "B0": 30,
        "B1": 31,
        "UpdateRate": 15,
        "OnsetDuration": 0,
        "TerminationDuration": 2,
        "HoldOffOnStartupTime": 1,
        "StateChangeBlankingUponStateChange": 5,
        "FractionalFixedPointValue": 4,
        "DualThreshold": True,
        "BlankBothLD": False,
        "Inputs": {name: name in inputs for name in _INPUTS},
        "WeightVector": vector,
        "NormalizationMultiplyVector": vector,
        "NormalizationSubtractVector": [0, 0, 0, 0],
    } | keys


def program(*amplitudes_ma: float, rise: int = 65536, fall: int = 131072) -> dict[str, Any]:
    """Return a program with the amplitudes of its first states; the others hold."""
    amplitudes = [*amplitudes_ma, *[_HOLD] * (9 - len(amplitudes_ma))]
    states = {f"State{state}AmpInMilliamps": each for state, each in enumerate(amplitudes)}
    return {"Comment": "Rise and fall", "RiseTimes": rise, "FallTimes": fall, **states}


def document(
    first: dict[str, Any] | None = None,
    second: dict[str, Any] | None = None,
    **programs: dict[str, Any],
) -> dict[str, Any]:
    """Return a whole file, of which only the first discriminant and program are used."""
    unused = {f"Program{each}": program(rise=0, fall=0) for each in (1, 2, 3)}
    rates = {
        f"State{state}": {"RateTargetInHz": 130.2, "SenseFriendly": True} for state in range(9)
    }
    return {
        "Comment": "config file for the adaptive DBS configurations",
        "Detection": {
            "LD0": first or discriminant("Ch0Band0"),
            "LD1": second or discriminant(),
        },
        "Adaptive": {
            "Program0": program(1.0, _HOLD, 2.5),
            **unused,
            **programs,
            "Rates": {"Comment": "Rates can change for each state", **rates},
        },
    }


def write(folder: Path, content: Any) -> Path:
    file = folder / "adaptive_config.json"
    file.write_text(json.dumps(content), "utf-8")
    return file


def rig_with(fragment: str) -> str:
    """Return the default rig with a fragment's policy in the place of its own."""
    default = (_ROOT / "config.toml").read_text("utf-8")
    own, devices = default.index("[[policies]]"), default.index("[[devices]]")
    features = "".join(
        f'[[detectors]]\nid = "{name}"\nkind = "band_power"\nstream = "LFP"\n'
        'channels = ["STN_L_13"]\nband_hz = [13.0, 30.0]\nwindow_s = 1.0\nhop_s = 0.1\n'
        for name in ("ch0_band0", "ch2_band1")
    )
    merged = f"{default[:own]}{features}{default[devices:]}\n{fragment}"
    return merged.replace('device = "summit"', 'device = "stn_left"')


@pytest.mark.parametrize(
    "content",
    [
        document(),
        document(discriminant("Ch0Band0", DualThreshold=False), Program0=program(1.0, 2.0)),
        document(
            discriminant("Ch0Band0", "Ch2Band1"),
            discriminant("Ch2Band1", BlankBothLD=True),
            Program0=program(0.5, 1.0, 1.5, 1.0, _HOLD, 2.0, 2.0, 2.5, 3.0),
        ),
    ],
)
def test_a_fragment_is_taken_once_it_is_in_a_rig(
    content: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "fragment.toml"
    assert run_command(["config", "import", str(write(tmp_path, content)), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.out.endswith("adaptive_config.json (Summit RC+S adaptive configuration)\n")
    rig = tmp_path / "rig.toml"
    rig.write_text(rig_with(out.read_text("utf-8")), "utf-8")
    assert run_command(["config", "check", str(rig)]) == 0
    assert ": holds, digest " in capsys.readouterr().out


def test_every_number_is_where_it_belongs() -> None:
    first = discriminant(
        "Ch0Band1",
        "Ch3Band0",
        WeightVector=[2.0, -0.5, 0, 0],
        NormalizationMultiplyVector=[0.5, 3.0, 0, 0],
        NormalizationSubtractVector=[100, 7, 0, 0],
        OnsetDuration=3,
    )
    (policy,) = convert(document(first, Program0=program(1.0, _HOLD, 2.5, 9.0))).tables["policies"]
    assert policy == {
        "id": "summit",
        "kind": "linear_discriminant",
        "device": "summit",
        "states_ma": [1.0, "hold", 2.5],
        "rise_ma_per_s": 1.0,
        "fall_ma_per_s": 2.0,
        "discriminants": [
            {
                "lower_threshold": 30.0,
                "upper_threshold": 31.0,
                "update_features": 15,
                "onset_updates": 3,
                "termination_updates": 2,
                "holdoff_updates": 1,
                "blanking_features": 5,
                "blanks_both": False,
                "features": [
                    {
                        "of": "ch0_band1",
                        "measure": "power",
                        "weight": 2.0,
                        "multiplier": 0.5,
                        "subtrahend": 100.0,
                    },
                    {
                        "of": "ch3_band0",
                        "measure": "power",
                        "weight": -0.5,
                        "multiplier": 3.0,
                        "subtrahend": 7.0,
                    },
                ],
            }
        ],
    }


def test_what_has_no_counterpart_is_warned_of_and_stands_in_the_fragment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = document(
        discriminant("Ch0Band0", "Ch0Band1", WeightVector=[1, 0, 0, 0]),
        Program0=program(1.0, 2.0, 3.0, 1.5) | {"RateTargetInHz": 130.2},
        Program2=program(1.0),
    )
    file = write(tmp_path, content)
    assert run_command(["config", "import", str(file)]) == 0
    printed = capsys.readouterr()
    paths = [line.split(": ")[3] for line in printed.err.splitlines()]
    assert paths == [
        "$.Adaptive.Program0",
        "$.Adaptive.Program0",
        "$.Detection.LD0.Inputs.Ch0Band0",
        "$.Detection.LD0.Inputs.Ch0Band1",
        "$.Detection.LD0.B0",
        "$.Detection.LD0.FractionalFixedPointValue",
        "$.Detection.LD0.Inputs.Ch0Band1",
        "$.Adaptive.Program2",
        "$.Adaptive.Program0.State3AmpInMilliamps",
        "$.Adaptive.Program0.RateTargetInHz",
        "$.Adaptive.Rates",
    ]
    comments = [line for line in printed.out.splitlines() if line.startswith("# $.")]
    assert [line.split(": ")[0].removeprefix("# ") for line in comments] == paths
    assert set(tomllib.loads(printed.out)) == {"policies"}


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return a plausible file with one value replaced, or taken out where it is None."""
    content = document()
    table = content
    *steps, key = path.removeprefix("$.").split(".")
    for step in steps:
        table = table[step]
    if value is None:
        del table[key]
    else:
        table[key] = value
    return content


_LD0, _PROGRAM = "$.Detection.LD0", "$.Adaptive.Program0"


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (f"{_LD0}.B1", 29, "expected at least B0 (30), found 29"),
        (f"{_LD0}.B0", "thirty", "found 'thirty'"),
        (f"{_LD0}.B0", float("nan"), "found nan"),
        (f"{_LD0}.UpdateRate", 0, "expected a whole number from 1 to 65535, found 0"),
        (f"{_LD0}.OnsetDuration", 1.5, "expected a whole number from 0 to 65535, found 1.5"),
        (f"{_LD0}.TerminationDuration", None, "found none: it has no default"),
        (f"{_LD0}.WeightVector", [1, 0], "found [1, 0]"),
        (f"{_LD0}.WeightVector", [0, 0, 0, 0], "a weight and a multiplier other than 0"),
        (f"{_LD0}.Inputs", dict.fromkeys(_INPUTS, False), "from 1 to 4 that are true, found 0"),
        (f"{_LD0}.Inputs", dict.fromkeys(_INPUTS, True), "from 1 to 4 that are true, found 8"),
        (f"{_LD0}.Inputs.Ch0Band0", 1, "expected true or false, found 1"),
        (_LD0, None, "found none"),
        ("$.Adaptive", None, "found none"),
        (f"{_PROGRAM}.State2AmpInMilliamps", 26.0, "expected a number from 0 to 25.5, found 26"),
        (f"{_PROGRAM}.RiseTimes", 0, "expected a whole number above 0 (65536 is 1 mA/s), found 0"),
        (f"{_PROGRAM}.FallTimes", -1, "expected a whole number from 0 to "),
        (_PROGRAM, program(1.0, 1.0), "expected two different amplitudes"),
        (_PROGRAM, program(), "found hold (25.5) in each"),
        ("$.Version", "v.03", "found 'v.03': this is another program's file"),
        ("$.DetectionConfig", {}, "found a record of a session's DeviceSettings.json"),
    ],
)
def test_what_cannot_be_is_one_line_with_its_path(path: str, value: Any, told: str) -> None:
    content = changed(path, value)
    assert IMPORTER.recognizes(content)
    with pytest.raises(RefusedError) as refused:
        convert(content)
    (mistake,) = refused.value.mistakes
    assert mistake.path == path
    assert told in mistake.text


def test_all_that_cannot_be_is_told_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = changed(f"{_LD0}.UpdateRate", 0)
    del content["Adaptive"]["Program0"]["RiseTimes"]
    content["Detection"]["LD1"]["IsEnabled"] = "no"
    file = write(tmp_path, content)
    assert run_command(["config", "import", str(file)]) == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.split(": ")[2] for line in told] == [
        f"{_LD0}.UpdateRate",
        "$.Detection.LD1.IsEnabled",
        f"{_PROGRAM}.RiseTimes",
    ]


def test_a_number_that_is_none_is_told_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write(tmp_path, changed(f"{_LD0}.B0", float("nan")))
    assert run_command(["config", "import", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"stimloop: {file}: {_LD0}.B0: expected a number from ")
