"""A session's folder: what was configured, what happened, what it came to."""

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
        """Make the folder and write the configuration.

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
            path.mkdir(parents=True, exist_ok=True)
            present = next(path.iterdir(), None)
            if present is not None:
                raise JournalError(f"{path}: expected an empty or new folder, found {present.name}")
            _write(folder.config_file, config_toml)
        except OSError as error:
            raise JournalError(f"{path}: cannot be written: {error.strerror}") from error
        return folder

    def write_summary(
        self, summary: Summary, journal: Journal, *, reason: str, real_time_factor: float = 1.0
    ) -> dict[str, Any]:
        """Write `summary.json`, whole or not at all, and return what it says.

        Parameters
        ----------
        summary : Summary
            The counts.
        journal : Journal
            Ended already.
        reason : str
            Why the session ended.
        real_time_factor : float
            Seconds of the session's clock to each second it took.

        Raises
        ------
        JournalError
            Where it cannot be written.
        """
        content = {
            "ended": reason,
            **summary.as_dict(),
            "digest": journal.digests.as_dict(),
            "journal": {"head": journal.head, "records": journal.n_records},
            "real_time_factor": round(real_time_factor, 3),
            "versions": versions(),
        }
        try:
            _write(self.summary_file, msgspec.json.format(msgspec.json.encode(content)) + b"\n")
        except OSError as error:
            raise JournalError(
                f"{self.summary_file}: cannot be written: {error.strerror}"
            ) from error
        return content


def _write(file: Path, content: bytes) -> None:
    """Put the content in place in one step, so that nobody ever reads half of it."""
    written = file.with_name(f".{file.name}.part")
    written.write_bytes(content)
    written.replace(file)
