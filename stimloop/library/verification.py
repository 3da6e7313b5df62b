"""Computes a session again from its journal, called from a notebook."""

from os import PathLike
from pathlib import Path

from replay.verification.verdict import Verdict
from replay.verification.verify import verify as verify_session
from streamer.journal.key import load_journal_key


def verify(
    folder: str | PathLike[str],
    *,
    head: str | None = None,
    keys: str | PathLike[str] | None = None,
    unfinished: bool = False,
    recording: str | PathLike[str] | None = None,
) -> Verdict:
    """Compute a session again from its journal, compare all results, and check how it ended.

    Parameters
    ----------
    folder : path
        The session folder, or its journal.
    head : str, optional
        A head of the journal's digest chain that the status published, 64 hexadecimal digits: the
        journal must hold its record.
    keys : path, optional
        The folder with the key that its end record has to be signed with.
    unfinished : bool
        Accept a session without an end, as a kill leaves it.
    recording : path, optional
        A recorder's file to hold against the journal; without, the session's own where it has one.

    Returns
    -------
    Verdict
        Whether it passes; where not, the first difference.

    Raises
    ------
    JournalError
        Where there is no journal.

    Examples
    --------
    >>> import stimloop as sl
    >>> verdict = sl.verify("session")
    >>> verdict.passes, verdict.first_difference
    (True, None)
    """
    key = None if keys is None else load_journal_key(Path(keys))
    return verify_session(
        Path(folder),
        head=None if head is None else head.lower(),
        key=key,
        is_unfinished=unfinished,
        recording=None if recording is None else Path(recording),
    )
