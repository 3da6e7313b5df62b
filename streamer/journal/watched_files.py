"""Notices that a journal's files were removed, replaced or cut, which SQLite would not."""

import os
from contextlib import suppress
from os import SEEK_END, fstat, lseek
from pathlib import Path

#: Commits after which names are looked up although the folder's own time did not change.
_N_COMMITS_TO_LOOK_UP = 16


class WatchedFiles:
    """The database, its write-ahead log and that log's index, each of which must stay in place.

    Parameters
    ----------
    path : Path
        The database, open in write-ahead mode and written to once.

    Notes
    -----
    A commit takes some twenty microseconds, and looking up three names each time would add a
    quarter. So a commit asks for sizes, which open descriptors tell cheaply, and every second one
    for the folder's time of change: whoever removes, renames or replaces a file changes that.
    Names are looked up where it changed and every sixteenth commit, since the clock of a file
    system is coarse.

    Descriptors stay open until `close`, which comes after SQLite's own: closing any descriptor
    of a file drops the locks that SQLite has on it.
    """

    def __init__(self, path: Path) -> None:
        log, index = (path.with_name(path.name + suffix) for suffix in ("-wal", "-shm"))
        self._database = os.open(path, os.O_RDONLY)
        self._log = os.open(log, os.O_RDONLY)
        self._index = os.open(index, os.O_RDWR)
        self._folder = os.open(path.parent, os.O_RDONLY)
        self._n_database_bytes = lseek(self._database, 0, SEEK_END)
        self._n_log_bytes = lseek(self._log, 0, SEEK_END)
        self._n_index_bytes = lseek(self._index, 0, SEEK_END)
        self._identities = {each: _identity(each.stat()) for each in (path, log, index)}
        self._changed_ns = fstat(self._folder).st_mtime_ns
        self._n_to_look_up = 0

    def inspect(self) -> str | None:
        """Return what happened to one of the files since `written`, or None."""
        n_bytes = lseek(self._log, 0, SEEK_END)
        if n_bytes != self._n_log_bytes:
            return _changed("write-ahead log (-wal)", self._n_log_bytes, n_bytes)
        n_bytes = lseek(self._index, 0, SEEK_END)
        if n_bytes < self._n_index_bytes:
            return _changed("index (-shm)", self._n_index_bytes, n_bytes)
        self._n_index_bytes = n_bytes
        n_bytes = lseek(self._database, 0, SEEK_END)
        if n_bytes < self._n_database_bytes:
            return _changed("database", self._n_database_bytes, n_bytes)
        self._n_database_bytes = n_bytes
        self._n_to_look_up -= 1
        if self._n_to_look_up % 2:
            return None
        if self._n_to_look_up > 0 and fstat(self._folder).st_mtime_ns == self._changed_ns:
            return None
        return self.look_up()

    def written(self) -> None:
        """Note that the log has grown by what was just committed."""
        self._n_log_bytes = lseek(self._log, 0, SEEK_END)

    def mend(self) -> None:
        """Give an index file that was cut its length back.

        It is mapped into memory, and SQLite's look at what is no longer there on closing the
        database would end the process; an index of zeros it makes anew from the log.
        """
        if lseek(self._index, 0, SEEK_END) < self._n_index_bytes:
            os.ftruncate(self._index, self._n_index_bytes)

    def close(self) -> None:
        """Let go of the files; call once the database is closed."""
        for file in (self._database, self._log, self._index, self._folder):
            os.close(file)

    def look_up(self) -> str | None:
        """Return which name is gone or another file's, looked up now, or None."""
        self._changed_ns = fstat(self._folder).st_mtime_ns
        self._n_to_look_up = _N_COMMITS_TO_LOOK_UP
        for path, identity in self._identities.items():
            status = None
            with suppress(OSError):
                status = path.stat()
            if status is None:
                return f"{path.name} was removed while it was written"
            if _identity(status) != identity:
                return f"{path.name} was replaced while it was written"
        return None


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _changed(what: str, n_expected: int, n_found: int) -> str:
    return (
        f"the {what} was cut, or written by somebody else: expected {n_expected} bytes, "
        f"found {n_found}"
    )
