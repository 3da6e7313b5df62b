"""The devices of the guide for builders: what it shows is what there is, and runs."""

import asyncio
import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from stimulators.device.hardware import serial_box
from stimulators.wire.mqtt import BrokerConfig
from tests.stimulators.device.test_device_link import HandDriver
from tests.stimulators.wire.listening import running
from tests.support.mosquitto import Mosquitto

_ROOT = Path(__file__).parents[1]
_EXAMPLES = _ROOT / "docs" / "examples" / "devices"
_GUIDE = (_ROOT / "docs" / "guides" / "devices.md").read_text("utf-8")


def _motor() -> ModuleType:
    spec = importlib.util.spec_from_file_location("motor", _EXAMPLES / "motor.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_guide_shows_the_device_in_thirty_lines() -> None:
    (shown,) = re.findall(r"```python\n(.*?)```", _GUIDE, re.DOTALL)
    assert shown == (_EXAMPLES / "motor.py").read_text("utf-8")
    assert len([line for line in shown.splitlines() if line]) <= 30


def test_the_guide_has_the_lines_of_a_box() -> None:
    for line in re.findall(r"``([GF] \d+ \d+ \w+)``", serial_box.SerialBox.__doc__ or ""):
        assert f"`{line}`" in _GUIDE
    assert f"{serial_box.BOX_SILENCE_S:g} s" in _GUIDE


@pytest.mark.broker
def test_the_device_in_thirty_lines_is_driven_and_ends_low(
    tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is a feedback device: what its pin gets is what was commanded, and nothing at its end."""
    monkeypatch.chdir(tmp_path)
    text = (_EXAMPLES / "motor.toml").read_text("utf-8")
    rig, pwm = tmp_path / "rig.toml", tmp_path / "pwm"
    rig.write_text(text.replace("[broker]\n", f"[broker]\nport = {mosquitto.port}\n"), "utf-8")
    broker = BrokerConfig(port=mosquitto.port)

    async def run() -> None:
        service = HandDriver(broker, rig="touch", to="motor")
        async with running(service.feed()):
            device = asyncio.create_task(_motor().main(str(rig), "motor", str(pwm)))
            await service.is_ready()
            service.lease()
            ack = await service.answer(service.command(level=0.1))
            assert (ack.refused, ack.applied_level) == (None, 0.1)
            assert pwm.read_text() == "100000"
            device.cancel()
            await asyncio.gather(device, return_exceptions=True)
            assert pwm.read_text() == "0"

    asyncio.run(run())
