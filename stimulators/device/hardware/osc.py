"""A program that makes sound, light or touch of a level, told over OSC."""

import contextlib
import socket
import struct
from collections.abc import Callable

_AGAIN_S = 0.05


def osc_message(address: str, value: float) -> bytes:
    r"""Return an OSC 1.0 message of one float.

    Text is closed by a zero byte and filled up to four bytes; the float is big-endian, of 32 bits.

    Examples
    --------
    >>> osc_message("/oscillator/4/frequency", 440.0)
    b'/oscillator/4/frequency\x00,f\x00\x00C\xdc\x00\x00'

    References
    ----------
    .. [1] M. Wright, "The Open Sound Control 1.0 Specification", 2002; the example is its own.
    """
    return _padded(address) + _padded(",f") + struct.pack(">f", value)


class OscReceiver:
    """`Hardware` that is a program on the network: SuperCollider, Pure Data, Max, a game engine.

    It gets ``/stimloop/DEVICE/level``, ``/stimloop/DEVICE/trigger`` and ``/stimloop/DEVICE/cut``,
    each with one float: the amount at each change and twenty times a second, so that a receiver can
    fall silent by itself where nothing comes for a fifth of a second; the amount of a trigger; the
    level that is left where what a trigger began has to end at once. At the end level and cut of 0.

    Parameters
    ----------
    host, port
        Where the program listens.
    device : str
        The device's name.
    now_s : callable
        The device's clock.

    Raises
    ------
    OSError
        Where the address does not exist; from `give`, where the machine there says that nobody
        listens. UDP says no more: what a receiver makes of it is not known.
    """

    def __init__(self, host: str, port: int, device: str, now_s: Callable[[], float]) -> None:
        self._name = f"{host}:{port}"
        self._level = f"/stimloop/{device}/level"
        self._trigger = f"/stimloop/{device}/trigger"
        self._cut = f"/stimloop/{device}/cut"
        self._now_s = now_s
        self._amount: float | None = None
        self._due_s = 0.0
        kind = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        self._socket = socket.socket(kind[0], socket.SOCK_DGRAM)
        self._socket.settimeout(0.0)
        self._socket.connect(kind[4])

    def give(self, amount: float, program: str) -> None:  # noqa: ARG002 it has no programs
        """Send the amount where it is new, or was sent 50 ms ago."""
        now_s = self._now_s()
        if amount == self._amount and now_s < self._due_s:
            return
        self._send(osc_message(self._level, amount))
        self._amount, self._due_s = amount, now_s + _AGAIN_S

    def fire(self, amount: float, program: str) -> None:  # noqa: ARG002 it has no programs
        """Send a trigger."""
        self._send(osc_message(self._trigger, amount))

    def cut(self, amount: float, program: str) -> None:  # noqa: ARG002 it has no programs
        """Send that what a trigger began has to end, and the level that is left."""
        self._send(osc_message(self._cut, amount))

    def close(self) -> None:
        """Send 0, and go."""
        with self._socket:
            for address in (self._cut, self._level):
                # Where nobody listens there is nobody to fall silent.
                with contextlib.suppress(OSError):
                    self._socket.send(osc_message(address, 0.0))

    def _send(self, message: bytes) -> None:
        try:
            self._socket.send(message)
        except OSError as error:
            raise OSError(
                f"OSC receiver at {self._name}: expected one that listens, "
                f"found: {error.strerror or error}"
            ) from error


def _padded(text: str) -> bytes:
    encoded = text.encode("ascii")
    return encoded + b"\0" * (4 - len(encoded) % 4)
