"""What of a folder can be opened: itself, where it is one recording, or what lies in it."""

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from replay.readers.reader import N_FIRST_BYTES, Reader
from replay.readers.registry import REGISTRY, ReaderRegistry

#: Folders with more in them are looked at no further.
_N_ENTRIES_MAX: Final = 10_000


class FoundRecording(NamedTuple):
    """A file or a folder that can be opened, and the reader that knows it.

    Parameters
    ----------
    path : Path
        Where it is.
    reader : Reader
        Who opens it.

    Examples
    --------
    >>> FoundRecording(Path("monday.xdf"), REGISTRY.readers[0]).path.name
    'monday.xdf'
    """

    path: Path
    reader: Reader


def recordings_in(folder: Path, known: ReaderRegistry = REGISTRY) -> Iterator[FoundRecording]:
    """Yield the recordings of a folder and of the folders below, by name.

    A folder that is a recording is yielded first; of the files in it only those follow that are
    of another format. Hidden files and folders are left out.

    Parameters
    ----------
    folder : Path
        Where to look.
    known : ReaderRegistry
        The known formats.

    Examples
    --------
    >>> list(recordings_in(Path("nobody")))
    []
    """
    n_entries = 0
    held: dict[Path, tuple[Reader, ...]] = {}
    for name, folders, files in os.walk(folder):
        here = Path(name)
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        own = tuple(each for each in known.readers if recognizes(each, here, b""))
        held[here] = (*held.get(here.parent, ()), *own)
        for reader in own:
            if reader not in held.get(here.parent, ()):
                yield FoundRecording(here, reader)
                break
        n_entries += len(files)
        if n_entries > _N_ENTRIES_MAX:
            return
        yield from _files_in(here, files, held[here], known)


def _files_in(
    folder: Path, names: Iterable[str], without: Collection[Reader], known: ReaderRegistry
) -> Iterator[FoundRecording]:
    """Yield the recordings of a folder; of files that belong together the one that names them."""
    repeats = {name for reader in without for name in reader.repeats}
    found = [
        FoundRecording(folder / name, reader)
        for name in sorted(
            each for each in names if not each.startswith(".") and each not in repeats
        )
        if (reader := _reader_of(folder / name, known)) is not None and reader not in without
    ]
    leading = {_belonging(each) for each in found if not _is_companion(each)}
    for each in found:
        if not _is_companion(each) or _belonging(each) not in leading:
            yield each


def _is_companion(found: FoundRecording) -> bool:
    return found.path.name.lower().endswith(found.reader.companions)


def _belonging(found: FoundRecording) -> tuple[str, str]:
    """Return what files that belong together have in common."""
    return found.path.stem, found.reader.format


def recognizes(reader: Reader, path: Path, first_bytes: bytes) -> bool:
    """Return whether a reader knows a file or a folder; one that fails on it does not."""
    try:
        return bool(reader.recognizes(path, first_bytes))
    except Exception:  # noqa: BLE001 one that fails on another's file does not know it
        return False


def _reader_of(path: Path, known: ReaderRegistry) -> Reader | None:
    try:
        with path.open("rb") as file:
            first_bytes = file.read(N_FIRST_BYTES)
    except OSError:
        return None
    if not first_bytes:
        return None
    knowing = [each for each in known.readers if recognizes(each, path, first_bytes)]
    return next(iter([*(each for each in knowing if each.has_suffix(path)), *knowing]), None)
