"""Performs one run: what a worker does, on this machine or on another."""

import functools
import glob
import hashlib
from pathlib import Path
from typing import Final

import msgspec
from msgspec.structs import replace

from replay import readers
from replay.recording import Recording
from replay.scoring.result import DetectorScore, Series
from replay.scoring.score import ScoreError, score
from replay.sweeping.parts import Parting, parts_of
from replay.sweeping.task import Failure, Judged, Run, Task
from streamer.config import LoopConfig
from streamer.errors import StreamError
from streamer.journal.provenance import versions

#: Recordings that a worker keeps open, with their digests.
_N_OPEN: Final = 8


class OtherSoftwareError(Exception):
    """A worker has other versions than the sweep, or finds another recording."""


def perform(task: Task) -> Run | Failure:
    """Return what comes of a run; whatever fails in it is a reason, and never an error.

    Examples
    --------
    >>> from replay.scoring.settings import ScoreSettings
    >>> from replay.sweeping.task import task_of
    >>> judged = Judged(
    ...     detector="burst", reference="offline", channels=(), held_out=0.4, gap_s=2.0,
    ...     settings=ScoreSettings(),
    ... )
    >>> task = task_of(
    ...     recording="nobody.xdf", recording_sha256="", config_json="", judged=judged,
    ...     versions=versions(),
    ... )
    >>> perform(task).reason
    'nobody.xdf: expected a file that can be read, found: No such file or directory'
    """
    try:
        return _performed(task)
    except (OtherSoftwareError, OSError, MemoryError) as error:
        return _failed(task, error, may_pass=True)
    except (StreamError, ValueError) as error:
        return _failed(task, error, may_pass=False)
    except Exception as error:  # noqa: BLE001 one run that fails must not end the others
        return _failed(task, error, may_pass=True, named=True)


def _failed(task: Task, error: Exception, *, may_pass: bool, named: bool = False) -> Failure:
    text = " ".join(str(error).split())
    if named or not text:
        text = f"unexpected {type(error).__name__}: {text}"
    return Failure(digest=task.digest, reason=text, may_pass=may_pass)


def _performed(task: Task) -> Run:
    _require_versions(task.versions)
    path = Path(task.recording)
    recording, found = opened(path, state_of(path))
    if found != task.recording_sha256:
        raise OtherSoftwareError(
            f"{path}: expected the recording that the sweep was started with "
            f"({task.recording_sha256[:12]}), found another ({found[:12]})"
        )
    config = msgspec.json.decode(task.config_json, type=LoopConfig)
    judged = task.judged
    parts = parts_of(recording, config.streams, Parting(judged.held_out, judged.gap_s))
    without = replace(judged, settings=replace(judged.settings, n_surrogates=0))
    return Run(
        digest=task.digest,
        training=_scores("the part to search on", parts.training, config, without),
        held_out=_scores("the held-out part", parts.held_out, config, judged),
        training_s=parts.training_s,
        held_out_s=parts.held_out_s,
    )


def _scores(
    what: str, part: Recording, config: LoopConfig, judged: Judged
) -> tuple[DetectorScore, ...]:
    """Return the scores of a part that count, without what only pictures are made of."""
    try:
        found = score(part, config, config_toml=b"", settings=judged.settings, with_therapy=False)
    except (StreamError, ValueError) as error:
        raise ScoreError(f"{what}: {error}") from error
    scores = tuple(
        replace(each, series=Series())
        for each in found.of(judged.detector)
        if each.reference == judged.reference
        and (not judged.channels or each.channel in judged.channels)
    )
    if not scores:
        on = f" on {', '.join(judged.channels)}" if judged.channels else ""
        why = "; ".join(found.left_out) or "the rig has no such detector or channel"
        raise ScoreError(
            f"{what}: expected a score of detector {judged.detector}{on} against "
            f"{judged.reference}, found none: {why}"
        )
    return scores


def _require_versions(expected: dict[str, str]) -> None:
    found = versions()
    for name, version in expected.items():
        if found.get(name) != version:
            raise OtherSoftwareError(
                f"expected a worker with {name} {version}, as the sweep was started with, found "
                f"{found.get(name, 'none')}"
            )


def state_of(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Return size and time of a recording's files, of all that begin as it does."""
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.is_file())
    else:
        files = sorted(path.parent.glob(f"{glob.escape(path.stem)}*"))
    stats = [(str(each), each.stat()) for each in files]
    return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


@functools.lru_cache(maxsize=_N_OPEN)
def opened(
    path: Path,
    state: tuple[tuple[str, int, int], ...],  # noqa: ARG001 a changed file is another one
) -> tuple[Recording, str]:
    """Open a recording and return it with the digest of all that is in it.

    Parameters
    ----------
    path : Path
        The recording.
    state : tuple
        What `state_of` says of it: while that is the same, the digest is not computed again.

    Raises
    ------
    RecordingError
        Where it cannot be read.
    """
    recording = readers.open(path)
    digest = hashlib.sha256()
    for stream in recording.streams:
        digest.update(msgspec.json.encode([stream.info, *(each.tolist() for each in stream.clock)]))
        for stretch in stream.stretches():
            digest.update(stretch.timestamps_s.tobytes())
            digest.update(stretch.content)
    return recording, digest.hexdigest()
