"""What an epoch is worth: the mean of a measure, or the amplitude of an evoked response."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.block import Block
from detectors.contrasts.config import RestConfig
from detectors.contrasts.marker_epochs import Epoch
from detectors.contrasts.recent_rows import RecentRows
from detectors.estimates import Estimates
from detectors.kernels.trust import LIMIT_UV, SPOILS_NEWEST, SPOILS_WINDOW


class EpochValues(NamedTuple):
    """What an epoch gave on each channel.

    Parameters
    ----------
    values : ndarray, shape (n_channels,)
        Means, or amplitudes; 0 where not good.
    is_good : ndarray of bool, shape (n_channels,)
        Whether they may be used.
    taint : int
        Soft taint of what they were computed from.
    """

    values: NDArray[np.float64]
    is_good: NDArray[np.bool_]
    taint: int = 0


class MeasureEpochs:
    """The mean of a measure over the estimates that depend on samples of the epoch alone.

    Parameters
    ----------
    columns : ndarray of int64
        Of the measure, channel by channel.
    windows : list of (int, int)
        Begin and end of an epoch of each condition, in samples from its marker.
    span_samples : int
        Samples that an estimate depends on.
    hop_samples : int
        From one estimate to the next.
    reach : int
        Samples for which estimates are kept.
    """

    def __init__(
        self,
        columns: NDArray[np.int64],
        windows: list[tuple[int, int]],
        *,
        span_samples: int,
        hop_samples: int,
        reach: int,
    ) -> None:
        self._columns = columns
        self._windows = windows
        self._span = span_samples
        self._hop = hop_samples
        self._n_kept = reach // hop_samples + 2
        self._hops = RecentRows(
            np.empty(0, dtype=np.int64),
            np.empty((0, columns.size)),
            np.empty((0, columns.size), dtype=np.bool_),
            np.empty(0, dtype=np.uint16),
        )

    def reset(self) -> None:
        """Forget everything."""
        self._hops.clear()

    def add(self, given: Estimates) -> None:
        """Take hops."""
        values, valid = given.values[:, self._columns], given.valid[:, self._columns]
        self._hops.add(given.sample, values, valid, given.taint)

    def forget_old(self) -> None:
        """Forget hops that no epoch to come can hold."""
        self._hops.drop(self._hops.n_rows - self._n_kept)

    def read(self, epoch: Epoch) -> EpochValues:
        """Return the means; good where every estimate of the epoch is there and valid."""
        start, stop = (epoch.sample + each for each in self._windows[epoch.condition])
        sample, all_values, valid, taint = self._hops.joined()
        edges = np.searchsorted(sample, (start + self._span - 1, stop))
        inside = slice(int(edges[0]), int(edges[1]))
        n_hops = inside.stop - inside.start
        n_expected = (stop - start - self._span + 1) // self._hop
        if epoch.fate != "whole" or n_hops < max(1, n_expected):
            return _none(self._columns.size)
        is_good = np.asarray(valid[inside].all(axis=0))
        # One layout, so that the order of the sum does not depend on how the hops came.
        means = np.ascontiguousarray(all_values[inside]).mean(axis=0)
        values = np.where(is_good, means, 0.0)
        return EpochValues(values, is_good, int(np.bitwise_or.reduce(taint[inside])))


class ResponseEpochs:
    """The peak-to-peak amplitude of the samples of an epoch, where the muscle was at rest before.

    Parameters
    ----------
    columns : ndarray of int64
        Of the stream's samples.
    windows : list of (int, int)
        Begin and end of an epoch of each condition, in samples from its marker.
    rest : RestConfig
        What the samples before the marker must be like.
    rate_hz : float
        Of the stream.
    reach : int
        Samples that are kept.
    """

    def __init__(
        self,
        columns: NDArray[np.int64],
        windows: list[tuple[int, int]],
        rest: RestConfig,
        *,
        rate_hz: float,
        reach: int,
    ) -> None:
        self._columns = columns
        self._windows = windows
        self._rest = (round(rest.window_s[0] * rate_hz), round(rest.window_s[1] * rate_hz))
        self._rms_uv_max = rest.rms_uv_max
        self._reach = reach
        self._rows = RecentRows(
            np.empty((0, columns.size)), np.empty((0, columns.size), dtype=np.bool_)
        )
        self.reset()

    def reset(self) -> None:
        """Forget everything."""
        self._next = 0
        self._rows.clear()

    def add(self, block: Block) -> None:
        """Take samples."""
        if self._next != block.first_sample:  # samples were skipped
            self._rows.clear()
        self._next = block.first_sample + block.time_s.size
        samples_uv = block.samples_uv[:, self._columns]
        spoils = block.taint[:, self._columns] & (SPOILS_WINDOW | SPOILS_NEWEST) != 0
        is_bad = spoils | ~(np.abs(samples_uv) <= LIMIT_UV)
        self._rows.add(np.where(is_bad, 0.0, samples_uv), is_bad)

    def forget_old(self) -> None:
        """Forget samples that no epoch to come can hold."""
        self._rows.drop(self._rows.n_rows - self._reach)

    def read(self, epoch: Epoch) -> EpochValues:
        """Return the amplitudes; good where nothing is spoilt, and the muscle was at rest."""
        first = self._next - self._rows.n_rows
        samples_uv, is_bad = self._rows.joined()
        windows = (self._windows[epoch.condition], self._rest)
        response, rest = (
            slice(epoch.sample + start - first, epoch.sample + stop - first)
            for start, stop in windows
        )
        is_there = min(response.start, rest.start) >= 0
        if epoch.fate != "whole" or not is_there or max(response.stop, rest.stop) > len(is_bad):
            return _none(self._columns.size)
        is_spoilt = is_bad[response].any(axis=0) | is_bad[rest].any(axis=0)
        # One layout, so that the order of the sum does not depend on how the samples came.
        rms_uv = np.ascontiguousarray(samples_uv[rest]).std(axis=0)
        amplitude_uv = np.ptp(samples_uv[response], axis=0)
        is_good = ~is_spoilt & (rms_uv <= self._rms_uv_max)
        return EpochValues(np.where(is_good, amplitude_uv, 0.0), is_good)


def _none(n_channels: int) -> EpochValues:
    return EpochValues(np.zeros(n_channels), np.zeros(n_channels, dtype=np.bool_))
