"""The journal of a session, and a loop of its own configuration to compute it again."""

from pathlib import Path
from typing import TypeVar, overload

import msgspec

from streamer.closed_loop import ClosedLoop
from streamer.config import LoopConfig
from streamer.errors import JournalError
from streamer.journal.reader import JournalReader

_Loop = TypeVar("_Loop", bound=ClosedLoop)


def journal_of(session: Path) -> Path:
    """Return the path of the journal of a session folder; a journal itself is returned as it is.

    Raises
    ------
    JournalError
        Where there is none.
    """
    path = session / "journal.sqlite" if session.is_dir() else session
    if not path.is_file():
        raise JournalError(f"{session}: expected a session folder with a journal, found none")
    return path


@overload
def recorded_loop(reader: JournalReader) -> tuple[LoopConfig, ClosedLoop]: ...
@overload
def recorded_loop(reader: JournalReader, kind: type[_Loop]) -> tuple[LoopConfig, _Loop]: ...
def recorded_loop(
    reader: JournalReader, kind: type[ClosedLoop] = ClosedLoop
) -> tuple[LoopConfig, ClosedLoop]:
    """Return the configuration of a journal, and a new loop of it that has been fed nothing.

    Parameters
    ----------
    reader : JournalReader
        Entered.
    kind : type, optional
        A class of loops that shows more than `ClosedLoop` does.

    Raises
    ------
    JournalError
        Where the configuration cannot be used.
    """
    header = reader.header
    try:
        config = msgspec.json.decode(header.config_json, type=LoopConfig)
        return config, kind(config, header.infos, header.session)
    except ValueError as error:
        text = f"{reader.path}: record 0: the configuration cannot be used: {error}"
        raise JournalError(text) from error
