"""`stimloop patient --emg`: scenarios are listed, recorded, played, and told where unknown."""

import asyncio
import signal
from pathlib import Path

import pytest

from replay import readers
from replay.patient.emg.scenario_names import SCENARIOS
from stimloop.__main__ import run_command
from streamer.lsl.network import LslConfig
from streamer.source import StreamInfo
from streamer.streams import Match, StreamConfig
from tests.streamer.lsl.lsl_feed import fed
from tests.support.programs import Program
from tests.support.rig_toml import rig_file


def test_every_scenario_is_listed_with_what_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["patient", "--list-emg"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [each.split(maxsplit=1) for each in lines] == [list(each) for each in SCENARIOS.items()]


def test_a_scenario_is_recorded_with_its_markers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = ["patient", "--emg", "dystonic-arm", "--record", "arm.xdf", "--duration", "12"]
    assert run_command(asked) == 0
    assert "arm.xdf: 24000 samples of 5 channels at 2000 Hz and markers" in capsys.readouterr().out
    emg, markers = readers.open(tmp_path / "arm.xdf").streams
    assert (emg.info.lsl_type, emg.info.channels[0]) == ("EMG", "wrist_flexor")
    assert (emg.n_samples, markers.n_samples) == (24_000, 2)
    assert run_command(asked) == 2
    assert "choose another name" in capsys.readouterr().err
    assert run_command([*asked, "--seed", "2", "--record", "other.xdf"]) == 0
    assert (tmp_path / "arm.xdf").read_bytes() != (tmp_path / "other.xdf").read_bytes()


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (["--emg", "arm"], "--emg: expected one of dystonic-arm, healthy-arm"),
        (["--emg", "rest", "--record", "arm.edf"], "--record: expected a name that ends in .xdf"),
    ],
)
def test_what_cannot_be_played_is_told_in_a_line(
    options: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["patient", *options]) == 2
    assert problem in capsys.readouterr().err


@pytest.mark.lsl
def test_a_scenario_is_on_lsl_beside_its_markers_until_ctrl_c(
    tmp_path: Path, lsl_network: LslConfig
) -> None:
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["patient"].pop("device"))
    arm = StreamConfig(name="EMG", kind="emg", match=Match(source_id="simulated-arm"))
    markers = StreamConfig(name="M", kind="markers", match=Match(source_id="simulated-arm-markers"))

    async def heard() -> tuple[StreamInfo, StreamInfo]:
        async with fed(arm, lsl_network) as signals, fed(markers, lsl_network) as marked:
            await signals.chunks(100)
            return signals.source.infos[0], marked.source.infos[0]

    with Program("patient", config, "--emg", "dystonic-arm") as playing:
        playing.until("on LSL: SimulatedArm, SimulatedArmMarkers")
        emg, told = asyncio.run(heard())
        assert (emg.lsl_type, set(emg.units)) == ("EMG", {"microvolts"})
        assert emg.channels[:2] == ("wrist_flexor", "wrist_extensor")
        assert (told.lsl_name, told.is_signal) == ("SimulatedArmMarkers", False)
        assert playing.interrupt(signal.SIGINT) == 0
