"""A child process for any event loop: asyncio's own need one that Windows may not have."""

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TypeVar

_T = TypeVar("_T")
#: Longest part of the last line of an error that is quoted.
_N_WORDS_MAX = 300


class Child:
    """A Python process in a group of its own, whose first line and whose end can be awaited.

    Ctrl-C does not reach it: that is for whoever has started it.

    Parameters
    ----------
    name : str
        What it is, for messages.
    arguments : sequence of str
        What the interpreter is started with; the current folder is not on its path.
    environment : mapping of str to str, optional
        Variables beside, or in place of, those of this process.
    """

    def __init__(
        self, name: str, arguments: Sequence[str], environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        # A file, because a pipe that nobody reads would block a child that writes much.
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 closed by `end`
        is_windows = sys.platform == "win32"
        self._process = subprocess.Popen(  # noqa: S603 this interpreter, arguments of our own
            # Without -P a folder of the user with the name of our package would be imported.
            [sys.executable, "-P", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._words,
            env={**os.environ, **(environment or {})},
            start_new_session=not is_windows,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0) if is_windows else 0,
        )

    @property
    def pid(self) -> int:
        """Its process number."""
        return self._process.pid

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    @property
    def death(self) -> str:
        """How the process ended, and the last line that it wrote to standard error."""
        return (
            f"{self.name} (process {self.pid}) ended with exit code "
            f"{self._process.poll()}; its last error line: {self.last_words}"
        )

    @property
    def last_words(self) -> str:
        """The last line that it wrote to its standard error, quoted; or "none"."""
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        return repr(lines[-1][-_N_WORDS_MAX:]) if lines else "none"

    async def first_line(self) -> str:
        """Wait for the first line it writes; empty where it ends before."""
        output = self._process.stdout
        line = b"" if output is None else await _in_thread(output.readline)
        return line.decode(errors="replace").strip()

    def each_line(self, take: Callable[[str], None]) -> None:
        """Hand each line that it writes from now on to `take`, on a thread, until it ends."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 every child is started with a pipe

        def read() -> None:
            with suppress(ValueError):  # it has ended, and its pipe is closed
                for line in output:
                    take(line.decode(errors="replace").strip())

        threading.Thread(target=read, name=self.name, daemon=True).start()

    async def until_over(self) -> None:
        """Wait until it has ended."""
        await _in_thread(self._process.wait)

    async def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        await self.until_over()

    async def end(self, within_s: float) -> None:
        """Let it end, as it does when its standard input closes; after `within_s` kill it."""
        if self._process.stdin is not None:
            with suppress(OSError):  # it has ended already
                self._process.stdin.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self.until_over(), within_s)
        await self.kill()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._words.close()


async def _in_thread(call: Callable[[], _T]) -> _T:
    """Wait for a call that blocks, in a thread that nobody waits for where this is cancelled.

    Not one of the event loop's own threads, which are few and waited for at its end.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_T] = loop.create_future()

    def set_result(found: _T) -> None:
        if not done.done():
            done.set_result(found)

    def run() -> None:
        found = call()
        with suppress(RuntimeError):  # the loop may be over already
            loop.call_soon_threadsafe(set_result, found)

    threading.Thread(target=run, name="child", daemon=True).start()
    return await done
