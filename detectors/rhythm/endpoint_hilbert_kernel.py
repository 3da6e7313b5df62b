"""A complex filter over the newest samples, computed once a hop, channel by channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record
from detectors.kernels.hops import NO_HOPS, Hops
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_good, is_usable
from detectors.rhythm.oscillation_kernel import write_rhythm


class Counters(Record):
    """Where the kernel stands, and lengths that never change."""

    #: Samples since the last estimate.
    since_hop: int
    #: Column of the window that the next sample is written to.
    oldest: int
    #: Samples from one estimate to the next.
    hop_samples: int
    #: Good samples in a row, at least a window, that make an estimate valid.
    span_samples: int


class State(NamedTuple):
    """What the filter reads and keeps; the first two never change."""

    #: Columns of the block that are used, shape (n_channels,).
    columns: Array1[np.int64]
    #: Weights for cosine and sine, of the oldest sample first, shape (2, n_window).
    weights: Array2[np.float64]
    #: Good samples in a row of each channel, shape (n_channels,).
    n_clean: Array1[np.int64]
    #: Every sample twice, a window apart, so that a window always lies in one piece, shape
    #: (n_channels, 2 * n_window).
    history: Array2[np.float64]
    #: Where the kernel stands.
    counters: Counters
    #: What it writes: channel by channel its measures.
    hops: Hops = NO_HOPS


@kernel
def _restart(state: State) -> None:
    """Forget how many samples are good, of all channels."""
    state.n_clean[:] = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    _addresses: NDArray[np.int64],
) -> None:
    """Write a sample of every channel over the oldest one; a bad one counts as zero."""
    n_clean, history, columns = state.n_clean, state.history, state.columns
    window = history.shape[1] // 2
    oldest = state.counters.oldest
    for channel in range(columns.size):
        value = samples_uv[row, columns[channel]]
        if is_good(value, taint[row, columns[channel]]):
            n_clean[channel] += 1
        else:
            n_clean[channel] = 0
            value = 0.0
        history[channel, oldest] = value
        history[channel, oldest + window] = value
    state.counters.oldest = (oldest + 1) % window


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], state: State, _addresses: NDArray[np.int64]
) -> None:
    """Write the measures of every channel."""
    counters, columns, hops = state.counters, state.columns, state.hops
    window = state.weights.shape[1]
    n_measures = hops.values.shape[1] // columns.size
    for channel in range(columns.size):
        n_clean = state.n_clean[channel]
        is_valid = is_usable(n_clean, counters.span_samples, taint[columns[channel]])
        cosine, sine = 0.0, 0.0
        if is_valid:
            newest_uv = state.history[channel, counters.oldest : counters.oldest + window]
            cosine, sine = _weighted(newest_uv, state.weights)
        write_rhythm(cosine, sine, is_valid, channel * n_measures, n_measures, hop, hops)


@kernel
def _weighted(samples_uv: NDArray[np.float64], weights: NDArray[np.float64]) -> tuple[float, float]:
    """Return the two weighted sums of a window, counted from its newest sample.

    Four sums side by side, oldest first, always in this order; the weights sum to zero, so that
    counting from the newest sample changes nothing but how an offset is rounded.
    """
    to_cosine = weights[0]
    to_sine = weights[1]
    newest = samples_uv[samples_uv.size - 1]
    cosine0 = cosine1 = cosine2 = cosine3 = 0.0
    sine0 = sine1 = sine2 = sine3 = 0.0
    n_in_fours = samples_uv.size // 4 * 4
    for first in range(0, n_in_fours, 4):
        value0 = samples_uv[first] - newest
        value1 = samples_uv[first + 1] - newest
        value2 = samples_uv[first + 2] - newest
        value3 = samples_uv[first + 3] - newest
        cosine0 += to_cosine[first] * value0
        cosine1 += to_cosine[first + 1] * value1
        cosine2 += to_cosine[first + 2] * value2
        cosine3 += to_cosine[first + 3] * value3
        sine0 += to_sine[first] * value0
        sine1 += to_sine[first + 1] * value1
        sine2 += to_sine[first + 2] * value2
        sine3 += to_sine[first + 3] * value3
    for last in range(n_in_fours, samples_uv.size):
        cosine0 += to_cosine[last] * (samples_uv[last] - newest)
        sine0 += to_sine[last] * (samples_uv[last] - newest)
    return (cosine0 + cosine1) + (cosine2 + cosine3), (sine0 + sine1) + (sine2 + sine3)


update = sample_loop(State, _restart, _take, _write)
