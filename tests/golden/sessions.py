"""The sessions of the golden values, each run through the loop as it is now."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from replay import readers
from replay.patient.patient import Patient
from replay.patient.simulated_session import SimulatedSession
from replay.session import replay_session
from stimloop.config import load
from streamer.closed_loop import ClosedLoop
from streamer.events import Event
from tests.golden.live_session import LIVE, LiveSession
from tests.golden.meaning import Meaning
from tests.support.offline import journalled

_EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
_DEFAULT_RIG = Path(__file__).parents[2] / "stimloop" / "default.toml"
#: Long enough for a rig that arms itself to follow some bursts.
_PATIENT_S = 40.0
_RECORDING = Path("xdf-derived") / "stn_ecog_3streams_drift_reset_gap.xdf"


def live(_data_dir: Path) -> dict[str, Any]:
    """Return the results of the live session kept in `live/`."""
    session = LiveSession.read(LIVE)
    loop = ClosedLoop(session.config, session.infos, session.session)
    return _meaning(loop, session.steps)


def every_detector(data_dir: Path) -> dict[str, Any]:
    """Return the results of a recording through every detector."""
    return _played("every-detector.toml", data_dir)


def stn_ecog(data_dir: Path) -> dict[str, Any]:
    """Return the results of a recording that drives a device."""
    return _played("stn-ecog.toml", data_dir)


def patient(_data_dir: Path) -> dict[str, Any]:
    """Return the results of a closed loop on the simulated patient, in virtual time."""
    file = _DEFAULT_RIG
    rig = load(file)
    assert rig.patient is not None
    session = SimulatedSession(
        rig.loop,
        Patient(rig.patient),
        rig.patient.info(rig.streams[0].name),
        config_toml=file.read_bytes(),
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "session"
        session.run(out, duration_s=_PATIENT_S)
        kept = journalled(out)
        return _meaning(kept.new_loop(), kept.steps)


SESSIONS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "live": live,
    "every-detector": every_detector,
    "stn-ecog": stn_ecog,
    "patient": patient,
}


def _played(name: str, data_dir: Path) -> dict[str, Any]:
    file = _EXAMPLES / name
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "session"
        replay_session(
            readers.open(data_dir / _RECORDING),
            load(file).loop,
            config_toml=file.read_bytes(),
            out=out,
        )
        session = journalled(out)
        return _meaning(session.new_loop(), session.steps)


def _meaning(loop: ClosedLoop, steps: Iterable[tuple[float, Event]]) -> dict[str, Any]:
    meaning = Meaning(loop)
    for now_s, event in steps:
        meaning.add(loop.step(event, now_s))
    return meaning.as_dict()
