"""A session's folder: what was configured, what happened, what it came to."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import msgspec

from streamer.errors import JournalError
from streamer.journal import Journal
from streamer.provenance import versions
from streamer.summary import Summary


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
        """Everything the loop consumed and decided."""
        return self.path / "journal.sqlite"

    @property
    def summary_file(self) -> Path:
        """What the session came to; there once it has ended."""
        return self.path / "summary.json"

    @classmethod
    def create(cls, path: Path, config_toml: bytes) -> Self:
        """Make the folder, for its owner only, and write the configuration.

        Parameters
        ----------
        path : Path
            A folder that is not there yet, or empty.
        config_toml : bytes
            The resolved configuration, as the journal's header will have its digest.

        Raises
        ------
        JournalError
            Where the folder holds something already or cannot be written to: a session never
            overwrites another.
        """
        folder = cls(path)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            present = next(path.iterdir(), None)
            if present is not None:
                raise JournalError(f"{path}: expected an empty or new folder, found {present.name}")
            # One that was there may be open to others, and a umask may have taken too much.
            path.chmod(0o700)
            _write(folder.config_file, config_toml)
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
            "versions": versions(),
        }
        summary_json = msgspec.json.format(msgspec.json.encode(content)) + b"\n"
        journal.end(reason, now_s, summary_json=summary_json, key=key)
        try:
            _write(self.summary_file, summary_json)
        except OSError as error:
            raise JournalError(
                f"{self.summary_file}: cannot be written: {error.strerror}"
            ) from error
        return content


def _write(file: Path, content: bytes) -> None:
    """Put the content in place in one step, so that nobody ever reads half of it."""
    written = file.with_name(f".{file.name}.part")
    with open(written, "xb", opener=lambda path, flags: os.open(path, flags, 0o600)) as opened:
        opened.write(content)
    # What a umask may have taken.
    written.chmod(0o600)
    written.replace(file)
