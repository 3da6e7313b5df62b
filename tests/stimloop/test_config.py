"""The configuration file: the default rig is valid, every mistake is one line."""

import json
from pathlib import Path

import msgspec
import pytest

from stimloop.__main__ import run_command
from stimloop.config import Config, load, schema, to_toml
from stimloop.errors import ConfigError
from streamer.config import LoopConfig

_ROOT = Path(__file__).parents[2]
_DEFAULT = _ROOT / "stimloop" / "default.toml"


def _changed(tmp_path: Path, before: str, after: str) -> Path:
    text = _DEFAULT.read_text(encoding="utf-8")
    assert text.count(before) == 1, before
    path = tmp_path / "rig.toml"
    path.write_text(text.replace(before, after), encoding="utf-8")
    return path


def test_the_default_rig_is_the_commented_file_at_the_root() -> None:
    assert (_ROOT / "config.toml").read_bytes() == _DEFAULT.read_bytes()


def test_the_default_rig_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["config", "check"]) == 0
    assert "holds, digest " in capsys.readouterr().out


def test_a_resolved_configuration_comes_back_as_it_was() -> None:
    config = load(None)
    assert msgspec.toml.decode(to_toml(config), type=Config) == config


def test_the_loop_is_given_every_section_that_it_reads() -> None:
    config = load(_ROOT / "docs" / "examples" / "every-detector.toml")
    made = load(None)
    for field in msgspec.structs.fields(LoopConfig):
        given = next(
            (each for each in (made, config) if getattr(each, field.name) != field.default), None
        )
        assert given is not None, f"no file of ours writes {field.name}: let one do so"
        assert getattr(given.loop, field.name) is getattr(given, field.name)


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("hop_s = 0.01", "hop_ms = 10", "$.detectors[0].hop_ms: expected one of the keys"),
        ("window_s = 0.4", 'window_s = "long"', "$.detectors[0].window_s: expected a number"),
        ("band_hz = [13.0, 30.0]", "band_hz = [13.0, 800.0]", "$.detectors[0].band_hz: expected"),
        ("band_hz = [13.0, 30.0]", "band_hz = [30.0, 13.0]", "$.detectors[0].band_hz: expected"),
        ("amplitude_ma_max = 3.0\n", "", "limits.amplitude_ma_max: expected a number"),
        ("slew_ma_per_s_max = 12.0\n", "", "limits.slew_ma_per_s_max: expected a number"),
        ("on_ma = 3.0", "on_ma = 3.5", "$.policies[0].on_ma: expected"),
        ('of = "beta"\n', 'of = "gamma"\n', "$.detectors[1].of: expected"),
        (
            'device = "stn_left"\nprogram',
            'device = "gpi"\nprogram',
            "$.policies[0].device: expected",
        ),
        (
            "STN_L_3 = -1.0 }",
            'STN_L_3 = -1.0 }\n[[streams.artifacts]]\nkind = "line_noise"\nfrequency_hz = 600.0',
            "$.streams[0].artifacts[0].frequency_hz: expected at most 475 Hz",
        ),
        ("STN_L_3 = -1.0", "STN_L_9 = -1.0", "$.streams[0].montage[0].terms: expected"),
        ('kind = "lfp"', 'kind = "ecg"', "$.streams[0].kind: expected one of"),
        ("safe_ma = 0.0", "safe_ma = -1.0", "$.devices[0]"),
        ("[rig]", "[rig", "line 6: expected TOML, found"),
    ],
)
def test_what_is_wrong_ends_with_two_and_names_file_and_key(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    before: str,
    after: str,
    expected: str,
) -> None:
    path = _changed(tmp_path, before, after)
    assert run_command(["config", "check", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1
    assert told.startswith(f"stimloop: {path}: ")
    assert expected in told


def test_a_stimulation_in_a_band_is_a_warning_not_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = _changed(tmp_path, "band_hz = [13.0, 30.0]", "band_hz = [35.0, 45.0]")
    assert run_command(["config", "check", str(path)]) == 0
    told = capsys.readouterr()
    assert told.err == (
        f"stimloop: warning: {path}: detectors[0].band_hz: the stimulation lies within 35 to 45 Hz "
        "of 'beta': harmonic 8 at 40 Hz, of stn_left's program adbs (130 Hz) sampled at 1000 Hz: "
        "see streams.artifacts\n"
    )
    assert "holds, digest " in told.out


def test_a_file_that_is_not_there_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["config", "check", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: expected a file that can be read" in capsys.readouterr().err


def test_two_streams_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rig.toml"
    stream = '[[streams]]\nname = "LFP"\nkind = "lfp"\nmatch = { type = "LFP" }\n'
    path.write_text(f'[rig]\nname = "r"\n{stream}{stream}', encoding="utf-8")
    path.write_text("detectors = []\n" + path.read_text("utf-8"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"\$\.streams\[1\]\.name: expected unique names"):
        load(path)


def test_the_schema_describes_every_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["config", "schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(json.dumps(schema()))
    tables = printed["$defs"]["Config"]["properties"]
    assert set(tables) == set(Config.__struct_fields__)


@pytest.mark.parametrize(
    "arguments", [["no-such-command"], ["run", "--no-such-option"], ["verify"]]
)
def test_wrong_usage_is_one_line_and_two(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(arguments) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_example_of_a_linear_discriminant_is_a_rig() -> None:
    config = load(_ROOT / "docs" / "examples" / "entrained-gamma.toml")
    (policy,) = config.policies
    assert [read.key for read in policy.reads] == ["discriminants[0].features[0].of"]
