"""Reference of alignment: the common grid of two streams, row by row, from all samples."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from detectors.block import StreamLayout, Taint
from detectors.testing.subject import StreamSamples
from tests.detectors.coherence.cross_subject import Streams

_JUMP_S = 3600.0
_PLACES = np.linspace(0.0, 1.0, 5121)
_TABLE = np.sinc(10.0 * _PLACES) * np.i0(6.25 * np.sqrt(1.0 - _PLACES**2)) / np.i0(6.25)
_MISSING = np.uint16(Taint.MISSING)


def weights(distance_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
    """Return the weight of a sample at this distance from a row, interpolated from a table."""
    return rate_hz * np.interp(distance_s * rate_hz / 10.0, _PLACES, _TABLE)


def aligned(
    layouts: Sequence[StreamLayout], channels: Mapping[str, Sequence[str]], given: Streams
) -> StreamSamples:
    """Return the rows that are known once all samples are there, in this order of channels."""
    reference = min(layouts, key=lambda layout: layout.rate_hz)
    (other,) = (layout for layout in layouts if layout is not reference)
    columns = {
        each.name: [each.channels.index(label) for label in channels[each.name]] for each in layouts
    }
    rows, samples = given.by_stream[reference.name], given.by_stream[other.name]
    found = _Other(samples, columns[other.name], given, other, reference.rate_hz)
    values: list[NDArray[np.float64]] = []
    taint: list[NDArray[np.uint16]] = []
    own = columns[reference.name]
    epochs = given.epochs(reference.name)
    for row in range(rows.n_samples):
        is_silent = other.name in given.silent_at(reference.name, row)
        made = found.at(float(rows.time_s[row]), int(epochs[row]), is_silent=is_silent)
        if made is None:
            break
        value, bits, restarts = made
        restarts |= bool(rows.taint[row, 0] & Taint.RESTART)
        parts = {
            reference.name: (rows.samples_uv[row, own], rows.taint[row, own]),
            other.name: (value, bits),
        }
        values.append(np.concatenate([parts[layout.name][0] for layout in layouts]))
        both = np.concatenate([parts[layout.name][1] for layout in layouts])
        taint.append(both | np.uint16(Taint.RESTART if restarts else 0))
    n_channels = sum(len(each) for each in columns.values())
    return StreamSamples(
        np.array(values).reshape(-1, n_channels),
        rows.time_s[: len(values)],
        np.array(taint, dtype=np.uint16).reshape(-1, n_channels),
    )


class _Other:
    """The other stream, interpolated at one row after another."""

    def __init__(
        self,
        samples: StreamSamples,
        columns: list[int],
        given: Streams,
        layout: StreamLayout,
        reference_hz: float,
    ) -> None:
        self._time_s = samples.time_s
        finite = np.abs(samples.samples_uv) <= 1e12
        self._uv = _held(np.where(finite, samples.samples_uv, np.nan))[:, columns]
        bits = samples.taint & ~np.uint16(Taint.RESTART)
        self._taint = np.where(finite, bits, bits | np.uint16(Taint.NOT_FINITE))[:, columns]
        self._segment = np.cumsum((samples.taint[:, columns[0]] & Taint.RESTART) != 0)
        self._epoch = given.epochs(layout.name)
        self._settled = given.settled(layout.name)
        self._rate_hz, self._reference_hz = layout.rate_hz, reference_hz
        self._reach_s = 10.0 / reference_hz
        self._kept = 0
        self._newest = np.zeros(len(columns))
        self._newest_segment = -1

    def at(
        self, row_s: float, epoch: int, *, is_silent: bool
    ) -> tuple[NDArray[np.float64], NDArray[np.uint16], bool] | None:
        """Return value, taint, and whether the grid restarts; None if that cannot be known yet."""
        missing = (self._newest, np.full(self._newest.size, _MISSING), False)
        if is_silent:
            return missing
        start, stop = np.searchsorted(self._epoch, [epoch, epoch + 1]).tolist()
        wanted = np.arange(max(start, self._kept), max(stop, self._kept))
        parts = np.flatnonzero(np.diff(self._segment[wanted])) + 1
        for run in np.split(wanted, parts) if wanted.size else ():
            run_s = self._time_s[run]
            if run_s[0] > row_s - self._reach_s:
                if run_s[0] - row_s > _JUMP_S:
                    continue
                self._kept = int(run[0])
                return missing
            if run_s[-1] >= row_s + self._reach_s:
                return self._mean(row_s, run) or missing
        if epoch >= self._settled:
            return None
        self._kept = int(np.searchsorted(self._epoch, epoch, side="right"))
        return missing

    def _mean(
        self, row_s: float, run: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.uint16], bool] | None:
        run_s = self._time_s[run]
        self._kept = int(run[np.flatnonzero(run_s <= row_s - self._reach_s)[-1]])
        near = run[np.abs(run_s - row_s) < self._reach_s]
        weight = weights(np.abs(self._time_s[near] - row_s), self._reference_hz)
        if not 0.5 < weight.sum() / self._rate_hz < 1.5:
            return None
        self._newest = weight @ self._uv[near] / weight.sum()
        restarts = self._segment[near[0]] != self._newest_segment
        self._newest_segment = self._segment[near[0]]
        return self._newest, np.bitwise_or.reduce(self._taint[near]), bool(restarts)


def _held(samples_uv: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace NaN by the last good value of each channel, and by 0 before any."""
    held = samples_uv.copy()
    for row in range(len(held)):
        before = held[row - 1] if row else np.zeros(held.shape[1])
        held[row] = np.where(np.isnan(held[row]), before, held[row])
    return held
