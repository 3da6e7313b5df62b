"""How long a device may have been above its safe amount."""

import math


class OnTime:
    """Counts the time that an amount has been above safe; a short break does not reset it.

    Parameters
    ----------
    off_time_s_min : float
        A break of so long ends it.

    Attributes
    ----------
    on_s : float
        Time since it went above safe, the break that may be under way not included.
    off_s : float
        How long it has been at or below safe.
    """

    def __init__(self, off_time_s_min: float) -> None:
        self.on_s = 0.0
        self.off_s = math.inf
        self._off_time_s_min = off_time_s_min

    def pass_time(self, passed_s: float, *, is_on: bool) -> None:
        """Count a time in which the amount was, or was not, above safe."""
        if is_on:
            self.on_s = self.if_rising_s + passed_s
            self.off_s = 0.0
            return
        self.off_s += passed_s
        if self.off_s >= self._off_time_s_min:
            self.on_s = 0.0

    def presume(self, on_s: float) -> None:
        """Set the count to at least `on_s`, as if no break had been since."""
        self.on_s = max(self.on_s, on_s)
        self.off_s = 0.0

    @property
    def if_rising_s(self) -> float:
        """The time above safe at the next rise: a short break does not reset it."""
        return self.on_s + self.off_s if self.on_s > 0.0 else 0.0

    @property
    def wait_s(self) -> float:
        """The time at or below safe until the count is reset."""
        return max(0.0, self._off_time_s_min - self.off_s) if self.on_s > 0.0 else 0.0
