"""Hardware by its address: ``serial:/dev/ttyACM0``, ``ttl:/dev/ttyUSB0``, ``osc:HOST:PORT``."""

from collections.abc import Callable

from stimulators.device.hardware.hardware import Hardware
from stimulators.device.hardware.osc import OscReceiver
from stimulators.device.hardware.serial_box import SerialBox
from stimulators.device.hardware.serial_port import open_port
from stimulators.device.hardware.ttl_line import TtlLine
from stimulators.device_config import DeviceConfig

_BAUDRATE = 115_200
_PORT_MAX = 65_535
_TOLERANCE_SHARE = 0.001


async def open_hardware(address: str, config: DeviceConfig, now_s: Callable[[], float]) -> Hardware:
    """Open the hardware at an address.

    Parameters
    ----------
    address : str
        ``serial:PORT`` for a box that answers, ``ttl:PORT`` for the lines of a trigger box (both
        at 115200 baud), ``osc:HOST:PORT`` for a program.
    config : DeviceConfig
        The device whose amount it gives.
    now_s : callable
        The device's clock.

    Raises
    ------
    ValueError
        Where that is no address, or not one for this device.
    OSError
        Where the port cannot be opened, or the box at it does not answer.
    ModuleNotFoundError
        Where it needs the extra `serial`, which is not installed.
    """
    kind, _, rest = address.partition(":")
    if kind == "osc":
        host, _, port = rest.rpartition(":")
        if not host or not port.isdigit() or not 0 < int(port) <= _PORT_MAX:
            raise ValueError(f"expected osc:HOST:PORT, found {address!r}")
        if config.unit != "level":
            raise ValueError(
                f"expected a device of level for OSC, found {config.id} of milliampere: a program "
                "cannot say what it gives"
            )
        return OscReceiver(host, int(port), config.id, now_s)
    if kind == "serial" and rest:
        told = config.amount_tolerance
        tolerance = _TOLERANCE_SHARE * config.amount_max if told is None else told
        box = SerialBox(await open_port(rest, _BAUDRATE), tolerance=tolerance, now_s=now_s)
        try:
            await box.meet(config.safe_amount, config.safe_program)
        except OSError:
            box.close()
            raise
        return box
    if kind == "ttl" and rest:
        return TtlLine(await open_port(rest, _BAUDRATE), now_s=now_s)
    raise ValueError(f"expected serial:PORT, ttl:PORT or osc:HOST:PORT, found {address!r}")
