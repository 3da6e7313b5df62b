"""Opens a recording in the format that its first bytes, or else its name, tell."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from replay.readers.folder import recognizes, recordings_in
from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.readers.registry import REGISTRY, ReaderRegistry
from replay.recording import Recording, RecordingError

#: First bytes of an unknown file that an error shows, and recordings of a folder.
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
        by its content, and `warnings` says so. A folder is opened where it is one recording.

    Raises
    ------
    RecordingError
        Where it cannot be read, or no reader knows its format; the text names its suffix, its first
        bytes and the formats that are installed; of a folder it names what can be opened in it.

    Examples
    --------
    >>> open_recording(Path("nobody.xdf"))
    Traceback (most recent call last):
        ...
    replay.recording.RecordingError: nobody.xdf: expected a file that can be read, found: ...
    """
    if path.is_dir():
        return _opened(_reader_of_folder(path, known), path)
    first_bytes = _first_bytes(path)
    named = [each for each in known.readers if each.has_suffix(path)]
    knowing = [each for each in known.readers if recognizes(each, path, first_bytes)]
    both = [each for each in named if each in knowing]
    if not knowing and len(named) > 1:
        return _opened_by_any(named, path, _unknown(path, first_bytes, known, named))
    chosen = next(iter([*both, *knowing, *named]), None)
    if chosen is None:
        raise RecordingError(f"{path}: {_unknown(path, first_bytes, known)}")
    recording = _opened(chosen, path)
    if chosen in named:
        return recording
    name = path.suffix or "without a suffix"
    remark = f"it is named {name}, and read as what it is, {chosen.format}"
    return replace(recording, warnings=(remark, *recording.warnings))


def _opened_by_any(named: Sequence[Reader], path: Path, unknown: str) -> Recording:
    """Open a file that several readers know by its name alone, by the first that can."""
    for each in named:
        with suppress(RecordingError):
            return _opened(each, path)
    raise RecordingError(f"{path}: {unknown}")


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(N_FIRST_BYTES)
    except OSError as error:
        raise RecordingError(
            f"{path}: expected a file that can be read, found: {error.strerror or error}"
        ) from error


def _reader_of_folder(folder: Path, known: ReaderRegistry) -> Reader:
    """Return the reader of a folder that is one recording, and holds none of another format."""
    found = list(recordings_in(folder, known))
    if len(found) == 1 and found[0].path == folder:
        return found[0].reader
    if not found:
        raise RecordingError(f"{folder}: {_unknown(folder, b'', known)}")
    names = [f"{_within(each.path, folder)} ({each.reader.format})" for each in found]
    shown = ", ".join([*names[:_N_SHOWN], *(["..."] if len(names) > _N_SHOWN else [])])
    raise RecordingError(
        f"{folder}: expected one recording, found a folder with {len(found)} that can be opened: "
        f"name one of them: {shown}"
    )


def _within(path: Path, folder: Path) -> str:
    return "the folder itself" if path == folder else str(path.relative_to(folder))


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


def _unknown(
    path: Path, first_bytes: bytes, known: ReaderRegistry, named: Sequence[Reader] = ()
) -> str:
    what = f"first bytes {first_bytes[:_N_SHOWN]!r}" if first_bytes else "an empty file"
    what = "a folder" if path.is_dir() else what
    refused = "".join(
        f"; reader {name!r} was refused: {reason}" for name, reason in known.refused.items()
    )
    formats = ", ".join(map(str, named or known.readers))
    return (
        f"expected a recording of a known format ({formats}), found suffix "
        f"{path.suffix or 'none'} and {what}{refused}"
    )
