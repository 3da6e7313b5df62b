"""The command line as an operator uses it: programs are started, read, frozen and killed."""

import contextlib
import io
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from stimloop.__main__ import run_command

_ROOT = Path(__file__).parents[2]
#: On a machine with other work, Python alone may take half a minute to start.
_WAIT_S = 90.0
#: An arming is refused while data are not good for long enough: so often it is asked for again.
_N_ARMINGS_MAX = 300
COMMAND = (sys.executable, "-m", "stimloop")


class Program:
    """A ``stimloop`` command in a process of its own; a context manager that ends it."""

    def __init__(self, *arguments: object, cwd: Path | None = None) -> None:
        self._command = [*COMMAND, *(str(each) for each in arguments)]
        self._cwd = cwd or _ROOT
        self.said: list[str] = []
        self._lines: queue.Queue[str | None] = queue.Queue()

    def __enter__(self) -> Self:
        self.child = subprocess.Popen(
            self._command,
            cwd=self._cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.thaw()
        self.child.kill()
        self.child.wait()
        self._listener.join()
        assert self.child.stdout is not None
        self.child.stdout.close()

    def until(self, word: str) -> str:
        """Return the next line with a word in it."""
        while True:
            try:
                line = self._lines.get(timeout=_WAIT_S)
            except queue.Empty:
                line = None
            assert line is not None, f"never said {word!r}; said: {self.text}"
            if word in line:
                return line

    def interrupt(self, number: signal.Signals = signal.SIGINT) -> int:
        """Press Ctrl-C, or send another signal, and return the exit code."""
        self.child.send_signal(number)
        return self.ended()

    def ended(self) -> int:
        """Wait for the end and return the exit code."""
        code = self.child.wait(timeout=_WAIT_S)
        self._listener.join()
        return code

    def freeze(self) -> None:
        self.child.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.child.send_signal(signal.SIGCONT)

    @property
    def text(self) -> str:
        """Return all that the program printed."""
        return "".join(self.said)

    def _listen(self) -> None:
        assert self.child.stdout is not None
        for line in self.child.stdout:
            self.said.append(line)
            self._lines.put(line)
        self._lines.put(None)


class Done(NamedTuple):
    """The exit code of a command, and what it printed."""

    returncode: int
    stdout: str
    stderr: str


def ask(*arguments: object) -> Done:
    """Run a command to its end in this process, which is faster and answers the same."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run_command([str(each) for each in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def arm(config: Path, *options: object) -> list[str]:
    """Arm a rig as soon as possible; return why it was refused until then."""
    refused: list[str] = []
    for _ in range(_N_ARMINGS_MAX):
        armed = ask("arm", config, *options)
        if armed.returncode == 0:
            return refused
        assert armed.returncode == 1, armed.stderr
        refused += armed.stderr.splitlines()
    raise AssertionError(refused[-1])


def call(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command to its end in a process of its own."""
    return subprocess.run(
        [*COMMAND, *(str(each) for each in arguments)],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        timeout=_WAIT_S,
        check=False,
    )
