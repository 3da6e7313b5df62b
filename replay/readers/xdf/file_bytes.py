"""The bytes of a file, read where they are asked for; of a compressed one, unpacked on disk."""

import gzip
import shutil
import tempfile
import threading
import weakref
import zlib
from pathlib import Path
from typing import IO

from replay.recording import RecordingError

_GZIP = b"\x1f\x8b"
#: As much is read from the disk at once.
_WINDOW_BYTES = 2**18


class FileBytes:
    """A file that stays open as long as this object lives.

    Parameters
    ----------
    path : Path
        The file. Where it is compressed by gzip, it is unpacked into a temporary file that has no
        name.

    Attributes
    ----------
    size : int
        Bytes, of what was unpacked where it was compressed.

    Raises
    ------
    RecordingError
        Where it cannot be read or unpacked.

    Notes
    -----
    Nothing is mapped into memory: what is read is copied, and forgotten by the process when the
    copy is.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            self._file: IO[bytes] = path.open("rb", buffering=_WINDOW_BYTES)
            weakref.finalize(self, self._file.close)
            if self._file.read(len(_GZIP)) == _GZIP:
                self._unpack()
            self.size = self._file.seek(0, 2)
        except (OSError, EOFError, zlib.error) as error:
            found = getattr(error, "strerror", None) or error
            raise RecordingError(
                f"{path}: expected a file that can be read, found: {found}"
            ) from error

    def read(self, start: int, stop: int) -> bytes:
        """Return the bytes from `start` up to, and without, `stop`; fewer where the file ends.

        Raises
        ------
        RecordingError
            Where the file was there when it was opened, and now is not what it was.
        """
        try:
            with self._lock:
                self._file.seek(start)
                found = self._file.read(stop - start)
        except OSError as error:
            raise RecordingError(f"{self._path}: byte {start}: cannot be read: {error}") from error
        if len(found) < min(stop, self.size) - start:
            raise RecordingError(
                f"{self._path}: byte {start}: expected {min(stop, self.size) - start} bytes, found "
                f"{len(found)}: the file was changed while it was read"
            )
        return found

    def find(self, wanted: bytes, start: int) -> int:
        """Return where `wanted` stands first from `start` on, -1 where nowhere."""
        for at in range(start, self.size, _WINDOW_BYTES):
            position = self.read(at, at + _WINDOW_BYTES + len(wanted) - 1).find(wanted)
            if position >= 0:
                return at + position
        return -1

    def _unpack(self) -> None:
        self._file.seek(0)
        unpacked = tempfile.TemporaryFile(buffering=_WINDOW_BYTES)  # noqa: SIM115 kept open
        weakref.finalize(self, unpacked.close)
        with gzip.open(self._file) as packed:
            shutil.copyfileobj(packed, unpacked)
        self._file.close()
        self._file = unpacked
