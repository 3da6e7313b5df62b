"""Where compiled kernels are kept: files that may be lost, damaged or another's at any time."""

import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path

#: Versions of the libraries, and states of one kernel, that are kept beside each other.
_N_KEPT = 3
_SUFFIX = ".kernel"
_PACKAGE = Path(__file__).parents[1]


class UnusableError(Exception):
    """A kept kernel cannot be used, or none can be kept; names the folder."""


class Folders:
    """Folders of one name in several places, the first that can be written is written.

    A file's name is `<identity>-<state>`: of one identity the states used last are kept. Its
    content is held to a digest, so that what is cut or damaged is never loaded; and it must be
    owned by whoever runs or has installed the code, as loading a kernel runs it.

    Parameters
    ----------
    parents : sequence of Path
        Where to look, in this order.
    name : str
        Name of the folder in each of them.
    """

    def __init__(self, parents: Sequence[Path], name: str) -> None:
        self._folders = tuple(parent / name for parent in parents)

    @property
    def first(self) -> Path:
        """The folder that is looked into first."""
        return self._folders[0]

    def read(self, name: str) -> bytes | None:
        """Return the content of a file, None where no folder has it.

        Raises
        ------
        UnusableError
            Where one has it, and it is damaged or another user's.
        """
        unusable = None
        for folder in self._folders:
            try:
                content = _content(folder / f"{name}{_SUFFIX}")
            except UnusableError as error:
                unusable = error
            except OSError:
                continue
            else:
                return content
        if unusable is not None:
            raise unusable
        return None

    def write(self, name: str, content: bytes) -> None:
        """Keep a content in the first folder that takes it, and remove what is old.

        Raises
        ------
        UnusableError
            Where none takes it.
        """
        problems = []
        for folder in self._folders:
            try:
                _replace(folder, name, content)
            except OSError as error:
                with suppress(OSError, UnusableError):
                    if _content(folder / f"{name}{_SUFFIX}") == content:
                        return  # another process was faster
                problems.append(f"{folder}: {error.strerror or error}")
            else:
                return
        raise UnusableError("; ".join(problems))


def _content(path: Path) -> bytes:
    """Return what is in a file, without the digest that it begins with."""
    with path.open("rb") as file:
        if not _is_trusted(os.fstat(file.fileno())):
            raise UnusableError(f"{path.parent}: expected files of this user, found another's")
        found = file.read()
    with suppress(OSError):
        os.utime(path)  # the ones used last are kept
    content = found[hashlib.sha256().digest_size :]
    if not found.startswith(_digest(path.stem, content)):
        raise UnusableError(f"{path.parent}: expected a whole kernel, found a damaged one")
    return content


def _digest(name: str, content: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\0" + content).digest()


def _is_trusted(status: os.stat_result) -> bool:
    """Whether a file belongs to root, to this user, or to whoever has installed the package."""
    if sys.platform == "win32":
        return True
    return status.st_uid in {0, os.geteuid(), _PACKAGE.stat().st_uid}


def _replace(folder: Path, name: str, content: bytes) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        for old in _oldest(folder.parent.glob(f"{folder.name.partition('-')[0]}-*")):
            shutil.rmtree(old, ignore_errors=True)
    descriptor, temporary = tempfile.mkstemp(dir=folder)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(_digest(name, content) + content)
        Path(temporary).chmod(0o644)  # those for whom it was installed may read it
        Path(temporary).replace(folder / f"{name}{_SUFFIX}")
    except BaseException:
        with suppress(OSError):
            Path(temporary).unlink()
        raise
    for old in _oldest(folder.glob(f"{name.rpartition('-')[0]}-*{_SUFFIX}")):
        with suppress(OSError):
            old.unlink()


def _oldest(paths: Iterable[Path]) -> list[Path]:
    """Return all but the few that were used last."""
    ages = []
    for path in paths:
        with suppress(OSError):  # another process has just removed it
            ages.append((path.stat().st_mtime_ns, path))
    return [path for _, path in sorted(ages, reverse=True)[_N_KEPT:]]
