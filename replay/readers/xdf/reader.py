"""Opens XDF recordings; what is damaged or contradicts itself becomes a warning."""

from pathlib import Path
from typing import Final

from replay.readers.reader import Reader
from replay.readers.xdf.chunks import MAGIC
from replay.readers.xdf.file_bytes import FileBytes
from replay.readers.xdf.survey import Survey
from replay.recording import Recording, RecordingError


def open_xdf(path: Path) -> Recording:
    """Open a recording: one walk over the file finds where everything lies.

    Parameters
    ----------
    path : Path
        The file, which may be compressed by gzip.

    Returns
    -------
    Recording
        Every stream whose header can be read, with the raw stamps and the stored clock offsets:
        nothing is synchronised, and no stamp is smoothed, for that would hide gaps. What is
        damaged or missing is left out and said in `warnings`.

    Raises
    ------
    RecordingError
        Where the file is not there, is of another format, or holds no stream.

    Notes
    -----
    Stamps may be missing, jittered, backwards or not finite; they are handed on as stored.

    References
    ----------
    XDF specification 1.0, https://github.com/sccn/xdf/wiki/Specifications
    """
    file = FileBytes(path)
    first_bytes = file.read(0, len(MAGIC))
    if first_bytes != MAGIC:
        found = repr(first_bytes) if first_bytes else "an empty file"
        raise RecordingError(f"{path}: expected an XDF file, beginning with 'XDF:', found {found}")
    survey = Survey(file)
    if not survey.streams:
        why = "; ".join(survey.warnings) or "an empty one"
        raise RecordingError(f"{path}: expected a recording of at least one stream, found {why}")
    return Recording(path, survey.streams, tuple(survey.warnings))


READER: Final = Reader(
    format="XDF",
    suffixes=(".xdf", ".xdfz", ".xdf.gz"),
    recognizes=lambda _path, first_bytes: first_bytes.startswith(MAGIC),
    open=open_xdf,
)
