"""`stimloop device --conformance` on a real broker: the devices of the guides, and what is told."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from stimloop.__main__ import run_command
from tests.stimulators.device.device_bench import stimulator
from tests.stimulators.device.ends import MICROPYTHON
from tests.support.mosquitto import Mosquitto

_ROOT = Path(__file__).parents[3]
_MOTOR = _ROOT / "docs" / "examples" / "devices"


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (["--nobody-connected"], "--nobody-connected: expected --conformance HOST beside it"),
        (["--by-hand"], "--by-hand: expected --conformance HOST beside it"),
        (["--conformance", "host:port"], "--conformance: expected HOST or HOST:PORT"),
        (["--to", "usb:1"], "--to: expected serial:PORT, ttl:PORT or osc:HOST:PORT, found 'usb:1'"),
    ],
)
def test_options_that_mean_nothing_are_told(
    options: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(["device", str(_MOTOR / "motor.toml"), *options]) == 2
    assert line in capsys.readouterr().err


def _rig(folder: Path, port: int) -> Path:
    rig = folder / "rig.toml"
    text = (_MOTOR / "motor.toml").read_text("utf-8")
    rig.write_text(text.replace("[broker]\n", f"[broker]\nport = {port}\n"), "utf-8")
    return rig


def _motor(folder: Path, rig: Path) -> list[str]:
    return [sys.executable, str(_MOTOR / "motor.py"), str(rig), "motor", str(folder / "pwm")]


def _micropython(folder: Path, port: int, program: str) -> list[str]:
    table = msgspec.to_builtins(stimulator(id="motor"))
    settings = {"rig": "touch", "host": "127.0.0.1", "port": port, "device": table}
    (folder / "device.json").write_text(json.dumps(settings), "utf-8")
    return [program, "main.py", str(folder / "device.json")]


@pytest.fixture(params=["motor", "micropython on a computer", "micropython"])
def device(request: pytest.FixtureRequest, tmp_path: Path, mosquitto: Mosquitto) -> Iterator[Path]:
    rig = _rig(tmp_path, mosquitto.port)
    program = "micropython" if request.param == "micropython" else sys.executable
    if shutil.which(program) is None:
        pytest.skip(f"there is no {program} here")
    is_motor = request.param == "motor"
    command = _motor(tmp_path, rig) if is_motor else _micropython(tmp_path, mosquitto.port, program)
    folder = tmp_path if is_motor else MICROPYTHON
    environment = {"PYTHONPATH": str(_ROOT)}
    with subprocess.Popen(command, cwd=folder, env={**os.environ, **environment}) as child:
        yield rig
        child.terminate()


@pytest.mark.slow
@pytest.mark.broker
def test_nothing_is_missing_in_the_devices_of_the_guide(
    device: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    host = f"127.0.0.1:{mosquitto.port}"
    command = ["device", str(device), "--conformance", host]
    code = run_command([*command, "--nobody-connected"])
    told = capsys.readouterr()
    assert (code, told.err) == (0, ""), told.out
    assert "missing: " not in told.out
    assert "0 missing" in told.out


@pytest.mark.slow
@pytest.mark.broker
def test_a_device_that_is_not_there_is_told_with_code_1(
    tmp_path: Path, mosquitto: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    rig = _rig(tmp_path, mosquitto.port)
    assert run_command(["device", str(rig), "--conformance", f"127.0.0.1:{mosquitto.port}"]) == 1
    told = capsys.readouterr()
    assert "missing: info: expected an info of device motor, found none" in told.out
    assert "never gives current to a person" in told.out
