"""The rigs that run now: each writes a small file, so that `stop` works without configuration."""

import contextlib
import json
import os
import stat
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from stimulators.operator.known_rig import KnownRig

_FOLDER = "stimloop"
_SUFFIX = ".json"


class RunningRig(msgspec.Struct, frozen=True, kw_only=True):
    """One running rig, as its file describes it.

    Parameters
    ----------
    rig : KnownRig
        Its name, its broker, its devices.
    config : str
        Where its configuration was read.
    session : str
        Its session.
    pid : int
        Its process.
    """

    rig: KnownRig
    config: str
    session: str
    pid: int

    @property
    def is_alive(self) -> bool:
        """Whether its process exists; if not, its devices may still be connected."""
        return _is_alive(self.pid)


@contextlib.contextmanager
def kept_running(rig: RunningRig, warn: Callable[[str], None]) -> Iterator[None]:
    """Write the rig's file while the context lasts; where no folder can be used, warn and go on.

    Files of the same rig whose process is gone are removed: this one takes its place.
    """
    file: Path | None = None
    try:
        folder = _writable_folder()
        for each, other in _files():
            if other.rig.name == rig.rig.name and not other.is_alive:
                each.unlink(missing_ok=True)
        file = folder / f"{rig.session}{_SUFFIX}"
        _write(file, _encoded(_with_absolute_files(rig)))
    except OSError as error:
        warn(f"`stimloop stop` without CONFIG will not find this rig: {error}")
    try:
        yield
    finally:
        if file is not None:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def running_rigs() -> list[RunningRig]:
    """Return all rigs of this user that have a file, also those whose process is gone."""
    return [rig for _, rig in _files()]


def _files() -> Iterator[tuple[Path, RunningRig]]:
    for folder in _folders():
        if not _is_private(folder):
            continue
        for file in sorted(folder.glob(f"*{_SUFFIX}")):
            with contextlib.suppress(OSError, msgspec.MsgspecError, UnicodeDecodeError, ValueError):
                yield file, msgspec.convert(json.loads(file.read_bytes()), RunningRig)


def _encoded(rig: RunningRig) -> bytes:
    """Return the rig as JSON; a path that is not UTF-8 is restored unchanged when it is read."""
    return json.dumps(msgspec.to_builtins(rig), separators=(",", ":")).encode()


def _folders() -> list[Path]:
    """Return the folders for the file: that of the login session, and one in the shared folder."""
    folders = []
    if named := os.environ.get("XDG_RUNTIME_DIR"):
        folders.append(Path(named) / _FOLDER)
    folders.append(Path(tempfile.gettempdir()) / f"{_FOLDER}-{_user()}")
    return folders


def _user() -> str:
    if sys.platform == "win32":
        return os.environ.get("USERNAME", "user")
    return str(os.getuid())


def _writable_folder() -> Path:
    """Return the first folder that can be created and belongs to this user alone."""
    problem = OSError("no folder for it")
    for folder in _folders():
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            problem = error
            continue
        if _is_private(folder):
            return folder
        problem = PermissionError(f"{folder}: expected a folder of this user alone (mode 700)")
    raise problem


def _is_private(folder: Path) -> bool:
    """Return whether only this user can write there: `stop` trusts the files in it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    return sys.platform == "win32" or (
        found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) & 0o077 == 0
    )


def _write(file: Path, content: bytes) -> None:
    """Write the file in one step, so that a reader never sees a part of it."""
    unfinished = file.with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(content)
    unfinished.replace(file)


def _with_absolute_files(rig: RunningRig) -> RunningRig:
    """Return the rig with absolute paths of its password, certificate and key files."""
    broker = rig.rig.broker
    named = {
        key: str(Path(value).absolute())
        for key in msgspec.structs.asdict(broker)
        if key.endswith("_file") and (value := getattr(broker, key)) is not None
    }
    signing = rig.rig.signing
    if signing is not None and signing.key_folder is not None:
        folder = str(Path(signing.key_folder).absolute())
        signing = msgspec.structs.replace(signing, key_folder=folder)
    known = msgspec.structs.replace(
        rig.rig, broker=msgspec.structs.replace(broker, **named), signing=signing
    )
    return msgspec.structs.replace(rig, rig=known)


def _is_alive(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # no signal there only asks; a rig that is gone does not answer
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
