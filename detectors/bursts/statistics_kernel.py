"""Sums over bursts, in blocks of a sliding window, and what noise would give beside them."""

import numpy as np
from numpy.typing import NDArray

from detectors.bursts import burst_kernel as burst
from detectors.bursts.statistics_state import (
    DURATION,
    IS_NULL_WHITE,
    LONG_FRACTION,
    MEAN_AMPLITUDE,
    N_BURSTS,
    N_COLUMNS,
    N_MEASURES,
    NULL,
    PEAK_AMPLITUDE,
    RATE,
    SEEN,
    SHARE,
    Blocks,
    BurstSummary,
    BurstTally,
    State,
)
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.hops import add_hop


@kernel
def update(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    is_cut: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    addresses: NDArray[np.int64],
) -> None:
    """Take hops of a burst detector in and write every estimate that they complete.

    Parameters
    ----------
    values, valid, sample, time_s
        Of a burst detector: see `detectors.bursts.burst_kernel` and
        `detectors.estimates.Estimates`.
    is_cut : ndarray of bool, shape (n_hops,)
        Whether a restart lies between this hop and the one before.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters, settings = state.counters, state.settings
    n_channels = state.burst_hops.size
    for row in range(values.shape[0]):
        counters.is_cut = counters.is_cut or is_cut[row]
        for channel in range(n_channels):
            first = burst.N_COLUMNS * channel
            _take(
                channel,
                values[row, first + burst.VALUE],
                values[row, first + burst.THRESHOLD],
                values[row, first + burst.IS_ON] > 0.0,
                valid[row, first + burst.IS_ON],
                state,
            )
        counters.n_hops += 1
        counters.since_estimate += 1
        if counters.since_estimate < settings.block_hops:
            continue
        hop = add_hop(state.hops, sample[row], time_s[row])
        for channel in range(n_channels):
            threshold = values[row, burst.N_COLUMNS * channel + burst.THRESHOLD]
            _write(hop, channel, threshold, state)
        counters.since_estimate = 0
        counters.is_cut = False
        counters.block = (counters.block + 1) % len(state.blocks.decided_hops)
        _empty_block(counters.block, state.blocks)


@kernel
def _empty_block(block: int, blocks: Blocks) -> None:
    """Set the sums of a block to zero."""
    blocks.decided_hops[block] = 0
    blocks.above_hops[block] = 0
    blocks.whole_bursts[block] = 0
    blocks.cut_bursts[block] = 0
    blocks.whole_hops[block] = 0
    blocks.long_bursts[block] = 0
    blocks.mean_sum[block] = 0.0
    blocks.peak_sum[block] = 0.0


@kernel
def _take(
    channel: int, value: float, threshold: float, is_on: bool, decides: bool, state: State
) -> None:
    """Take one hop of one channel; a burst is counted in the block in which it ends."""
    blocks, settings, recent = state.blocks, state.settings, state.recent
    block, n_hops = state.counters.block, state.counters.n_hops
    lag = settings.lag
    hops = state.burst_hops[channel]
    if is_on:
        if hops == 0:
            state.burst_sum[channel] = 0.0
            state.burst_peak[channel] = value
            for back in range(lag, 0, -1):
                _add(channel, recent[channel, (n_hops - back) % lag], state)
        _add(channel, value, state)
    elif hops > 0:
        if decides:
            blocks.whole_bursts[block, channel] += 1
            blocks.whole_hops[block, channel] += hops
            blocks.long_bursts[block, channel] += hops > settings.long_hops
            blocks.mean_sum[block, channel] += state.burst_sum[channel] / hops
            blocks.peak_sum[block, channel] += state.burst_peak[channel]
        else:
            blocks.cut_bursts[block, channel] += 1
        state.burst_hops[channel] = 0
    blocks.decided_hops[block, channel] += decides
    blocks.above_hops[block, channel] += decides and value > threshold
    if lag > 0:
        recent[channel, n_hops % lag] = value


@kernel
def _add(channel: int, value: float, state: State) -> None:
    """Take one hop of a burst into its sum and peak."""
    state.burst_hops[channel] += 1
    state.burst_sum[channel] += value
    state.burst_peak[channel] = max(state.burst_peak[channel], value)


@kernel
def _sum_blocks(channel: int, newest: int, blocks: Blocks, tally: BurstTally) -> None:
    """Sum over all blocks of a channel, the oldest first."""
    n_blocks = len(blocks.decided_hops)
    tally.decided_hops = tally.above_hops = tally.whole_bursts = tally.cut_bursts = 0
    tally.whole_hops = tally.long_bursts = 0
    tally.mean_sum = tally.peak_sum = 0.0
    for number in range(newest + 1, newest + 1 + n_blocks):
        block = number % n_blocks
        tally.decided_hops += blocks.decided_hops[block, channel]
        tally.above_hops += blocks.above_hops[block, channel]
        tally.whole_bursts += blocks.whole_bursts[block, channel]
        tally.cut_bursts += blocks.cut_bursts[block, channel]
        tally.whole_hops += blocks.whole_hops[block, channel]
        tally.long_bursts += blocks.long_bursts[block, channel]
        tally.mean_sum += blocks.mean_sum[block, channel]
        tally.peak_sum += blocks.peak_sum[block, channel]


@kernel
def _write(hop: int, channel: int, threshold: float, state: State) -> None:
    """Write one channel's estimates."""
    tally, settings = state.tally, state.settings
    first = N_COLUMNS * channel
    values = state.hops.values[hop, first : first + N_COLUMNS]
    valid = state.hops.valid[hop, first : first + N_COLUMNS]
    n_blocks = len(state.blocks.decided_hops)
    _sum_blocks(channel, state.counters.block, state.blocks, tally)
    values[:] = 0.0
    valid[:] = False
    _summarise(tally, settings.hop_s, values)
    values[IS_NULL_WHITE] = state.is_null_white[channel]
    valid[N_BURSTS] = valid[SEEN] = valid[IS_NULL_WHITE] = True
    valid[RATE] = 2 * tally.decided_hops >= n_blocks * settings.block_hops
    valid[DURATION:NULL] = tally.whole_bursts >= max(1, settings.n_bursts_min)
    if state.counters.is_cut:  # whoever reads the estimates is to see it
        valid[:N_BURSTS] = False
    elif tally.decided_hops > 0:
        _write_null(tally, threshold, settings.is_signed, state.null[channel], values, valid)
    for column in range(N_COLUMNS):
        if not valid[column]:
            values[column] = 0.0


