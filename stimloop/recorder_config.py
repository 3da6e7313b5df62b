"""The `[recording]` table: whether a session is recorded by LabRecorder, and where to."""

import re
from pathlib import Path
from string import Formatter
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from streamer.journal.session_folder import RECORDING_NAME

#: What may stand in braces in `file`.
PLACEHOLDERS: Final = ("folder", "rig", "session", "subject")
_UNFIT = re.compile(r"[^A-Za-z0-9._-]+")


class RecordingConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[recording]` table.

    Parameters
    ----------
    record : bool
        Whether LabRecorder records every stream of the rig, and our own streams, to an XDF file.
        Needs the extra ``record``. While it is not written the rig cannot be armed.
    file : str
        Where to, with ``{folder}`` (of the session), ``{rig}``, ``{session}`` and ``{subject}``;
        ends in ``.xdf``. A file that is there is never replaced.
    free_mb_min : float
        With less left on its disk, in megabytes, the recording counts as not written.

    Raises
    ------
    ValueError
        Where `file` is no such name.

    Examples
    --------
    >>> config = RecordingConfig(file="/data/{subject}/{session}.xdf")
    >>> file = config.file_of(folder=Path("s"), rig="demo", session="1-a", subject="P 07")
    >>> file.as_posix()
    '/data/P_07/1-a.xdf'
    """

    record: bool = False
    file: str = f"{{folder}}/{RECORDING_NAME}"
    free_mb_min: Annotated[float, Meta(ge=0.0)] = 200.0

    def __post_init__(self) -> None:
        try:
            named = {name for _, name, _, _ in Formatter().parse(self.file) if name is not None}
        except ValueError as error:
            raise ValueError(f"file: expected pairs of braces, found {error}") from error
        if unknown := sorted(named.difference(PLACEHOLDERS)):
            known = ", ".join(f"{{{each}}}" for each in PLACEHOLDERS)
            raise ValueError(f"file: expected of {known}, found {{{unknown[0]}}}")
        if not self.file.endswith(".xdf"):
            raise ValueError(f"file: expected a name that ends in .xdf, found {self.file!r}")

    def file_of(self, *, folder: Path, rig: str, session: str, subject: str) -> Path:
        """Return where a session is recorded; what does not fit a file's name becomes ``_``."""
        return Path(
            self.file.format(
                folder=folder,
                rig=_UNFIT.sub("_", rig),
                session=_UNFIT.sub("_", session),
                subject=_UNFIT.sub("_", subject) or "unknown",
            )
        )
