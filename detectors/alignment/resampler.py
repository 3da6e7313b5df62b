"""One stream of several, brought to the times of another's samples."""

import numpy as np
from numpy.typing import NDArray

from detectors.alignment import alignment_kernel as kernel
from detectors.alignment.backlog import Backlog
from detectors.block import Block, StreamLayout

#: A stream that goes on so much later than a sample of the other has another clock for now: its
#: next restart is waited for. Less is a hole, or a late start.
JUMP_S = 3600.0
#: So much of a stream may wait for the other, beside the newest block.
WAITING_S_MAX = 90.0
#: Weights reach over so many samples of the reference on either side ...
_REACH = 10
#: ... with this Kaiser window 65 dB down from 0.6 of its rate on, and flat to 0.4.
_BETA = 6.25
_STEPS = 512


def reach_s(rate_hz: float) -> float:
    """Return how far from a sample of a reference of this rate weights reach."""
    return _REACH / rate_hz


class Resampler:
    """Fills in one stream's columns of the rows that a reference gives.

    Parameters
    ----------
    layout : StreamLayout
        The stream.
    columns : ndarray of int64
        Which of its channels.
    reference_hz : float
        Nominal rate of the reference, the lower one.
    first_column : int
        Where the channels are in the rows.
    """

    def __init__(
        self,
        layout: StreamLayout,
        columns: NDArray[np.int64],
        reference_hz: float,
        first_column: int,
    ) -> None:
        self.name = layout.name
        self._rate_hz = layout.rate_hz
        self._columns = columns
        self._reach_s = reach_s(reference_hz)
        self._first_column = first_column
        self._n_waiting_max = round(WAITING_S_MAX * layout.rate_hz)
        self._table = _table(reference_hz)
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        n_channels = self._columns.size
        self._samples = Backlog(
            {
                "time_s": (np.float64, ()),
                "epoch": (np.int64, ()),
                "segment": (np.int64, ()),
                "samples_uv": (np.float64, (n_channels,)),
                "taint": (np.uint16, (n_channels,)),
                "is_tainted": (np.bool_, ()),
            }
        )
        self._state = np.zeros(kernel.N_STATE, dtype=np.int64)
        self._good_uv = np.zeros(n_channels)
        self._held_uv = np.zeros(n_channels)
        self._n_segments = 0
        self._next_sample = 0
        self._breaks: list[tuple[int, int]] = []
        self._settled = 0
        self.n_done = 0

    def part(self, epoch: int, next_sample: int) -> None:
        """Hear which sample a new epoch begins with; more than once does no harm."""
        self._breaks.append((epoch, next_sample))

    def take(self, block: Block, epoch: int) -> None:
        """Put the stream's next samples, of this epoch, in line."""
        self._drop(max(0, len(self._samples) - self._n_waiting_max))
        n_samples = block.time_s.size
        self._samples.extend(n_samples)
        new = {
            name: self._samples[name][len(self._samples) - n_samples :]
            for name in ("time_s", "epoch", "segment", "samples_uv", "taint", "is_tainted")
        }
        self._next_sample = block.first_sample + n_samples
        new["time_s"][:] = block.time_s
        new["epoch"][:] = epoch
        self._n_segments = kernel.take(
            block.samples_uv,
            block.taint,
            self._columns,
            self._n_segments,
            self._good_uv,
            new["samples_uv"],
            new["taint"],
            new["is_tainted"],
            new["segment"],
        )

    def fill(self, rows: Backlog, row_is_silent: NDArray[np.bool_], n_overdue: int) -> None:
        """Fill in all rows that can be; the first so many do not wait any longer."""
        for epoch, next_sample in self._breaks:
            if next_sample <= self._next_sample:
                self._settled = max(self._settled, epoch)
        self._breaks = [each for each in self._breaks if each[0] > self._settled]
        self.n_done = kernel.resample(
            rows["time_s"],
            rows["epoch"],
            row_is_silent,
            self.n_done,
            n_overdue,
            self._samples["time_s"],
            self._samples["epoch"],
            self._samples["segment"],
            self._samples["samples_uv"],
            self._samples["taint"],
            self._samples["is_tainted"],
            self._settled,
            JUMP_S,
            self._reach_s,
            self._rate_hz,
            self._table,
            self._state,
            self._held_uv,
            self._first_column,
            rows["samples_uv"],
            rows["taint"],
            rows["restarts"],
        )
        self._drop(int(self._state[kernel.KEPT]))

    def _drop(self, n_samples: int) -> None:
        if n_samples:
            self._samples.drop(n_samples)
            wanted = self._state[[kernel.KEPT, kernel.AT, kernel.AHEAD]] - n_samples
            self._state[[kernel.KEPT, kernel.AT, kernel.AHEAD]] = np.maximum(wanted, 0)


def _table(reference_hz: float) -> NDArray[np.float64]:
    """Return the weights of a low-pass at half the reference's rate, by distance in time."""
    distance = np.linspace(0.0, 1.0, _REACH * _STEPS + 1)
    window = np.i0(_BETA * np.sqrt(1.0 - distance**2)) / np.i0(_BETA)
    weights: NDArray[np.float64] = reference_hz * np.sinc(_REACH * distance) * window
    return weights
