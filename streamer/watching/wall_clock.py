"""From the service's clock to the wall clock (UTC), where a session knows how they relate."""

import math
from datetime import UTC, datetime, timedelta

from streamer.events import Slept

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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

    def hear(self, event: object) -> None:
        """Follow a sleep of the machine."""
        if isinstance(event, Slept) and self.offset_us is not None:
            self.offset_us += round(event.lasted_s * 1e6)

    def utc_us(self, time_s: float | None) -> int | None:
        """Return a time of the service's clock as Unix time in microseconds, where it has one."""
        if self.offset_us is None or time_s is None or not math.isfinite(time_s):
            return None
        return self.offset_us + round(time_s * 1e6)


def utc_of(unix_us: int) -> datetime:
    """Return a Unix time in microseconds as a date with time, exactly.

    >>> utc_of(1_772_373_909_250_000).isoformat()
    '2026-03-01T14:05:09.250000+00:00'
    """
    return _EPOCH + timedelta(microseconds=unix_us)


def utc_text(unix_us: int | None) -> str | None:
    """Return a Unix time in microseconds as text (ISO 8601), or None where there is none.

    >>> utc_text(1_772_373_909_250_000)
    '2026-03-01T14:05:09.250000Z'
    """
    if unix_us is None:
        return None
    return utc_of(unix_us).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
