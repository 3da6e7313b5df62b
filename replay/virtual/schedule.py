"""The schedule of a virtual world: actions by their times, in whole microseconds."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

Planned = Callable[[], None]


class Schedule:
    """Actions in the order of their times; at equal times, in the order they were planned.

    Parameters
    ----------
    start_us : int
        The virtual time at first.

    Attributes
    ----------
    now_us : int
        The virtual time.
    n_steps : int
        Actions done so far.
    """

    def __init__(self, start_us: int = 0) -> None:
        self.now_us = start_us
        self.n_steps = 0
        self._planned: list[tuple[int, int, Planned]] = []
        self._numbers = count()

    def at(self, time_us: int, action: Planned) -> None:
        """Plan an action; one in the past is done next."""
        heappush(self._planned, (max(time_us, self.now_us), next(self._numbers), action))

    def after(self, delay_us: int, action: Planned) -> None:
        """Plan an action `delay_us` from now."""
        self.at(self.now_us + delay_us, action)

    def run_until(self, end_us: int) -> None:
        """Do everything that is due up to and at `end_us`."""
        planned = self._planned
        while planned and planned[0][0] <= end_us:
            self.now_us, _, action = heappop(planned)
            self.n_steps += 1
            action()
        self.now_us = max(self.now_us, end_us)
