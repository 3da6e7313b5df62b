"""Sums over bursts, in blocks that slide, and what noise would give beside them."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels import burst

#: Columns each channel has in the output; those of noise in the order of those they stand beside.
RATE: Final = 0
DURATION: Final = 1
MEAN_AMPLITUDE: Final = 2
PEAK_AMPLITUDE: Final = 3
LONG_FRACTION: Final = 4
NULL: Final = 5
N_BURSTS: Final = 10
SEEN: Final = 11
IS_NULL_WHITE: Final = 12
N_COLUMNS: Final = 13

#: Columns of `counts`, one row a channel: hops of the present burst.
HOPS: Final = 0
N_COUNTS: Final = 1
#: Columns of `burst_sums`, one row a channel: sum and greatest of the measure in it.
TOTAL: Final = 0
GREATEST: Final = 1
N_BURST_SUMS: Final = 2

# Columns of `block_counts`, for each block and channel.
SEEN_HOPS: Final = 0  # hops at which it could be said whether there is a burst
ABOVE_HOPS: Final = 1  # those of them above the threshold
WHOLE_BURSTS: Final = 2  # bursts that ended
CUT_BURSTS: Final = 3  # bursts that bad data ended
WHOLE_HOPS: Final = 4  # hops of the bursts that ended
LONG_BURSTS: Final = 5
N_BLOCK_COUNTS: Final = 6
# Columns of `block_sums`: of the bursts that ended, means and peaks of the measure.
MEANS: Final = 0
PEAKS: Final = 1
N_BLOCK_SUMS: Final = 2

#: Places of `state`: hops seen, those since the last estimate, the present block, and whether
#: what went on before it was cut off since the last estimate.
HOP: Final = 0
SINCE_EMIT: Final = 1
BLOCK: Final = 2
IS_CUT: Final = 3
N_STATE: Final = 4

#: Columns of `null`, one row a share of the time above the threshold.
SHARE: Final = 0
N_MEASURES: Final = 5
N_NULL: Final = 1 + N_MEASURES


@kernel
def fold(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    is_cut: NDArray[np.bool_],
    lag: int,
    long_hops: float,
    every: int,
    state: NDArray[np.int64],
    counts: NDArray[np.int64],
    burst_sums: NDArray[np.float64],
    recent: NDArray[np.float64],
    block_counts: NDArray[np.int64],
    block_sums: NDArray[np.float64],
    hop_s: float,
    n_bursts_min: int,
    is_signed: bool,
    null: NDArray[np.float64],
    is_null_white: NDArray[np.float64],
    out_hop: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Fold hops of a burst detector in; return the number of estimates written.

    Parameters
    ----------
    values, valid
        Estimates of a burst detector, see `detectors.kernels.burst`.
    is_cut : ndarray of bool, shape (n_hops,)
        Whether a restart lies between this hop and the one before.
    lag : int
        Hops from the crossing of the threshold to the hop that makes it a burst.
    long_hops : float
        A burst of more hops is long.
    every : int
        Hops from one estimate to the next, which is a block.
    state, counts, burst_sums, recent, block_counts, block_sums
        What is kept between calls. `recent` holds, for each channel, the measure of the last `lag`
        hops; the blocks are a ring, the first index.
    hop_s : float
        Seconds of a hop of the burst detector.
    n_bursts_min : int
        Means of fewer bursts are not valid.
    is_signed : bool
        Whether amplitudes in noise lie so far above the threshold, or so many times.
    null : ndarray, shape (n_channels, n_shares, N_NULL)
        See the columns above; shares ascending.
    is_null_white : ndarray, shape (n_channels,)
        1 where the noise is white.
    out_hop, out_values, out_valid
        Room for the estimates; the first is the row of the hop that completed each.
    """
    n_made = 0
    for row in range(values.shape[0]):
        block = state[BLOCK]
        state[IS_CUT] |= is_cut[row]
        for channel in range(counts.shape[0]):
            at = burst.N_COLUMNS * channel
            _take(
                values[row, at + burst.VALUE],
                values[row, at + burst.THRESHOLD],
                values[row, at + burst.IS_ON] > 0.0,
                valid[row, at + burst.IS_ON],
                state[HOP],
                lag,
                long_hops,
                counts[channel],
                burst_sums[channel],
                recent[channel],
                block_counts[block, channel],
                block_sums[block, channel],
            )
        state[HOP] += 1
        state[SINCE_EMIT] += 1
        if state[SINCE_EMIT] < every:
            continue
        out_hop[n_made] = row
        for channel in range(counts.shape[0]):
            _emit(
                values[row, burst.N_COLUMNS * channel + burst.THRESHOLD],
                channel,
                block,
                every,
                hop_s,
                n_bursts_min,
                state[IS_CUT] != 0,
                is_signed,
                block_counts,
                block_sums,
                null[channel],
                is_null_white[channel],
                out_values[n_made, N_COLUMNS * channel : N_COLUMNS * (channel + 1)],
                out_valid[n_made, N_COLUMNS * channel : N_COLUMNS * (channel + 1)],
            )
        n_made += 1
        state[SINCE_EMIT] = state[IS_CUT] = 0
        state[BLOCK] = block = (block + 1) % block_counts.shape[0]
        block_counts[block] = 0
        block_sums[block] = 0.0
    return n_made


