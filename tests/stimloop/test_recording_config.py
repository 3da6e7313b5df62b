"""Without a configuration one is made that fits the streams, or a line says why not."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from replay import readers
from replay.recording import RecordedStream, Recording
from replay.recording_source import RecordingSource
from stimloop.__main__ import run_command
from stimloop.config import Config, build_loop, load
from stimloop.errors import ConfigError
from stimloop.recording_config import commented_toml, config_for, read_or_make_config
from tests.replay import xdf_writer as xdf
from tests.replay.recordings import markers, recording, signal
from tests.support.searching import search

_RATE_HZ = 200.0


def _signal(n_samples: int = 300, n_channels: int = 1, start_s: float = 0.0, **said: Any) -> Any:
    seed = said.pop("seed", 1)
    random = np.random.default_rng(seed)
    samples = random.normal(0.0, 15.0, (n_samples, n_channels)).astype(np.float32)
    stamps_s = start_s + np.arange(n_samples) / _RATE_HZ
    return signal(stamps_s, rate_hz=said.pop("rate_hz", _RATE_HZ), samples=samples, **said)


def _expect_fit(config: Config, made: Recording) -> list[str]:
    """Open the streams and build the loop; return the uids of the chosen streams."""
    source = RecordingSource(made, config.streams)
    source.open()
    build_loop("made", config, list(source.infos), session="test")
    return [info.uid for info in source.infos]


_ODD = st.fixed_dictionaries(
    {
        "name": st.sampled_from(
            ["", "LFP", "LFP_2", "L F P", "L-F-P", "Mu\u0308ller", "\u8133\u6ce2" * 40]
        ),
        "lsl_type": st.sampled_from(["", "LFP", "EMG", "eeg", "Misc"]),
        "source_id": st.sampled_from(["", "one", "two"]),
        "uid": st.sampled_from(["", "same", "other"]),
        "n_samples": st.sampled_from([0, 1, 2, 300]),
        "rate_hz": st.sampled_from([1.0, 60.0, 60.1, 200.0, 2441.4]),
        "start_s": st.sampled_from([0.0, 1.0, 1e6]),
        "seed": st.integers(0, 1),
        "units": st.sampled_from([("uV",), ("",), ("none",), ("mV",)]),
    }
)


@search(60)
@given(st.lists(_ODD, min_size=1, max_size=4))
def test_what_is_made_always_fits_and_can_be_edited(streams: list[dict[str, Any]]) -> None:
    made = recording(markers([0.0]), *(_signal(**each) for each in streams))
    try:
        found = config_for(made)
    except ConfigError as error:
        told = [str(error)]
    else:
        told = list(found.remarks)
        _expect_fit(found.config, made)
    assert all("\n" not in each for each in told)
    fit = [each for each in streams if each["n_samples"] and each["rate_hz"] > 60.0]
    assert fit or told[0].startswith("made.xdf: nothing to do: ")


def test_the_configuration_that_is_shown_is_read_as_the_same(tmp_path: Path) -> None:
    made = recording(
        _signal(name="Mu\u0308ller\u202e\x1b\x85"),
        _signal(name="", units=("",)),
        _signal(name="LFP", uid="a", n_samples=0),
        _signal(name="LFP", uid="b", rate_hz=2441.4),
    )
    found = config_for(made, "mV")
    file = tmp_path / "shown.toml"
    file.write_text(commented_toml(found), encoding="utf-8")
    shown = load(file)
    assert _expect_fit(shown, made) == _expect_fit(found.config, made)
    assert [each.unit for each in shown.streams] == ["mV"] * 3
    assert shown.detectors == found.config.detectors


def test_a_stream_without_a_name_is_called_by_its_number() -> None:
    found = config_for(recording(markers([0.0]), _signal(name="", uid="u")))
    assert found.config.streams[0].name == "stream_2"
    assert found.remarks == ("stream 2 has no name, it is called stream_2",)


def test_equal_streams_are_both_taken_and_one_that_was_recorded_twice_once() -> None:
    both = recording(_signal(uid="a"), _signal(uid="b", seed=2))
    assert _expect_fit(config_for(both).config, both) == ["a", "b"]
    without_uid = recording(_signal(), _signal(seed=2))
    matches = [stream.match for stream in config_for(without_uid).config.streams]
    assert [match.index for match in matches] == [0, 1]
    twice = recording(_signal(uid="a"), _signal(uid="a"))
    found = config_for(twice)
    assert _expect_fit(found.config, twice) == ["a"]
    assert "is left out: it was recorded twice" in found.remarks[0]


def test_a_stream_whose_clock_has_nothing_to_do_with_the_others_is_left_out() -> None:
    made = recording(_signal(uid="a"), _signal(uid="b", name="far", start_s=1e6))
    found = config_for(made)
    assert _expect_fit(found.config, made) == ["a"]
    assert "'far'" in found.remarks[0]
    assert "no clock offset" in found.remarks[0]


def test_a_counter_is_left_out_and_the_rest_is_used() -> None:
    made = recording(_signal(n_channels=2, channels=("STN", "n"), units=("uV", "")))
    config = config_for(made).config
    assert config.streams[0].kind == "lfp"
    _expect_fit(config, made)


def test_without_a_unit_the_numbers_are_taken_as_they_are_and_a_unit_can_be_given() -> None:
    made = recording(_signal(units=("",)))
    found = config_for(made)
    assert found.config.streams[0].kind == "other"
    assert "give the unit with --unit" in found.remarks[0]
    given = config_for(made, "mV")
    assert (given.config.streams[0].kind, given.config.streams[0].unit) == ("lfp", "mV")
    assert not given.remarks
    with pytest.raises(ConfigError, match=r"--unit: expected a unit .*, found 'furlong'"):
        read_or_make_config(made, None, "furlong")


def test_a_unit_on_the_command_line_goes_before_that_of_the_file(tmp_path: Path) -> None:
    made = recording(_signal(units=("V",)))
    file = tmp_path / "rig.toml"
    file.write_text(commented_toml(config_for(made)), encoding="utf-8")
    assert read_or_make_config(made, file, "uV").config.streams[0].unit == "uV"


@pytest.mark.parametrize("name", ["empty_streams", "minimal"])
def test_a_real_recording_without_a_signal_ends_with_a_line_that_says_why(
    name: str, data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_dir / "xdf-real" / f"{name}.xdf"
    assert run_command(["replay", str(file), "--out", str(tmp_path / "out")]) == 2
    out, err = capsys.readouterr()
    assert f"{name}.xdf: nothing to do: expected a signal sampled above 60 Hz, for power" in err
    assert (out, err.count("\n")) == ("", 1)
    assert not (tmp_path / "out").exists()


def test_a_real_recording_without_labels_and_units_has_a_configuration_that_fits(
    data_dir: Path,
) -> None:
    made = readers.open(data_dir / "xdf-real" / "clock_resets.xdf")
    found = config_for(made)
    assert _expect_fit(found.config, made) == ["fa3e14ab-b621-480e-a9d5-c740f0e47140"]
    assert found.remarks[0].startswith("stream BioSemi has no unit of voltage: its numbers are")


@pytest.mark.slow
def test_a_real_recording_without_labels_and_units_replays(
    data_dir: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = data_dir / "xdf-real" / "clock_resets.xdf"
    assert run_command(["replay", str(file), "--json", "--out", str(tmp_path / "out")]) == 0
    assert json.loads(capsys.readouterr().out)["samples"] == 27_815


def test_the_shown_configuration_detects_the_same(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    stamps_s = [float(each) for each in np.arange(600) / _RATE_HZ]
    values = np.random.default_rng(3).normal(0.0, 15.0, (600, 2)).astype(np.float32)
    content = xdf.file_header() + xdf.header(1, rate_hz="200") + xdf.samples(1, values, stamps_s)
    Path("odd.xdf").write_bytes(content + xdf.footer(1, 600))
    assert run_command(["replay", "odd.xdf", "--unit", "uV", "--show-config"]) == 0
    shown = capsys.readouterr().out
    assert not Path("sessions").exists()
    Path("rig.toml").write_text(shown, encoding="utf-8")
    digests: list[object] = []
    for arguments in (["--unit", "uV"], ["rig.toml"]):
        assert run_command(["replay", "odd.xdf", *arguments, "--json"]) == 0
        digests.append(json.loads(capsys.readouterr().out)["digest"]["estimates"])
    assert digests[0] == digests[1]


def test_streams_that_are_no_signal_are_no_reason_to_fail() -> None:
    streams: tuple[RecordedStream, ...] = (markers([0.0]), _signal(uid="a"), markers([1.0]))
    assert _expect_fit(config_for(recording(*streams)).config, recording(*streams)) == ["a"]
