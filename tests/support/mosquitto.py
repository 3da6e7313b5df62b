"""A real mosquitto for one test, on a free port; it can be frozen, killed and restarted."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

#: Debian keeps it where an ordinary user's PATH does not look.
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])


def mosquitto_program() -> str | None:
    """Return the path of mosquitto, or None where it is not installed."""
    return shutil.which("mosquitto", path=_PLACES)


def free_port() -> int:
    """Return a TCP port of the loopback interface that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Mosquitto:
    """Context manager around one broker on the loopback interface.

    Parameters
    ----------
    lines : iterable of str
        More lines of its configuration; with them `allow_anonymous` is theirs to say.
    port : int, optional
        A free one without.
    """

    host = "127.0.0.1"

    def __init__(self, lines: Iterable[str] = (), *, port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        self._lines = tuple(lines) or ("allow_anonymous true",)
        self._child: subprocess.Popen[str] | None = None
        self._folder = tempfile.TemporaryDirectory(prefix="stimloop-mosquitto-")

    def __enter__(self) -> Self:
        """Start it; it accepts connections when this returns."""
        try:
            self.start()
        except BaseException:
            self._folder.cleanup()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it, whatever state it is in."""
        self.kill()
        self._folder.cleanup()

    @property
    def options(self) -> tuple[str, ...]:
        """The options of mosquitto's own clients that reach it."""
        return "-h", self.host, "-p", str(self.port)

    @property
    def pid(self) -> int:
        """Its process, for tests that look at it from outside."""
        assert self._child is not None
        return self._child.pid

    def start(self) -> None:
        """Start it without any kept message, and wait until it accepts connections."""
        program = mosquitto_program()
        assert program is not None, "mosquitto is not installed"
        settings = Path(self._folder.name) / "mosquitto.conf"
        settings.write_text("\n".join(self._settings()) + "\n", encoding="utf-8")
        self._child = subprocess.Popen(
            [program, "-c", str(settings)],
            stderr=subprocess.STDOUT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._child.stdout is not None
        heard = []
        for line in self._child.stdout:
            heard.append(line)
            if "running" in line:
                return
        raise AssertionError("".join(heard) or "mosquitto ended and printed nothing")

    def kill(self) -> None:
        """End it as a power cut would: without closing, and without its retained messages."""
        if self._child is None:
            return
        self._child.kill()
        self._child.wait()
        assert self._child.stdout is not None
        self._child.stdout.close()
        self._child = None

    def freeze(self) -> None:
        """Freeze it: connections stay open, nothing is read or answered."""
        os.kill(self.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Unfreeze it."""
        os.kill(self.pid, signal.SIGCONT)

    def _settings(self) -> list[str]:
        # Log little, as nobody reads the pipe after the start.
        settings = [
            f"listener {self.port} {self.host}",
            "persistence false",
            "set_tcp_nodelay true",
            "connection_messages false",
            "log_dest stderr",
            "log_type information",
            "log_type error",
            *self._lines,
        ]
        if os.name == "posix" and os.geteuid() == 0:
            settings.insert(0, "user root")
        return settings
