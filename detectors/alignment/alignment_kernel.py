"""One stream's samples at the times of another's: matched by time, low-passed, in a fixed order."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.block import Taint
from detectors.compiling.kernel import kernel
from detectors.kernels.trust import LIMIT_UV, RESTART

#: Weights that sum to less, or more, of what evenly spread samples give: there is no telling.
_SPREAD_MIN: Final = 0.5
_SPREAD_MAX: Final = 1.5

#: Places in the `state` array: the oldest sample that is still wanted, how far the search for the
#: row that waits has come (its window's sides), and the segment of the newest row that was found.
KEPT: Final = 0
AT: Final = 1
AHEAD: Final = 2
SEGMENT: Final = 3
N_STATE: Final = 4

# Verdicts on a row.
_FOUND: Final = 0
_MISSING: Final = 1
_WAITS: Final = 2

_NOT_FINITE: Final = int(Taint.NOT_FINITE)
_TAINT_MISSING: Final = int(Taint.MISSING)


@kernel
def take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    n_segments: int,
    good_uv: NDArray[np.float64],
    out_uv: NDArray[np.float64],
    out_taint: NDArray[np.uint16],
    out_is_tainted: NDArray[np.bool_],
    out_segment: NDArray[np.int64],
) -> int:
    """Put a block's samples in line; return how many segments have begun.

    Parameters
    ----------
    samples_uv, taint
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    n_segments : int
        Restarts before the block.
    good_uv : ndarray of float64, shape (n_channels,)
        Last good value of each channel; kept between calls.
    out_uv, out_taint, out_is_tainted, out_segment
        Room for as many samples.
    """
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            n_segments += 1
        out_segment[row] = n_segments
        out_is_tainted[row] = False
        for place in range(columns.size):
            value = samples_uv[row, columns[place]]
            bits = taint[row, columns[place]] & ~RESTART
            if abs(value) <= LIMIT_UV:
                good_uv[place] = value
            else:
                bits |= _NOT_FINITE
            out_uv[row, place] = good_uv[place]
            out_taint[row, place] = bits
            out_is_tainted[row] |= bits != 0
    return n_segments


@kernel
def resample(
    row_time_s: NDArray[np.float64],
    row_epoch: NDArray[np.int64],
    row_is_silent: NDArray[np.bool_],
    n_done: int,
    n_overdue: int,
    time_s: NDArray[np.float64],
    epoch: NDArray[np.int64],
    segment: NDArray[np.int64],
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    is_tainted: NDArray[np.bool_],
    settled: int,
    jump_s: float,
    reach_s: float,
    rate_hz: float,
    table: NDArray[np.float64],
    state: NDArray[np.int64],
    held_uv: NDArray[np.float64],
    first_column: int,
    out_uv: NDArray[np.float64],
    out_taint: NDArray[np.uint16],
    out_restarts: NDArray[np.bool_],
) -> int:
    """Fill in the rows, in order, that the stream has passed; return how many are done.

    Parameters
    ----------
    row_time_s, row_epoch, row_is_silent : ndarray, shape (n_rows,)
        Time of each row, the number of the newest break before it, and whether that says that
        the stream is silent.
    n_done, n_overdue : int
        Rows filled in already; rows that have waited for too long.
    time_s, epoch, segment, samples_uv, taint, is_tainted
        The stream's samples in line.
    settled : int
        All samples before this break have been given.
    jump_s : float
        A segment that begins so much later than a row has another clock.
    reach_s : float
        Samples nearer than this to a row's time have a weight.
    rate_hz : float
        Nominal rate.
    table : ndarray of float64, shape (n_steps + 1,)
        Weight at 0 to `reach_s`.
    state : ndarray of int64, shape (N_STATE,)
        See the places above.
    held_uv : ndarray of float64, shape (n_channels,)
        The newest row that was found, which stands in for what is missing.
    first_column : int
        Where the stream's channels are in the rows.
    out_uv, out_taint, out_restarts
        The rows; `out_restarts` says already where the reference restarts.
    """
    for row in range(n_done, row_time_s.size):
        verdict = _MISSING
        if not row_is_silent[row]:
            verdict = _search(
                row_time_s[row],
                row_epoch[row],
                time_s,
                epoch,
                segment,
                settled,
                jump_s,
                reach_s,
                state,
            )
        if verdict == _WAITS and row >= n_overdue:
            return row
        if verdict == _WAITS:
            verdict = _MISSING
            # It has passed nothing; only a row of the same clock may go on where it gave up.
            after = row + 1
            if (
                after == row_time_s.size
                or row_epoch[after] != row_epoch[row]
                or out_restarts[after]
            ):
                state[AT] = state[KEPT]
        else:
            state[KEPT] = state[AT]
        first = state[AT] + 1
        end = state[AHEAD]
        values = out_uv[row, first_column : first_column + held_uv.size]
        bits = out_taint[row, first_column : first_column + held_uv.size]
        if verdict == _FOUND and _weigh(
            row_time_s[row],
            time_s[first:end],
            samples_uv[first:end],
            reach_s,
            rate_hz,
            table,
            values,
        ):
            held_uv[:] = values
            bits[:] = 0
            for near in range(first, end):
                if is_tainted[near]:
                    bits |= taint[near]
            if segment[first] != state[SEGMENT]:
                state[SEGMENT] = segment[first]
                out_restarts[row] = True
        else:
            values[:] = held_uv
            bits[:] = _TAINT_MISSING
    return row_time_s.size


@kernel
def _search(
    row_s: float,
    row_epoch: int,
    time_s: NDArray[np.float64],
    epoch: NDArray[np.int64],
    segment: NDArray[np.int64],
    settled: int,
    jump_s: float,
    reach_s: float,
    state: NDArray[np.int64],
) -> int:
    """Look for the samples on both sides of a row, between the same breaks, in one segment.

    ``AT`` becomes the newest sample that is before their reach, ``AHEAD`` the first one after it.
    """
    n_samples = time_s.size
    at = state[AT]
    while at < n_samples and epoch[at] < row_epoch:
        at += 1
    verdict = _MISSING
    while at < n_samples and epoch[at] == row_epoch:
        if time_s[at] > row_s - reach_s:
            if time_s[at] - row_s <= jump_s:
                break  # the segment begins too late for this row
            at = _end_of_segment(at, epoch, segment)
            continue
        while _goes_on(at, at + 1, epoch, segment) and time_s[at + 1] <= row_s - reach_s:
            at += 1
        ahead = _past(at, state[AHEAD], row_s + reach_s, time_s, epoch, segment)
        state[AHEAD] = ahead
        if ahead == n_samples:
            verdict = _WAITS
            break
        if _goes_on(at, ahead, epoch, segment):
            verdict = _FOUND
            break
        at = ahead
    if at == n_samples:
        verdict = _WAITS
    if verdict == _WAITS and row_epoch < settled:
        verdict = _MISSING
    state[AT] = at
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
    end = at + 1
    while _goes_on(at, end, epoch, segment):
        end += 1
    return end


@kernel
def _weigh(
    row_s: float,
    time_s: NDArray[np.float64],
    samples_uv: NDArray[np.float64],
    reach_s: float,
    rate_hz: float,
    table: NDArray[np.float64],
    values: NDArray[np.float64],
) -> bool:
    """Compute the weighted mean of the samples near a row; return whether they are spread evenly.

    It is counted from the oldest sample, so an offset costs no precision.
    """
    steps_per_s = (table.size - 1) / reach_s
    total = 0.0
    values[:] = 0.0
    for near in range(time_s.size):
        place = abs(row_s - time_s[near]) * steps_per_s
        step = min(int(place), table.size - 2)
        weight = table[step] + (place - step) * (table[step + 1] - table[step])
        total += weight
        for channel in range(values.size):
            values[channel] += weight * (samples_uv[near, channel] - samples_uv[0, channel])
    if not _SPREAD_MIN * rate_hz < total < _SPREAD_MAX * rate_hz:
        return False
    for channel in range(values.size):
        values[channel] = samples_uv[0, channel] + values[channel] / total
    return True
