"""When each sample of a stream was there, on the recorder's clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from replay.recording import RecordedStream, ranges
from replay.timeline.filled_stamps import BLOCK_SAMPLES, FilledStamps
from replay.timeline.sender_clock import offsets_in_effect
from streamer.stamp_rate import SECONDS, StampUnit

#: A stamp that runs back by more, against no known reset, is not believed.
_BACKWARDS_S_MAX = 1.0
#: A hole that is longer, against no known reset, is not believed either.
HOLE_S_MAX = 3600.0
#: A stamp further off the median of its neighbours is not believed for the order.
_WILD_S = 1.0
_N_NEIGHBOURS = 11


@dataclass(frozen=True, slots=True)
class Correction:
    """From sample `first_sample` on, add `correction_s` to the stamps; known at `time_s`."""

    first_sample: int
    time_s: float
    correction_s: float


class Times(NamedTuple):
    """Some samples of one stream on the recorder's clock.

    Parameters
    ----------
    stamps_s : ndarray of float64, shape (n_samples,)
        Each stamp in seconds, with the newest offset known by then added. Jitter, drift and gaps
        are kept; only a stamp that no clock can give is put between its neighbours.
    times_s : ndarray of float64, shape (n_samples,)
        When each sample was there: its stamp, or that of an earlier sample that is later.
        Never falls. Stamps that cannot be right do not count: the order is that of the file.
    """

    stamps_s: NDArray[np.float64]
    times_s: NDArray[np.float64]


class _Before(NamedTuple):
    """The state after the blocks before a block, which its order depends on."""

    believed_s: float | None = None
    shift_s: float = 0.0
    latest_s: float = -np.inf


class Timeline:
    """One stream's samples on the recorder's clock, read where they are asked for.

    Parameters
    ----------
    stream : RecordedStream
        The stream. Its stamps are read some times over, block by block; of each block some numbers
        are kept.
    unit : StampUnit
        What its stamps count.
    block_samples : int
        Samples of a block; changes nothing that is read.

    Attributes
    ----------
    n_samples : int
        How many there are.
    corrections : tuple of Correction
        Where the offset changes; the first at sample 0, even without samples.
    unit : StampUnit
        What the stamps were taken to count.
    """

    def __init__(
        self,
        stream: RecordedStream,
        unit: StampUnit = SECONDS,
        *,
        block_samples: int = BLOCK_SAMPLES,
    ) -> None:
        self.n_samples = stream.n_samples
        self.unit = unit
        self._step_s = 1.0 / stream.info.rate_hz if stream.is_signal else 0.0
        self._block_samples = block_samples
        self._filled = FilledStamps(stream, unit, block_samples)
        self._offsets = offsets_in_effect(self._filled, stream.clock)
        self._firsts = np.array(list(self._offsets))
        self._limits_s = (-np.inf, np.inf)
        self._is_tamed = False
        self._last_read: tuple[int, Times] | None = None
        # Once more where there are wild stamps: then all are held against their neighbours.
        while not self._walk():
            self._is_tamed = True

    @property
    def span_s(self) -> tuple[float, float] | None:
        """Time of the first and of the last sample; None without any."""
        if not self.n_samples:
            return None
        first_s, last_s = np.clip([self._first_s, self._lasts_s[-1]], *self._limits_s).tolist()
        return first_s, last_s

    def read(self, start: int, stop: int) -> Times:
        """Return stamps and times from sample `start` up to, and without, `stop`."""
        if start >= stop:
            return Times(np.empty(0), np.empty(0))
        first, last = start // self._block_samples, (stop - 1) // self._block_samples
        part = slice(start - first * self._block_samples, stop - first * self._block_samples)
        if first == last:
            return Times(*(each[part] for each in self._block(first)))
        found = [self._block(number) for number in range(first, last + 1)]
        return Times(*(np.concatenate(each)[part] for each in zip(*found, strict=True)))

    def at_s(self, sample: int) -> float:
        """Return the time of one sample."""
        within = self._block(sample // self._block_samples).times_s
        return float(within[sample % self._block_samples])

    def at_many_s(self, samples: Sequence[int]) -> list[float]:
        """Return the times of some samples in ascending order."""
        found: list[float] = []
        for number, within in groupby(samples, lambda sample: sample // self._block_samples):
            rows = [sample - number * self._block_samples for sample in within]
            found += self._block(number).times_s[rows].tolist()
        return found

    def n_before(
        self, times_s: NDArray[np.float64], side: Literal["left", "right"]
    ) -> NDArray[np.int64]:
        """Return how many samples come before each time; on the right, those of that time too."""
        blocks = np.searchsorted(np.clip(self._lasts_s, *self._limits_s), times_s, side)
        found = np.full(len(times_s), self.n_samples)
        for number in np.unique(blocks[blocks < len(self._lasts_s)]).tolist():
            within = np.searchsorted(self._block(number).times_s, times_s[blocks == number], side)
            found[blocks == number] = number * self._block_samples + within
        return found

    def keep_within(self, first_s: float, last_s: float) -> None:
        """Move what lies before or after to the nearer of two times."""
        self._limits_s = (first_s, last_s)
        self._last_read = None

    def _walk(self) -> bool:
        """Find the order, block by block; give up at the first wild stamp that is not tamed."""
        self._before: list[_Before] = []
        self._lasts_s: list[float] = []
        known_s: list[float] = []
        before, last_s = _Before(), None
        for start, stop in ranges(self.n_samples, self._block_samples):
            stamps_s = self._corrected(start, stop)
            steps_s = np.diff(stamps_s, prepend=stamps_s[0] if last_s is None else last_s)
            if self._step_s and not self._is_tamed and np.abs(steps_s).max() > _WILD_S:
                return False
            last_s = float(stamps_s[-1])
            self._before.append(before)
            times_s, before = self._in_order(self._believed(start, stop), before)
            self._lasts_s.append(before.latest_s)
            if not start:
                self._first_s = float(times_s[0])
            # An offset is known when the sample before was there, or the first one.
            positions = np.maximum(self._firsts - 1, 0)
            known_s += times_s[
                positions[(positions >= start) & (positions < stop)] - start
            ].tolist()
        self.corrections = tuple(
            Correction(first, time_s, offset_s)
            for (first, offset_s), time_s in zip(
                self._offsets.items(), known_s or [0.0], strict=True
            )
        )
        return True

    def _block(self, number: int) -> Times:
        if self._last_read is None or self._last_read[0] != number:
            start = number * self._block_samples
            stop = min(start + self._block_samples, self.n_samples)
            times_s, _ = self._in_order(self._believed(start, stop), self._before[number])
            times = Times(self._corrected(start, stop), times_s.clip(*self._limits_s))
            self._last_read = (number, times)
        return self._last_read[1]

    def _corrected(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps on the recorder's clock."""
        stamps_s = self._filled.read(start, stop).copy()
        numbers = range(
            int(np.searchsorted(self._firsts, start, "right")) - 1,
            int(np.searchsorted(self._firsts, stop)),
        )
        for number in numbers:
            first, *following = self._firsts[number : number + 2].tolist()
            end = following[0] if following else stop
            stamps_s[max(first - start, 0) : max(end - start, 0)] += self._offsets[first]
        return stamps_s

    def _believed(self, start: int, stop: int) -> NDArray[np.float64]:
        """Return the stamps of a signal with single wild ones put back among their neighbours."""
        if not self._is_tamed:
            return self._corrected(start, stop)
        first = max(start - _N_NEIGHBOURS // 2, 0)
        last = min(stop + _N_NEIGHBOURS // 2, self.n_samples)
        stamps_s = self._corrected(first, last)
        regular_s = self._step_s * np.arange(first, last)
        usual_s = median_filter(stamps_s - regular_s, _N_NEIGHBOURS, mode="nearest") + regular_s
        believed_s = np.where(np.abs(stamps_s - usual_s) > _WILD_S, usual_s, stamps_s)
        return believed_s[start - first : stop - first]

    def _in_order(
        self, believed_s: NDArray[np.float64], before: _Before
    ) -> tuple[NDArray[np.float64], _Before]:
        """Return when the samples of a block were there, and what the next one depends on."""
        at_s = believed_s[0] if before.believed_s is None else before.believed_s
        steps_s = np.diff(believed_s, prepend=at_s)
        jumps = steps_s < -_BACKWARDS_S_MAX
        if self._step_s:
            jumps |= steps_s > HOLE_S_MAX
        shifts_s = np.where(jumps, self._step_s - steps_s, 0.0)
        shifts_s = np.cumsum(np.concatenate([[before.shift_s], shifts_s]))[1:]
        ordered_s = np.maximum(before.latest_s, np.maximum.accumulate(believed_s + shifts_s))
        last = _Before(float(believed_s[-1]), float(shifts_s[-1]), float(ordered_s[-1]))
        return ordered_s, last
