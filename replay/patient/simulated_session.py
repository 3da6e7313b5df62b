"""Runs a rig on the simulated patient in virtual time; the session folder is as a live one."""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from replay.patient.patient import Patient
from replay.patient.virtual_patient import VirtualPatient
from replay.virtual_devices import VirtualDevices
from replay.virtual_time import run_virtually
from stimulators.wire.session_id import session_id
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Event
from streamer.session import PreparedSession
from streamer.session_parts import EndedSession, Ends, RunningSession, Watching, unwatched
from streamer.source import StreamInfo

#: A start far from 0, as real clocks never read 0.
_START_S = 1000.0


class SimulatedSession:
    """A rig on a simulated patient, ready to run as fast as the processor goes.

    Parameters
    ----------
    config : LoopConfig
        The rig. Its devices are simulated in virtual time, with their own limits, and armed by
        themselves.
    patient : Patient
        Feels the device that its table names.
    info : StreamInfo
        The patient's stream, the only one of the rig.
    config_toml : bytes
        The resolved configuration file, kept in the folder as it is.

    Attributes
    ----------
    loop : ClosedLoop
        The rig's loop; its kernels are compiled.

    Raises
    ------
    ValueError
        Where the configuration does not fit the stream; begins with the key path.
    """

    def __init__(
        self, config: LoopConfig, patient: Patient, info: StreamInfo, *, config_toml: bytes
    ) -> None:
        self._config = replace(
            config,
            rig=replace(config.rig, arm="auto"),
            devices=tuple(replace(device, simulated=True) for device in config.devices),
        )
        self._patient = patient
        self._info = info
        self._name = session_id(0, hashlib.sha256(config_toml).hexdigest()[:8])
        self.loop = ClosedLoop(self._config, [info], self._name)
        self._session = PreparedSession(
            self.loop, self._config, [info], name=self._name, config_toml=config_toml
        )

    def run(
        self,
        out: Path,
        *,
        duration_s: float,
        may_number: bool = False,
        watching: Watching = unwatched,
    ) -> dict[str, Any]:
        """Run the session, once, until the duration is over or the rig is in SAFE.

        Parameters
        ----------
        out : Path
            The session folder to create.
        duration_s : float
            When it ends, at the latest.
        may_number : bool
            Where the folder is taken, another number may be put behind its name.
        watching : callable
            Given the session, returns a context in which it runs, and which may add watchers.

        Returns
        -------
        dict
            The session's ``folder``, and what its `summary.json` says.

        Raises
        ------
        JournalError
            Where the folder is taken or cannot be written.
        """

        @contextlib.contextmanager
        def watched(running: RunningSession) -> Iterator[None]:
            with watching(running), _ending_in_safe(running):
                yield

        async def run() -> EndedSession:
            devices = VirtualDevices(self._config.devices, self._name)
            ends = Ends(
                sources=[VirtualPatient(self._patient, self._info, devices)],
                transport=devices,
                now_s=asyncio.get_running_loop().time,
                is_timed=False,
                samples_wait=True,
                stays_inside=True,
                folder=out,
                may_number=may_number,
                duration_s=duration_s,
                watching=watched,
            )
            async with AsyncExitStack() as last:
                return await self._session.run(ends, last)

        ended = run_virtually(run(), start_s=_START_S)
        if ended.fault is not None:
            raise ended.fault
        return {"folder": str(ended.folder.path), **ended.summary}


@contextlib.contextmanager
def _ending_in_safe(session: RunningSession) -> Iterator[None]:
    """End a session that has gone safe: a rig that armed itself is armed no second time."""
    service = session.service

    def watch(_event: Event, _now_s: float, _outcome: Outcome) -> None:
        if service.loop.gate.state == "safe":
            service.end("safe")

    service.watchers.append(watch)
    yield
