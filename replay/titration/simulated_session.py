"""Titrates the simulated patient in virtual time; the session folder is as a live one."""

import asyncio
import contextlib
import hashlib
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from detectors.compiling.listening import Compiling, compiling
from replay.patient.patient import Patient
from replay.patient.virtual_patient import VirtualPatient
from replay.titration.ending import Progress, ending_with_staircase, staircase_of
from replay.virtual_devices import VirtualDevices
from replay.virtual_time import run_virtually
from stimulators.wire.session_id import session_id
from streamer.closed_loop import ClosedLoop, Outcome
from streamer.config import LoopConfig
from streamer.events import Event
from streamer.session import PreparedSession
from streamer.session_parts import EndedSession, Ends, RunningSession
from streamer.source import StreamInfo

#: A start far from 0, as real clocks never read 0.
_START_S = 1000.0
#: Time for arming and for holds.
_MORE_S = 120.0


def simulate_titration(
    config: LoopConfig,
    patient: Patient,
    info: StreamInfo,
    *,
    config_toml: bytes,
    out: Path,
    may_number: bool = False,
    progress: Progress = lambda _done, _total: None,
    compiles: Compiling = lambda _n_compiled, _name: None,
) -> dict[str, Any]:
    """Run a staircase on a simulated patient, as fast as the processor goes.

    Parameters
    ----------
    config : LoopConfig
        The rig; one of its policies is a staircase. Its devices are simulated in virtual time,
        with their own limits, and armed by themselves.
    patient : Patient
        Feels the device that its table names.
    info : StreamInfo
        The patient's stream, the only one of the rig.
    config_toml : bytes
        The resolved configuration file, kept in the folder as it is.
    out : Path
        The session folder to create.
    may_number : bool
        Where it is taken, another number may be put behind its name.
    progress : callable, optional
        Given the steps that are over, and how many there are.
    compiles : callable, optional
        Given the number of kernels compiled so far and the name of the next.

    Returns
    -------
    dict
        The session's ``folder``, and what its `summary.json` says.

    Raises
    ------
    ValueError
        Where the configuration does not fit the stream; begins with the key path.
    JournalError
        Where the folder is taken or cannot be written.
    """
    config = replace(
        config,
        rig=replace(config.rig, arm="auto"),
        devices=tuple(replace(device, simulated=True) for device in config.devices),
    )
    name = session_id(0, hashlib.sha256(config_toml).hexdigest()[:8])
    with compiling(compiles):
        loop = ClosedLoop(config, [info], name)
        session = PreparedSession(loop, config, [info], name=name, config_toml=config_toml)
    longest_s = staircase_of(loop).longest_s + loop.wirings[0].calibration_s + _MORE_S

    @contextlib.contextmanager
    def watched(running: RunningSession) -> Iterator[None]:
        with ending_with_staircase(running, progress), _ending_in_safe(running):
            yield

    async def run() -> EndedSession:
        devices = VirtualDevices(config.devices, name)
        ends = Ends(
            sources=[VirtualPatient(patient, info, devices)],
            transport=devices,
            now_s=asyncio.get_running_loop().time,
            is_timed=False,
            samples_wait=True,
            folder=out,
            may_number=may_number,
            duration_s=longest_s,
            watching=watched,
        )
        async with AsyncExitStack() as last:
            return await session.run(ends, last)

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
