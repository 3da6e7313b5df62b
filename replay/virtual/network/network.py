"""One direction of a client's connection: what it does to the messages that it carries."""

from random import Random

from replay.virtual.schedule import Planned, Schedule

#: How long a message takes on a quiet network, from a client to the broker or back.
QUIET_DELAY_US = 1_000


class Leg:
    """Carries messages one way, late, twice, in another order, or not at all.

    Parameters
    ----------
    schedule : Schedule
        The virtual time.
    random : Random
        What decides which message is lost, and how late each is.

    Attributes
    ----------
    delay_us, jitter_us : int
        How long a message takes beyond the quiet delay; the jitter is drawn for each.
    loss, duplication : float
        The share of messages that are lost, and that come twice.
    reorders : bool
        Whether a message may overtake another.
    """

    def __init__(self, schedule: Schedule, random: Random) -> None:
        self.delay_us = 0
        self.jitter_us = 0
        self.loss = 0.0
        self.duplication = 0.0
        self.reorders = False
        self._schedule = schedule
        self._random = random
        self._stalled_until_us = 0
        self._newest_due_us = 0
        self._connection = 0

    def carry(self, deliver: Planned, *, is_sure: bool = False) -> None:
        """Take a message; `deliver` is what its arrival does. One that is sure is never lost."""
        self._carry_once(deliver, is_sure=is_sure)
        if self.duplication and self._random.random() < self.duplication:
            self._carry_once(deliver, is_sure=is_sure)

    def stall(self, until_us: int) -> None:
        """Hold everything, also what is under way, until then."""
        self._stalled_until_us = max(self._stalled_until_us, until_us)

    def cut(self) -> None:
        """Lose everything that is under way: the connection ended."""
        self._connection += 1
        self._stalled_until_us = 0
        self._newest_due_us = 0

    def _carry_once(self, deliver: Planned, *, is_sure: bool) -> None:
        if not is_sure and self.loss and self._random.random() < self.loss:
            return
        due_us = self._schedule.now_us + QUIET_DELAY_US + self.delay_us
        if self.jitter_us:
            due_us += self._random.randrange(self.jitter_us)
        if not self.reorders:
            due_us = max(due_us, self._newest_due_us)
            self._newest_due_us = due_us
        connection = self._connection

        def arrive() -> None:
            if connection != self._connection:
                return
            if self._schedule.now_us < self._stalled_until_us:
                self._schedule.at(self._stalled_until_us, arrive)
            else:
                deliver()

        self._schedule.at(due_us, arrive)
