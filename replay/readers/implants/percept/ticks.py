"""The times of a report's packets: their ticks on one clock without rollovers."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

#: The implant counts 16 bits of 50 ms, and then from 0 again.
ROLLOVER_S: Final = 65536 * 0.05
#: Longest step between packets of one run; a longer one means that the clock was reset.
_STEP_S_MAX: Final = 600.0
#: The end of a run and the beginning of the next may differ by this.
_OVERLAP_S: Final = 1.0
#: Dates of packets are told to a second or two.
_DATE_S: Final = 10.0


def moment_of(text: str | None) -> datetime | None:
    """Return a date of a report, or None where it is none.

    >>> moment_of("2024-03-14T10:05:52.000Z").minute, moment_of("3794-71-89T17:13:29.768Z")
    (5, None)
    """
    try:
        found = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def steady_s(ticks_ms: Sequence[float]) -> NDArray[np.float64] | None:
    """Return the ticks of a run in seconds, rollovers taken out; None where they are no clock's."""
    ticks_s = np.asarray(ticks_ms) / 1000.0
    steps_s = np.diff(ticks_s) % ROLLOVER_S
    if not np.isfinite(ticks_s).all() or (steps_s <= 0.0).any() or (steps_s > _STEP_S_MAX).any():
        return None
    return np.concatenate((ticks_s[:1], ticks_s[:1] + np.cumsum(steps_s)))


def packet_stamps_s(
    ticks_s: NDArray[np.float64], sizes: NDArray[np.int64], rate_hz: float
) -> NDArray[np.float64]:
    """Return the stamp of each sample: a tick is that of the last sample of its packet.

    Examples
    --------
    >>> packet_stamps_s(np.array([0.5, 1.0]), np.array([1, 2]), rate_hz=4.0).tolist()
    [0.5, 0.75, 1.0]
    """
    after = np.repeat(np.cumsum(sizes), sizes)
    before_last = after - 1 - np.arange(sizes.sum())
    stamps_s: NDArray[np.float64] = np.repeat(ticks_s, sizes) - before_last / rate_hz
    return stamps_s


class TickClock:
    """Places the runs of a report on one clock: its ticks, however often they rolled over.

    Between runs only dates say how often; without one, as seldom as keeps the runs in order. Where
    dates and ticks do not go together, ticks began anew, and the date is taken.
    """

    def __init__(self) -> None:
        self._first: tuple[float, datetime] | None = None

    def at_s(self, moment: datetime) -> float:
        """Return the time of a date on the one clock; in Unix time where no run had a date."""
        if self._first is None:
            return moment.timestamp()
        first_s, first = self._first
        return first_s + (moment - first).total_seconds()

    def start_s(self, tick_s: float | None, moment: datetime | None, after_s: float) -> float:
        """Return the time at which a run begins, on the one clock.

        Parameters
        ----------
        tick_s : float or None
            The tick of its first packet, if it has any.
        moment : datetime or None
            The date of that packet.
        after_s : float
            Where the run before ended.
        """
        if tick_s is None:
            tick_s = after_s
        if moment is None:
            n_rollovers = max(0, math.ceil((after_s - _OVERLAP_S - tick_s) / ROLLOVER_S))
            return tick_s + n_rollovers * ROLLOVER_S
        if self._first is None:
            self._first = (tick_s, moment)
        first_s, first = self._first
        expected_s = first_s + (moment - first).total_seconds()
        placed_s = tick_s + round((expected_s - tick_s) / ROLLOVER_S) * ROLLOVER_S
        return placed_s if abs(placed_s - expected_s) <= _DATE_S else expected_s
