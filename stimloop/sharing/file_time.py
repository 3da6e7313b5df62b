"""Where each sample of a stream stands in a file without holes, and what fills its gaps."""

from array import array
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block, Taint
from detectors.conditioning.conditioner import Note
from streamer.tables.step_rows import GAP_NOTE

#: A clock that moved by more, either way, than the service waited is no gap.
_CLOCK_SLACK_S: Final = 1.0
_SUSPECT: Final = int(Taint.SUSPECT_STAMP)
_RESTART: Final = int(Taint.RESTART)


class Fill(NamedTuple):
    """A hole before a sample of the stream, and how many positions of the file fill it.

    Of a clock that was set anew, where no sample is missing, there are none.
    """

    sample: int
    n_positions: int
    kind: str


class FileTime:
    """The positions of a stream's samples in a file of constant rate.

    Parameters
    ----------
    rate_hz : float
        Nominal rate, which the file has.

    Attributes
    ----------
    n_samples : int
        Samples of the stream so far.
    start_s : float
        Time of the first, in the service's clock.

    Notes
    -----
    The first sample is position 0. Between gaps each sample takes one position, so that the true
    rate, which may be some millionths off, moves the time of a position away from position over
    rate; events are put at positions, and the true rate is `rate_true_hz`. A gap is filled with as
    many positions of the nominal rate as its length asks for. Where the sender's clock was set
    anew, nothing is filled.
    """

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz: Final = rate_hz
        self.n_samples = 0
        self.start_s = 0.0
        self.fills: list[Fill] = []
        self._anchors = array("q")
        self._anchor_times_s = array("d")
        self._known: tuple[NDArray[np.float64], NDArray[np.int64]] | None = None
        self._trusted = (-1, 0.0)
        self._newest_now_s = 0.0
        self._whole_s = 0.0
        self._whole_samples = 0

    def take(self, block: Block, notes: Iterable[Note], now_s: float) -> None:
        """Take in a block, and the notes on it."""
        taint = block.taint[:, 0]
        restarts = np.flatnonzero(taint & _RESTART)
        fits = (taint & _SUSPECT) == 0
        by_sample: defaultdict[int, dict[str, str]] = defaultdict(dict)
        for note in notes:
            by_sample[note.sample][note.kind] = note.text
        start = 0
        for row in [*restarts.tolist(), len(taint)]:
            self._trust(block, fits, start, row)
            if row < len(taint):
                sample = block.first_sample + row
                self._restart(sample, float(block.time_s[row]), by_sample[sample], now_s)
            start = row
        self.n_samples = block.first_sample + len(taint)
        self._newest_now_s = now_s
        self._known = None

    @property
    def n_positions(self) -> int:
        """Samples and what fills the gaps between them."""
        return self.n_samples + sum(each.n_positions for each in self.fills)

    @property
    def rate_true_hz(self) -> float:
        """The rate that the stamps say, over all stretches without a gap; the nominal one if none.

        Of a second or less nothing is known.
        """
        if self._whole_s <= 1.0:
            return self.rate_hz
        return self._whole_samples / self._whole_s

    def position(self, sample: int) -> int:
        """Return the position of a sample."""
        at = bisect_right([each.sample for each in self.fills], sample)
        return sample + sum(each.n_positions for each in self.fills[:at])

    def position_at(self, time_s: float) -> float:
        """Return the position, between samples too, of a time of the service's clock."""
        if not self._anchors:
            return 0.0
        times_s, places = self._course()
        if time_s < times_s[0]:
            return float(places[0]) - (float(times_s[0]) - time_s) * self.rate_hz
        if time_s > times_s[-1]:
            return float(places[-1]) + (time_s - float(times_s[-1])) * self.rate_hz
        return float(np.interp(time_s, times_s, places))

    def stretches(self, start: int, stop: int) -> list[tuple[int, int, int]]:
        """Return where samples `start` to `stop` go: begin, end and position of each piece."""
        cuts = sorted({start, stop, *(f.sample for f in self.fills if start < f.sample < stop)})
        return [(begin, end, self.position(begin)) for begin, end in pairwise(cuts)]

    def _course(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Return times that never fall, and the position of each."""
        if self._known is None:
            samples = np.array(self._anchors, np.int64)
            at = np.searchsorted([each.sample for each in self.fills], samples, side="right")
            filled = np.cumsum([0, *(each.n_positions for each in self.fills)])[at]
            times_s = np.maximum.accumulate(np.array(self._anchor_times_s, np.float64))
            self._known = (times_s, samples + filled)
        return self._known

    def _trust(self, block: Block, fits: NDArray[np.bool_], start: int, stop: int) -> None:
        """Take in the rows between two restarts: the first and the last whose stamp fits."""
        rows = start + np.flatnonzero(fits[start:stop])
        if not rows.size:
            return
        for row in (int(rows[0]), int(rows[-1])):
            sample, time_s = block.first_sample + row, float(block.time_s[row])
            if not self._anchors:
                self.start_s = time_s - sample / self.rate_hz
            elif not (block.taint[row, 0] & _RESTART):
                self._whole_samples += sample - self._trusted[0]
                self._whole_s += time_s - self._trusted[1]
            self._anchors.append(sample)
            self._anchor_times_s.append(time_s)
            self._trusted = (sample, time_s)

    def _restart(self, sample: int, time_s: float, notes: dict[str, str], now_s: float) -> None:
        newest, newest_s = self._trusted
        if newest < 0:
            return
        gap = GAP_NOTE.match(notes.get("gap", ""))
        if gap is not None:
            self.fills.append(Fill(int(gap["sample"]), int(gap["n_lost"]), "gap"))
            return
        passed_s = (sample - newest) / self.rate_hz
        missing_s = time_s - newest_s - passed_s
        waited_s = now_s - self._newest_now_s + passed_s
        is_clock = not notes.keys().isdisjoint({"clock_reset", "clock_correction"})
        if is_clock or not 0.0 <= missing_s <= waited_s + _CLOCK_SLACK_S:
            self.fills.append(Fill(newest + 1, 0, "clock"))
        else:
            self.fills.append(Fill(newest + 1, round(missing_s * self.rate_hz), "gap"))
