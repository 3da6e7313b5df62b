"""One stream's samples at the times of another's: matched by time, low-passed, in a fixed order."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.alignment.state import GridRows, QueuedSamples, State
from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.trust import LIMIT_UV, RESTART

#: The sum of the weights over that of evenly spaced samples must lie between these: else too many
#: samples are missing, or too many stand in one place.
_WEIGHT_SHARE_MIN: Final = 0.5
_WEIGHT_SHARE_MAX: Final = 1.5

# What the search for the samples about a row comes to.
_FOUND: Final = 0
_MISSING: Final = 1
_WAITS: Final = 2

_NOT_FINITE: Final = int(Taint.NOT_FINITE)
_TAINT_MISSING: Final = int(Taint.MISSING)


@kernel
def add_samples(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    epoch: int,
    addresses: NDArray[np.int64],
    queue_addresses: NDArray[np.int64],
) -> None:
    """Write a block's samples to the newest rows of the queue.

    Parameters
    ----------
    samples_uv, time_s, taint
        A block, see `detectors.block.Block`.
    epoch : int
        Number of the newest break before it.
    addresses, queue_addresses
        Of bundles of `State` and `QueuedSamples`, which is as much longer already.
    """
    state = opened(State, addresses)
    queue = opened(QueuedSamples, queue_addresses)
    progress, columns, good_uv = state.progress, state.columns, state.good_uv
    first = queue.extent.stop - time_s.size
    for row in range(time_s.size):
        if taint[row, columns[0]] & RESTART:
            progress.n_segments += 1
        to = first + row
        queue.time_s[to] = time_s[row]
        queue.epoch[to] = epoch
        queue.segment[to] = progress.n_segments
        queue.is_tainted[to] = False
        for channel in range(columns.size):
            value = samples_uv[row, columns[channel]]
            bits = taint[row, columns[channel]] & ~RESTART
            if abs(value) <= LIMIT_UV:
                good_uv[channel] = value
            else:
                bits |= _NOT_FINITE
            queue.samples_uv[to, channel] = good_uv[channel]
            queue.taint[to, channel] = bits
            queue.is_tainted[to] |= bits != 0


@kernel
def update(
    n_overdue: int,
    addresses: NDArray[np.int64],
    queue_addresses: NDArray[np.int64],
    grid_addresses: NDArray[np.int64],
) -> None:
    """Fill in the rows of the grid, in order, that the stream has passed.

    Parameters
    ----------
    n_overdue : int
        Rows of the grid that have waited for too long.
    addresses, queue_addresses, grid_addresses
        Of bundles of `State`, `QueuedSamples` and `GridRows`.
    """
    state = opened(State, addresses)
    queue = opened(QueuedSamples, queue_addresses)
    grid = opened(GridRows, grid_addresses)
    progress, settings = state.progress, state.settings
    start = grid.extent.start
    n_rows = grid.extent.stop - start
    while progress.n_done < n_rows:
        row = start + progress.n_done
        verdict = _MISSING
        if not grid.is_silent[row, settings.stream]:
            verdict = _search(grid.time_s[row], grid.epoch[row], queue, state)
        if verdict == _WAITS and progress.n_done >= n_overdue:
            return
        if verdict == _WAITS:
            verdict = _MISSING
            # It has passed nothing; only a row of the same clock may go on where it gave up.
            is_last = progress.n_done + 1 == n_rows
            if is_last or grid.epoch[row + 1] != grid.epoch[row] or grid.restarts[row + 1]:
                progress.before = progress.oldest
        else:
            progress.oldest = progress.before
        _fill(verdict == _FOUND, row, queue, state, grid)
        progress.n_done += 1


@kernel
def _fill(is_found: bool, row: int, queue: QueuedSamples, state: State, grid: GridRows) -> None:
    """Write a row's values: those of the samples that were found, or the last ones that were."""
    progress, held_uv = state.progress, state.held_uv
    first_column = state.settings.first_column
    first = queue.extent.start + progress.before + 1
    end = queue.extent.start + progress.after
    values = grid.samples_uv[row, first_column : first_column + held_uv.size]
    bits = grid.taint[row, first_column : first_column + held_uv.size]
    if is_found and _average(
        grid.time_s[row], queue.time_s[first:end], queue.samples_uv[first:end], state, values
    ):
        held_uv[:] = values
        bits[:] = 0
        for near in range(first, end):
            if queue.is_tainted[near]:
                bits |= queue.taint[near]
        if queue.segment[first] != progress.segment:
            progress.segment = queue.segment[first]
            grid.restarts[row] = True
    else:
        values[:] = held_uv
        bits[:] = _TAINT_MISSING


