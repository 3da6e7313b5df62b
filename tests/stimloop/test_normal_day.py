"""A normal day with real processes: usual actions of users, none of which may surprise.

What is a matter of time is in `test_normal_day_in_virtual_time.py`; a broker that comes late is in
`test_run.py`.
"""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.mosquitto import Mosquitto, free_port
from tests.support.programs import Program, arm, ask
from tests.support.rig_toml import rig_file

pytestmark = [pytest.mark.lsl, pytest.mark.broker]


def _rig(tmp_path: Path, broker: Mosquitto, change: Callable[[dict[str, Any]], object]) -> Path:
    """Write a rig that an operator arms, with a detector that needs no calibration."""

    def changed(rig: dict[str, Any]) -> None:
        rig["rig"]["arm"] = "operator"
        rig["broker"] = {"host": broker.host, "port": broker.port}
        rig["detectors"][1]["threshold"] = {"level": 12.0}
        change(rig)

    return rig_file(tmp_path / "rig.toml", changed)


def _real_device(rig: dict[str, Any]) -> None:
    rig["signing"] = {"mode": "off"}
    rig["devices"][0].update(simulated=False, safe_ma=1.2)
    rig["policies"][0]["off_ma"] = 1.2


def test_the_default_rig_arms_itself_right_after_a_kill(tmp_path: Path) -> None:
    port = free_port()
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=port))
    with Program("run", config, "--session", tmp_path / "first") as service:
        service.until("armed -> active")
        os.kill(service.child.pid, signal.SIGKILL)
        with Program("run", config, "--session", tmp_path / "second") as again:
            again.until("armed -> active")
            assert again.interrupt() == 0, again.text


@pytest.mark.slow
def test_a_device_that_holds_its_safe_therapy_is_armed_by_a_new_service_without_waiting(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = _rig(tmp_path, mosquitto, _real_device)
    with (
        Program("patient", config) as patient,
        Program("run", config, "--session", tmp_path / "first") as service,
    ):
        patient.until("on LSL")
        service.until("broker reached")
        # The device may be switched on after the service.
        early = ask("status", config)
        assert "not ready to be armed: stn_left: nothing, expected a device that" in early.stdout
        with Program("device", config) as device:
            device.until("linked, safe, 1.2")
            assert not any("perhaps" in line for line in arm(config))
            service.until("armed -> active")
            os.kill(service.child.pid, signal.SIGKILL)
            device.until("safe, 1.2")
            with Program("run", config, "--session", tmp_path / "second") as again:
                again.until("broker reached")
                # Data must be good for 2 s; the device itself knows what it gave before.
                assert not any("arm refused: data" not in line for line in arm(config))
                again.until("armed -> active")
                assert again.interrupt() == 0, again.text
            device.until("safe, 1.2")


@pytest.mark.slow
def test_an_amplifiers_app_may_be_restarted_between_two_runs_and_in_the_middle_of_one(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = _rig(tmp_path, mosquitto, lambda _: None)
    with (
        Program("device", config) as device,
        Program("run", config, "--session", tmp_path / "session") as service,
    ):
        with Program("patient", config):
            service.until("broker reached")
        # In idle another sender is taken, with a note.
        with Program("patient", config):
            service.until("stream_resumed: stream LFP: a new outlet")
            arm(config)
            service.until("armed -> active")
            device.until("live")
        service.until("-> safe")
        device.until("safe, 0")
        with Program("patient", config):
            service.until("stream_resumed: stream LFP: a new outlet")
            arm(config)
            service.until("safe -> armed")
            service.until("armed -> active")
            assert service.interrupt() == 0, service.text
