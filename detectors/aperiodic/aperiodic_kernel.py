"""Welch spectra over a sliding window, summed without subtracting, and a line through them."""

import numpy as np
from numpy.typing import NDArray

from detectors.aperiodic.line_kernel import measure
from detectors.aperiodic.state import N_COLUMNS, State
from detectors.compiling.kernel import kernel
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_good, is_usable, is_voltage
from detectors.kernels.window_sums import add_part


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    state.n_clean[:] = 0
    state.newest[:] = 0.0
    state.counters.n_samples = state.counters.n_segments = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Take one sample, and the segment that ends with it where there is one."""
    counters, powers = state.counters, state.powers
    n_segment = state.ring.shape[1]
    _load(samples_uv, taint, row, state)
    counters.n_samples += 1
    if counters.n_samples % state.settings.step_samples != 0 or counters.n_samples < n_segment:
        return
    number = counters.n_segments % len(powers)
    start = counters.n_samples % n_segment
    _transform(state.ring, start, state.table, state.segment, state.spectrum, powers[number])
    parts = powers.reshape(len(powers), state.newest.size)
    add_part(number, parts, state.newest.reshape(-1), state.window.reshape(-1))
    counters.n_segments += 1


@kernel
def _load(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], row: int, state: State
) -> None:
    """Put a sample into the ring, the last good value in the place of what is no voltage."""
    n_clean, ring, columns = state.n_clean, state.ring, state.columns
    n_samples, n_segment = state.counters.n_samples, ring.shape[1]
    for channel in range(columns.size):
        value = samples_uv[row, columns[channel]]
        is_clean = is_good(value, taint[row, columns[channel]])
        n_clean[channel] = n_clean[channel] + 1 if is_clean else 0
        if not is_voltage(value):
            value = ring[channel, (n_samples - 1) % n_segment] if n_samples > 0 else 0.0
        ring[channel, n_samples % n_segment] = value


@kernel
def _transform(
    ring: NDArray[np.float64],
    start: int,
    table: NDArray[np.float64],
    segment: NDArray[np.float64],
    spectrum: NDArray[np.float64],
    powers: NDArray[np.float64],
) -> None:
    """Compute the windowed power of the newest segment of every channel, its mean removed.

    Window and cosine are even and the sine is odd about the segment's first sample, which itself
    has no weight, so sums and differences of mirrored samples take half the products.
    """
    n_segment = segment.size
    for channel in range(ring.shape[0]):
        # Counted from the segment's first sample, so an offset costs no precision.
        origin = ring[channel, start]
        total = 0.0
        at = start
        for number in range(n_segment):
            segment[number] = ring[channel, at] - origin
            total += segment[number]
            at = at + 1 if at + 1 < n_segment else 0
        mean = total / n_segment
        spectrum[:] = 0.0
        for number in range(1, table.shape[0] + 1):
            early = segment[number] - mean
            late = segment[n_segment - number] - mean if 2 * number < n_segment else 0.0
            cosines = table[number - 1, 0]
            sines = table[number - 1, 1]
            for k in range(cosines.size):
                spectrum[0, k] += (early + late) * cosines[k]
                spectrum[1, k] += (early - late) * sines[k]
        for k in range(table.shape[2]):
            powers[channel, k] = spectrum[0, k] ** 2 + spectrum[1, k] ** 2


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Write the outputs of every channel."""
    settings = state.settings
    n_window = (len(state.powers) - 1) * settings.step_samples + state.ring.shape[1]
    for channel in range(state.columns.size):
        is_valid = is_usable(state.n_clean[channel], n_window, taint[state.columns[channel]])
        first = channel * N_COLUMNS
        values = state.hops.values[hop, first : first + N_COLUMNS]
        if is_valid:
            state.power[:] = state.window[channel]
            is_valid = measure(state, values)
        if not is_valid:
            values[:] = 0.0
        state.hops.valid[hop, first : first + N_COLUMNS] = is_valid


update = sample_loop(State, _restart, _take, _write)
