"""An embedded broker for one test, started as the command line does."""

import subprocess
import sys
from types import TracebackType
from typing import Self

from tests.support.mosquitto import free_port


class EmbeddedBroker:
    """Context manager around ``python -m stimulators.broker.embedded`` on a free port."""

    def __init__(self, *, port: int | None = None) -> None:
        self.port = free_port() if port is None else port
        self.child: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        """Start it; it accepts connections when this returns."""
        command = [sys.executable, "-m", "stimulators.broker.embedded", "--port", str(self.port)]
        self.child = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.child.stdout is not None
        assert self.child.stdout.readline() == "ready\n"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close its input, at which it ends by itself."""
        assert self.child is not None
        self.child.communicate(timeout=10.0)
