"""The other ends of a simulated rig as child processes: broker, patient, device."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stimloop.config import Config
from stimloop.errors import FaultError
from stimulators.parent import READY

#: Compiling the kernels of a patient for the first time takes some seconds.
_READY_S_MAX = 60.0
_END_S_MAX = 5.0


class Companions:
    """Starts what the configuration says is simulated, and ends it, in order, on leaving.

    A companion ends by itself when its standard input closes, so none outlives a killed service.

    Parameters
    ----------
    config : Config
        With ``broker.embedded`` nobody else can be on the broker: then the simulated devices
        and the patient are started with it. With a broker of one's own nothing is started.
    config_file : Path
        The resolved configuration, for the children to read.
    told : callable
        Takes a line for the operator.
    """

    def __init__(self, config: Config, config_file: Path, told: Callable[[str], None]) -> None:
        self._config = config
        self._file = config_file
        self._told = told
        self._children: list[asyncio.subprocess.Process] = []
        self._open = contextlib.ExitStack()

    async def __aenter__(self) -> Self:
        """Start them, each once the one before is ready.

        Raises
        ------
        FaultError
            Where one does not come up; the text says why in its own words.
        """
        try:
            for name, command in self._commands():
                await self._start(name, command)
        except BaseException:
            await self._end_all()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End them, the newest first."""
        await self._end_all()

    def _commands(self) -> list[tuple[str, list[str]]]:
        if not self._config.broker.embedded:
            return []
        port = str(self._config.broker.port)
        commands = [("broker", ["-m", "stimulators.broker.embedded", "--port", port])]
        faces = ["-m", "stimloop"]
        if any(device.simulated for device in self._config.devices):
            commands.append(("device", [*faces, "device", str(self._file), "--companion"]))
        if self._config.patient is not None:
            commands.append(("patient", [*faces, "patient", str(self._file), "--companion"]))
        return commands

    async def _start(self, name: str, command: list[str]) -> None:
        # A file, not a pipe: a pipe that nobody reads would hold a talkative child up.
        words = self._open.enter_context(tempfile.TemporaryFile())  # noqa: SIM115 it is one
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=words,
            # Ctrl-C is for the service, which ends its companions after the devices are safe.
            start_new_session=os.name != "nt",
        )
        self._children.append(child)
        line = ""
        if child.stdout is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_READY_S_MAX):
                    line = (await child.stdout.readline()).decode(errors="replace").strip()
        if not line.startswith(READY):
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise FaultError(f"{name}: expected it to be ready, found {_last_words(words)}")
        self._told(f"{name} started (process {child.pid})")

    async def _end_all(self) -> None:
        while self._children:
            child = self._children.pop()
            if child.stdin is not None:
                child.stdin.close()
            try:
                async with asyncio.timeout(_END_S_MAX):
                    await child.wait()
            except TimeoutError:
                with contextlib.suppress(ProcessLookupError):
                    child.kill()
                await child.wait()
        self._open.close()


def _last_words(file: IO[bytes]) -> str:
    file.seek(0)
    words = file.read().decode(errors="replace").strip().splitlines()
    return repr(words[-1]) if words else "that it ended without a word"
