"""The simulated parts of a rig (broker, patient, device) as child processes that are watched."""

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from stimloop.config import Config
from stimloop.errors import FaultError
from stimloop.live.child import Child
from stimulators.parent import READY
from streamer.events import Event
from streamer.source import StreamInfo

#: Compiling the kernels of the patient for the first time takes some seconds.
_READY_S_MAX = 60.0
_END_S_MAX = 5.0


class Companions:
    """Starts the child processes of the simulated parts, and ends them in reverse order on leaving.

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
    report : callable
        Takes a line for the operator.
    """

    def __init__(self, config: Config, config_file: Path, report: Callable[[str], None]) -> None:
        self._config = config
        self._file = config_file
        self._report = report
        self._running: list[Child] = []

    async def __aenter__(self) -> Self:
        """Start the processes, each once the one before is ready.

        Raises
        ------
        FaultError
            Where one does not come up; the text says why in its own words.
        """
        try:
            for name, arguments in self._commands():
                await self._start(name, arguments)
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
        """End the processes, the newest first."""
        await self._end_all()

    @property
    def infos(self) -> tuple[StreamInfo, ...]:
        """Do nothing: companions are a source without samples."""
        return ()

    async def feed(self, emit: Callable[[Event], None]) -> None:  # noqa: ARG002 nothing to hand over
        """Wait until one of the processes ends; without any process, return at once.

        Raises
        ------
        FaultError
            Names each that died, with its exit code and its last words.
        """
        if self._running:
            ends = [asyncio.ensure_future(each.until_over()) for each in self._running]
            try:
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
            self.expect_all_alive()

    def expect_all_alive(self) -> None:
        """Raise where one of the processes ended.

        Raises
        ------
        FaultError
            As `feed`.
        """
        dead = [each.death for each in self._running if each.is_over]
        if dead:
            raise FaultError("; ".join(dead))

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

    async def _start(self, name: str, arguments: list[str]) -> None:
        self._report(f"starting the {name}")
        child = Child(name, arguments)
        self._running.append(child)
        line = ""
        with contextlib.suppress(TimeoutError):
            line = await asyncio.wait_for(child.first_line(), _READY_S_MAX)
        if not line.startswith(READY):
            await child.kill()
            raise FaultError(f"{name}: did not get ready; its last error line: {child.last_words}")
        self._report(f"{name} started (process {child.pid})")

    async def _end_all(self) -> None:
        while self._running:
            await self._running.pop().end(_END_S_MAX)
