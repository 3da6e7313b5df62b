"""Opens a recording in the format that its first bytes, or else its name, tell."""

from dataclasses import replace
from pathlib import Path

from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.readers.registry import REGISTRY, ReaderRegistry
from replay.recording import Recording, RecordingError

#: First bytes of an unknown file that an error shows.
_N_SHOWN = 16


def open_recording(path: Path, known: ReaderRegistry = REGISTRY) -> Recording:
    """Open a recording of any format that is known here.

    Parameters
    ----------
    path : Path
        A file, or a folder where a format is one.
    known : ReaderRegistry
        The known formats: our own and those of installed packages.

    Returns
    -------
    Recording
        Nothing of its samples is in memory. A file whose suffix belongs to another format is opened
        by its content, and `warnings` says so.

    Raises
    ------
    RecordingError
        Where it cannot be read, or no reader knows its format; the text names its suffix, its first
        bytes and the formats that are installed.

    Examples
    --------
    >>> open_recording(Path("nobody.xdf"))
    Traceback (most recent call last):
        ...
    replay.recording.RecordingError: nobody.xdf: expected a file that can be read, found ...
    """
    first_bytes = _first_bytes(path)
    named = [each for each in known.readers if each.has_suffix(path)]
    knowing = [each for each in known.readers if _recognizes(each, path, first_bytes)]
    both = [each for each in named if each in knowing]
    chosen = next(iter([*both, *knowing, *named]), None)
    if chosen is None:
        raise RecordingError(f"{path}: {_unknown(path, first_bytes, known)}")
    recording = _opened(chosen, path)
    if chosen in named:
        return recording
    remark = f"it is named {path.suffix or 'without a suffix'}, and read as what it is, {chosen}"
    return replace(recording, warnings=(remark, *recording.warnings))


def _first_bytes(path: Path) -> bytes:
    if path.is_dir():
        return b""
    try:
        with path.open("rb") as file:
            return file.read(N_FIRST_BYTES)
    except OSError as error:
        raise RecordingError(f"{path}: expected a file that can be read, found {error}") from error


def _recognizes(reader: Reader, path: Path, first_bytes: bytes) -> bool:
    try:
        return bool(reader.recognizes(path, first_bytes))
    except Exception:  # noqa: BLE001 one that fails on another's file does not know it
        return False


def _opened(reader: Reader, path: Path) -> Recording:
    try:
        found = reader.open(path)
    except RecordingError:
        raise
    except Exception as error:
        reason = str(error).partition("\n")[0]
        raise RecordingError(
            f"{path}: the reader of {reader.format} failed: {type(error).__name__}: {reason}"
        ) from error
    if not isinstance(found, Recording):
        raise RecordingError(
            f"{path}: the reader of {reader.format} failed: expected a Recording, found {found!r}"
        )
    return found


def _unknown(path: Path, first_bytes: bytes, known: ReaderRegistry) -> str:
    what = repr(first_bytes[:_N_SHOWN]) if first_bytes else "nothing"
    what = "a folder" if path.is_dir() else f"first bytes {what}"
    refused = "".join(
        f"; reader {name!r} was refused: {reason}" for name, reason in known.refused.items()
    )
    return (
        f"expected a recording of a known format ({', '.join(map(str, known.readers))}), found "
        f"suffix {path.suffix or 'none'} and {what}{refused}"
    )
