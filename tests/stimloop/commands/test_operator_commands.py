"""The operator's commands as a user types them: their output, and their exit codes."""

import asyncio
import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimloop.address import read_address
from stimloop.rigs.running import RunningRig, kept_running
from stimloop.terminal.shown_countdown import shown_countdown
from stimulators.wire.messages import Control, DeviceBelief
from stimulators.wire.mqtt import BrokerConfig
from tests.stimulators.conftest import quick
from tests.stimulators.operator.scripted import (
    OTHER_SESSION,
    SESSION,
    ScriptedDevice,
    ScriptedService,
)
from tests.stimulators.wire.keys.signing import SignedRig
from tests.stimulators.wire.listening import running
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.programs import call
from tests.support.rig_toml import rig_file

pytestmark = pytest.mark.broker

_SWITCH_OFF = "switch the stimulator off by its own switch"
Done = subprocess.CompletedProcess[str]


@pytest.fixture
def broker(mosquitto: Mosquitto) -> BrokerConfig:
    return quick(mosquitto.port)


def _rig(folder: Path, port: int, **tables: Any) -> Path:
    """Write the configuration of rig-1, with the one device stn."""

    def change(rig: dict[str, Any]) -> None:
        rig["rig"]["name"] = "rig-1"
        rig["devices"][0]["id"] = "stn"
        rig["policies"][0]["device"] = "stn"
        rig["patient"]["device"] = "stn"
        rig["broker"] = {"port": port}
        rig.update(tables)
        rig["gate"] = rig.get("gate", {}) | {"lease_s": 0.25, "ack_s_max": 0.25}

    return rig_file(folder / "rig.toml", change)


def _with(others: list[Any], *arguments: object) -> Done:
    """Run a command while these devices and services run."""

    async def run() -> Done:
        async with running(*(each.run() for each in others)):
            for each in others:
                await each.is_up.wait()
            return await asyncio.to_thread(call, *arguments)

    return asyncio.run(run())


def _fail(line: str) -> None:
    raise AssertionError(line)


def test_a_stop_that_is_so_ends_with_0(tmp_path: Path, broker: BrokerConfig) -> None:
    device = ScriptedDevice(broker, amount=3.0, state="live")
    done = _with([device], "stop", _rig(tmp_path, broker.port), "--operator", "me")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "rig-1: stn: stopped at 0 mA\n"
    assert {each.operator for each in device.stops} == {"me"}


