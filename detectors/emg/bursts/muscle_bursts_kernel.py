"""Bursts of muscles, sample by sample: above rest for long enough, short gaps left out."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.emg.bursts.state import State
from detectors.emg.bursts.statistics_kernel import write_muscles
from detectors.emg.extremes_kernel import begin_hop, take_extremes
from detectors.emg.muscles_kernel import restart_muscles, take_muscles
from detectors.kernels.edges import CUT, OFFSET, ONSET, add_edge
from detectors.kernels.hops import add_hop
from detectors.kernels.trust import RESTART
from detectors.kernels.window_sums import add_part

#: Stages of a channel.
_NONE: Final = 0
_ABOVE: Final = 1
_GAP: Final = 2


@kernel
def update(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    addresses: NDArray[np.int64],
) -> None:
    """Take a block of samples in; write every hop that it completes, and the edges.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        See `detectors.block.Block`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters = state.counters
    for row in range(samples_uv.shape[0]):
        sample = first_sample + row
        if taint[row, state.columns[0]] & RESTART:
            _restart(sample, time_s[row], state)
        take_muscles(samples_uv, taint, row, state.muscles)
        _take(sample, time_s[row], state)
        counters.since_hop += 1
        if counters.since_hop == counters.hop_samples:
            counters.since_hop = 0
            hop = add_hop(state.hops, sample, time_s[row])
            _write(hop, sample, taint[row], state, addresses)


@kernel
def _restart(sample: int, time_s: float, state: State) -> None:
    """Forget everything, of all channels."""
    for channel in range(state.columns.size):
        _cut(channel, sample, time_s, state)
    restart_muscles(state.muscles)
    state.ring[:] = 0.0
    state.newest[:] = 0.0
    state.extremes.before_uv[:] = np.nan
    for hop in range(state.settings.n_hops):
        begin_hop(hop, state.extremes)
    state.counters.hop = state.counters.since_hop = 0


@kernel
def _cut(channel: int, sample: int, time_s: float, state: State) -> None:
    """End what a channel is in because of bad data, and forget its past bursts."""
    episodes = state.episodes
    if episodes.stage[channel] != _NONE and episodes.counts[channel]:
        add_edge(state.edges, CUT, channel, sample, sample, time_s, episodes.last_uv[channel])
    episodes.stage[channel] = _NONE
    episodes.counts[channel] = False
    state.bursts.n_over[channel] = 0


@kernel
def _take(sample: int, time_s: float, state: State) -> None:
    """Take the newest sample of all channels into bursts and sums."""
    muscles, settings = state.muscles, state.settings
    n_channels = state.columns.size
    hop = state.counters.hop
    sums = state.ring[hop]
    for channel in range(n_channels):
        filtered = muscles.filtered_uv[channel]
        sums[channel] += filtered * filtered
        sums[n_channels + channel] += muscles.envelope_uv[channel]
        take_extremes(hop, channel, muscles.raw_uv[channel], state.extremes)
        if muscles.n_good[channel] >= settings.settle_samples:
            _follow(channel, sample, time_s, state)
        elif muscles.n_good[channel] == 0:
            _cut(channel, sample, time_s, state)
    for pair in range(len(state.pairs)):
        a, b = state.pairs[pair, 0], state.pairs[pair, 1]
        sums[2 * n_channels + pair] += muscles.filtered_uv[a] * muscles.filtered_uv[b]


@kernel
def _follow(channel: int, sample: int, time_s: float, state: State) -> None:
    """Move a channel on by the envelope of one sample, and add the edge that it makes."""
    episodes, settings = state.episodes, state.settings
    envelope_uv = state.muscles.envelope_uv[channel]
    episodes.last_uv[channel] = envelope_uv
    if episodes.stage[channel] == _GAP and sample - episodes.gap[channel] >= settings.merge_samples:
        _end(channel, sample, state)
    if episodes.stage[channel] == _ABOVE:
        if envelope_uv < state.offset_uv[channel]:
            episodes.stage[channel] = _GAP
            episodes.gap[channel] = sample
            episodes.gap_time_s[channel] = time_s
            episodes.gap_uv[channel] = envelope_uv
    elif envelope_uv > state.onset_uv[channel]:
        if episodes.stage[channel] == _NONE:
            episodes.start[channel] = episodes.peak[channel] = sample
            episodes.start_time_s[channel] = time_s
            episodes.start_uv[channel] = episodes.peak_uv[channel] = envelope_uv
        episodes.stage[channel] = _ABOVE
    if episodes.stage[channel] == _ABOVE:
        if envelope_uv > episodes.peak_uv[channel]:
            episodes.peak[channel] = sample
            episodes.peak_uv[channel] = envelope_uv
        start = episodes.start[channel]
        if not episodes.counts[channel] and sample + 1 - start >= settings.min_samples:
            episodes.counts[channel] = True
            start_time_s, start_uv = episodes.start_time_s[channel], episodes.start_uv[channel]
            add_edge(state.edges, ONSET, channel, start, sample, start_time_s, start_uv)


@kernel
def _end(channel: int, sample: int, state: State) -> None:
    """End what a channel is in; keep it where it was long enough."""
    episodes, bursts = state.episodes, state.bursts
    if episodes.counts[channel]:
        at = bursts.n_over[channel] % bursts.start.shape[1]
        bursts.start[channel, at] = episodes.start[channel]
        bursts.peak[channel, at] = episodes.peak[channel]
        bursts.stop[channel, at] = episodes.gap[channel]
        bursts.n_over[channel] += 1
        gap_time_s, gap_uv = episodes.gap_time_s[channel], episodes.gap_uv[channel]
        add_edge(state.edges, OFFSET, channel, episodes.gap[channel], sample, gap_time_s, gap_uv)
    episodes.stage[channel] = _NONE
    episodes.counts[channel] = False


@kernel
def _write(
    hop: int,
    sample: int,
    taint: NDArray[np.uint16],
    state: State,
    addresses: NDArray[np.int64],
) -> None:
    """Write the outputs of every channel and pair, and begin the next hop."""
    counters, episodes, bursts = state.counters, state.episodes, state.bursts
    add_part(counters.hop, state.ring, state.newest, state.window)
    for channel in range(state.columns.size):
        # What it is in stands behind the bursts that are over, as far as it has come.
        at = bursts.n_over[channel] % bursts.start.shape[1]
        is_gap = episodes.stage[channel] == _GAP
        bursts.start[channel, at] = episodes.start[channel]
        bursts.stop[channel, at] = episodes.gap[channel] if is_gap else sample + 1
    write_muscles(hop, sample, taint, addresses)
    counters.hop = (counters.hop + 1) % state.settings.n_hops
    state.ring[counters.hop] = 0.0
    begin_hop(counters.hop, state.extremes)
