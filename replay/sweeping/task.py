"""One run of a sweep, as plain data that any worker can do, and what came of it."""

import hashlib
from typing import Any, Final

import msgspec

from replay.scoring.result import DetectorScore
from replay.scoring.settings import ScoreSettings

#: Version of a run's file, counted up where a field or what is computed changes its meaning.
FORMAT: Final = 1


class Judged(msgspec.Struct, frozen=True, kw_only=True):
    """Which scores of a recording count, and how they are made.

    Parameters
    ----------
    detector : str
        Id of the detector that is judged.
    reference : {"offline", "markers", "log"}
        What it is held against.
    channels : tuple of str
        Which of its channels; all where it is empty.
    held_out : float
        Share of each recording, at its end, that is held out.
    gap_s : float
        Seconds between the two parts that belong to neither.
    settings : ScoreSettings
        As `stimloop score` takes them; surrogates are of the held-out part.
    """

    detector: str
    reference: str
    channels: tuple[str, ...]
    held_out: float
    gap_s: float
    settings: ScoreSettings


class Task(msgspec.Struct, frozen=True, kw_only=True):
    """One recording with one configuration; `task_of` makes one.

    Parameters
    ----------
    digest : str
        What the run is known by: of all that its result depends on, and not of its path.
    recording : str
        Path of the recording, as a worker finds it.
    recording_sha256 : str
        Digest of what is in it: a worker that finds another file there does nothing.
    config_json : str
        The sections of the loop, without policies and devices.
    judged : Judged
        How it is scored.
    versions : dict of str to str
        Of all software that results may depend on: a worker that has others does nothing.
    """

    digest: str
    recording: str
    recording_sha256: str
    config_json: str
    judged: Judged
    versions: dict[str, str]


def task_of(
    *,
    recording: str,
    recording_sha256: str,
    config_json: str,
    judged: Judged,
    versions: dict[str, str],
) -> Task:
    """Return the task of a recording and a configuration, with its digest."""
    known = {
        "format": FORMAT,
        "recording": recording_sha256,
        "config": config_json,
        "judged": msgspec.to_builtins(judged),
        "versions": versions,
    }
    return Task(
        digest=hashlib.sha256(msgspec.json.encode(known, order="deterministic")).hexdigest(),
        recording=recording,
        recording_sha256=recording_sha256,
        config_json=config_json,
        judged=judged,
        versions=versions,
    )


class Run(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="finished"):
    """A run that is finished.

    Parameters
    ----------
    digest : str
        Of its task.
    training, held_out : tuple of DetectorScore
        A score for each channel that counts, of each part.
    training_s, held_out_s : float
        How long the parts are.
    format : int
        Version of this structure.
    """

    digest: str
    training: tuple[DetectorScore, ...]
    held_out: tuple[DetectorScore, ...]
    training_s: float
    held_out_s: float
    format: int = FORMAT


class Failure(msgspec.Struct, frozen=True, kw_only=True, tag_field="outcome", tag="failed"):
    """A run that failed.

    Parameters
    ----------
    digest : str
        Of its task.
    reason : str
        Why, in a line.
    may_pass : bool
        Whether it may go well another time: a worker was lost, its memory was full, or it has
        other software. False where the same input always gives the same reason.
    recording : str
        Path of the recording.
    values : dict of str to any plain data
        The parameters, by their key paths.
    format : int
        Version of this structure.
    """

    digest: str
    reason: str
    may_pass: bool
    recording: str = ""
    values: dict[str, Any] = {}
    format: int = FORMAT
