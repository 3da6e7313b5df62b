"""A stream's rate measured over its raw stamps, whatever its header says."""

from itertools import pairwise
from statistics import median_low
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

#: Blocks that are remembered; beyond, neighbours are joined.
_N_BLOCKS_MAX = 1024
#: A block that took longer or shorter than the usual one by more has a gap or a step of the clock.
_DEVIATION_MAX = 0.1
#: Too few samples say nothing of a rate.
_N_SAMPLES_MIN = 10
#: What stamps are in by mistake fits the nominal rate only so well: that may be wrong too.
_UNIT_TOLERANCE = 0.25


class StampUnit(NamedTuple):
    """What stamps count, and how many of it make a second."""

    name: str
    per_s: float


SECONDS = StampUnit("seconds", 1.0)
_MISTAKEN_UNITS = (
    StampUnit("milliseconds", 1e3),
    StampUnit("microseconds", 1e6),
    StampUnit("nanoseconds", 1e9),
)


def looks_like(measured_hz: float | None, nominal_hz: float) -> StampUnit:
    """Return what a stream's stamps seem to count.

    Parameters
    ----------
    measured_hz : float or None
        Samples to each unit of its stamps, taken for seconds; None where that is not known.
    nominal_hz : float
        Samples a second that it says it gives.
    """
    for unit in _MISTAKEN_UNITS:
        ratio = (measured_hz or 0.0) * unit.per_s / nominal_hz
        if abs(ratio - 1.0) <= _UNIT_TOLERANCE:
            return unit
    return SECONDS


class StampRate:
    """Measures a stream's rate: samples to each second of its sender's clock.

    Parameters
    ----------
    rate_hz : float
        Nominal rate: blocks of one nominal second are timed.

    Notes
    -----
    Every block of about a second of samples is timed by its first stamp and the next block's; the
    rate is that of all blocks that took within 10 % of the median. So jitter cancels within a
    block, and gaps, clock resets and stamps that are not finite leave it alone as long as most
    blocks are without. Memory is bounded: 1024 blocks, then neighbours become one. The same in
    any chunks.
    """

    def __init__(self, rate_hz: float) -> None:
        self._n_block = max(1, round(rate_hz))
        self._n_samples = 0
        self._edges_s: list[float] = []
        self._newest_s = float("nan")

    def add(self, stamps_s: NDArray[np.float64]) -> None:
        """Count the next samples by their raw stamps."""
        if not stamps_s.size:
            return
        first = -self._n_samples % self._n_block
        if first < stamps_s.size:
            self._edges_s.extend(stamps_s[first :: self._n_block].tolist())
        self._n_samples += stamps_s.size
        self._newest_s = stamps_s.item(-1)
        while len(self._edges_s) > _N_BLOCKS_MAX:
            self._edges_s = self._edges_s[::2]
            self._n_block *= 2

    @property
    def measured_hz(self) -> float | None:
        """The rate in hertz; None before ten samples, and where the stamps do not advance."""
        if self._n_samples < _N_SAMPLES_MIN:
            return None
        blocks_s = [after - before for before, after in pairwise(self._edges_s)]
        blocks_s = [each for each in blocks_s if 0.0 < each < float("inf")]
        if len(blocks_s) >= 2:
            usual_s = median_low(blocks_s)
            good_s = [each for each in blocks_s if abs(each / usual_s - 1.0) <= _DEVIATION_MAX]
            return self._n_block * len(good_s) / sum(good_s)
        lasted_s = self._newest_s - self._edges_s[0]
        return (self._n_samples - 1) / lasted_s if 0.0 < lasted_s < float("inf") else None
