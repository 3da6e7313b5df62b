"""Titrates the simulated patient in virtual time; the session folder is as a live one."""

import contextlib
from pathlib import Path
from typing import Any

from detectors.compiling.listening import Compiling, compiling
from replay.patient.patient import Patient
from replay.patient.simulated_session import SimulatedSession
from replay.titration.ending import Progress, ending_with_staircase, staircase_of
from streamer.config import LoopConfig
from streamer.session_parts import RunningSession
from streamer.source import StreamInfo

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
    with compiling(compiles):
        session = SimulatedSession(config, patient, info, config_toml=config_toml)
    calibration_s = session.loop.wirings[0].calibration_s
    longest_s = staircase_of(session.loop).longest_s + calibration_s + _MORE_S

    def watching(running: RunningSession) -> contextlib.AbstractContextManager[None]:
        return ending_with_staircase(running, progress)

    return session.run(out, duration_s=longest_s, may_number=may_number, watching=watching)
