"""A journal whose steps are handed to the operating system many at a time."""

from typing import TYPE_CHECKING

from streamer.events import Event
from streamer.journal.journal import Journal

if TYPE_CHECKING:
    from streamer.closed_loop import Outcome


class GatheringJournal:
    """Writes steps to a journal, which commits by their number and size alone.

    A step has to be with the operating system before a message of it leaves the process. Where
    none leaves, as to devices in virtual time, a commit at every tick and message only costs time.

    Parameters
    ----------
    journal : Journal
        Entered already. Its records are the same as where it commits at each of them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def write(self, event: Event, now_s: float, outcome: "Outcome") -> None:
        """Write one step."""
        self._journal.write(event, now_s, outcome)

    def fail(self, text: str, now_s: float) -> None:
        """Write, and commit, that a step raised an error."""
        self._journal.fail(text, now_s)

    def digest(self) -> None:
        """Finish the newest step."""
        self._journal.digest()

    def commit(self) -> None:
        """Do nothing: no message leaves the process."""
