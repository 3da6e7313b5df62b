"""Writes lines to a pipe or file from a thread, so that a slow reader cannot delay the loop."""

import contextlib
import queue
import threading
from types import TracebackType
from typing import IO, Self

from stimloop.terminal.plain_text import plain

#: Lines that may wait for the reader; further ones are dropped, and counted.
_N_WAITING_MAX = 1000
#: How long the end waits for a reader that does not read.
_END_S_MAX = 1.0


class LineWriter:
    """A context manager that writes lines in order, or drops them; `write` never waits.

    Parameters
    ----------
    file : text file
        Where to write. Once it cannot be written to, nothing more is.
    """

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._waiting: queue.Queue[str | None] = queue.Queue(_N_WAITING_MAX)
        self._n_dropped = 0
        self._thread = threading.Thread(target=self._run, name="lines", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._thread.is_alive():
            with contextlib.suppress(queue.Full):
                self._waiting.put(None, timeout=_END_S_MAX)
            self._thread.join(_END_S_MAX)

    def write(self, line: str) -> None:
        """Write one line soon; characters that control a terminal are escaped."""
        line = plain(line)
        try:
            if self._n_dropped:
                self._waiting.put_nowait(f"{self._n_dropped} lines were dropped")
                self._n_dropped = 0
            self._waiting.put_nowait(line)
        except queue.Full:
            self._n_dropped += 1

    def _run(self) -> None:
        with contextlib.suppress(OSError):  # nobody reads any more
            while (line := self._waiting.get()) is not None:
                self._file.write(f"{line}\n")
                self._file.flush()
