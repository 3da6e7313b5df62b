"""A session's folder: its configuration, its journal and its summary."""

import contextlib
import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final, Self

import msgspec

from streamer.errors import JournalError
from streamer.journal.journal import Journal
from streamer.journal.provenance import versions
from streamer.watching.summary import Summary

#: What a recorder's file is called in a session's folder, where it is not put elsewhere.
RECORDING_NAME: Final = "recording.xdf"

#: So many sessions do not begin in one second.
_N_NAMES_MAX = 1000


@dataclass(frozen=True, slots=True)
class SessionFolder:
    """`config.toml`, `journal.sqlite` and `summary.json` of one session.

    Parameters
    ----------
    path : Path
        The folder; `create` makes it.
    """

    path: Path

    @property
    def config_file(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.toml"

    @property
    def journal_file(self) -> Path:
        """The journal."""
        return self.path / "journal.sqlite"

    @property
    def summary_file(self) -> Path:
        """The summary; written when the session has ended."""
        return self.path / "summary.json"

    @classmethod
    def create(cls, path: Path, config_toml: bytes, *, may_number: bool = False) -> Self:
        """Take the folder, for its owner only, and write the configuration.

        Whoever writes the configuration's unfinished file first has the folder: of two that take
        one folder at the same moment the other is refused.

        Parameters
        ----------
        path : Path
            A folder that is not there yet, or empty.
        config_toml : bytes
            The resolved configuration, as the journal's header will have its digest.
        may_number : bool
            Where the folder is taken, take a new one whose name ends in ``-2``, ``-3``, ...

        Raises
        ------
        JournalError
            Where the folder holds something already or cannot be written to: a session never
            overwrites another.
        """
        try:
            if may_number:
                path = _new_folder(path)
            else:
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            # One that was there may be open to others, and a umask may have taken too much.
            path.chmod(0o700)
            folder = cls(path)
            _claim(path, folder.config_file, config_toml)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
        return folder

    def end(
        self,
        summary: Summary,
        journal: Journal,
        *,
        reason: str,
        now_s: float,
        real_time_factor: float = 1.0,
        key: bytes | None = None,
        tables_problem: str | None = None,
        recording: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """End the journal, then write `summary.json`, and return what it says.

        The end record holds the summary's content, so whatever a kill leaves in between is whole:
        a journal without an end and no summary, or an end that says what the summary was.

        Parameters
        ----------
        summary : Summary
            The counts.
        journal : Journal
            Not ended yet.
        reason : str
            Why the session ended.
        now_s : float
            Service clock at the end.
        real_time_factor : float
            Seconds of the session's clock to each second it took.
        key : bytes, optional
            What the end record is signed with.
        tables_problem : str, optional
            Why there are no tables in the folder.
        recording : dict, optional
            What came of the recording beside the journal, where there was one.

        Raises
        ------
        JournalError
            Where either cannot be written.
        """
        journal.commit()
        content = {
            "ended": reason,
            **summary.as_dict(),
            "digest": journal.digests.as_dict(),
            # Of all records before the end record, which holds this content.
            "journal": {"head": journal.head, "records": journal.n_records},
            "real_time_factor": round(real_time_factor, 3),
            "tables": {"written": tables_problem is None, "problem": tables_problem or ""},
            "versions": versions(),
        }
        if recording is not None:
            content["recording"] = recording
        summary_json = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
        journal.end(reason, now_s, summary_json=summary_json, key=key)
        try:
            _write(self.summary_file, summary_json)
        except OSError as error:
            raise JournalError(
                f"{self.summary_file}: cannot be written: {error.strerror}"
            ) from error
        return content


def require_free(path: Path) -> None:
    """Raise where a session folder could not be created at a path; nothing is created.

    Raises
    ------
    JournalError
        Where something is there that is no folder, or holds anything.
    """
    try:
        present = next(path.iterdir(), None) if path.exists() else None
    except OSError as error:
        raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
    if present is not None:
        raise JournalError(f"{path}: expected an empty or new folder, found {present.name}")


def _new_folder(path: Path) -> Path:
    """Make a folder that was not there, under the name or with a number behind it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    for number in range(1, _N_NAMES_MAX + 1):
        numbered = path if number == 1 else path.with_name(f"{path.name}-{number}")
        with contextlib.suppress(FileExistsError):
            numbered.mkdir(mode=0o700)
            return numbered
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _claim(path: Path, file: Path, content: bytes) -> None:
    """Write the first file of an empty folder; fail where another session was faster."""
    written = _unfinished(file)
    present: Path | None = written
    with contextlib.suppress(FileExistsError), _opened_new(written) as opened:
        # From here on the folder is ours, unless it was another's before.
        present = next((each for each in path.iterdir() if each != written), None)
        if present is None:
            opened.write(content)
    if present is not None:
        if present != written:
            written.unlink()
        raise JournalError(f"{path}: expected an empty or new folder, found {present.name}")
    written.chmod(0o600)
    written.replace(file)


def _write(file: Path, content: bytes) -> None:
    """Write a file atomically: a reader sees the old content or the new, never half."""
    written = _unfinished(file)
    with _opened_new(written) as opened:
        opened.write(content)
    # What a umask may have taken.
    written.chmod(0o600)
    written.replace(file)


def _unfinished(file: Path) -> Path:
    return file.with_name(f".{file.name}.part")


def _opened_new(file: Path) -> IO[bytes]:
    return open(file, "xb", opener=lambda path, flags: os.open(path, flags, 0o600))
