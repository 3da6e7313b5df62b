"""A computer in virtual time, which may sleep: what runs on it stands still, the others go on."""

from typing import Final

from replay.virtual.schedule import Schedule

#: A broker ends a connection that was silent for one and a half keep-alives of 5 s.
KEPT_ALIVE_US: Final = 7_500_000


class Machine:
    """The clock of a computer that services run on.

    Parameters
    ----------
    schedule : Schedule
        The virtual time, which is also the time of day.
    """

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        self._stood_still_us = 0
        self._from_us = self._until_us = 0
        self._does_clock_stand = False

    @property
    def now_us(self) -> int:
        """Its clock: the one that samples and words are stamped by."""
        return self._schedule.now_us - self.slept_us

    @property
    def slept_us(self) -> int:
        """How long its clock stood still while it slept, in all."""
        if not self._does_clock_stand:
            return self._stood_still_us
        return self._stood_still_us + min(self._schedule.now_us, self._until_us) - self._from_us

    @property
    def is_asleep(self) -> bool:
        """Whether it sleeps now."""
        return self._schedule.now_us < self._until_us

    @property
    def wakes_us(self) -> int:
        """When it wakes, or last woke, in virtual time."""
        return self._until_us

    def sleep(self, for_us: int, *, does_clock_stand: bool) -> None:
        """Fall asleep; on Linux its clock stands still meanwhile, elsewhere it goes on."""
        self._stood_still_us = self.slept_us
        self._from_us = self._schedule.now_us
        self._until_us = self._from_us + for_us
        self._does_clock_stand = does_clock_stand
