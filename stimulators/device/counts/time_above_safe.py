"""How long a device has been above its safe amount; a short break does not end that time."""

from stimulators.device.counts.counts import Counts


class TimeAboveSafe:
    """Counts the time above the safe amount; a break that is too short is part of it.

    Parameters
    ----------
    break_us_min : float
        The shortest break that ends it.
    counts : Counts
        On-time from before the device was switched on.
    """

    def __init__(self, break_us_min: float, counts: Counts) -> None:
        self._break_us_min = break_us_min
        self._began_us: int | None = None
        self._uncertain_until_us = 0
        self._last_us = -counts.off_us
        if counts.on_us and counts.off_us < break_us_min:
            self._began_us = self._last_us - counts.on_us

    def count(self, from_us: int, until_us: int, *, is_above: bool) -> None:
        """Count one stretch of time, above the safe amount or not."""
        if until_us <= self._uncertain_until_us:
            if is_above:
                began_us = self._uncertain_until_us if self._began_us is None else self._began_us
                self._began_us = began_us - (until_us - from_us)
                self._last_us = self._uncertain_until_us
        elif is_above:
            if self._began_us is None:
                self._began_us = from_us
            self._last_us = until_us
        elif until_us - self._last_us >= self._break_us_min:
            self._began_us = None

    def doubt(self, by_us: int, until_us: int) -> None:
        """Take the last `by_us` as uncertain (the clock was set): they are no break."""
        self._uncertain_until_us = until_us
        self._last_us += by_us
        if self._began_us is not None:
            self._began_us += by_us

    @property
    def on_us(self) -> int:
        """How long it was on, up to when it was last above; 0 once a break has ended it."""
        return 0 if self._began_us is None else self._last_us - self._began_us

    def running_us(self, now_us: int) -> int:
        """Return how long it will have been on if it rises now; 0 once a break has ended it."""
        return 0 if self._began_us is None else now_us - self._began_us

    def off_us(self, now_us: int) -> int:
        """Return how long ago it was last above."""
        return now_us - self._last_us