@kernel
def _search(row_s: float, row_epoch: int, queue: QueuedSamples, state: State) -> int:
    """Look for the samples on both sides of a row, between the same breaks, in one segment.

    `Progress.before` becomes the newest sample before their reach, `after` the first one behind
    it.
    """
    progress, reach_s = state.progress, state.settings.reach_s
    time_s = queue.time_s[queue.extent.start : queue.extent.stop]
    epoch = queue.epoch[queue.extent.start : queue.extent.stop]
    segment = queue.segment[queue.extent.start : queue.extent.stop]
    n_samples = time_s.size
    at = progress.before
    while at < n_samples and epoch[at] < row_epoch:
        at += 1
    verdict = _MISSING
    while at < n_samples and epoch[at] == row_epoch:
        if time_s[at] > row_s - reach_s:
            if time_s[at] - row_s <= state.settings.jump_s:
                break  # the segment begins too late for this row
            at = _end_of_segment(at, epoch, segment)
            continue
        while _goes_on(at, at + 1, epoch, segment) and time_s[at + 1] <= row_s - reach_s:
            at += 1
        after = _past(at, progress.after, row_s + reach_s, time_s, epoch, segment)
        progress.after = after
        if after == n_samples:
            verdict = _WAITS
            break
        if _goes_on(at, after, epoch, segment):
            verdict = _FOUND
            break
        at = after
    if at == n_samples:
        verdict = _WAITS
    if verdict == _WAITS and row_epoch < progress.settled_epoch:
        verdict = _MISSING
    progress.before = at
    return verdict


@kernel
def _past(
    at: int,
    guess: int,
    end_s: float,
    time_s: NDArray[np.float64],
    epoch: NDArray[np.int64],
    segment: NDArray[np.int64],
) -> int:
    """Return the first sample from `end_s` on, or that is parted from the one at `at`."""
    is_before = (
        at < guess <= time_s.size
        and _goes_on(at, guess - 1, epoch, segment)
        and time_s[guess - 1] < end_s
    )
    past = guess if is_before else at + 1
    while _goes_on(at, past, epoch, segment) and time_s[past] < end_s:
        past += 1
    return past


@kernel
def _goes_on(at: int, other: int, epoch: NDArray[np.int64], segment: NDArray[np.int64]) -> bool:
    """Return whether a sample is there and nothing parts it from another one."""
    if other >= epoch.size:
        return False
    return bool(segment[other] == segment[at] and epoch[other] == epoch[at])


@kernel
def _end_of_segment(at: int, epoch: NDArray[np.int64], segment: NDArray[np.int64]) -> int:
    """Return the first sample that is parted from the one at `at`."""
    end = at + 1
    while _goes_on(at, end, epoch, segment):
        end += 1
    return end


@kernel
def _average(
    row_s: float,
    time_s: NDArray[np.float64],
    samples_uv: NDArray[np.float64],
    state: State,
    values: NDArray[np.float64],
) -> bool:
    """Write the weighted mean of the samples near a row; return whether they are evenly spaced.

    It is counted from the oldest sample, so an offset costs no precision.
    """
    weights, rate_hz = state.weights, state.settings.rate_hz
    steps_per_s = (weights.size - 1) / state.settings.reach_s
    total = 0.0
    values[:] = 0.0
    for near in range(time_s.size):
        position = abs(row_s - time_s[near]) * steps_per_s
        step = min(int(position), weights.size - 2)
        weight = weights[step] + (position - step) * (weights[step + 1] - weights[step])
        total += weight
        for channel in range(values.size):
            values[channel] += weight * (samples_uv[near, channel] - samples_uv[0, channel])
    if not _WEIGHT_SHARE_MIN * rate_hz < total < _WEIGHT_SHARE_MAX * rate_hz:
        return False
    for channel in range(values.size):
        values[channel] = samples_uv[0, channel] + values[channel] / total
    return True
