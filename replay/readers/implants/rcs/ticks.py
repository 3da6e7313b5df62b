"""The time of each packet: the implant's ticks on one clock, without their rollovers."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

#: The implant counts 16 bits of 100 µs, and then from 0 again.
TICK_S: Final = 1e-4
ROLLOVER_TICKS: Final = 65536
#: Seconds from which a packet's date is none of this session's.
DATE_S_MAX: Final = 86_400.0


class Moment(NamedTuple):
    """A tick of the implant with the whole seconds of its slower clock."""

    tick: int
    second: int


def unrolled_s(
    ticks: NDArray[np.int64], seconds: NDArray[np.int64], first: Moment
) -> NDArray[np.float64]:
    """Return the times of packets on the clock that shows the whole seconds at `first`.

    Parameters
    ----------
    ticks : ndarray of int64, shape (n_packets,)
        ``systemTick``: 100 µs, 16 bits.
    seconds : ndarray of int64, shape (n_packets,)
        ``timestamp.seconds``: whole, since 1 March 2000; says how often ticks rolled over.
    first : Moment
        A packet of the session, for all its streams the same one.

    Notes
    -----
    Both clocks drift apart over hours, so rollovers are counted from packet to packet.

    Examples
    --------
    >>> unrolled_s(np.array([65000, 464]), np.array([100, 100]), Moment(65000, 100)).tolist()
    [100.0, 100.1]
    """
    all_ticks = np.concatenate(([first.tick], ticks))
    all_seconds = np.concatenate(([first.second], seconds))
    steps = np.diff(all_ticks)
    n_rollovers = np.round((np.diff(all_seconds) / TICK_S - steps) / ROLLOVER_TICKS)
    total = np.cumsum(steps + n_rollovers.astype(np.int64) * ROLLOVER_TICKS)
    return np.asarray(first.second + total * TICK_S, np.float64)


def n_lost(sequences: NDArray[np.int64]) -> int:
    """Return how many packets are missing between others; the count is of 8 bits.

    Examples
    --------
    >>> n_lost(np.array([254, 255, 0, 1, 4]))
    2
    """
    return int(((np.diff(sequences) - 1) % 256).sum()) if len(sequences) else 0
