"""The key file that ends of journals are signed with."""

import codecs
import os
import re
import stat
from pathlib import Path

from stimulators.wire.keys.files import JOURNAL_KEY_FILE
from streamer.errors import JournalError

_KEY = re.compile(r"[0-9a-f]{64}(\r?\n)?")


def load_journal_key(folder: Path) -> bytes:
    """Return the 32 bytes that `journal.key` holds as 64 hexadecimal digits.

    Raises
    ------
    JournalError
        Where there is none, it is none, or others than its owner may read it.
    """
    path = folder / JOURNAL_KEY_FILE
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes().removeprefix(codecs.BOM_UTF8)
    except OSError as error:
        raise JournalError(
            f"{path}: expected a key file that can be read, found: {error.strerror}"
        ) from error
    if mode & 0o077 and os.name != "nt":  # where the mode says nothing
        raise JournalError(
            f"{path}: expected a key that only its owner may read (mode 600), "
            f"found mode {mode:o}: run chmod 600 {path}"
        )
    text = content.decode("ascii", errors="replace")
    if _KEY.fullmatch(text) is None:
        raise JournalError(f"{path}: expected 64 hexadecimal digits in lower case, found others")
    return bytes.fromhex(text)
