"""A port hands over whole lines, never waits, and keeps its first fault."""

import asyncio
import importlib.util
import sys

import pytest

from stimulators.device.hardware import serial_port
from stimulators.device.hardware.serial_port import SerialPort


class Wire(asyncio.Transport):
    """The way out of a port, in memory: a real one fails and fills up at no moment of a test's."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 100.0
        self.sent: list[bytes] = []
        self.n_held = 0
        self.error: OSError | None = None
        self.is_open = True

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Take it, or fail."""
        if self.error is not None:
            raise self.error
        self.sent.append(bytes(data))

    def get_write_buffer_size(self) -> int:
        """Return how much of what was written is still there."""
        return self.n_held

    def close(self) -> None:
        """Note it."""
        self.is_open = False

    def abort(self) -> None:
        """Note it, and that what was held is dropped."""
        self.is_open = False
        self.n_held = 0

    def is_closing(self) -> bool:
        """Return whether it takes no more."""
        return not self.is_open

    def time(self) -> float:
        """Return what the test has set."""
        return self.now_s


def wired() -> tuple[SerialPort, Wire]:
    """Return an open port and its way out."""
    port, wire = SerialPort("/dev/ttyACM0"), Wire()
    port.connection_made(wire)
    return port, wire


def test_lines_are_whole_however_they_come() -> None:
    port, _ = wired()
    heard: list[bytes] = []
    port.hear = heard.append
    for byte in b"17 1250\r\n18 13":
        port.data_received(bytes((byte,)))
    assert heard == [b"17 1250"]
    port.data_received(b"00\n19 1350\n\n20")
    assert heard == [b"17 1250", b"18 1300", b"19 1350", b""]


def test_a_line_without_an_end_is_not_kept_for_ever() -> None:
    port, _ = wired()
    heard: list[bytes] = []
    port.hear = heard.append
    for _ in range(100):
        port.data_received(b"x" * 50)
    port.data_received(b" 21 1250\n")
    assert len(heard[0]) < 300
    assert heard[0].endswith(b"x 21 1250")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(5, "Input/output error"), "found: Input/output error"),
        (OSError("the adapter is gone"), "found: the adapter is gone"),
    ],
)
def test_what_cannot_be_written_is_told_at_once_and_from_then_on(error: OSError, told: str) -> None:
    port, wire = wired()
    wire.error = error
    with pytest.raises(OSError, match=f"{told}$"):
        port.write(b"G 1 0 -\n")
    wire.error = None
    with pytest.raises(OSError, match=f"{told}$"):
        port.write(b"G 2 0 -\n")
    assert wire.sent == []


def test_a_port_that_still_holds_what_was_written_takes_no_more() -> None:
    port, wire = wired()
    port.write(b"G 1 0 -\n")
    wire.n_held = 1
    with pytest.raises(OSError, match=r"/dev/ttyACM0: .*it takes nothing any more"):
        port.write(b"G 2 0 -\n")
    assert wire.sent == [b"G 1 0 -\n"]


def test_at_the_end_a_last_line_is_written_or_what_still_waits_is_dropped() -> None:
    port, wire = wired()
    port.close(b"last")
    assert (wire.sent, wire.is_open) == ([b"last"], False)
    port, wire = wired()
    port.write(b"older")
    wire.n_held = 5
    port.close(b"last")
    assert (wire.sent, wire.is_open, wire.n_held) == ([b"older"], False, 0)
    SerialPort("/dev/ttyACM0").close(b"last")


def test_a_line_with_which_the_port_was_lost_is_told() -> None:
    port, wire = wired()
    wire.is_open = False
    with pytest.raises(OSError, match="it was lost with this line"):
        port.write(b"G 1 0 -\n")


def test_a_port_that_was_never_opened_takes_nothing() -> None:
    port = SerialPort("/dev/ttyACM0")
    with pytest.raises(OSError, match="/dev/ttyACM0: expected it to be there"):
        port.write(b"G 1 0 -\n")
    port.connection_lost(None)
    with pytest.raises(OSError, match="the port was closed"):
        port.write(b"G 1 0 -\n")


def test_the_first_fault_is_the_one_that_is_told() -> None:
    closed, _ = wired()
    closed.connection_lost(None)
    assert closed.fault == "the port was closed"
    pulled, _ = wired()
    pulled.connection_lost(OSError("the cable was pulled"))
    assert pulled.fault == "the cable was pulled"
    pulled.connection_lost(None)
    assert pulled.fault == "the cable was pulled"


def test_only_opening_a_port_needs_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serialx", None)
    spec = serial_port.__spec__
    assert spec is not None
    assert spec.loader is not None
    anew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(anew)
    with pytest.raises(ModuleNotFoundError, match="serialx"):
        asyncio.run(anew.open_port("/dev/ttyACM0", 115_200))
