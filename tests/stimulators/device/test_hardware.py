"""Hardware gets an amount before it is reported, and 0 where a cable, a lease or a program ends.

The box at the serial port is played by the test, at the other end of a real pseudo-terminal.
"""

import asyncio
import contextlib
import importlib.util
import os
import select
import socket
import struct
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stimulators.device.device_link import DeviceLink
from stimulators.device.hardware.opening import open_hardware
from stimulators.device.hardware.serial_box import BOX_SILENCE_S, SerialBox
from stimulators.device.hardware.serial_port import open_port
from stimulators.device.hardware.ttl_line import GATE, PULSE
from stimulators.wire.messages import Stop
from stimulators.wire.mqtt import BrokerConfig
from streamer.clock import now_s
from tests.stimulators.device.device_bench import feedback_device, stimulator
from tests.stimulators.device.test_device_link import HandDriver
from tests.stimulators.wire.listening import running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def _example_box() -> Any:
    """Return the box that the guide has."""
    path = Path(__file__).parents[3] / "docs" / "examples" / "devices" / "box.py"
    spec = importlib.util.spec_from_file_location("box", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Box()


class Cable:
    """A pseudo-terminal, and the box of the guide at its far end."""

    def __init__(self) -> None:
        self.box = _example_box()
        self.now_ms = 0
        self.far, near = os.openpty()
        self.name = os.ttyname(near)
        os.close(near)
        os.set_blocking(self.far, False)
        self.heard = b""
        self.given: list[int] = []
        self.kinds: list[str] = []
        self.gives_at_most = 10**6
        self.is_mute = False
        self.number = ""

    def serve(self) -> None:
        """Answer each line that came."""
        with contextlib.suppress(BlockingIOError, OSError):
            self.heard += os.read(self.far, 4096)
        *lines, self.heard = self.heard.split(b"\n")
        for line in lines:
            answer = self.box.hear(line.decode(), self.now_ms)
            self.kinds.append(line[:1].decode())
            self.box.given = min(self.box.given, self.gives_at_most)
            self.given.append(self.box.given)
            number = self.number or answer.split()[0]
            if not self.is_mute:
                os.write(self.far, f"{number} {self.box.given}\n".encode())

    def received(self) -> bytes:
        with contextlib.suppress(BlockingIOError, OSError):
            self.heard += os.read(self.far, 4096)
        return self.heard

    def rest(self) -> bytes:
        """Return all that was sent, which is on its way until the near end is closed."""
        with contextlib.suppress(OSError):
            while select.select([self.far], [], [], 5.0)[0]:
                self.heard += os.read(self.far, 4096)
        return self.heard

    def pull(self) -> None:
        os.close(self.far)
        self.far = -1


@pytest.fixture
def cable() -> Iterator[Cable]:
    made = Cable()
    yield made
    if made.far >= 0:
        made.pull()


async def _turns(n: int = 5) -> None:
    """Let the event loop run once."""
    for _ in range(n):
        turned = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(turned.set_result, None)
        await turned


async def _closed(hardware: Any) -> None:
    """Close it, and wait until its port is."""
    hardware.close()
    port = getattr(hardware, "_port", hardware)
    async with asyncio.timeout(5.0):
        while not port.fault or port._transport._fileno is not None:
            await _turns()


@contextlib.asynccontextmanager
async def _served(cable: Cable) -> AsyncIterator[None]:
    """Let the box answer every line at once."""
    loop = asyncio.get_running_loop()
    loop.add_reader(cable.far, cable.serve)
    try:
        yield
    finally:
        if cable.far >= 0:
            loop.remove_reader(cable.far)


async def _box(cable: Cable, clock: Clock) -> SerialBox:
    port = await open_port(cable.name, 115_200)
    return SerialBox(port, tolerance=0.003, now_s=clock)


async def _tell(box: SerialBox, cable: Cable, clock: Clock, amount: float, n: int = 1) -> None:
    for _ in range(n):
        box.give(amount, "adbs")
        await _turns()
        cable.serve()
        await _turns()
        clock.now_s += 0.005


def test_a_box_is_told_each_change_at_once_and_every_50_ms(cable: Cable) -> None:
    async def run() -> None:
        clock = Clock()
        box = await _box(cable, clock)
        await _tell(box, cable, clock, 1.25, n=23)
        assert cable.given == [1250, 1250, 1250]
        await _tell(box, cable, clock, 1.3)
        box.fire(1.0, "adbs")
        await _turns()
        assert cable.received().split() == [b"F", b"5", b"1000", b"adbs"]
        await _closed(box)
        assert cable.rest().endswith(b"C 6 0 -\n")

    asyncio.run(run())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda cable, _: setattr(cable, "is_mute", True), "no answer for 0.25 s"),
        (lambda cable, _: setattr(cable, "gives_at_most", 900), "0.9 where 1.25 was told"),
        (lambda cable, _: setattr(cable, "number", "999999"), "no answer for 0.25 s"),
        (lambda cable, _: cable.pull(), "serial port"),
        (
            lambda _, clock: setattr(clock, "now_s", clock.now_s + BOX_SILENCE_S + 0.01),
            "told nothing",
        ),
    ],
    ids=["mute", "clips", "babbles", "pulled", "paused"],
)
def test_a_box_that_does_not_do_as_it_is_told_is_a_fault(
    cable: Cable, change: Any, why: str
) -> None:
    async def run() -> None:
        clock = Clock()
        box = await _box(cable, clock)
        await _tell(box, cable, clock, 1.25, n=3)
        change(cable, clock)
        with pytest.raises(OSError, match=why):
            await _tell(box, cable, clock, 1.25, n=120)
        with pytest.raises(OSError, match=why):
            box.give(1.25, "adbs")
        await _closed(box)

    asyncio.run(run())


