"""The live loop as a user runs it: real processes, real LSL, a real broker."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from replay.verification.verify import verify
from tests.support.mosquitto import Mosquitto, free_port
from tests.support.programs import Program, arm, ask, call
from tests.support.rig_toml import rig_file

pytestmark = pytest.mark.lsl


def _own_broker(broker: Mosquitto) -> dict[str, Any]:
    return {"host": broker.host, "port": broker.port}


def _embedded(tmp_path: Path) -> Path:
    port = free_port()
    return rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=port))


def _at(tmp_path: Path, broker: Mosquitto, **tables: Any) -> Path:
    return rig_file(
        tmp_path / "rig.toml", lambda rig: rig.update(broker=_own_broker(broker), **tables)
    )


def test_the_default_rig_closes_the_loop_and_ends_clean_on_ctrl_c(tmp_path: Path) -> None:
    config, session = _embedded(tmp_path), tmp_path / "session"
    with Program("run", config, "--session", session) as service:
        service.until("armed -> active")
        children = [int(line.split()[-1][:-1]) for line in service.said if " started " in line]
        with Program("status", config) as asked:
            asked.until("demo: active (now)")
        assert service.interrupt() == 0, service.text
        assert "active -> idle: disarmed by service" in service.text
    assert len(children) == 3
    assert not any(Path(f"/proc/{child}").exists() for child in children)
    summary = json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["ended"] == "stopped"
    assert summary["samples"] > 2000
    assert summary["gaps"] == 0
    assert sorted(each.name for each in session.iterdir()) == [
        "config.toml",
        "estimates.parquet",
        "events.parquet",
        "journal.sqlite",
        "summary.json",
    ]
    verdict = ask("verify", session)
    assert verdict.returncode == 0, verdict.stderr
    # What it resolved to is a configuration like any other.
    assert ask("config", "check", session / "config.toml").returncode == 0


def test_ctrl_c_however_often_ends_a_session_that_holds(tmp_path: Path) -> None:
    config, session = _embedded(tmp_path), tmp_path / "session"
    with Program("run", config, "--session", session) as service:
        service.until("armed -> active")
        for _ in range(5):
            service.child.send_signal(signal.SIGINT)
        assert service.ended() == 0
    summary = json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["ended"] == "stopped"
    assert verify(session).passes


def test_ctrl_c_before_the_streams_are_there_leaves_no_folder(tmp_path: Path) -> None:
    config, session = _embedded(tmp_path), tmp_path / "deep" / "session"
    with Program("run", config, "--session", session) as service:
        service.until("broker started")
        assert service.interrupt() == 3
        assert service.said[-1] == "stimloop: interrupted\n"
    assert not session.parent.exists()


def test_the_patients_beta_makes_the_device_stimulate_and_each_command_is_answered(
    tmp_path: Path,
) -> None:
    session = tmp_path / "session"
    done = call("run", _embedded(tmp_path), "--session", session, "--duration", 9, "--json")
    assert done.returncode == 0, done.stderr
    summary = json.loads(done.stdout)
    assert summary.pop("folder") == str(session)
    assert summary == json.loads((session / "summary.json").read_text("utf-8"))
    assert summary["detections"]["beta_burst"] > 0
    commands = summary["commands"]
    assert commands["issued"] > 0
    # On a busy machine a command may come too late: that is an answer, too.
    late = sum(n for why, n in commands["refused"].items() if why.startswith("device:"))
    assert commands["acked"] + late == commands["issued"]
    assert commands["acked"] > 0
    assert commands["unsent"] == 0
    assert summary["latency_ms"]["sample_to_ack"]["p50"] > 0.0


@pytest.mark.slow
def test_a_terminal_that_is_closed_ends_the_session_as_clean(tmp_path: Path) -> None:
    session = tmp_path / "session"
    with Program("run", _embedded(tmp_path), "--session", session) as service:
        service.until("broker reached")
        assert service.interrupt(signal.SIGHUP) == 0
    assert json.loads((session / "summary.json").read_text("utf-8"))["ended"] == "stopped"


@pytest.mark.broker
def test_stop_reaches_the_device_while_the_service_is_frozen(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = _at(tmp_path, mosquitto)
    session = tmp_path / "session"
    with (
        Program("device", config) as device,
        Program("patient", config) as patient,
        Program("run", config, "--session", session) as service,
    ):
        patient.until("on LSL")
        service.until("armed -> active")
        service.freeze()
        stopped = call("stop", config, "--reason", "a test")
        assert stopped.returncode == 0, stopped.stderr
        assert "stn_left: stopped at 0 mA" in stopped.stdout
        device.until("stopped")
        service.thaw()
        service.until("-> safe")
        # A stop holds until somebody arms anew.
        arm(config, "--operator", "tester")
        service.until("safe -> armed: armed by tester")
        service.until("armed -> active")
        device.until("live")
        # A stop without a service is a stop all the same.
        assert service.interrupt() == 0
        assert ask("status", config).returncode == 1
        assert call("stop", config).returncode == 0
        device.freeze()
        silent = call("stop", config)
        assert silent.returncode == 3
        assert "stn_left: NO ANSWER" in silent.stdout


@pytest.mark.broker
def test_an_operator_arms_and_disarms(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = rig_file(
        tmp_path / "rig.toml",
        lambda rig: (
            rig.update(broker=_own_broker(mosquitto)),
            rig["rig"].update(arm="operator"),
        ),
    )
    with (
        Program("patient", config) as patient,
        Program("run", config, "--session", tmp_path / "session") as service,
    ):
        patient.until("on LSL")
        service.until("broker reached")
        early = ask("arm", config)
        assert early.returncode == 1
        assert "arm refused: device" in early.stderr
        with Program("device", config) as device:
            device.until("safe")
            arm(config, "--operator", "tester")
            service.until("idle -> armed: armed by tester")
            service.until("armed -> active")
            paused = ask("pause", config)
            assert paused.returncode == 0, paused.stderr
            service.until("-> paused")
            resumed = ask("resume")  # the only rig that runs here
            assert resumed.returncode == 0, resumed.stderr
            service.until("paused -> active")
            disarmed = ask("disarm", config)
            assert disarmed.returncode == 0, disarmed.stderr
            service.until("-> idle")
            assert service.interrupt(signal.SIGTERM) == 0


@pytest.mark.slow
@pytest.mark.broker
def test_a_broker_that_is_away_is_told_waited_for_and_sent_nothing_old(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config = _at(tmp_path, mosquitto)
    mosquitto.kill()
    with (
        Program("device", config),
        Program("patient", config) as patient,
        Program("run", config, "--session", tmp_path / "session") as service,
    ):
        patient.until("on LSL")
        service.until("broker away")
        line = service.until("waits: no broker, expected a link to the broker: start the broker")
        # The time of day, where there is no screen.
        assert re.match(r"\d\d:\d\d:\d\d\.\d{3}  idle: not armed; ", line), line
        # In idle nothing latches: once the broker has come it arms by itself.
        mosquitto.start()
        service.until("broker reached")
        service.until("armed -> active")
        mosquitto.kill()
        service.until("active -> safe: no broker")
        mosquitto.start()
        service.until("broker reached")
        commands = "stimloop/demo/device/stn_left/command"
        heard = subprocess.run(
            ["mosquitto_sub", *mosquitto.options, "-t", commands, "-W", "2"],
            capture_output=True,
            text=True,
            check=False,
        ).stdout
        # Only commands to the safe amount are sent, repeated until the device reports it.
        assert all('"amplitude_ma":0.0' in line for line in heard.splitlines()), heard
        # Until the device has reached the broker too, its amount is unknown.
        service.until("lost; ready to be armed")
        assert service.interrupt() == 0, service.text


@pytest.mark.broker
def test_a_killed_service_leaves_the_device_safe_and_a_session_that_verifies(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    config, session = _at(tmp_path, mosquitto), tmp_path / "session"
    with (
        Program("device", config) as device,
        Program("patient", config) as patient,
        Program("run", config, "--session", session) as service,
    ):
        patient.until("on LSL")
        service.until("armed -> active")
        device.until("live")
        os.kill(service.child.pid, signal.SIGKILL)
        device.until("safe, 0")
    verdict = ask("verify", session)
    assert verdict.returncode == 1
    assert "the end is not proven: the end record is missing after record" in verdict.stderr
    unfinished = ask("verify", session, "--unfinished")
    assert unfinished.returncode == 0, unfinished.stderr
    assert "it holds up to record" in unfinished.stdout


@pytest.mark.parametrize(
    ("name", "once"),
    [
        ("broker", "broker reached"),
        pytest.param("device", "armed -> active", marks=pytest.mark.slow),
        pytest.param("patient", "broker reached", marks=pytest.mark.slow),
    ],
)
def test_a_dead_companion_is_told_and_ends_the_run_with_three(
    tmp_path: Path, name: str, once: str
) -> None:
    session = tmp_path / "session"
    with Program("run", _embedded(tmp_path), "--session", session) as service:
        service.until(once)
        started = next(line for line in service.said if line.startswith(f"{name} started"))
        process = int(started.split()[-1][:-1])
        os.kill(process, signal.SIGKILL)
        assert service.ended() == 3, service.text
    death = f"{name} (process {process}) ended with exit code -9; its last error line: none"
    told = [line for line in service.said if line.startswith("stimloop: ") and death in line]
    assert len(told) == 1, service.text
    assert json.loads((session / "summary.json").read_text("utf-8"))["ended"] == f"fault: {death}"
    verdict = ask("verify", session)
    assert verdict.returncode == 0, verdict.stderr


def test_companions_end_with_a_killed_service(tmp_path: Path) -> None:
    with Program("run", _embedded(tmp_path), "--session", tmp_path / "session") as service:
        service.until("broker reached")
        children = [int(line.split()[-1][:-1]) for line in service.said if " started " in line]
        os.kill(service.child.pid, signal.SIGKILL)
        service.ended()
    waited = 0
    while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
        subprocess.run(["true"], check=True)
        waited += 1
        assert waited < 20_000, "a companion outlived the service"


def test_a_stream_that_is_not_there_ends_with_one_line_that_says_what_is(tmp_path: Path) -> None:
    def change(rig: dict[str, Any]) -> None:
        rig["streams"][0]["match"] = {"type": "EMG"}
        rig["broker"]["port"] = free_port()
        rig["lsl"] = {"resolve_s": 0.5}

    done = call("run", rig_file(tmp_path / "rig.toml", change), "--session", tmp_path / "session")
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "expected one stream with type = 'EMG', found none" in done.stderr
    assert "'SimulatedPatient' (type 'LFP'" in done.stderr


def test_a_channel_that_the_stream_does_not_have_ends_with_two(tmp_path: Path) -> None:
    def change(rig: dict[str, Any]) -> None:
        rig["detectors"][0]["channels"] = ["STN_L_9"]
        rig["broker"]["port"] = free_port()

    done = call("run", rig_file(tmp_path / "rig.toml", change), "--session", tmp_path / "session")
    assert done.returncode == 2
    assert "$.detectors[0].channels[0]: expected one of STN_L_1, " in done.stderr


def test_a_session_folder_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("", encoding="utf-8")
    done = call("run", _embedded(tmp_path), "--session", tmp_path)
    assert done.returncode == 3
    assert "expected an empty or new folder, found" in done.stderr


@pytest.mark.broker
def test_a_port_that_is_taken_is_named(tmp_path: Path, mosquitto: Mosquitto) -> None:
    config = rig_file(tmp_path / "rig.toml", lambda rig: rig["broker"].update(port=mosquitto.port))
    done = call("run", config, "--session", tmp_path / "session")
    assert done.returncode == 3
    assert f"port {mosquitto.port}" in done.stderr
