"""The embedded broker is a process of its own, prints nothing, and ends with its parent."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys

import psutil  # type: ignore[import-untyped]
import pytest

from tests.stimulators.conftest import quick
from tests.stimulators.wire.listening import peer
from tests.support.embedded_broker import EmbeddedBroker
from tests.support.mosquitto import free_port

_COMMAND = [sys.executable, "-m", "stimulators.broker.embedded", "--port"]
_PARENT = """
import subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
print(child.stdout.readline().strip(), child.pid, flush=True)
sys.stdin.read()
"""


def test_it_says_when_it_is_ready_and_ends_when_its_input_closes() -> None:
    child = subprocess.Popen(
        [*_COMMAND, str(free_port())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    said, complained = child.communicate(timeout=20.0)
    assert (said, complained, child.returncode) == ("ready\n", "", 0)


def test_it_ends_when_its_parent_is_killed() -> None:
    command = [sys.executable, "-c", _PARENT, *_COMMAND, str(free_port())]
    parent = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    ready, pid = parent.stdout.readline().split()
    assert ready == "ready"
    broker = psutil.Process(int(pid))
    parent.kill()
    parent.communicate()
    with contextlib.suppress(psutil.NoSuchProcess):
        broker.wait(timeout=20.0)


@pytest.mark.skipif(os.name != "posix", reason="needs SIGINT")
def test_an_interrupt_ends_it_without_a_word() -> None:
    child = subprocess.Popen(
        [*_COMMAND, str(free_port())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    child.send_signal(signal.SIGINT)
    assert child.wait(timeout=20.0) == 0
    _, complained = child.communicate()
    assert complained == ""


def test_a_port_that_is_taken_is_told_in_one_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [*_COMMAND, str(port)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=20.0,
            check=False,
        )
    assert (done.returncode, done.stdout) == (3, "")
    (line,) = done.stderr.splitlines()
    assert str(port) in line
    assert "in use" in line


def test_nobody_but_this_machine_can_reach_it() -> None:
    with EmbeddedBroker() as broker:
        assert broker.child is not None
        listening = [
            each.laddr.ip
            for each in psutil.Process(broker.child.pid).net_connections(kind="tcp")
            if each.status == psutil.CONN_LISTEN
        ]
        assert listening == ["127.0.0.1"]


def test_what_is_not_mqtt_does_not_end_it_and_is_not_told() -> None:
    child = subprocess.Popen(
        [*_COMMAND, str(port := free_port())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    for rubbish in (b"", b"GET / HTTP/1.0\r\n\r\n", b"\x10\xff\xff\xff\xff\x7f", bytes(1000)):
        with socket.create_connection(("127.0.0.1", port)) as one:
            one.sendall(rubbish)

    async def run() -> None:
        async with peer(quick(port)) as one:
            assert one.link.publish("still", b"there", qos=1)
            await one.hears("still")

    asyncio.run(run())
    said, complained = child.communicate(timeout=20.0)
    assert (said, complained, child.returncode) == ("", "", 0)
