"""The interval at which an amplifier delivers samples: data can be as old as that."""

from collections import deque
from statistics import median

import msgspec

#: What arrives within half a millisecond is one delivery, cut by the network.
_SAME_BLOCK_S = 0.0005
_N_INTERVALS = 64
_N_INTERVALS_MIN = 3


class BlockInterval(msgspec.Struct, frozen=True):
    """Seconds from one delivery of samples to the next: the usual, and the longest recent one."""

    median_s: float
    max_s: float


class BlockIntervalMeter:
    """Measures a stream's block interval over its newest deliveries.

    Notes
    -----
    A `silence_s` of three times the longest interval is what a rig should begin with, and a
    `data_age_s_max` below it can never be kept.
    """

    def __init__(self) -> None:
        self._intervals_s: deque[float] = deque(maxlen=_N_INTERVALS)
        self._began_s: float | None = None

    def add(self, now_s: float) -> None:
        """Note that samples arrived at `now_s`."""
        if self._began_s is None:
            self._began_s = now_s
        elif now_s - self._began_s >= _SAME_BLOCK_S:
            self._intervals_s.append(now_s - self._began_s)
            self._began_s = now_s

    def interrupt(self) -> None:
        """Note that the flow stopped: the pause is no interval."""
        self._began_s = None

    @property
    def measured(self) -> BlockInterval | None:
        """What was measured; None while there were too few deliveries to say."""
        intervals_s = tuple(self._intervals_s)
        if len(intervals_s) < _N_INTERVALS_MIN:
            return None
        return BlockInterval(median_s=median(intervals_s), max_s=max(intervals_s))