@kernel
def summarise(hop_s: float, addresses: NDArray[np.int64]) -> None:
    """Write what a tally says, zero where it says nothing.

    Parameters
    ----------
    hop_s : float
        Seconds of a hop.
    addresses
        Of a bundle of `BurstSummary`.
    """
    summary = opened(BurstSummary, addresses)
    _summarise(summary.tally, hop_s, summary.values)


@kernel
def _summarise(tally: BurstTally, hop_s: float, values: NDArray[np.float64]) -> None:
    """Write the columns that follow from a tally; of the others none."""
    n_bursts = tally.whole_bursts
    values[N_BURSTS] = n_bursts
    values[SEEN] = tally.decided_hops * hop_s
    if tally.decided_hops > 0:
        values[RATE] = (n_bursts + tally.cut_bursts) / values[SEEN]
    if n_bursts > 0:
        values[DURATION] = tally.whole_hops * hop_s / n_bursts
        values[MEAN_AMPLITUDE] = tally.mean_sum / n_bursts
        values[PEAK_AMPLITUDE] = tally.peak_sum / n_bursts
        values[LONG_FRACTION] = tally.long_bursts / n_bursts


@kernel
def _write_null(
    tally: BurstTally,
    threshold: float,
    is_signed: bool,
    null: NDArray[np.float64],
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
) -> None:
    """Write what noise gives that is as often above the threshold, by straight line."""
    share = tally.above_hops / tally.decided_hops
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
        valid[NULL + measure] = valid[measure] and np.isfinite(found)
        values[NULL + measure] = found
