"""Policies of "From a paper to a rig", each run on the simulated patient in virtual time."""

import re
import tempfile
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from benchmarks.figures.policies.course import BETA, Collected, Course
from benchmarks.figures.policies.patients import PATIENTS, PatientKind
from benchmarks.figures.signals import signals_uv
from replay.patient.simulated_session import SimulatedSession
from stimloop import config as configuration
from stimloop.checking.whole import expected_info
from stimloop.config import Config
from stimloop.importing.session_course import courses_of
from streamer.source import StreamInfo

#: The tables of a rig's file.
Tables: TypeAlias = dict[str, Any]

_DOCS: Final = Path(__file__).parents[3] / "docs"
GUIDE: Final = _DOCS / "guides" / "from-a-paper-to-a-rig.md"
PATIENT: Final = _DOCS / "examples" / "simulated-patient.toml"
CHANNEL: Final = "STN_L_13"
#: How long a run goes before its loop is closed: bursts calibrate, and the rig arms itself.
BEFORE_S: Final = 24.0


class Case(NamedTuple):
    """A rig, and which patient it is on."""

    tables: Tables
    kind: PatientKind = "usual"


def blocks(guide: Path = GUIDE) -> dict[str, str]:
    """Return the guide's TOML blocks by the id of the policy that each is of."""
    fragments = re.findall(r"```toml\n(.*?)```", guide.read_text("utf-8"), re.DOTALL)
    return {tomllib.loads(each)["policies"][0]["id"]: each for each in fragments}


def tables(block: str) -> Tables:
    """Return the tables of the simulated patient's file with a block behind it."""
    return tomllib.loads(f"{PATIENT.read_text('utf-8')}\n{block}")


def arm(kind: str, **keys: Any) -> Case:  # noqa: ANN401 keys of a table
    """Return a control arm around the guide's single threshold."""
    found = tables(blocks()["threshold"])
    (within,) = found["policies"]
    return Case(found | {"policies": [{"id": kind, "kind": kind, "wraps": within, **keys}]})


def changed(
    block: str,
    *,
    patient: Mapping[str, Any] | None = None,
    kind: PatientKind = "usual",
    artifacts: Sequence[Tables] = (),
    **keys: Any,  # noqa: ANN401 keys of a table
) -> Case:
    """Return a block with other keys of the policy and of the patient, or another patient."""
    found = tables(block)
    (policy,) = found["policies"]
    (stream,) = found["streams"]
    stream = stream | ({"artifacts": list(artifacts)} if artifacts else {})
    of_patient = found["patient"] | dict(patient or {})
    changes = {"policies": [policy | keys], "patient": of_patient, "streams": [stream]}
    return Case(found | changes, kind)


def run(case: Case, closed_s: float, before_s: float = BEFORE_S) -> Course:
    """Run a rig, checked as `config check` does, until so long after its loop was closed.

    Parameters
    ----------
    case : Case
        Its tables, and its patient.
    closed_s : float
        How long the loop is closed.
    before_s : float
        How long bursts need to be calibrated, and the rig to arm itself.
    """
    config = configuration.from_tables(GUIDE, case.tables)
    device = config.policies[0].drives[0]
    session, info = _session(config, case.kind)
    found = Collected(device)
    with tempfile.TemporaryDirectory() as folder:
        summary = session.run(
            Path(folder) / "session", duration_s=before_s + closed_s, watching=found.watching
        )
    clip = session.loop.wirings[0].policy.clips[device]
    labels = [output.label for output in session.loop.chain.detectors[BETA].outputs]
    signals = signals_uv(config.loop, [info], found.samples)
    return found.course(
        config,
        signals[CHANNEL],
        column=labels.index(f"{CHANNEL}.power"),
        lowest_ma=clip.lowest if clip.lowest < clip.highest else 0.0,
        therapy=summary["therapy"][device],
    )


def recorded_course(case: Case, closed_s: float) -> list[tuple[float, float]]:
    """Return what a session gave, as `config import` makes the course of a `yoked` of it."""
    config = configuration.from_tables(GUIDE, case.tables)
    session, _ = _session(config, case.kind)
    with tempfile.TemporaryDirectory() as folder:
        session.run(Path(folder) / "session", duration_s=BEFORE_S + closed_s)
        (policy,) = courses_of(Path(folder) / "session").policies
    course: list[tuple[float, float]] = policy["course"]
    return course


def _session(config: Config, kind: PatientKind) -> tuple[SimulatedSession, StreamInfo]:
    info = expected_info(config.patient, config.streams[0])
    assert config.patient is not None  # noqa: S101 of `PATIENT`
    assert info is not None  # noqa: S101
    patient = PATIENTS[kind](config.patient)
    toml = configuration.to_toml(config)
    return SimulatedSession(config.loop, patient, info, config_toml=toml), info
