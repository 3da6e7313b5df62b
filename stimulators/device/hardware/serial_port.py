"""A serial port that never waits: what cannot be written at once is a fault."""

import asyncio
from collections.abc import Callable  # noqa: TC003 the reference reads annotations
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import serialx


class SerialPort(asyncio.Protocol):
    """A port, its faults, and the lines that come from it; made by `open_port`.

    Parameters
    ----------
    name : str
        The port, as it was named.

    Attributes
    ----------
    fault : str
        Why the port cannot be used any more; empty while it can.
    hear : callable
        Takes each line that comes, without its end.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.fault = ""
        self.hear: Callable[[bytes], None] = lambda _: None
        self._transport: "serialx.BaseSerialTransport | None" = None  # noqa: UP037
        self._received = b""

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 asyncio's is wider
        """Note the way out."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Hand over the lines that are whole."""
        *lines, rest = (self._received + data).split(b"\n")
        self._received = rest[-200:]
        for line in lines:
            self.hear(line.strip())

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that the cable was pulled, or the port closed."""
        self.fault = self.fault or str(exc or "the port was closed")

    def write(self, data: bytes) -> None:
        """Write now.

        Raises
        ------
        OSError
            Where the port is lost, or still holds what was written before.
        """
        transport = self._transport
        if transport is not None and not self.fault:
            if transport.get_write_buffer_size():
                self.fault = "it takes nothing any more"
            else:
                try:
                    transport.write(data)
                except OSError as error:
                    self.fault = error.strerror or str(error)
                else:
                    if transport.is_closing():
                        self.fault = "it was lost with this line"
        if transport is None or self.fault:
            raise OSError(f"serial port {self.name}: expected it to be there, found: {self.fault}")

    def close(self, last: bytes = b"") -> None:
        """Write something for the last time, and close the port; its control lines go low.

        Where that cannot be written, what still waits is dropped: it is older.
        """
        if self._transport is None:
            return
        try:
            self.write(last)
        except OSError:
            self._transport.abort()
        else:
            self._transport.close()


async def open_port(name: str, baudrate: int) -> SerialPort:
    """Open a serial port, for this program alone; 8 data bits, no parity, 1 stop bit.

    Raises
    ------
    OSError
        Where it is not there, or another program has it.
    ModuleNotFoundError
        Where the extra `serial` is not installed.
    """
    import serialx  # noqa: PLC0415 of the extra `serial`

    loop = asyncio.get_running_loop()
    port = SerialPort(name)
    low = serialx.PinState.LOW
    await serialx.create_serial_connection(
        loop, lambda: port, name, baudrate, exclusive=True, dtr_on_close=low, rts_on_close=low
    )
    return port
