"""Sliding Hann periodogram of bands: modulated partial transforms, renewed every window."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.hann import hann_bin
from detectors.kernels.hops import write_value
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_good, is_usable, is_voltage
from detectors.power.periodogram_state import BIN, BOTH, GROUP, IMAGINARY, LANES, PASS, State
from detectors.power.periodogram_sums_kernel import add_waiting, renew


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    state.n_clean[:] = 0
    state.sums[:] = 0.0
    state.counters.position = state.counters.n_waiting = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Take one sample; add those that wait where a pass, or the period, is whole."""
    counters = state.counters
    n_window = state.twiddle_table.shape[1] // 2
    _load(samples_uv, taint, row, counters.n_waiting, counters.position, state)
    counters.position += 1
    counters.n_waiting += 1
    if counters.n_waiting == PASS or counters.position == n_window:
        _add_all(state)
    if counters.position == n_window:
        renew(state.sums)
        counters.position = 0


@kernel
def _add_all(state: State) -> None:
    """Add all samples that wait."""
    counters = state.counters
    add_waiting(counters.n_waiting, 2 * (counters.position - counters.n_waiting), state)
    counters.n_waiting = 0


@kernel
def _load(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    n_waiting: int,
    position: int,
    state: State,
) -> None:
    """Let a sample wait: its change against one window ago, and its level in this period.

    The level is counted from the period's first sample, and a constant has no part in any bin
    but the one at 0 Hz, so an offset of the whole window costs no precision.
    """
    n_clean, ring, work = state.n_clean, state.ring, state.work
    last = ring.shape[0] - 1
    for channel in range(state.columns.size):
        column = state.columns[channel]
        value = samples_uv[row, column]
        n_clean[channel] = n_clean[channel] + 1 if is_good(value, taint[row, column]) else 0
        if not is_voltage(value):
            value = ring[last, channel] if position > 0 else 0.0
        if position == 0:
            ring[last, channel] = value
        lane = (channel // LANES) * GROUP + n_waiting * BOTH + channel % LANES
        work[lane] = value - ring[position, channel]
        work[lane + LANES] = value - ring[last, channel]
        ring[position, channel] = value


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Write the power of every band, channel by channel."""
    if state.counters.n_waiting > 0:
        _add_all(state)
    n_window = state.twiddle_table.shape[1] // 2
    n_bands = state.bands.shape[0]
    for band in range(n_bands):
        _sum_band(band, state.counters.position, state)
        for channel in range(state.columns.size):
            value = state.power[channel]
            is_valid = is_usable(state.n_clean[channel], n_window, taint[state.columns[channel]])
            is_valid = is_valid and np.isfinite(value)
            write_value(state.hops, hop, channel * n_bands + band, value, is_valid)


@kernel
def _sum_band(band: int, position: int, state: State) -> None:
    """Sum the squared spectrum of the Hann-weighted window over a band, in power units.

    Bin 0 has no part in its neighbours: the mean is removed before the window is applied.
    """
    power, sums, weights = state.power, state.sums, state.weights
    first, after, first_weight = state.bands[band]
    n_bins = state.bins.size
    half_c = 0.5 * state.twiddle_table[0, 2 * position]
    half_s = -0.5 * state.twiddle_table[1, 2 * position]
    for lane in range(power.size):
        power[lane] = 0.0
    n_groups = power.size // LANES
    width = power.size // n_groups  # a length the compiler does not know, so it makes vectors
    for group in range(n_groups):
        p = group * LANES
        kept = sums[(group * n_bins + first - 1) * BIN :]
        for number in range(after - first):
            weight = weights[first_weight + number]
            below = number * BIN
            at = below + BIN
            above = at + BIN
            for lane in range(width):
                re, im = hann_bin(
                    kept[at + lane],
                    kept[at + IMAGINARY + lane],
                    kept[below + lane],
                    kept[below + IMAGINARY + lane],
                    kept[above + lane],
                    kept[above + IMAGINARY + lane],
                    half_c,
                    half_s,
                )
                power[p + lane] += weight * (re * re + im * im)


update = sample_loop(State, _restart, _take, _write)