@kernel
def _take(
    value: float,
    threshold: float,
    is_on: bool,
    decides: bool,
    hop: int,
    lag: int,
    long_hops: float,
    count: NDArray[np.int64],
    burst_sum: NDArray[np.float64],
    recent: NDArray[np.float64],
    block_count: NDArray[np.int64],
    block_sum: NDArray[np.float64],
) -> None:
    """Take one hop of one channel; a burst is counted in the block in which it ends."""
    was_on = count[HOPS] > 0
    if is_on:
        if not was_on:
            burst_sum[TOTAL] = 0.0
            burst_sum[GREATEST] = value
            for back in range(lag, 0, -1):
                _add(recent[(hop - back) % lag], count, burst_sum)
        _add(value, count, burst_sum)
    elif was_on:
        if decides:
            block_count[WHOLE_BURSTS] += 1
            block_count[WHOLE_HOPS] += count[HOPS]
            block_count[LONG_BURSTS] += count[HOPS] > long_hops
            block_sum[MEANS] += burst_sum[TOTAL] / count[HOPS]
            block_sum[PEAKS] += burst_sum[GREATEST]
        else:
            block_count[CUT_BURSTS] += 1
        count[HOPS] = 0
    block_count[SEEN_HOPS] += decides
    block_count[ABOVE_HOPS] += decides and value > threshold
    if lag > 0:
        recent[hop % lag] = value


@kernel
def _add(value: float, count: NDArray[np.int64], burst_sum: NDArray[np.float64]) -> None:
    count[HOPS] += 1
    burst_sum[TOTAL] += value
    burst_sum[GREATEST] = max(burst_sum[GREATEST], value)


@kernel
def _emit(
    threshold: float,
    channel: int,
    newest: int,
    every: int,
    hop_s: float,
    n_bursts_min: int,
    is_cut: bool,
    is_signed: bool,
    block_counts: NDArray[np.int64],
    block_sums: NDArray[np.float64],
    null: NDArray[np.float64],
    is_null_white: float,
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write one channel's estimates: sums over all blocks, the oldest first."""
    n_blocks = block_counts.shape[0]
    count = np.zeros(N_BLOCK_COUNTS, dtype=np.int64)
    total = np.zeros(N_BLOCK_SUMS)
    for place in range(newest + 1, newest + 1 + n_blocks):
        block = place % n_blocks
        for column in range(N_BLOCK_COUNTS):
            count[column] += block_counts[block, channel, column]
        for column in range(N_BLOCK_SUMS):
            total[column] += block_sums[block, channel, column]
    out_values[:] = 0.0
    out_valid[:] = False
    summarise(count, total, hop_s, out_values)
    out_values[IS_NULL_WHITE] = is_null_white
    out_valid[N_BURSTS] = out_valid[SEEN] = out_valid[IS_NULL_WHITE] = True
    out_valid[RATE] = 2 * count[SEEN_HOPS] >= n_blocks * every
    out_valid[DURATION:NULL] = count[WHOLE_BURSTS] >= max(1, n_bursts_min)
    if is_cut:  # whoever reads the estimates is to see it
        out_valid[:N_BURSTS] = False
    elif count[SEEN_HOPS] > 0:
        _emit_null(count, threshold, is_signed, null, out_values, out_valid)
    for column in range(N_COLUMNS):
        if not out_valid[column]:
            out_values[column] = 0.0


@kernel
def summarise(
    count: NDArray[np.int64],
    total: NDArray[np.float64],
    hop_s: float,
    out_values: NDArray[np.float64],
) -> None:
    """Write what a block of counts and sums says, zero where it says nothing."""
    n_bursts = count[WHOLE_BURSTS]
    out_values[N_BURSTS] = n_bursts
    out_values[SEEN] = count[SEEN_HOPS] * hop_s
    if count[SEEN_HOPS] > 0:
        out_values[RATE] = (n_bursts + count[CUT_BURSTS]) / out_values[SEEN]
    if n_bursts > 0:
        out_values[DURATION] = count[WHOLE_HOPS] * hop_s / n_bursts
        out_values[MEAN_AMPLITUDE] = total[MEANS] / n_bursts
        out_values[PEAK_AMPLITUDE] = total[PEAKS] / n_bursts
        out_values[LONG_FRACTION] = count[LONG_BURSTS] / n_bursts


@kernel
def _emit_null(
    count: NDArray[np.int64],
    threshold: float,
    is_signed: bool,
    null: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write what noise gives that is as often above the threshold, by straight line."""
    share = count[ABOVE_HOPS] / count[SEEN_HOPS]
    if not null[0, SHARE] <= share <= null[-1, SHARE]:
        return
    after = 1
    while null[after, SHARE] < share:
        after += 1
    low = null[after - 1]
    high = null[after]
    part = (share - low[SHARE]) / (high[SHARE] - low[SHARE])
    for measure in range(N_MEASURES):
        found = low[1 + measure] + part * (high[1 + measure] - low[1 + measure])
        if measure in (MEAN_AMPLITUDE, PEAK_AMPLITUDE):
            found = found + threshold if is_signed else found * threshold
        out_valid[NULL + measure] = out_valid[measure] and np.isfinite(found)
        out_values[NULL + measure] = found
