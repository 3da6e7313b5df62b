"""From the service's clock to the wall clock (UTC), where a session knows how they relate."""

import math
from typing import Final

import pyarrow as pa

from streamer.events import Event, Slept

#: Whole microseconds of UTC; the type that pandas, polars, R and MATLAB read as a date with time.
UTC_TIME: Final = pa.timestamp("us", tz="UTC")


class WallClock:
    """Adds the offset to UTC that a session was begun with, and what its machine slept since.

    Parameters
    ----------
    offset_us : int, optional
        What the header of the journal says: Unix time less the service's clock as the session
        began. None for a recording, whose clock relates to no wall clock.

    Notes
    -----
    The service's clock stands still while a Linux machine sleeps: from a `Slept` on that is
    added. A wall clock that was set during the session is not followed, so that intervals between
    rows are those of the service's clock.

    Examples
    --------
    >>> WallClock(5_000_000).utc_us(1.5)
    6500000
    """

    def __init__(self, offset_us: int | None) -> None:
        self.offset_us = offset_us

    def hear(self, event: Event | None) -> None:
        """Follow a sleep of the machine."""
        if isinstance(event, Slept) and self.offset_us is not None:
            self.offset_us += round(event.lasted_s * 1e6)

    def utc_us(self, time_s: float | None) -> int | None:
        """Return a time of the service's clock as Unix time in microseconds, where it has one."""
        if self.offset_us is None or time_s is None or not math.isfinite(time_s):
            return None
        return self.offset_us + round(time_s * 1e6)
