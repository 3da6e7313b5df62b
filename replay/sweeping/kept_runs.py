"""Finished runs in a folder, one file each, so that a sweep goes on where it was."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeVar

import msgspec

from replay.sweeping.task import FORMAT, Failure, Run

_Outcome = TypeVar("_Outcome", Run, Failure)
_RUNS: Final = "runs"
_FAILED: Final = "failed"


class KeptRuns:
    """The runs that are kept in a folder: `runs` those that finished, `failed` those that did not.

    Parameters
    ----------
    folder : Path
        Of the sweep; it is made where there is none.

    Notes
    -----
    A file is written as a whole or not at all. One that is damaged or of another version is as
    good as none: that run is done again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in (_RUNS, _FAILED):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def finished(self, digest: str) -> Run | None:
        """Return a run that finished; None where it is not kept."""
        return _read(self._file(_RUNS, digest), Run, digest)

    def failed(self, digest: str) -> Failure | None:
        """Return a run that failed and would fail again; None where there is none such."""
        found = _read(self._file(_FAILED, digest), Failure, digest)
        return None if found is None or found.may_pass else found

    def keep(self, outcome: Run | Failure) -> None:
        """Keep what came of a run."""
        name, other = (_RUNS, _FAILED) if isinstance(outcome, Run) else (_FAILED, _RUNS)
        write_whole(self._file(name, outcome.digest), msgspec.json.encode(outcome))
        with suppress(FileNotFoundError):
            self._file(other, outcome.digest).unlink()

    def _file(self, name: str, digest: str) -> Path:
        return self.folder / name / f"{digest[:40]}.json"


def _read(file: Path, kind: type[_Outcome], digest: str) -> _Outcome | None:
    try:
        found = msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found if found.digest == digest and found.format == FORMAT else None


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that whoever reads it finds all of it, or what was there before."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    part.write_bytes(content)
    part.replace(file)
