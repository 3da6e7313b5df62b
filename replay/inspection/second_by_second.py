"""What each second of a stream is like: its range, its flaws, and the standard deviation of all."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import WINDOW_TAINT, Block
from replay.inspection.inspected import Excursions

#: A range this many times the median one is unusual.
_RATIO: Final = 5.0
#: Seconds of which a median says something.
_N_SECONDS_MIN: Final = 10
_SPOILS: Final = np.uint16(WINDOW_TAINT)


class SecondBySecond:
    """Keeps a few numbers of each second and channel.

    Parameters
    ----------
    rate_hz : float
        Of the stream; seconds are counted in its samples.
    n_channels : int
        Of its blocks.
    """

    def __init__(self, rate_hz: float, n_channels: int) -> None:
        self._per_second = max(1, round(rate_hz))
        self._n_channels = n_channels
        self._n: list[int] = []
        self._n_bad: list[NDArray[np.int64]] = []
        self._highest: list[NDArray[np.float64]] = []
        self._lowest: list[NDArray[np.float64]] = []
        self._origin: NDArray[np.float64] | None = None
        self._sums = np.zeros((3, n_channels))

    def add(self, block: Block) -> None:
        """Add the next samples."""
        start, n_rows = 0, len(block.time_s)
        while start < n_rows:
            second = (block.first_sample + start) // self._per_second
            stop = min(n_rows, (second + 1) * self._per_second - block.first_sample)
            is_bad = (block.taint[start:stop] & _SPOILS) != 0
            self._add(second, block.samples_uv[start:stop], is_bad)
            start = stop

    def _add(self, second: int, samples_uv: NDArray[np.float64], is_bad: NDArray[np.bool_]) -> None:
        while len(self._n) <= second:
            self._n.append(0)
            self._n_bad.append(np.zeros(self._n_channels, np.int64))
            self._highest.append(np.full(self._n_channels, -np.inf))
            self._lowest.append(np.full(self._n_channels, np.inf))
        self._n[second] += len(samples_uv)
        self._n_bad[second] += is_bad.sum(axis=0)
        highest = np.where(is_bad, -np.inf, samples_uv).max(axis=0)
        lowest = np.where(is_bad, np.inf, samples_uv).min(axis=0)
        np.maximum(self._highest[second], highest, out=self._highest[second])
        np.minimum(self._lowest[second], lowest, out=self._lowest[second])
        if self._origin is None:
            self._origin = samples_uv[0].copy()
        shifted = np.where(is_bad, 0.0, samples_uv - self._origin)
        self._sums += ((~is_bad).sum(axis=0), shifted.sum(axis=0), (shifted**2).sum(axis=0))

    @property
    def tainted(self) -> NDArray[np.float32]:
        """Share of the samples of each second that have a flaw, shape (n_seconds, n_channels)."""
        n = np.array(self._n, np.float64)[:, None]
        n_bad = np.array(self._n_bad, np.float64).reshape(-1, self._n_channels)
        return (n_bad / np.maximum(n, 1.0)).astype(np.float32)

    def share_good(self, channel: int) -> float:
        """Return the share of a channel's samples without a flaw."""
        n = sum(self._n)
        return float(self._sums[0, channel] / n) if n else 0.0

    def sd(self, channel: int) -> float | None:
        """Return the standard deviation of a channel's good samples; None without two."""
        n, total, squares = self._sums[:, channel].tolist()
        if n < 2:
            return None
        return float(np.sqrt(max(0.0, squares / n - (total / n) ** 2)))

    def excursions(self, channel: int) -> Excursions | None:
        """Return the seconds of unusual range; None where there is none."""
        highest = np.array([each[channel] for each in self._highest])
        lowest = np.array([each[channel] for each in self._lowest])
        is_known = np.isfinite(highest) & np.isfinite(lowest)
        span = np.where(is_known, highest - lowest, 0.0) if is_known.any() else np.zeros(0)
        known = span[is_known] if span.size else span
        if known.size < _N_SECONDS_MIN or not (median := float(np.median(known))) > 0.0:
            return None
        unusual = np.flatnonzero(is_known & (span > _RATIO * median))
        if not unusual.size:
            return None
        return Excursions(
            n=int(unusual.size),
            of=int(known.size),
            first_s=float(unusual[0]),
            highest_ratio=float(known.max() / median),
        )
