"""The recordings of a plan: files, folders and patterns, each opened before anything starts."""

import glob
import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from replay.readers.folder import recordings_in
from replay.recording import Recording, RecordingError
from replay.sweeping.perform import opened, state_of
from replay.sweeping.task import Failure
from stimloop.checking.mistakes import Mistake

#: Called with the recordings read and those there are.
Progress = Callable[[int, int], None]


class Named(NamedTuple):
    """A recording that a plan names.

    Parameters
    ----------
    path : Path
        Where it is.
    at : str
        The key path in the plan that names it.
    is_alone : bool
        Whether it is named itself, and not through a folder or a pattern.
    """

    path: Path
    at: str
    is_alone: bool


class Found(NamedTuple):
    """A recording that was opened.

    Parameters
    ----------
    named : Named
        How the plan names it.
    shown : str
        Its path for people: beside the plan where it lies there.
    recording : Recording
        What is in it.
    sha256 : str
        Digest of that.
    """

    named: Named
    shown: str
    recording: Recording
    sha256: str


class Recordings(NamedTuple):
    """The recordings of a plan.

    Parameters
    ----------
    found : tuple of Found
        Those that were opened, each content once.
    failures : tuple of Failure
        Those of a folder or a pattern that could not be.
    mistakes : tuple of Mistake
        What is named and not there, or named alone and not to be opened.
    remarks : tuple of str
        Warnings of readers, and what was left out.
    """

    found: tuple[Found, ...]
    failures: tuple[Failure, ...]
    mistakes: tuple[Mistake, ...]
    remarks: tuple[str, ...]


def recordings_of(entries: Sequence[str], folder: Path, progress: Progress) -> Recordings:
    """Open the recordings that a plan names.

    Parameters
    ----------
    entries : sequence of str
        Files, folders or patterns.
    folder : Path
        Of the plan.
    progress : callable
        Called with the recordings read and those there are.
    """
    mistakes: list[Mistake] = []
    named: dict[Path, Named] = {}
    for index, entry in enumerate(entries):
        at = f"$.recordings[{index}]"
        here = list(_named(entry, folder, at))
        if not here:
            what = "files of this pattern" if _is_pattern(entry) else "a file or folder"
            mistakes.append(Mistake(at, f"expected {what} with recordings, found none: {entry}"))
        for each in here:
            if each.path not in named or each.is_alone:
                named[each.path] = each
    if mistakes or not named:
        return Recordings((), (), tuple(mistakes), ())
    return _opened(list(named.values()), folder, progress)


def _opened(named: Sequence[Named], folder: Path, progress: Progress) -> Recordings:
    found: dict[str, Found] = {}
    failures: list[Failure] = []
    mistakes: list[Mistake] = []
    remarks: list[str] = []
    for number, each in enumerate(named):
        progress(number, len(named))
        shown = _shown(each.path, folder)
        try:
            recording, sha256 = opened(each.path, state_of(each.path))
        except (RecordingError, OSError) as error:
            failures.append(_failure(each.path, shown, error))
            if each.is_alone:
                mistakes.append(Mistake(each.at, failures[-1].reason))
            continue
        remarks += [f"{shown}: {warning}" for warning in recording.warnings]
        if sha256 in found:
            remarks.append(f"{shown} is left out: it holds the same as {found[sha256].shown}")
            continue
        found[sha256] = Found(each, shown, recording, sha256)
    if not found and not mistakes:
        reasons = "; ".join(each.reason for each in failures[:3])
        text = f"expected a recording that can be opened, found none: {reasons}"
        mistakes.append(Mistake("$.recordings", text))
    return Recordings(tuple(found.values()), tuple(failures), tuple(mistakes), tuple(remarks))


def _failure(path: Path, shown: str, error: Exception) -> Failure:
    return Failure(
        digest=hashlib.sha256(str(path).encode()).hexdigest(),
        reason=" ".join(str(error).split()),
        may_pass=True,
        recording=shown,
    )


def _named(entry: str, folder: Path, at: str) -> Iterator[Named]:
    if _is_pattern(entry) and not (folder / entry).exists():
        # A pattern may begin at the root of the file system, which those of pathlib may not.
        for name in sorted(glob.glob(entry, root_dir=folder, recursive=True)):  # noqa: PTH207
            yield from _below(folder / name, at, is_alone=False)
    else:
        yield from _below(folder / entry, at, is_alone=True)


def _below(path: Path, at: str, *, is_alone: bool) -> Iterator[Named]:
    """Yield a file, or what can be opened in a folder."""
    path = path.absolute()
    if path.is_file():
        yield Named(path, at, is_alone)
    elif path.is_dir():
        inside = [each.path for each in recordings_in(path)]
        is_one = inside == [path]
        for each in inside:
            yield Named(each, at, is_alone and is_one)


def _is_pattern(entry: str) -> bool:
    return glob.has_magic(entry)


def _shown(path: Path, folder: Path) -> str:
    beside = folder.absolute()
    return str(path.relative_to(beside)) if path.is_relative_to(beside) else str(path)
