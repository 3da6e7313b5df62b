"""Phase and amplitude of two bands, gathered by phase in integers that add and subtract exactly."""

from typing import Final

import numpy as np
from numba import njit
from numpy.typing import NDArray

from detectors.block import NEWEST_TAINT, WINDOW_TAINT, Taint
from detectors.kernels.complex_filter import filter_hop

#: Phase bins of 20 degrees; the first begins at minus half a turn.
N_BINS: Final = 18
#: Places in a row of sums: samples in each bin, amplitude in each bin, the two parts of the
#: amplitude times the unit vector of the phase, its square in whole units and in fractions of
#: one, and the samples whose amplitude is beyond `AMPLITUDE_UV_MAX`.
COUNT: Final = 0
AMPLITUDE: Final = N_BINS
REAL: Final = 2 * N_BINS
IMAGINARY: Final = REAL + 1
SQUARE: Final = REAL + 2
SQUARE_PART: Final = REAL + 3
N_BEYOND: Final = REAL + 4
N_SUMS: Final = REAL + 5

#: Outputs of a channel.
MODULATION_INDEX: Final = 0
MEAN_VECTOR_LENGTH: Final = 1
NORMALISED_LENGTH: Final = 2
PREFERRED_PHASE: Final = 3
CHANCE: Final = 4
N_OUTPUTS: Final = 5

#: Places in the `state` array: samples since the last estimate, and the block that is written.
SINCE_HOP: Final = 0
BLOCK: Final = 1
N_STATE: Final = 2

#: No amplitude beyond this is added, and no window may hold more samples than that: the largest
#: sum then stays within 64 bits.
AMPLITUDE_UV_MAX: Final = 1e6
WINDOW_SAMPLES_MAX: Final = 2**22

#: The fractions of squares are below 1, so so many times finer steps fit.
_FINER: Final = 2.0**19
#: Beyond this a sample is no voltage; it counts as tainted and never reaches a filter.
_LIMIT_UV: Final = 1e12
_RESTART: Final = int(Taint.RESTART)
_SPOILS_WINDOW: Final = int(WINDOW_TAINT)
_SPOILS_NEWEST: Final = int(NEWEST_TAINT)
_HALF: Final = N_BINS // 2
#: Cosines of the edges of the bins between 0 and half a turn, downwards.
_EDGES: Final = tuple(float(np.cos(2.0 * np.pi * place / N_BINS)) for place in range(1, _HALF))


def steps_for(n_samples: int) -> float:
    """Return the finest steps, to a microvolt, whose sum over so many samples fits."""
    return float(2.0 ** np.floor(62.0 - np.log2(AMPLITUDE_UV_MAX * n_samples)))