def test_a_box_that_starts_slowly_is_met_before_anybody_is_told(cable: Cable) -> None:
    async def run() -> None:
        opening = asyncio.create_task(open_hardware(f"serial:{cable.name}", stimulator(), now_s))
        async with asyncio.timeout(5.0):
            while len(cable.received().splitlines()) < 3:
                await _turns()
        os.write(cable.far, b"bootloader 1.0\n")
        await _turns()
        assert not opening.done()
        async with _served(cable):
            box = await opening
        assert set(cable.given) == {500}
        await _closed(box)

    asyncio.run(run())


def test_the_electrode_goes_safe_by_the_boxs_own_timer_where_cable_or_bridge_is_gone(
    cable: Cable,
) -> None:
    """Whatever ends the lines, the box sees the same: nothing comes."""

    async def run() -> None:
        clock = Clock()
        box = await _box(cable, clock)
        await _tell(box, cable, clock, 1.25, n=3)
        cable.now_ms += 249
        cable.box.tick(cable.now_ms)
        assert cable.box.given == 1250
        cable.now_ms += 1
        cable.box.tick(cable.now_ms)
        assert cable.box.given == 500
        cable.pull()
        with pytest.raises(OSError, match="serial port"):
            await _tell(box, cable, clock, 1.25, n=20)
        await _closed(box)

    asyncio.run(run())


def test_the_lines_of_a_trigger_box_follow_amount_and_triggers(cable: Cable) -> None:
    async def run() -> None:
        clock = Clock()
        line = await open_hardware(f"ttl:{cable.name}", feedback_device(), clock)
        line.give(0.0, "")
        line.give(0.4, "")
        line.fire(0.4, "")
        clock.now_s += 0.004
        line.give(0.4, "")
        clock.now_s += 0.002
        line.give(0.4, "")
        clock.now_s += 0.051
        line.give(0.4, "")
        await _closed(line)
        assert list(cable.rest()) == [0, GATE, GATE | PULSE, GATE, GATE, 0]

    asyncio.run(run())


def test_the_lines_of_a_port_fall_when_its_last_user_is_gone(cable: Cable) -> None:
    async def run() -> None:
        port = await open_port(cable.name, 115_200)
        assert termios.tcgetattr(cable.far)[2] & termios.HUPCL
        await _closed(port)

    asyncio.run(run())


def test_a_program_hears_the_level_over_osc_and_0_at_the_end() -> None:
    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            program.bind(("127.0.0.1", 0))
            program.settimeout(5.0)
            clock = Clock()
            address = f"osc:127.0.0.1:{program.getsockname()[1]}"
            hardware = await open_hardware(address, feedback_device(), clock)
            hardware.give(0.25, "")
            hardware.give(0.25, "")
            hardware.fire(0.5, "")
            clock.now_s += 0.06
            hardware.give(0.25, "")
            hardware.close()
            heard = [program.recv(100) for _ in range(5)]
            values = [struct.unpack(">f", each[-4:])[0] for each in heard]
            assert values == [0.25, 0.5, 0.25, 0.0, 0.0]
            assert heard[0].startswith(b"/stimloop/tone/level\0\0\0\0,f\0\0")
            assert heard[1].startswith(b"/stimloop/tone/trigger\0\0,f\0\0")

    asyncio.run(run())


