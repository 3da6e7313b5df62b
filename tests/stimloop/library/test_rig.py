"""From a notebook to a rig: all commands accept the file that the library writes."""

from pathlib import Path

import pytest

import stimloop as sl
from stimloop import config as configuration
from stimloop.__main__ import run_command
from tests.stimloop.library.patient_file import write_patient

_BETA = sl.BandPower("beta", band_hz=(13, 30), window_s=0.4, channels=["STN_13"])
_BURST = sl.Burst("burst", of="beta", threshold=sl.Percentile(75, calibrate_s=20))
_STREAM = sl.Stream(
    montage={"STN_13": {"STN_1": 1.0, "STN_3": -1.0}},
    artifacts=[sl.LineNoise(frequency_hz=50)],
    quality={"frozen_s": 0.2},
)


def test_the_file_holds_what_was_said_and_is_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rig.toml"
    rig = sl.Rig(detectors=[_BETA, _BURST], streams=_STREAM, name="clinic")
    rig.to_toml(file)
    config = configuration.load(file)
    assert config == rig.config
    assert (config.rig.name, config.detectors[1]) == ("clinic", _BURST)
    (stream,) = config.streams
    assert (stream.name, stream.kind, stream.match.type) == ("LFP", "lfp", "LFP")
    assert stream.montage[0].channel == "STN_13"
    assert stream.artifacts == (sl.LineNoise(frequency_hz=50),)
    assert run_command(["config", "check", str(file)]) == 0
    assert repr(rig) == "<rig clinic: beta, burst on LFP>"
    capsys.readouterr()


def test_a_recorded_stream_is_known_by_what_it_was_known_by(tmp_path: Path) -> None:
    stream = sl.read(write_patient(tmp_path))["LFP"]
    rig = sl.Rig(detectors=[sl.BandPower("beta", band_hz=(13, 30))], streams=stream)
    match = rig.config.streams[0].match
    assert (match.name, match.type, match.source_id) == ("LFP", "LFP", "LFP-1")
    assert rig.config.detectors[0].reads[0].name == "LFP"


def test_policies_and_devices_are_tables_as_a_file_has_them() -> None:
    default = configuration.load(None)
    rig = sl.Rig(
        detectors=[_BETA, _BURST],
        streams=_STREAM,
        policies=[
            {"id": "adbs", "kind": "threshold", "of": "burst", "device": "stn_left",
             "program": "adbs", "on_ma": 3.0, "off_ma": 0.0}
        ],
        devices=default.devices,
        rig={"arm": "auto"},
    )  # fmt: skip
    assert rig.config.devices == default.devices
    assert rig.config.rig.arm == "auto"


def test_what_is_wrong_is_told_in_the_words_of_the_command_line() -> None:
    with pytest.raises(sl.InputError) as refused:
        sl.Rig(detectors=[_BURST, _BETA], streams=_STREAM, gate={"lease": 3}, name="my rig")
    told = str(refused.value).splitlines()
    assert told[0].startswith("rig.name: expected a text in quotes, letters, digits")
    assert any(line.startswith("gate.lease: expected one of the keys ") for line in told)
    assert (
        "detector 'burst': of: expected a detector before this one (none), found 'beta', which "
        "comes later: move its table up"
    ) in told
    with pytest.raises(sl.InputError, match=r"streams\[0\]: expected sl.Stream"):
        sl.Rig(detectors=[_BETA], streams="LFP")  # type: ignore[arg-type]
    with pytest.raises(sl.InputError, match="detector 'beta': stream: expected one of STN, M1"):
        sl.Rig(detectors=[_BETA], streams=[sl.Stream("STN"), sl.Stream("M1")])
