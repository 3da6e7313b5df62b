"""A journal that is committed for many ticks and messages at once."""

from typing import Final

from streamer.journal.journal import Journal

#: Of so many commits that are asked for, one is done.
_N_ASKED: Final = 16


class GatheringJournal:
    """Writes steps to a journal, and commits at every sixteenth tick or message.

    A step has to be with the operating system before a message of it leaves the process. Where
    none leaves, as to devices in virtual time, a commit for each costs time and gains nothing.

    Parameters
    ----------
    journal : Journal
        Entered already. Its records are the same as where it commits at each of them.
    """

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._n_asked = 0
        # Its own methods, called at every step.
        self.write = journal.write
        self.fail = journal.fail
        self.digest = journal.digest

    def commit(self) -> None:
        """Hand everything written so far to the operating system, now and then."""
        self._n_asked += 1
        if self._n_asked % _N_ASKED == 0:
            self._journal.commit()