def test_a_stop_that_leaves_3_ma_ends_with_3_and_what_to_do(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    def stay(device: ScriptedDevice, _: int) -> None:
        device.go("stopped", 3.0)

    done = _with([ScriptedDevice(broker, at_stop=stay)], "stop", _rig(tmp_path, broker.port))
    assert done.returncode == 3
    assert "stn: NOT STOPPED: it gives 3 mA, expected at most 0" in done.stdout
    assert done.stderr.count("\n") == 1
    assert _SWITCH_OFF in done.stderr


def test_a_device_that_does_not_answer_ends_with_3_and_what_is_known_of_it(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    done = _with([], "stop", _rig(tmp_path, broker.port))
    assert done.returncode == 3
    assert done.stdout == "rig-1: stn: NO ANSWER\n"
    assert done.stderr.count("\n") == 1
    assert _SWITCH_OFF in done.stderr
    assert "its lease (0.25 s) has ended" in done.stderr


def test_without_a_broker_a_stop_says_what_to_do(tmp_path: Path) -> None:
    done = call("stop", _rig(tmp_path, free_port()))
    assert done.returncode == 3
    assert "no broker" in done.stderr
    assert _SWITCH_OFF in done.stderr


def test_a_stop_without_a_configuration_stops_every_rig_that_runs_and_names_each(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    with Mosquitto() as other_broker:
        ports = {"left": broker.port, "right": other_broker.port, "gone": free_port()}
        known = read_address(_rig(tmp_path, broker.port))
        rigs = [
            RunningRig(
                rig=msgspec.structs.replace(known, broker=BrokerConfig(port=port)),
                config=f"{name}.toml",
                session=f"{SESSION}-{name}",
                pid=_dead_pid() if name == "gone" else os.getpid(),
            )
            for name, port in ports.items()
        ]
        devices = [ScriptedDevice(broker), ScriptedDevice(quick(other_broker.port))]
        with kept_running(rigs[0], _fail), kept_running(rigs[1], _fail):
            done = _with(devices, "stop")
            assert (done.returncode, done.stderr) == (0, "")
            assert done.stdout.count("rig-1: stn: stopped at 0 mA") == 2
            with kept_running(rigs[2], _fail):
                done = _with(devices, "stop")
                # One whose process is gone may have left devices behind, or nothing at all.
                assert done.returncode == 0, done.stderr
                assert "rig-1: its process is gone, and no broker" in done.stdout
            other_broker.kill()
            done = _with(devices[:1], "stop")
            assert done.returncode == 3
            assert "rig-1: stn: stopped at 0 mA" in done.stdout
            assert f"127.0.0.1:{other_broker.port}" in done.stderr


def _dead_pid() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_stop_where_nothing_runs_stops_nothing_and_says_so() -> None:
    done = call("stop")
    assert done.returncode == 3
    assert "expected a rig of this user that runs, found none" in done.stderr
    assert _SWITCH_OFF in done.stderr


@pytest.mark.parametrize("command", ["arm", "disarm", "pause", "resume", "status"])
def test_a_command_without_a_configuration_where_nothing_runs_ends_with_1(command: str) -> None:
    done = call(command)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "STIMLOOP_CONFIG" in done.stderr


def test_each_reason_of_a_refusal_has_a_line(tmp_path: Path, broker: BrokerConfig) -> None:
    service = ScriptedService(
        broker, at_request=lambda *_: "charge (wait 40 s); data (expected good, found \x1b[2Jnone)"
    )
    done = _with([service], "arm", _rig(tmp_path, broker.port))
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "stimloop: rig-1: arm refused: charge (wait 40 s)",
        "stimloop: rig-1: arm refused: data (expected good, found \\x1b[2Jnone)",
    ]


@pytest.mark.parametrize(
    "case",
    [
        ("arm", "armed", {}, 0),
        ("arm", "safe", {}, 1),
        ("disarm", "idle", {"state": "safe"}, 0),
        ("disarm", "idle", {"state": "live", "amount": 3.0}, 3),
        ("pause", "paused", {"state": "live"}, 0),
        ("pause", "paused", {"state": "live", "amount": 3.0}, 3),
        ("pause", "safe", {"state": "live"}, 3),
        ("resume", "active", {"state": "live"}, 0),
    ],
)
def test_the_exit_code_of_a_request_is_so(
    broker: BrokerConfig, tmp_path: Path, case: tuple[str, str, dict[str, Any], int]
) -> None:
    command, state, device, code = case

    def grant(service: ScriptedService, _: Control) -> str:
        service.set(state=state, reason="as asked")
        return ""

    service = ScriptedService(broker, state="active", drives=("stn",), at_request=grant)
    done = _with([service, ScriptedDevice(broker, **device)], command, _rig(tmp_path, broker.port))
    assert done.returncode == code, done.stderr
    assert f"rig-1: {state}: as asked" in done.stdout
    assert done.stderr.count("\n") == (code != 0)


def test_what_is_asked_of_a_rig_that_signs_is_signed_however_the_rig_is_found(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    signed = SignedRig(tmp_path / "keys")
    signing = {"mode": "hmac_sha256", "key_folder": str(signed.folder)}
    config = _rig(tmp_path, broker.port, signing=signing)

    def grant(service: ScriptedService, _: Control) -> str:
        service.set(state="armed")
        return ""

    # Both read nothing that is not signed.
    device, service = ScriptedDevice(broker), ScriptedService(broker, at_request=grant)
    device.keys, service.keys = signed.device, signed.service
    running_rig = RunningRig(
        rig=read_address(config),
        config=str(config),
        session=SESSION,
        pid=os.getpid(),
    )
    with kept_running(running_rig, _fail):
        for arguments in (("arm", config), ("arm",), ("stop", config), ("stop",), ("status",)):
            done = _with([service, device], *arguments)
            assert (done.returncode, done.stderr) == (0, ""), arguments
    assert (len(service.requests), len(device.stops)) == (2, 2)


def test_two_sessions_are_named_and_neither_is_asked(tmp_path: Path, broker: BrokerConfig) -> None:
    services = [ScriptedService(broker, session=each) for each in (SESSION, OTHER_SESSION)]
    done = _with(services, "disarm", _rig(tmp_path, broker.port))
    assert done.returncode == 1
    assert SESSION in done.stderr
    assert OTHER_SESSION in done.stderr
    assert [each.requests for each in services] == [[], []]


def test_the_status_is_the_devices_own_word_and_the_services_belief(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    device = ScriptedDevice(broker, amount=2.04, state="live")
    device.session = SESSION
    service = ScriptedService(broker, state="active", drives=("stn",))
    belief = DeviceBelief(lowest=1.8, highest=2.04, state="live", word_age_s=0.5)
    service.set(devices={"stn": belief}, reason="quiet\nrig-1: idle (now)")
    config = _rig(tmp_path, broker.port)
    done = _with([service, device], "status", config)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "rig-1: active (now) quiet\\nrig-1: idle (now)"
    assert re.fullmatch(
        rf"stn: live, 2.04 mA \(reported 0\.\d s ago\), program adbs, held by {SESSION}", lines[2]
    )
    assert f"stn: session {SESSION} holds it to give 1.80-2.04 mA (not certain" in lines[3]
    as_json = json.loads(_with([service, device], "status", config, "--json").stdout)
    assert as_json["services"][0]["devices"]["stn"]["highest"] == 2.04
    assert as_json["devices"]["stn"][0]["amount"] == 2.04


def test_the_status_says_what_is_not_known(tmp_path: Path, broker: BrokerConfig) -> None:
    service = ScriptedService(broker)
    service.set(devices={"stn": DeviceBelief()})
    done = _with([service], "status", _rig(tmp_path, broker.port))
    assert done.returncode == 0
    assert "stn: NOT KNOWN: no device of this name was ever heard" in done.stdout
    assert "holds it to give ? (not certain" in done.stdout


def test_the_status_of_a_rig_with_two_services_shows_both_and_ends_with_1(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    services = [ScriptedService(broker, session=each) for each in (SESSION, OTHER_SESSION)]
    done = _with(services, "status", _rig(tmp_path, broker.port))
    assert done.returncode == 1
    assert "2 SERVICES SPEAK" in done.stdout
    assert SESSION in done.stderr
    assert OTHER_SESSION in done.stderr


def test_a_second_service_of_a_rig_ends_before_it_creates_anything(
    tmp_path: Path, broker: BrokerConfig
) -> None:
    first = ScriptedService(broker, state="active", drives=("stn",))
    folder = tmp_path / "session"
    done = _with([first], "run", _rig(tmp_path, broker.port), "--session", folder)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert f"found session {SESSION} (active, drives stn)" in done.stderr
    assert not folder.exists()


def test_a_taken_port_ends_a_run_before_it_creates_anything(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=mosquitto.port))
    folder = tmp_path / "session"
    done = call("run", config, "--session", folder)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert f"found port {mosquitto.port} taken" in done.stderr
    assert not folder.exists()


@pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal")
def test_a_countdown_is_one_line_that_is_gone_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as stderr:
        monkeypatch.setattr(sys, "stderr", stderr)
        with shown_countdown() as countdown:
            countdown(2.5, "stn\x1b[2J")
        expected = b"\r\x1b[Kwaiting 2 s for stn\\x1b[2J\r\x1b[K"
        drawn = b""
        # A terminal hands over what was written in pieces as it likes.
        while len(drawn) < len(expected):
            drawn += os.read(ours, 4096)
    os.close(ours)
    assert drawn == expected


def test_without_a_terminal_there_is_no_countdown(capfd: pytest.CaptureFixture[str]) -> None:
    with shown_countdown() as countdown:
        countdown(2.5, "stn")
    assert capfd.readouterr() == ("", "")
