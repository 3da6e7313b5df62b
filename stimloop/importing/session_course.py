"""A recorded session becomes policies of kind `yoked`, which give its amounts again."""

from pathlib import Path
from typing import Any, Final, NamedTuple

from replay.recorded_loop import journal_of, recorded_loop
from replay.recorded_outcome import read_outcome
from stimloop.checking.wording import listed
from stimloop.errors import ConfigError
from stimloop.short_toml import table_of
from stimulators.policies.arms.arm import ArmConfig
from stimulators.policies.policy import PolicyConfig
from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader
from streamer.journal.records import StepRecord
from streamer.watching.given_course import GivenCourse

FORMAT: Final = "recorded session"
_MAGIC: Final = b"SQLite format 3\0"
#: As many points as the table of a `yoked` may have.
_N_POINTS_MAX: Final = 100_000


class SessionCourses(NamedTuple):
    """What a session becomes.

    Parameters
    ----------
    session : str
        Its name.
    policies : tuple of dict
        A table for each device that was given an amount.
    warnings : tuple of str
        A line each.
    """

    session: str
    policies: tuple[dict[str, Any], ...]
    warnings: tuple[str, ...]


def is_session(file: Path) -> bool:
    """Say whether a path is a folder, as that of a session, or a journal."""
    if file.is_dir():
        return True
    try:
        with file.open("rb") as opened:
            return opened.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def courses_of(session: Path, device: str | None = None) -> SessionCourses:
    """Return a `yoked` table for each device of a session that was given an amount.

    Parameters
    ----------
    session : Path
        The session folder, or its journal; one that was killed, too.
    device : str, optional
        Only this one.

    Raises
    ------
    ConfigError
        Where there is no journal or it is damaged, there is no such device, it was never driven,
        its policy gives triggers or cannot be had for it alone, or its course is too long: one
        line.
    """
    try:
        return _read(session, device)
    except JournalError as error:
        raise ConfigError(str(error)) from error


def _read(session: Path, device: str | None) -> SessionCourses:
    with JournalReader(journal_of(session)) as reader:
        header = reader.header
        config, loop = recorded_loop(reader)
        known = [each.id for each in config.devices]
        if device is not None and device not in known:
            raise ConfigError(f"--device: expected {listed(known)} of {session}, found {device!r}")
        courses = _empty_courses(loop)
        for record in reader.records():
            if isinstance(record.payload, StepRecord):
                step = read_outcome(record, record.payload)
                for course in courses.values():
                    course.take(record.now_s, step.targets, step.decisions, step.device_events)
        has_ended = reader.end is not None
    policies, left_out = [], []
    for name in known if device is None else [device]:
        table = _table(name, config, courses.get(name))
        if isinstance(table, str):
            left_out.append(f"device {name}: {table}")
        else:
            policies.append(table)
    if not policies:
        raise ConfigError(*(f"{session}: {each}" for each in left_out or ["found no device"]))
    if not has_ended:
        left_out.append("the session has no end, as one that was killed or goes on")
    return SessionCourses(header.session, tuple(policies), tuple(left_out))


def _empty_courses(loop: ClosedLoop) -> dict[str, GivenCourse]:
    """Return a course for each device that a policy gives an amount."""
    return {
        clip.device: GivenCourse(
            loop.gate.devices[clip.device], loop.chain.detectors[wiring.detectors[0]].rate_hz
        )
        for wiring in loop.wirings
        for clip in wiring.policy.clips.values()
        if clip.kind == "amplitude"
    }


def _table(device: str, config: LoopConfig, course: GivenCourse | None) -> dict[str, Any] | str:
    """Return the table for a device, or why there is none."""
    of_device = [each for each in config.policies if device in each.drives]
    if not of_device:
        return "expected one that a policy drives, found none of the session that does"
    policy = _for_alone(of_device[0], device)
    if course is None:
        return f"expected one that is given an amount, found triggers of {policy.id!r}"
    if policy.drives != (device,):
        drives = listed(policy.drives)
        return f"expected a policy of it alone, as yoked wraps, found {policy.id!r} of {drives}"
    points = course.finish()
    if not points:
        return "expected one that was driven in the session, found none of it"
    if len(points) > _N_POINTS_MAX:
        return f"expected up to {_N_POINTS_MAX} changes of its amount, found {len(points)}"
    whole = of_device[0]
    return {
        "id": whole.id if len(whole.drives) == 1 else f"{whole.id}_{device}",
        "kind": "yoked",
        "course": [list(each) for each in points],
        "wraps": table_of(policy),
    }


def _for_alone(policy: PolicyConfig, device: str) -> PolicyConfig:
    """Return what is within arms, and within what adds other devices."""
    within: PolicyConfig | None = getattr(policy, "wraps", None)
    if within is not None and (
        isinstance(policy, ArmConfig) or (policy.drives != (device,) and device in within.drives)
    ):
        return _for_alone(within, device)
    return policy
