"""States of two muscles: envelopes of a window are kept, and looked at whole at each hop."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.emg.extremes_kernel import begin_hop, take_extremes
from detectors.emg.muscles_kernel import restart_muscles, take_muscles
from detectors.emg.states.guard_kernel import end_step, restart_guard, take_guard
from detectors.emg.states.muscle_window_kernel import look_at_muscle
from detectors.emg.states.pair_kernel import write_pair
from detectors.emg.states.state import State
from detectors.kernels.sample_loop import sample_loop


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    counters = state.counters
    restart_muscles(state.muscles)
    restart_guard(state.guard)
    state.past_uv[:] = 0.0
    state.sums[:] = 0.0
    state.extremes.before_uv[:] = np.nan
    for hop in range(state.settings.n_hops):
        begin_hop(hop, state.extremes)
    counters.n_samples = counters.hop = counters.oldest = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Take one sample of all channels: into the sums of its hop, and every 10 ms an envelope."""
    muscles, counters = state.muscles, state.counters
    take_muscles(samples_uv, taint, row, muscles)
    take_guard(muscles, state.guard)
    counters.n_samples += 1
    sums = state.sums[counters.hop]
    n_channels = muscles.columns.size
    for channel in range(n_channels):
        filtered = muscles.filtered_uv[channel]
        sums[channel] += filtered * filtered
        take_extremes(counters.hop, channel, muscles.raw_uv[channel], state.extremes)
    for pair in range(len(state.pairs)):
        a, b = state.pairs[pair, 0], state.pairs[pair, 1]
        sums[n_channels + pair] += muscles.filtered_uv[a] * muscles.filtered_uv[b]
    if counters.n_samples % state.settings.step_samples == 0:
        for channel in range(n_channels):
            state.past_uv[channel, counters.oldest] = muscles.envelope_uv[channel]
        end_step(counters.oldest, state.settings.step_samples, state.guard)
        counters.oldest = (counters.oldest + 1) % state.past_uv.shape[1]


@kernel
def _write(hop: int, taint: NDArray[np.uint16], state: State, addresses: NDArray[np.int64]) -> None:
    """Write the outputs of every pair, and begin the next hop."""
    _write_pairs(hop, taint, addresses)
    counters = state.counters
    counters.hop = (counters.hop + 1) % state.settings.n_hops
    state.sums[counters.hop] = 0.0
    begin_hop(counters.hop, state.extremes)


@kernel(inline=False)
def _write_pairs(hop: int, taint: NDArray[np.uint16], addresses: NDArray[np.int64]) -> None:
    state = opened(State, addresses)
    for channel in range(state.columns.size):
        if state.muscles.n_good[channel] >= state.settings.span_samples:
            look_at_muscle(channel, state)
    for pair in range(len(state.pairs)):
        write_pair(hop, pair, taint, state)


update = sample_loop(State, _restart, _take, _write)
