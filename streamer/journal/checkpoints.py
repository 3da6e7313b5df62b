"""Moving what was committed from the write-ahead log into the database, beside the loop."""

import sqlite3
import threading
from pathlib import Path

#: A round ends early where this many tries in a row found the log still growing.
_N_TRIES = 5


class Checkpoints:
    """A thread with a connection of its own that checkpoints whenever it is asked to.

    A checkpoint waits for the disk (`fsync`), which the loop must never do. It is passive, so it
    never holds the writer up; once it has caught up with a writer that pauses for some
    milliseconds, the writer begins the log anew and the log stops growing.

    Parameters
    ----------
    path : Path
        The database, open elsewhere in this process in write-ahead mode.

    Notes
    -----
    The connection is made in `start`, while the name certainly is that of the writer's file. SQLite
    tells files apart by what they are, and finds logs by name: a connection that this process made
    to another file of that name would take the writer's log for its own, set its index back, and
    end the process by a bus error when the writer next looks there.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._wanted = threading.Event()
        self._is_over = False
        self._thread = threading.Thread(target=self._run, name="journal checkpoints", daemon=True)
        #: Why the thread gave up, if it did.
        self.failure: str | None = None

    def start(self) -> None:
        """Connect to the database and start the thread.

        Raises
        ------
        sqlite3.Error
            Where the database cannot be opened.
        """
        # A database that is gone is not to be made anew, empty, under its name.
        uri = f"{self._path.absolute().as_uri()}?mode=rw"
        connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA synchronous=NORMAL")
            # SQLite opens the file at the first look into it.
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        except sqlite3.Error:
            connection.close()
            raise
        self._connection = connection
        self._thread.start()

    def ask(self) -> None:
        """Ask for a checkpoint; returns at once."""
        self._wanted.set()

    def stop(self) -> None:
        """End the thread after its current checkpoint, and wait for that."""
        self._is_over = True
        self._wanted.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while self._wanted.wait() and not self._is_over:
                self._wanted.clear()
                self._checkpoint()
        except sqlite3.Error as error:
            self.failure = str(error)
        finally:
            self._connection.close()

    def _checkpoint(self) -> None:
        before = -1
        for _ in range(_N_TRIES):
            _, n_frames, _ = self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            if n_frames == before or self._is_over:
                return
            before = n_frames