def test_where_no_program_listens_the_device_is_told() -> None:
    async def run() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as program:
            program.bind(("127.0.0.1", 0))
            port = program.getsockname()[1]
        clock = Clock()
        hardware = await open_hardware(f"osc:127.0.0.1:{port}", feedback_device(), clock)

        def play() -> None:
            for level in range(1_000):
                hardware.give(level / 1_000, "")

        with pytest.raises(OSError, match="expected one that listens"):
            play()
        hardware.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("osc:localhost", "osc:HOST:PORT"),
        ("osc:localhost:0", "osc:HOST:PORT"),
        ("serial:", "expected serial:PORT"),
        ("usb:1", "expected serial:PORT"),
    ],
)
def test_what_is_no_address_is_told(address: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        asyncio.run(open_hardware(address, feedback_device(), Clock()))


def test_a_program_is_no_stimulator() -> None:
    with pytest.raises(ValueError, match="expected a device of level"):
        asyncio.run(open_hardware("osc:127.0.0.1:9000", stimulator(), Clock()))


@pytest.mark.broker
def test_a_box_follows_the_lease_and_a_pulled_cable_ends_the_device(
    broker: BrokerConfig, cable: Cable
) -> None:
    """The amount goes up under the lease, down when it ends; then the cable is pulled."""

    async def run() -> None:
        service = HandDriver(broker)
        async with running(service.feed()), _served(cable):
            box = await open_hardware(f"serial:{cable.name}", stimulator(), now_s)
            link = DeviceLink(stimulator(), broker=broker, rig="rig-1", now_s=now_s, hardware=box)
            device = asyncio.create_task(link.run())
            await service.is_ready()
            service.lease(valid_us=700_000)
            ack = await service.answer(service.command(1.0))
            assert (ack.refused, ack.applied_ma) == (None, 1.0)
            assert cable.given[0] == 500
            await service.hears_info(lambda info: info.reason == "the lease ended")
            assert max(cable.given) == 1000
            await service.ears.until(lambda _: cable.given[-1] == 500)
            asyncio.get_running_loop().remove_reader(cable.far)
            cable.pull()
            with pytest.raises(OSError, match="serial port"):
                await device
            gone = await service.hears_info(lambda info: info.state == "offline")
            assert gone.reason.startswith("serial port")
            await _closed(box)

    asyncio.run(run())


class _Incomplete:
    """Hardware that somebody wrote and that cannot end a train."""

    def give(self, amount: float, program: str) -> None: ...

    def fire(self, amount: float, program: str) -> None: ...

    def close(self) -> None: ...


def test_hardware_that_lacks_a_method_is_told_before_it_gives_anything() -> None:
    with pytest.raises(TypeError, match=r"stn: expected hardware with give.*_Incomplete"):
        DeviceLink(
            stimulator(),
            broker=BrokerConfig(),
            rig="rig-1",
            now_s=now_s,
            hardware=_Incomplete(),  # type: ignore[arg-type]
        )


@pytest.mark.broker
def test_a_stop_ends_a_train_at_the_box_before_anybody_is_told(
    broker: BrokerConfig, cable: Cable
) -> None:
    """The stop's answer, which says that the device is stopped, comes after the line to the box."""
    limits = msgspec.structs.replace(stimulator().limits, refractory_s=1.0)
    train = msgspec.structs.replace(stimulator().programs["adbs"], duration_s=0.9)
    config = stimulator(limits=limits, programs={"adbs": train})

    async def run() -> None:
        service = HandDriver(broker)
        async with running(service.feed()), _served(cable):
            box = await open_hardware(f"serial:{cable.name}", config, now_s)
            link = DeviceLink(config, broker=broker, rig="rig-1", now_s=now_s, hardware=box)
            device = asyncio.create_task(link.run())
            await service.is_ready()
            service.lease(valid_us=5_000_000)
            ack = await service.answer(service.command(1.0, kind="trigger"))
            assert ack.refused is None
            assert service.transport.stop(Stop(request_id="1", operator="o", reason="pain"))
            await service.hears_info(lambda info: info.state == "stopped")
            await service.ears.until(lambda _: cable.kinds[-1:] == ["G"] and cable.given[-1] == 0)
            kinds = "".join(cable.kinds)
            assert "C" in kinds[kinds.index("F") :]
            device.cancel()
            await asyncio.gather(device, return_exceptions=True)
            await _closed(box)

    asyncio.run(run())
