"""Phase and amplitude of two bands on a grid of samples, gathered hop by hop."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.complex_filter import filter_grid
from detectors.kernels.coupling_sums import N_MEASURES, gather, measure
from detectors.kernels.sample_ring import deal, load
from detectors.kernels.trust import RESTART, SPOILS_NEWEST
from detectors.kernels.waveform_shape import find_extrema, measure_shape

#: Outputs of a channel: those of `detectors.kernels.coupling_sums`, then these.
CHANCE: Final = N_MEASURES
SHARPNESS: Final = CHANCE + 1
IS_SHARP: Final = CHANCE + 2
N_OUTPUTS: Final = CHANCE + 3

#: Places in the `state` array: samples since the last estimate, the block that is written, the
#: row of the history that is written, and rows of the grid since the last restart.
SINCE_HOP: Final = 0
BLOCK: Final = 1
AT: Final = 2
GRID_ROW: Final = 3
N_STATE: Final = 4

#: Rows of the `work` array.
REAL: Final = 0
IMAGINARY: Final = 1
AMPLITUDE: Final = 2
AMPLITUDE_IMAGINARY: Final = 3
N_WORK: Final = 4

#: Places in the `sizes` array: samples of a hop, from one row of the grid to the next, that an
#: estimate depends on; and rows of the grid from a peak to its trough at most.
HOP: Final = 0
STEP: Final = 1
SPAN: Final = 2
ROWS_APART: Final = 3
N_SIZES: Final = 4


@kernel
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    sizes: NDArray[np.int64],
    phase_places: NDArray[np.uint64],
    phase_taps: NDArray[np.float64],
    amplitude_places: NDArray[np.uint64],
    amplitude_taps: NDArray[np.float64],
    shape_taps: NDArray[np.float64],
    steps: float,
    chance: float,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    history: NDArray[np.float64],
    dealt: NDArray[np.float64],
    work: NDArray[np.float64],
    bins: NDArray[np.uint64],
    shape: NDArray[np.float64],
    peak_row: NDArray[np.int64],
    blocks: NDArray[np.int64],
    sums: NDArray[np.int64],
    out_sample: NDArray[np.int64],
    out_time_s: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Fold samples in and write every hop they complete; return the number of hops.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    sizes : ndarray of int64, shape (N_SIZES,)
        See the places above.
    phase_places, amplitude_places : ndarray of uint64, shape (2, n_half + 1)
        See `detectors.kernels.complex_filter.dealt_places`.
    phase_taps, amplitude_taps : ndarray of float64, shape (2, n_half + 1)
        Real and imaginary taps, from the middle outwards.
    shape_taps : ndarray of float64, shape (n_half + 1,)
        Taps of the sharpness, from the middle outwards.
    steps : float
        Amplitudes are kept in steps of so many to a microvolt.
    chance : float
        The modulation index that chance stays below.
    state, clean, history, dealt, work, bins, shape, peak_row, blocks, sums
        What is kept between calls: see `detectors.phase_amplitude_coupling`. `history` is a ring
        of the samples the filters look at, `blocks` one of the sums of each hop.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_hops = 0
    since_hop = state[SINCE_HOP]
    at = state[AT]
    for row in range(samples_uv.shape[0]):
        is_first = taint[row, columns[0]] & RESTART != 0
        if is_first:
            clean[:] = 0
            blocks[:] = 0
            sums[:] = 0
            shape[:] = 0.0
            peak_row[:] = -sizes[ROWS_APART] - 1
            state[GRID_ROW] = 0
            since_hop = 0
        load(samples_uv[row], taint[row], columns, is_first, at, clean, history)
        at = at + 1 if at + 1 < history.shape[0] else 0
        state[AT] = at
        since_hop += 1
        if since_hop < sizes[HOP]:
            continue
        since_hop = 0
        out_sample[n_hops] = first_sample + row
        out_time_s[n_hops] = time_s[row]
        deal(history, at, sizes[STEP], dealt)
        _renew(
            history,
            dealt,
            sizes,
            phase_places,
            phase_taps,
            amplitude_places,
            amplitude_taps,
            shape_taps,
            steps,
            state,
            work,
            bins,
            shape,
            peak_row,
            blocks[state[BLOCK]],
            sums,
        )
        state[BLOCK] = (state[BLOCK] + 1) % blocks.shape[0]
        _emit(
            taint[row],
            columns,
            sizes[SPAN],
            steps,
            chance,
            clean,
            sums,
            out_values[n_hops],
            out_valid[n_hops],
        )
        n_hops += 1
    state[SINCE_HOP] = since_hop
    return n_hops


@kernel
def _renew(
    history: NDArray[np.float64],
    dealt: NDArray[np.float64],
    sizes: NDArray[np.int64],
    phase_places: NDArray[np.uint64],
    phase_taps: NDArray[np.float64],
    amplitude_places: NDArray[np.uint64],
    amplitude_taps: NDArray[np.float64],
    shape_taps: NDArray[np.float64],
    steps: float,
    state: NDArray[np.int64],
    work: NDArray[np.float64],
    bins: NDArray[np.uint64],
    shape: NDArray[np.float64],
    peak_row: NDArray[np.int64],
    block: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Let the newest hop take the place of the oldest."""
    step = sizes[STEP]
    n_grid = sizes[HOP] // step
    n_channels = sums.shape[1]
    real = work[REAL]
    imaginary = work[IMAGINARY]
    filter_grid(dealt, phase_places, phase_taps, real, imaginary)
    amplitude = work[AMPLITUDE]
    amplitude_imaginary = work[AMPLITUDE_IMAGINARY]
    filter_grid(dealt, amplitude_places, amplitude_taps, amplitude, amplitude_imaginary)
    for place in range(amplitude.size):
        re = amplitude[place]
        im = amplitude_imaginary[place]
        amplitude[place] = np.sqrt(re * re + im * im)
    for place in range(sums.shape[0]):
        for channel in range(n_channels):
            sums[place, channel] -= block[place, channel]
            block[place, channel] = 0
    find_extrema(
        history,
        state[AT],
        (history.shape[0] - sizes[HOP]) // 2 + step - 1,
        step,
        real,
        imaginary,
        n_grid,
        shape_taps,
        steps,
        sizes[ROWS_APART],
        state[GRID_ROW],
        shape,
        peak_row,
        block,
    )
    state[GRID_ROW] += n_grid
    gather(real, imaginary, amplitude, bins, n_grid, steps, block)
    for place in range(sums.shape[0]):
        for channel in range(n_channels):
            sums[place, channel] += block[place, channel]


@kernel
def _emit(
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    span: int,
    steps: float,
    chance: float,
    clean: NDArray[np.int64],
    sums: NDArray[np.int64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write every channel."""
    for channel in range(columns.size):
        first = channel * N_OUTPUTS
        values = out_values[first : first + N_OUTPUTS]
        valid = out_valid[first : first + N_OUTPUTS]
        values[:] = 0.0
        valid[:] = False
        is_clean = clean[channel] >= span and not taint[columns[channel]] & SPOILS_NEWEST
        if is_clean and measure(sums, channel, steps, values):
            values[CHANCE] = chance
            valid[:SHARPNESS] = True
            valid[SHARPNESS:] = measure_shape(sums, channel, steps, values[SHARPNESS:])
