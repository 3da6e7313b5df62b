"""The stamps of a recorded stream; those that no clock can give lie between their neighbours."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from replay.recording import RecordedStream, ranges
from streamer.stamp_rate import SECONDS, StampUnit

BLOCK_SAMPLES = 2**16
#: No clock has run for three centuries.
_STAMP_S_MAX = 1e10


class FilledStamps:
    """Stamps that are read where they are asked for, the same bits in whatever pieces.

    Parameters
    ----------
    stream : RecordedStream
        Where no stamp at all is possible, its nominal rate makes them; without one, a sample a
        second.
    unit : StampUnit
        What the stamps of the stream count; here they are in seconds.
    block_samples : int
        Samples that are looked at together; changes nothing that is read.

    Attributes
    ----------
    n_samples : int
        How many there are.
    """

    def __init__(
        self,
        stream: RecordedStream,
        unit: StampUnit = SECONDS,
        block_samples: int = BLOCK_SAMPLES,
    ) -> None:
        self.n_samples = stream.n_samples
        self._stream = stream
        self._unit = unit
        self._block_samples = block_samples
        self._rate_hz = stream.info.rate_hz if stream.is_signal else 0.0
        # The first and the last that is possible of each block: the neighbours of what is not.
        self._positions: list[int] = []
        self._values_s: list[float] = []
        for start, stop in ranges(self.n_samples, self._block_samples):
            raw_s = self._raw_s(start, stop)
            possible = np.flatnonzero(_are_possible(raw_s))
            ends = possible[[0, -1]].tolist() if possible.size else []
            self._positions += [start + each for each in ends]
            self._values_s += [float(raw_s[each]) for each in ends]

    def read(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps from sample `start` up to, and without, `stop`."""
        raw_s = self._raw_s(start, stop)
        if _are_possible(raw_s).all():
            return raw_s
        first = start - start % self._block_samples
        last = min(stop + -stop % self._block_samples, self.n_samples)
        return self._filled(first, last)[start - first : stop - first]

    def blocks(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Yield the stamps of each block with the number of its first sample."""
        for start, stop in ranges(self.n_samples, self._block_samples):
            yield start, self.read(start, stop)

    def _raw_s(self, start: int, stop: int) -> NDArray[np.float64]:
        return self._stream.read_stamps(start, stop) / self._unit.per_s

    def _filled(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps of whole blocks."""
        positions = np.arange(start, stop)
        if not self._positions:
            return positions / (self._rate_hz or 1.0)
        raw_s = self._raw_s(start, stop)
        possible = _are_possible(raw_s)
        known = np.array(self._positions)
        before, after = np.searchsorted(known, [start, stop])
        neighbours = [*range(before)[-1:], *range(after, len(known))[:1]]
        around = np.concatenate([known[neighbours], positions[possible]])
        around_s = np.concatenate([np.array(self._values_s)[neighbours], raw_s[possible]])
        order = np.argsort(around)
        filled_s: NDArray[np.float64] = np.interp(positions, around[order], around_s[order])
        return filled_s


def _are_possible(stamps_s: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.abs(stamps_s) < _STAMP_S_MAX
