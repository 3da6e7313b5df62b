"""What a device remembers over a restart: the newest session it ever adopted."""

from pathlib import Path


def read_session(path: Path) -> str:
    """Return the session that was kept; empty where there is no file yet.

    Raises
    ------
    OSError
        Where the file is there but cannot be read.
    """
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def keep_session(path: Path, session: str) -> None:
    """Keep a session, in one step: a file half written would forget the one before.

    Raises
    ------
    OSError
        Where it cannot be written.
    """
    written = path.with_suffix(".new")
    written.write_text(f"{session}\n", encoding="utf-8")
    written.replace(path)
