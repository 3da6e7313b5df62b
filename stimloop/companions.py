"""The other ends of a simulated rig as child processes, watched: broker, patient, device."""

import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stimloop.config import Config
from stimloop.errors import FaultError
from stimulators.parent import READY
from streamer.events import Event
from streamer.source import StreamInfo

#: Compiling the kernels of a patient for the first time takes some seconds.
_READY_S_MAX = 60.0
_END_S_MAX = 5.0
#: Longer last words say no more.
_N_WORDS_MAX = 300


@dataclass(frozen=True, slots=True)
class _Companion:
    """A child process, and the file that has what it wrote to its standard error."""

    name: str
    child: asyncio.subprocess.Process
    words: IO[bytes]

    @property
    def death(self) -> str:
        """How it ended, and the last it said."""
        return (
            f"{self.name} (process {self.child.pid}) ended with exit code "
            f"{self.child.returncode}; it last said {self.last_words}"
        )

    @property
    def last_words(self) -> str:
        self.words.seek(0)
        lines = self.words.read().decode(errors="replace").strip().splitlines()
        return repr(lines[-1][-_N_WORDS_MAX:]) if lines else "nothing"


class Companions:
    """Starts what the configuration says is simulated, and ends it, in order, on leaving.

    A companion ends by itself when its standard input closes, so none outlives a killed service.
    It has the shape of a `Source` without streams, whose feed fails when one of them dies: so a
    service that is given it ends as with any other source that failed.

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
        self._running: list[_Companion] = []
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

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """No streams."""
        return ()

    async def feed(self, emit: Callable[[Event], None]) -> None:  # noqa: ARG002 nothing to hand over
        """Wait for the death of a companion; without any, return at once.

        Raises
        ------
        FaultError
            Names each that died, with its exit code and its last words.
        """
        if self._running:
            ends = [asyncio.ensure_future(each.child.wait()) for each in self._running]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
            self.expect_all_alive()

    def expect_all_alive(self) -> None:
        """Fail where one died.

        Raises
        ------
        FaultError
            As `feed`.
        """
        dead = [each.death for each in self._running if each.child.returncode is not None]
        if dead:
            raise FaultError("; ".join(dead))

    def _commands(self) -> list[tuple[str, list[str]]]:
        if not self._config.broker.embedded:
            return []
        port = str(self._config.broker.port)
        # Without -P a folder of the user's with the name of a package of ours would be run.
        commands = [("broker", ["-P", "-m", "stimulators.broker.embedded", "--port", port])]
        faces = ["-P", "-m", "stimloop"]
        if any(device.simulated for device in self._config.devices):
            commands.append(("device", [*faces, "device", str(self._file), "--companion"]))
        if self._config.patient is not None:
            commands.append(("patient", [*faces, "patient", str(self._file), "--companion"]))
        return commands

    async def _start(self, name: str, command: list[str]) -> None:
        self._told(f"starting the {name}")
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
        companion = _Companion(name, child, words)
        self._running.append(companion)
        line = ""
        if child.stdout is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_READY_S_MAX):
                    line = (await child.stdout.readline()).decode(errors="replace").strip()
        if not line.startswith(READY):
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
            raise FaultError(f"{name}: did not get ready; it last said {companion.last_words}")
        self._told(f"{name} started (process {child.pid})")

    async def _end_all(self) -> None:
        while self._running:
            child = self._running.pop().child
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
