"""An address leads to the hardware that it names, opened as it has to be, or to an error."""

import asyncio
import contextlib
import os
import sys
import termios
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from stimulators.device.hardware.hardware import Hardware
from stimulators.device.hardware.opening import open_hardware
from stimulators.device.hardware.serial_port import SerialPort, open_port
from stimulators.device_config import DeviceConfig
from tests.stimulators.device.device_bench import feedback_device, stimulator

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no pseudo-terminals")


@pytest.fixture
def cable() -> Iterator[tuple[int, str]]:
    """Return the far end of a pseudo-terminal, and the name of the near one."""
    far, near = os.openpty()
    name = os.ttyname(near)
    os.close(near)
    os.set_blocking(far, False)
    yield far, name
    os.close(far)


async def _closed(opened: Hardware | SerialPort) -> None:
    opened.close()
    port: Any = getattr(opened, "_port", opened)
    async with asyncio.timeout(5.0):
        while not port.fault or port._transport._fileno is not None:
            await _turn()


async def _turn() -> None:
    """Let the event loop run once."""
    turned = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_soon(turned.set_result, None)
    await turned


@contextlib.asynccontextmanager
async def _box(far: int, given: int) -> AsyncIterator[list[bytes]]:
    """Answer every line with an amount."""
    heard: list[bytes] = []

    def answer() -> None:
        with contextlib.suppress(OSError):
            for line in os.read(far, 4096).splitlines():
                heard.append(line)
                os.write(far, b"%s %d\n" % (line.split()[1], given))

    loop = asyncio.get_running_loop()
    loop.add_reader(far, answer)
    try:
        yield heard
    finally:
        loop.remove_reader(far)


_TOLERANT = stimulator(amount_tolerance=0.02)


@pytest.mark.parametrize(
    ("config", "given"), [(stimulator(), 503), (stimulator(), 497), (_TOLERANT, 520)]
)
def test_a_box_may_be_off_by_a_thousandth_of_the_highest_amount_or_what_is_configured(
    cable: tuple[int, str], config: DeviceConfig, given: int
) -> None:
    assert config.amount_max == 3.0
    far, name = cable

    async def run() -> None:
        async with _box(far, given):
            await _closed(await open_hardware(f"serial:{name}", config, lambda: 0.0))

    asyncio.run(run())


@pytest.mark.parametrize(
    ("config", "given"), [(stimulator(), 505), (stimulator(), 495), (_TOLERANT, 522)]
)
def test_a_box_that_is_off_by_more_is_told_to_give_nothing_and_is_not_opened(
    cable: tuple[int, str], config: DeviceConfig, given: int
) -> None:
    far, name = cable

    async def run() -> None:
        async with _box(far, given) as heard:
            with pytest.raises(OSError, match=r"where 0\.5 was told"):
                await open_hardware(f"serial:{name}", config, lambda: 0.0)
            async with asyncio.timeout(5.0):
                while not heard[-1].endswith(b" 0 -"):
                    await _turn()
            again = await open_port(name, 115_200)
            await _closed(again)

    asyncio.run(run())


def test_a_port_runs_at_115200_baud_and_is_of_one_program(cable: tuple[int, str]) -> None:
    far, name = cable

    async def run() -> None:
        line = await open_hardware(f"ttl:{name}", feedback_device(), lambda: 0.0)
        _, _, _, _, *speeds, _ = termios.tcgetattr(far)
        assert speeds == [termios.B115200, termios.B115200]
        with pytest.raises(OSError, match="locked"):
            await open_port(name, 115_200)
        await _closed(line)

    asyncio.run(run())


@pytest.mark.parametrize(
    "address",
    ["osc::9000", "osc:127.0.0.1:", "osc:127.0.0.1:9k", "osc:127.0.0.1:0", "osc:127.0.0.1:65536"],
)
def test_osc_needs_a_host_and_a_port(address: str) -> None:
    with pytest.raises(ValueError, match=f"expected osc:HOST:PORT, found '{address}'"):
        asyncio.run(open_hardware(address, feedback_device(), lambda: 0.0))


@pytest.mark.parametrize("port", [1, 65_535])
def test_any_port_of_udp_is_one(port: int) -> None:
    asyncio.run(open_hardware(f"osc:127.0.0.1:{port}", feedback_device(), lambda: 0.0)).close()


@pytest.mark.parametrize("address", ["serial:", "ttl:", "ttl", "usb:1", ""])
def test_what_names_no_hardware_is_told(address: str) -> None:
    with pytest.raises(ValueError, match="expected serial:PORT, ttl:PORT or osc:HOST:PORT, found"):
        asyncio.run(open_hardware(address, feedback_device(), lambda: 0.0))
