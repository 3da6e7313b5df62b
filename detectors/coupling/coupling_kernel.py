"""Phase and amplitude of two bands on a grid of samples, summed by phase hop by hop."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Array3, Record
from detectors.coupling.complex_filter_kernel import filter_grid
from detectors.coupling.sample_ring_kernel import load, to_polyphase
from detectors.coupling.sums_kernel import N_MEASURES, add_by_phase, measure
from detectors.coupling.waveform_shape_kernel import Extrema, Grid, find_extrema, measure_shape
from detectors.kernels.hops import NO_HOPS, Hops
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_usable

#: Outputs of a channel: those of `detectors.coupling.sums_kernel`, then these.
INDEX_NULL: Final = N_MEASURES
SHARPNESS: Final = INDEX_NULL + 1
IS_SHARP: Final = INDEX_NULL + 2
N_OUTPUTS: Final = INDEX_NULL + 3


class Settings(Record):
    """Numbers that never change."""

    #: Samples that an estimate depends on.
    span_samples: int
    #: What the modulation index exceeds in one window of twenty where nothing couples the bands.
    index_null: float


class Counters(Record):
    """Where the kernel stands."""

    #: Samples since the last estimate.
    since_hop: int
    #: Samples from one estimate to the next; never changes.
    hop_samples: int
    #: Hop of `hop_sums` that is written next.
    oldest_hop: int
    #: Row of `history` that is written next.
    oldest_row: int
    #: Whether the next sample is the first after a restart.
    is_first: bool


class State(NamedTuple):
    """What coupling reads and keeps; the first seven never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Where the samples that a tap of the phase takes begin in `polyphase`, shape (2, n_half + 1):
    #: see `detectors.coupling.complex_filter_kernel.polyphase_offsets`.
    phase_offsets: Array2[np.uint64]
    #: Real and imaginary taps of the phase, from the middle outwards, shape (2, n_half + 1).
    phase_taps: Array2[np.float64]
    #: The same two of the amplitude.
    amplitude_offsets: Array2[np.uint64]
    amplitude_taps: Array2[np.float64]
    #: Taps of the sharpness, from the middle outwards, shape (n_half + 1,).
    shape_taps: Array1[np.float64]
    #: What of the grid never changes.
    grid: Grid
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: A ring of the samples that the filters look at, shape (n_rows, n_channels).
    history: Array2[np.float64]
    #: The same in polyphase layout.
    polyphase: Array1[np.float64]
    #: The slow oscillation on the grid, row by row, the channels side by side, made of length 1.
    real: Array1[np.float64]
    imaginary: Array1[np.float64]
    #: The fast oscillation, whose real part becomes the amplitude.
    amplitude: Array1[np.float64]
    amplitude_imaginary: Array1[np.float64]
    #: Phase bin of each value.
    bins: Array1[np.uint64]
    #: Peaks that wait for a trough.
    extrema: Extrema
    #: Sums of each hop of the window, shape (n_hops, N_SUMS, n_channels).
    hop_sums: Array3[np.int64]
    #: Sums of the window, shape (N_SUMS, n_channels): see `detectors.coupling.sums_kernel`.
    sums: Array2[np.int64]
    #: Numbers that never change.
    settings: Settings
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its outputs.
    hops: Hops = NO_HOPS


@kernel
def _restart(state: State) -> None:
    """Forget everything; what is written to the history next overwrites it."""
    state.counters.is_first = True
    state.n_clean[:] = 0
    state.hop_sums[:] = 0
    state.sums[:] = 0
    state.extrema.sine[:] = 0.0
    state.extrema.peak_uv[:] = 0.0
    state.extrema.peak_row[:] = -state.grid.rows_apart - 1
    state.grid.first_row = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Put a sample of every channel into the history."""
    counters, history = state.counters, state.history
    at = counters.oldest_row
    load(samples_uv, taint, row, state.columns, counters.is_first, at, state.n_clean, history)
    counters.is_first = False
    counters.oldest_row = at + 1 if at + 1 < history.shape[0] else 0


@kernel
def _renew(oldest_row: int, newest: NDArray[np.int64], state: State) -> None:
    """Replace the sums of the oldest hop by those of the newest.

    Parameters
    ----------
    oldest_row : int
        Where the history begins.
    newest : ndarray of int64, shape (N_SUMS, n_channels)
        Of `hop_sums`: those of the hop that leaves the window, overwritten.
    state : State
        Of which the sums and what the filters give are changed.
    """
    real, imaginary, amplitude, sums = state.real, state.imaginary, state.amplitude, state.sums
    n_grid = state.counters.hop_samples // state.grid.step_samples
    n_channels = sums.shape[1]
    filter_grid(state.polyphase, state.phase_offsets, state.phase_taps, real, imaginary)
    across = state.amplitude_imaginary
    filter_grid(state.polyphase, state.amplitude_offsets, state.amplitude_taps, amplitude, across)
    for value in range(amplitude.size):
        re = amplitude[value]
        im = across[value]
        amplitude[value] = np.sqrt(re * re + im * im)
    for number in range(sums.shape[0]):
        for channel in range(n_channels):
            sums[number, channel] -= newest[number, channel]
            newest[number, channel] = 0
    find_extrema(
        state.history,
        oldest_row,
        real,
        imaginary,
        n_grid,
        state.shape_taps,
        state.grid,
        state.extrema,
        newest,
    )
    state.grid.first_row += n_grid
    add_by_phase(real, imaginary, amplitude, state.bins, n_grid, state.grid.steps_per_uv, newest)
    for number in range(sums.shape[0]):
        for channel in range(n_channels):
            sums[number, channel] += newest[number, channel]


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Sum the newest hop, and write every channel."""
    counters, settings, columns, sums = state.counters, state.settings, state.columns, state.sums
    steps_per_uv = state.grid.steps_per_uv
    to_polyphase(state.history, counters.oldest_row, state.grid.step_samples, state.polyphase)
    _renew(counters.oldest_row, state.hop_sums[counters.oldest_hop], state)
    counters.oldest_hop = (counters.oldest_hop + 1) % state.hop_sums.shape[0]
    for channel in range(columns.size):
        first = channel * N_OUTPUTS
        values = state.hops.values[hop, first : first + N_OUTPUTS]
        valid = state.hops.valid[hop, first : first + N_OUTPUTS]
        values[:] = 0.0
        valid[:] = False
        n_clean = state.n_clean[channel]
        is_valid = is_usable(n_clean, settings.span_samples, taint[columns[channel]])
        if is_valid and measure(sums, channel, steps_per_uv, values):
            values[INDEX_NULL] = settings.index_null
            valid[:SHARPNESS] = True
            valid[SHARPNESS:] = measure_shape(sums, channel, steps_per_uv, values[SHARPNESS:])


update = sample_loop(State, _restart, _take, _write)
