"""Markers bound to samples by their stamps, and the epochs they begin."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from detectors.block import MARKER, Block
from detectors.contrasts.config import EventContrastConfig
from detectors.contrasts.recent_rows import RecentRows
from detectors.kernels.trust import RESTART, SPOILS_NEWEST

#: A marker that is stamped further ahead of the samples is on another clock.
_AHEAD_S_MAX: Final = 10.0
#: Markers that may wait for their sample; those beyond count as not bound.
_N_WAITING_MAX: Final = 1000


class Epoch(NamedTuple):
    """An epoch that is over, or that will never be.

    Parameters
    ----------
    settled : int
        The sample from which on nothing about it can change.
    sample : int
        The first sample at or after the stamp of its marker.
    condition : int
        0 for the first condition, 1 for the second.
    fate : {"whole", "broken", "doubled", "unbound"}
        Whole; or the stream began anew within it, or its marker's own sample is in doubt; or its
        marker repeats the one before; or its marker could not be bound to a sample in time.
    """

    settled: int
    sample: int
    condition: int
    fate: str


class _Waiting(NamedTuple):
    """A marker whose sample is not known yet; `looked` samples were looked at."""

    condition: int
    arrival: int
    time_s: float | None
    looked: int


class MarkerEpochs:
    """Finds the sample of each marker, and tells which epochs are settled.

    A marker belongs to the first sample at or after its stamp, not to the one it arrived at. So
    that nothing depends on when it arrived, an epoch is settled `wait_s` after it ended: markers
    that came until then are taken in the order of their stamps, later ones are not bound. A marker
    without a known stamp belongs to the sample it arrived at.

    Parameters
    ----------
    config : EventContrastConfig
        Conditions and times.
    rate_hz : float
        Of the stream.
    """

    def __init__(self, config: EventContrastConfig, rate_hz: float) -> None:
        conditions = (config.first, config.second)
        self._markers = [each.markers for each in conditions]
        #: Begin and end of an epoch of each condition, in samples from its marker.
        self.windows = [
            (round(each.window_s[0] * rate_hz), round(each.window_s[1] * rate_hz))
            for each in conditions
        ]
        wait = round(config.wait_s * rate_hz)
        self._after = [max(stop, 0) + wait for _, stop in self.windows]
        self._apart = config.apart_s * rate_hz
        self._tolerance_s = 2.0 / rate_hz
        self._n_kept = max(self._after) + 1
        #: Samples from the earliest one of an epoch to that at which it is settled.
        self.reach = max(self._after) - min(0, *(start for start, _ in self.windows)) + 1
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._rows = RecentRows(np.empty(0), np.empty(0, dtype=np.bool_))
        self._next = 0
        self._waiting: list[_Waiting] = []
        self._epochs: list[Epoch] = []
        self._restarts: list[int] = []
        self._newest = [-np.inf, -np.inf]

    def add(self, block: Block) -> None:
        """Take samples and the markers that came with them."""
        if self._next != block.first_sample:  # samples were skipped
            self._rows.clear()
        self._next = block.first_sample + block.time_s.size
        rows = np.flatnonzero(block.taint[:, 0] & RESTART)
        self._restarts += (block.first_sample + rows).tolist()
        doubtful = (block.taint & SPOILS_NEWEST != 0).any(axis=1)
        self._rows.add(block.time_s, doubtful)
        for event in block.events:
            for condition, texts in enumerate(self._markers):
                if event.kind == MARKER and event.text in texts:
                    looked = max(self._first, event.sample - self._n_kept)
                    self._wait(_Waiting(condition, event.sample, event.time_s, looked))
        self._waiting = [left for each in self._waiting for left in self._bound(each)]
        self._rows.drop(self._rows.n_rows - self._n_kept)

    def take_until(self, sample: int) -> list[Epoch]:
        """Return the epochs that a sample settles, in an order that arrival cannot change."""
        settled = sorted(each for each in self._epochs if each.settled <= sample)
        self._epochs = [each for each in self._epochs if each.settled > sample]
        taken = [self._judged(each) for each in settled]
        oldest = sample - self.reach
        self._restarts = [each for each in self._restarts if each >= oldest]
        return taken

    def _wait(self, marker: _Waiting) -> None:
        if len(self._waiting) < _N_WAITING_MAX:
            self._waiting.append(marker)
        else:
            self._lose(marker, marker.arrival)

    def _lose(self, marker: _Waiting, settled: int) -> None:
        self._epochs.append(Epoch(settled, -1, marker.condition, "unbound"))

    def _bound(self, marker: _Waiting) -> Iterator[_Waiting]:
        """Bind a marker, or yield it again where its sample has not come."""
        stamps_s, is_doubtful = self._rows.joined()
        first, arrival, sample = self._first, marker.arrival, marker.arrival
        if marker.time_s is not None:
            if arrival >= first and marker.time_s - stamps_s[arrival - first] > _AHEAD_S_MAX:
                self._lose(marker, arrival)
                return
            hits = np.flatnonzero(stamps_s[marker.looked - first :] >= marker.time_s)
            if not hits.size:
                yield marker._replace(looked=self._next)
                return
            sample = marker.looked + int(hits[0])
            is_far = stamps_s[sample - first] - marker.time_s > self._tolerance_s
        else:
            is_far = False
        settled = sample + self._after[marker.condition]
        if is_far or arrival > settled:
            self._lose(marker, max(arrival, sample))
            return
        fate = "broken" if is_doubtful[sample - first] else "whole"
        self._epochs.append(Epoch(settled, sample, marker.condition, fate))

    @property
    def _first(self) -> int:
        """Index of the oldest sample that is kept."""
        return self._next - self._rows.n_rows

    def _judged(self, epoch: Epoch) -> Epoch:
        if epoch.fate == "unbound":
            return epoch
        is_doubled = epoch.sample - self._newest[epoch.condition] < self._apart
        self._newest[epoch.condition] = epoch.sample
        if is_doubled:
            return epoch._replace(fate="doubled")
        start, stop = (epoch.sample + each for each in self.windows[epoch.condition])
        begin, end = min(start, epoch.sample), max(stop, epoch.sample + 1)
        if _has_any(self._restarts, begin + 1, end):
            return epoch._replace(fate="broken")
        return epoch


def _has_any(samples: Sequence[int], begin: int, end: int) -> bool:
    return any(begin <= each < end for each in samples)
