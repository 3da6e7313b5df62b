"""What a sweep says, as data."""

from pathlib import Path
from typing import Any, Final

import msgspec

from replay.scoring.result import DetectorScore
from replay.sweeping.figures import Figure
from replay.sweeping.goal import Goal
from replay.sweeping.points import Parameter, SearchOptions
from replay.sweeping.task import Failure, Judged, Run

#: Version of the file, counted up where a field changes its name or its meaning.
FORMAT: Final = 1
#: The file's name in the folder of a sweep.
FILE: Final = "sweep.json"


class SweepFileError(ValueError):
    """A file holds no sweep; the text names it, what was expected and what was found."""


class SweptRecording(msgspec.Struct, frozen=True, kw_only=True):
    """A recording of a sweep.

    Parameters
    ----------
    path : str
        As the plan names it.
    sha256 : str
        Digest of what is in it.
    left_out : str
        Why nothing of it counts: it failed with every set of parameters. Empty where it counts.
    """

    path: str
    sha256: str
    left_out: str = ""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """A set of parameters, and what it reaches over all recordings.

    Parameters
    ----------
    number : int
        From 0, in the order in which they were tried.
    values : dict of str to any plain data
        The parameters by their key paths.
    training, held_out : dict of str to Figure
        Figures of the part that was searched on, and of the one that was held out. Empty where a
        run failed.
    n_failed : int
        Runs that failed, of recordings that count.
    """

    number: int
    values: dict[str, Any]
    training: dict[str, Figure] = {}
    held_out: dict[str, Figure] = {}
    n_failed: int = 0


class RecordingScores(msgspec.Struct, frozen=True, kw_only=True):
    """The scores of one recording's held-out part."""

    recording: str
    scores: tuple[DetectorScore, ...]


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """What a sweep recommends.

    Parameters
    ----------
    number : int or None
        Of the point; None where none holds.
    reason : str
        How it was chosen, or why none was.
    n_passed_over : int
        Points that were better on the part that was searched on, and did not hold on the other.
    scores : tuple of RecordingScores
        Each held-out score of it, with every metric.
    config_toml : str
        The configuration.
    """

    number: int | None
    reason: str
    n_passed_over: int = 0
    scores: tuple[RecordingScores, ...] = ()
    config_toml: str = ""


class Sweep(msgspec.Struct, frozen=True, kw_only=True):
    """All that a sweep says.

    Parameters
    ----------
    plan : str
        Name of its plan.
    plan_toml : str
        The plan's content.
    parameters : tuple of Parameter
        What was tried.
    search : SearchOptions or None
        How it was searched; None for a grid.
    goal : Goal
        What was maximised.
    judged : Judged
        How runs were scored, and how recordings were parted.
    recordings : tuple of SweptRecording
        Of what.
    points : tuple of Point
        What each set of parameters reaches.
    recommendation : Recommendation
        The best that holds.
    failures : tuple of Failure
        Runs that failed, with their reasons.
    versions : dict of str to str
        What computed it.
    format : int
        Version of this structure.

    Examples
    --------
    `stimloop.sweep` returns one, and `read_sweep` reads what it left:

    >>> read_sweep(Path("nobody.sweep"))
    Traceback (most recent call last):
    replay.sweeping.result.SweepFileError: nobody.sweep: expected a sweep, found: No such file or \
directory
    """

    format: int = FORMAT
    plan: str
    plan_toml: str
    parameters: tuple[Parameter, ...]
    search: SearchOptions | None
    goal: Goal
    judged: Judged
    recordings: tuple[SweptRecording, ...]
    points: tuple[Point, ...]
    recommendation: Recommendation
    failures: tuple[Failure, ...]
    versions: dict[str, str]

    @property
    def recommended(self) -> Point | None:
        """The point that is recommended."""
        number = self.recommendation.number
        return None if number is None else self.points[number]

    def to_json(self) -> bytes:
        """Return the content of a file, which `read_sweep` reads."""
        return msgspec.json.format(msgspec.json.encode(self)) + b"\n"


class PointRun(msgspec.Struct, frozen=True, kw_only=True):
    """One run that finished: a row of the table for each of its channels."""

    point: int
    recording: str
    run: Run


def read_sweep(path: Path) -> Sweep:
    """Return the sweep that a folder, or its file, holds.

    Raises
    ------
    SweepFileError
        Where it cannot be read, or holds something else.
    """
    file = path / FILE if path.is_dir() else path
    try:
        found = msgspec.json.decode(file.read_bytes(), type=Sweep)
    except OSError as error:
        raise SweepFileError(f"{file}: expected a sweep, found: {error.strerror}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise SweepFileError(
            f"{file}: expected a sweep, as stimloop sweep writes it, found another file: {error}"
        ) from error
    if found.format != FORMAT:
        raise SweepFileError(
            f"{file}: expected a sweep of format {FORMAT}, found format {found.format}: make it "
            "again with stimloop sweep"
        )
    return found