@njit(cache=True, nogil=True, error_model="numpy")
def fold(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    phase_taps: NDArray[np.float64],
    amplitude_taps: NDArray[np.float64],
    steps: float,
    chance: float,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    history: NDArray[np.float64],
    centred: NDArray[np.float64],
    work: NDArray[np.float64],
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
    phase_taps, amplitude_taps : ndarray of float64, shape (2, n_half + 1)
        Real and imaginary taps, from the middle outwards.
    steps : float
        Amplitudes are kept in steps of so many to a microvolt.
    chance : float
        The modulation index that chance stays below.
    state, clean, history, centred, work, blocks, sums
        What is kept between calls: see `detectors.phase_amplitude_coupling`. `history` has the
        samples the filters look back on, then those of the hop.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    hop = work.shape[1]
    n_before = history.shape[1] - hop
    n_span = blocks.shape[0] * hop + n_before
    n_hops = 0
    since_hop = state[SINCE_HOP]
    for row in range(samples_uv.shape[0]):
        is_first = taint[row, columns[0]] & _RESTART != 0
        if is_first:
            clean[:] = 0
            blocks[:] = 0
            sums[:] = 0
            since_hop = 0
        at = n_before + since_hop
        _load(samples_uv[row], taint[row], columns, is_first, at, clean, history)
        since_hop += 1
        if since_hop < hop:
            continue
        since_hop = 0
        out_sample[n_hops] = first_sample + row
        out_time_s[n_hops] = time_s[row]
        for channel in range(columns.size):
            _renew(
                history[channel],
                phase_taps,
                amplitude_taps,
                steps,
                centred,
                work,
                blocks[state[BLOCK], channel],
                sums[channel],
            )
            first = channel * N_OUTPUTS
            values = out_values[n_hops, first : first + N_OUTPUTS]
            is_valid = measure(sums[channel], steps, values) and clean[channel] >= n_span
            is_valid = is_valid and not taint[row, columns[channel]] & _SPOILS_NEWEST
            values[CHANCE] = chance
            for place in range(N_OUTPUTS):
                out_valid[n_hops, first + place] = is_valid
                if not is_valid:
                    values[place] = 0.0
        state[BLOCK] = (state[BLOCK] + 1) % blocks.shape[0]
        n_hops += 1
    state[SINCE_HOP] = since_hop
    return n_hops


@njit(cache=True, nogil=True, error_model="numpy")
def add(
    phase_re: NDArray[np.float64],
    phase_im: NDArray[np.float64],
    amplitude: NDArray[np.float64],
    steps: float,
    sums: NDArray[np.int64],
) -> None:
    """Add samples to a row of sums.

    Parameters
    ----------
    phase_re, phase_im : ndarray of float64, shape (n_samples,)
        A vector that points to the phase; its length has no part in anything.
    amplitude : ndarray of float64, shape (n_samples,)
        Microvolts, not negative.
    steps : float
        Steps to a microvolt.
    sums : ndarray of int64, shape (N_SUMS,)
        See the places above.
    """
    for row in range(amplitude.size):
        value = amplitude[row]
        if not value <= AMPLITUDE_UV_MAX:
            sums[N_BEYOND] += 1
            continue
        length = np.sqrt(phase_re[row] * phase_re[row] + phase_im[row] * phase_im[row])
        cosine = phase_re[row] / length if length > 0.0 else 1.0
        sine = phase_im[row] / length if length > 0.0 else 0.0
        place = 0
        for edge in _EDGES:
            place += cosine <= edge
        place = _HALF + place if sine >= 0.0 else _HALF - 1 - place
        scaled = value * steps
        square = value * value
        whole = np.floor(square)
        sums[COUNT + place] += 1
        sums[AMPLITUDE + place] += np.int64(np.rint(scaled))
        sums[REAL] += np.int64(np.rint(scaled * cosine))
        sums[IMAGINARY] += np.int64(np.rint(scaled * sine))
        sums[SQUARE] += np.int64(whole)
        sums[SQUARE_PART] += np.int64(np.rint((square - whole) * steps * _FINER))


@njit(cache=True, nogil=True, error_model="numpy")
def measure(sums: NDArray[np.int64], steps: float, values: NDArray[np.float64]) -> bool:
    """Write the measures of a row of sums; return whether there are any.

    There are none where a bin is empty, an amplitude was beyond what can be added, or all of
    them were zero.
    """
    n_samples = 0
    total = 0.0
    for place in range(N_BINS):
        if sums[COUNT + place] == 0:
            return False
        n_samples += sums[COUNT + place]
        total += sums[AMPLITUDE + place] / sums[COUNT + place]
    square = sums[SQUARE] + sums[SQUARE_PART] / (steps * _FINER)
    if sums[N_BEYOND] > 0 or not total > 0.0 or not square > 0.0:
        return False
    information = 0.0
    for place in range(N_BINS):
        share = sums[AMPLITUDE + place] / sums[COUNT + place] / total
        if share > 0.0:
            information += share * np.log(share * N_BINS)
    real = sums[REAL] / steps
    imaginary = sums[IMAGINARY] / steps
    length = np.sqrt(real * real + imaginary * imaginary)
    values[MODULATION_INDEX] = max(0.0, information / np.log(float(N_BINS)))
    values[MEAN_VECTOR_LENGTH] = length / n_samples
    values[NORMALISED_LENGTH] = length / np.sqrt(n_samples * square)
    values[PREFERRED_PHASE] = np.arctan2(imaginary, real)
    return True


@njit(cache=True, nogil=True, error_model="numpy")
def _load(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    is_first: bool,
    at: int,
    clean: NDArray[np.int64],
    history: NDArray[np.float64],
) -> None:
    """Put a sample where the filters will look; before the first one stands its own value."""
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        clean[channel] += 1
        if taint[column] & _SPOILS_WINDOW:
            clean[channel] = 0
        if not abs(value) <= _LIMIT_UV:
            clean[channel] = 0
            value = 0.0 if is_first else history[channel, at - 1]
        if is_first:
            history[channel, :at] = value
        history[channel, at] = value


@njit(cache=True, nogil=True, error_model="numpy")
def _renew(
    history: NDArray[np.float64],
    phase_taps: NDArray[np.float64],
    amplitude_taps: NDArray[np.float64],
    steps: float,
    centred: NDArray[np.float64],
    work: NDArray[np.float64],
    block: NDArray[np.int64],
    sums: NDArray[np.int64],
) -> None:
    """Let the newest hop of a channel take the place of the oldest."""
    hop = work.shape[1]
    # The taps do not see a constant, so an offset need not cost precision.
    level = history[history.size // 2]
    for row in range(history.size):
        centred[row] = history[row] - level
    filter_hop(centred, phase_taps, work[0], work[1])
    filter_hop(centred, amplitude_taps, work[2], work[3])
    for row in range(hop):
        work[2, row] = np.sqrt(work[2, row] * work[2, row] + work[3, row] * work[3, row])
    for place in range(N_SUMS):
        sums[place] -= block[place]
        block[place] = 0
    add(work[0], work[1], work[2], steps, block)
    for place in range(N_SUMS):
        sums[place] += block[place]
    for row in range(history.size - hop):
        history[row] = history[row + hop]
