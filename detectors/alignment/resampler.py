"""One stream of several, brought to the times of another's samples."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.alignment import alignment_kernel as kernel
from detectors.alignment.backlog import Backlog
from detectors.alignment.state import GridRows, Progress, Settings, State, no_samples
from detectors.block import Block, StreamLayout
from detectors.compiling.bundle import Bundle

#: A stream that goes on this much later than a sample of the other has another clock for now: its
#: next restart is waited for. Less is a hole, or a late start.
JUMP_S: Final = 3600.0
#: Seconds of a stream that may wait for the other, beside the newest block.
WAITING_S_MAX: Final = 90.0
#: Weights reach over this number of samples of the reference on either side ...
_REACH: Final = 10
#: ... with this Kaiser window 65 dB down from 0.6 of its rate on, and flat to 0.4.
_BETA: Final = 6.25
_STEPS: Final = 512


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
        Columns of its blocks that are used.
    reference_hz : float
        Nominal rate of the reference, the lower one.
    number : int
        Of the stream among those that are resampled.
    first_column : int
        First column of its channels in the rows.
    """

    def __init__(
        self,
        layout: StreamLayout,
        columns: NDArray[np.int64],
        reference_hz: float,
        *,
        number: int,
        first_column: int,
    ) -> None:
        self.name = layout.name
        self._columns = columns
        self._n_waiting_max = round(WAITING_S_MAX * layout.rate_hz)
        self._weights = _weights(reference_hz)
        self._settings = Settings(
            jump_s=JUMP_S,
            reach_s=reach_s(reference_hz),
            rate_hz=layout.rate_hz,
            stream=number,
            first_column=first_column,
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything: what follows is as after construction."""
        n_channels = self._columns.size
        self._samples = Backlog(no_samples(n_channels))
        progress = Progress()
        self._state = Bundle(
            State(
                columns=self._columns,
                weights=self._weights,
                good_uv=np.zeros(n_channels),
                held_uv=np.zeros(n_channels),
                settings=self._settings,
                progress=progress,
            )
        )
        self._n_done = progress.view("n_done")
        self._settled_epoch = progress.view("settled_epoch")
        self._oldest = progress.view("oldest")
        self._positions = tuple(progress.view(name) for name in ("oldest", "before", "after"))
        self._next_sample = 0
        self._breaks: list[tuple[int, int]] = []

    @property
    def n_done(self) -> int:
        """Rows of the grid that are filled in."""
        return int(self._n_done)

    def begin_epoch(self, epoch: int, next_sample: int) -> None:
        """Note which sample a new epoch begins with; more than once does no harm."""
        self._breaks.append((epoch, next_sample))

    def add(self, block: Block, epoch: int) -> None:
        """Put the stream's next samples, of this epoch, into the queue."""
        self._drop_samples(max(0, len(self._samples) - self._n_waiting_max))
        n_samples = block.time_s.size
        self._samples.extend(n_samples)
        self._next_sample = block.first_sample + n_samples
        kernel.add_samples(
            block.samples_uv,
            block.time_s,
            block.taint,
            epoch,
            self._state.addresses,
            self._samples.addresses,
        )

    def fill(self, grid: Backlog[GridRows], n_overdue: int) -> None:
        """Fill in all rows that can be filled in; the first `n_overdue` wait no longer."""
        for epoch, next_sample in self._breaks:
            if next_sample <= self._next_sample:
                self._settled_epoch[...] = max(int(self._settled_epoch), epoch)
        self._breaks = [each for each in self._breaks if each[0] > self._settled_epoch]
        kernel.update(n_overdue, self._state.addresses, self._samples.addresses, grid.addresses)
        self._drop_samples(int(self._oldest))

    def drop_rows(self, n_rows: int) -> None:
        """Let the first rows of the grid be gone."""
        self._n_done -= n_rows

    def _drop_samples(self, n_samples: int) -> None:
        if n_samples:
            self._samples.drop(n_samples)
            for position in self._positions:
                position[...] = max(0, int(position) - n_samples)


def _weights(reference_hz: float) -> NDArray[np.float64]:
    """Return the weights of a low-pass at half the reference's rate, by distance in time."""
    distance = np.linspace(0.0, 1.0, _REACH * _STEPS + 1)
    window = np.i0(_BETA * np.sqrt(1.0 - distance**2)) / np.i0(_BETA)
    weights: NDArray[np.float64] = reference_hz * np.sinc(_REACH * distance) * window
    return weights
