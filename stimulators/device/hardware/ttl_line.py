"""A trigger box at a serial port: TTL lines that follow the bits of the last byte."""

from collections.abc import Callable

from stimulators.device.hardware.serial_port import SerialPort

#: Bits of the byte: a line that is high while there is an amount, and one that pulses.
GATE, PULSE = 0x01, 0x02
_AGAIN_S = 0.05


class TtlLine:
    """`Hardware` that is a trigger box: each byte sets its eight lines.

    Line 1 is high while the amount is above 0, line 2 for `pulse_s` with each trigger. A byte
    goes out at each change and twenty times a second. **Such a box has no timer**: where the
    cable is pulled or this program is killed, its lines stay as they are. Where that may not be,
    use a box that answers (`SerialBox`).

    Parameters
    ----------
    port : SerialPort
        The port.
    now_s : callable
        The device's clock.
    pulse_s : float
        How long a pulse lasts, to the next look of the device: at most 5 ms longer.
    """

    def __init__(
        self, port: SerialPort, *, now_s: Callable[[], float], pulse_s: float = 0.005
    ) -> None:
        self._port = port
        self._now_s = now_s
        self._pulse_s = pulse_s
        self._pulse_end_s = 0.0
        self._gate = 0
        self._told = -1
        self._due_s = 0.0

    def give(self, amount: float, program: str) -> None:  # noqa: ARG002 a line has no programs
        """Set the line of the amount, and end a pulse that is over."""
        self._gate = GATE if amount > 0.0 else 0
        self._tell()

    def fire(self, amount: float, program: str) -> None:  # noqa: ARG002 a line has no programs
        """Begin a pulse."""
        self._pulse_end_s = self._now_s() + self._pulse_s
        self._tell()

    def cut(self, amount: float, program: str) -> None:
        """End the pulse, and set the line of the amount."""
        self._pulse_end_s = self._now_s()
        self.give(amount, program)

    def close(self) -> None:
        """Set all lines low, and close the port."""
        self._port.close(b"\0")

    def _tell(self) -> None:
        now_s = self._now_s()
        byte = self._gate | (PULSE if now_s < self._pulse_end_s else 0)
        if byte != self._told or now_s >= self._due_s:
            self._port.write(bytes((byte,)))
            self._told, self._due_s = byte, now_s + _AGAIN_S
