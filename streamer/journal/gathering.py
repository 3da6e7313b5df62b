"""A journal whose steps are handed to the operating system many at a time."""

from streamer.journal.journal import Journal


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
        # Its own methods, called at every step.
        self.write = journal.write
        self.fail = journal.fail
        self.digest = journal.digest

    def commit(self) -> None:
        """Do nothing: no message leaves the process."""
