"""A titration computed from its session, from a notebook."""

from os import PathLike
from pathlib import Path

from replay.titration.titration import Titration, titration_of


def titration(folder: str | PathLike[str]) -> Titration:
    """Compute what a recorded staircase of amplitudes says of the patient.

    The session is computed again from its journal, so that it may be one that was killed; nothing
    is written.

    Parameters
    ----------
    folder : path
        The session folder, or its journal, of a rig with a policy of kind ``staircase``, as
        ``stimloop titrate`` runs it.

    Returns
    -------
    Titration
        Dose and response, the sign and whether it is shown, time constants, rebound, thresholds.

    Raises
    ------
    JournalError
        Where there is no journal, it is damaged, or there was no staircase.

    Examples
    --------
    Of a session that was none:

    >>> import stimloop as sl
    >>> sl.titration("session")
    Traceback (most recent call last):
    ...
    streamer.errors.JournalError: session: $.policies: expected a session with a policy of kind ...
    """
    return titration_of(Path(folder))
