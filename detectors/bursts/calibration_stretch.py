"""The newest samples of a calibration that goes on, kept until it is over."""

from collections import deque

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW


class CalibrationStretch:
    """Keeps samples of some channels of a stream, in the order of their indices.

    Hops come later than the samples that they are of. So samples wait until `take_until` takes
    them.

    Parameters
    ----------
    columns : list of int
        The channels in the stream.
    n_samples : int
        Newest samples that are kept.
    """

    def __init__(self, columns: list[int], n_samples: int) -> None:
        self._columns = columns
        self._samples_uv = np.zeros((n_samples, len(columns)))
        self._is_good = np.zeros(self._samples_uv.shape, dtype=np.bool_)
        self._begins = np.zeros(n_samples, dtype=np.bool_)
        self._n_taken = 0
        self._waiting: deque[tuple[int, NDArray[np.float64], NDArray[np.uint16]]] = deque()

    def add(self, block: Block) -> None:
        """Let the samples of a block wait."""
        self._waiting.append(
            (block.first_sample, block.samples_uv[:, self._columns], block.taint[:, self._columns])
        )

    def take_until(self, sample: int) -> None:
        """Take every sample up to this one, and this one too."""
        while self._waiting and self._waiting[0][0] <= sample:
            first, samples_uv, taint = self._waiting.popleft()
            n_rows = min(sample + 1 - first, len(samples_uv))
            if n_rows < len(samples_uv):
                self._waiting.appendleft((first + n_rows, samples_uv[n_rows:], taint[n_rows:]))
            self._take(samples_uv[:n_rows], taint[:n_rows])

    def channel(
        self, column: int
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Return a channel's samples, whether each is good, and whether time was lost before it."""
        n_kept = min(self._n_taken, len(self._begins))
        rows = np.arange(self._n_taken - n_kept, self._n_taken) % len(self._begins)
        return self._samples_uv[rows, column], self._is_good[rows, column], self._begins[rows]

    def _take(self, samples_uv: NDArray[np.float64], taint: NDArray[np.uint16]) -> None:
        n_rows = len(samples_uv)
        kept = slice(max(0, n_rows - len(self._begins)), None)
        rows = np.arange(self._n_taken, self._n_taken + n_rows)[kept] % len(self._begins)
        is_bad = (taint & (SPOILS_WINDOW | SPOILS_NEWEST)) != 0
        self._samples_uv[rows] = samples_uv[kept]
        self._is_good[rows] = (~is_bad & (np.abs(samples_uv) <= LIMIT_UV))[kept]
        self._begins[rows] = ((taint & RESTART) != 0).any(axis=1)[kept]
        self._n_taken += n_rows
