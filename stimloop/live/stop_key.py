"""The stop key: `s` on the terminal of a running session stops every device at once."""

import asyncio
import atexit
import contextlib
import errno
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from secrets import token_hex
from typing import TYPE_CHECKING

from stimulators.wire.messages import Stop
from stimulators.wire.received import StopHeard
from stimulators.wire.transport import Transport

if sys.platform != "win32":
    import termios
    import tty

if TYPE_CHECKING:
    from streamer.service import Service

STOP_KEY = "s"
_N_READ_MAX = 1024
#: Arrows and function keys send several characters, the last of which may be a letter.
_SEQUENCES = re.compile(rb"\x1b(?:\[[0-9;?]*[@-~]|O[@-~])")
_REASON = "the stop key was pressed"


def press_stop(service: "Service", transport: Transport) -> None:
    """Send stop to every device without waiting for the loop, then report the stop to the loop."""
    message = Stop(request_id=token_hex(8), operator="the service's terminal", reason=_REASON)
    transport.stop(message)
    service.emit(StopHeard(message=message))


def has_stop_key() -> bool:
    """Return whether the program reads a terminal in the foreground: else no key reaches it."""
    return sys.platform != "win32" and sys.stdin is not None and _is_ours(_descriptor())


@contextlib.contextmanager
def stop_key(press: Callable[[], None]) -> Iterator[None]:
    """Call `press` at each `s` while the context lasts; other keys do nothing.

    The terminal does not show what is typed meanwhile, and Ctrl-C works as ever. It is as it
    was afterwards, however the context, or the program, ends.
    """
    if sys.platform != "win32" and has_stop_key():
        terminal = _Terminal(_descriptor(), press, asyncio.get_running_loop())
        atexit.register(terminal.restore)
        try:
            terminal.begin()
            yield
        finally:
            terminal.end()
            atexit.unregister(terminal.restore)
    else:
        yield


if sys.platform != "win32":

    class _Terminal:
        """A terminal whose keys are read one by one, while the program is in its foreground."""

        def __init__(
            self, descriptor: int, press: Callable[[], None], loop: asyncio.AbstractEventLoop
        ) -> None:
            self._descriptor = descriptor
            self._press = press
            self._loop = loop
            self._before = termios.tcgetattr(descriptor)

        def begin(self) -> None:
            """Read single keys, now and again when the program is back in the foreground."""
            self._take()
            self._loop.add_signal_handler(signal.SIGCONT, self._take)

        def end(self) -> None:
            """Return the terminal to its usual mode."""
            self._loop.remove_signal_handler(signal.SIGCONT)
            self._loop.remove_reader(self._descriptor)
            self.restore()

        def restore(self) -> None:
            """Restore the terminal's mode, unless the program is in the background."""
            # From the background a change of the terminal would suspend the whole program.
            if _is_ours(self._descriptor):
                with contextlib.suppress(termios.error):
                    termios.tcsetattr(self._descriptor, termios.TCSANOW, self._before)

        def _take(self) -> None:
            if _is_ours(self._descriptor):
                with contextlib.suppress(termios.error):
                    tty.setcbreak(self._descriptor, termios.TCSANOW)
                self._loop.add_reader(self._descriptor, self._read)

        def _read(self) -> None:
            typed = b""
            if _is_ours(self._descriptor):  # else reading would suspend the program
                with contextlib.suppress(OSError):
                    typed = os.read(self._descriptor, _N_READ_MAX)
            if not typed:
                self._loop.remove_reader(self._descriptor)
            elif STOP_KEY.encode() in _SEQUENCES.sub(b"", typed).lower():
                self._press()


def _descriptor() -> int:
    try:
        return sys.stdin.fileno()
    except (OSError, ValueError, AttributeError):
        return -1


def _is_ours(descriptor: int) -> bool:
    """Return whether it is a terminal that this program may read without being suspended."""
    if sys.platform == "win32" or not os.isatty(descriptor):
        return False
    try:
        return os.tcgetpgrp(descriptor) == os.getpgrp()
    except OSError as error:
        return error.errno == errno.ENOTTY  # not the terminal that controls us: nobody suspends
