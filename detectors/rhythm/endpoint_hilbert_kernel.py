"""A complex filter over the last samples, looked at once a hop, channel by channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Array2, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.hops import NO_HOPS, Hops, add_hop
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW
from detectors.rhythm.oscillation_kernel import write_rhythm


class Counters(Record):
    """Where the kernel stands, and lengths that never change."""

    #: Samples since the last estimate.
    since_hop: int
    #: Where in the window the next sample is written.
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
def update(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    addresses: NDArray[np.int64],
) -> None:
    """Take a block of samples in and write every hop that it completes.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        See `detectors.block.Block`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters, columns, hops = state.counters, state.columns, state.hops
    window = state.weights.shape[1]
    n_measures = hops.values.shape[1] // columns.size
    since_hop = counters.since_hop
    oldest = counters.oldest
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            state.n_clean[:] = 0
            since_hop = 0
        _keep(samples_uv[row], taint[row], oldest, state)
        oldest = (oldest + 1) % window
        since_hop += 1
        if since_hop == counters.hop_samples:
            hop = add_hop(hops, first_sample + row, time_s[row])
            for channel in range(columns.size):
                is_valid = state.n_clean[channel] >= counters.span_samples
                is_valid = is_valid and not taint[row, columns[channel]] & SPOILS_NEWEST
                cosine, sine = 0.0, 0.0
                if is_valid:
                    newest_uv = state.history[channel, oldest : oldest + window]
                    cosine, sine = _weighted(newest_uv, state.weights)
                write_rhythm(cosine, sine, is_valid, channel * n_measures, n_measures, hop, hops)
            since_hop = 0
    counters.since_hop = since_hop
    counters.oldest = oldest


@kernel
def _keep(
    sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], oldest: int, state: State
) -> None:
    """Put a sample of every channel where the oldest one was; a bad one ends its good row."""
    n_clean, history, columns = state.n_clean, state.history, state.columns
    window = history.shape[1] // 2
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        if taint[column] & SPOILS_WINDOW or not abs(value) <= LIMIT_UV:
            n_clean[channel] = 0
            value = 0.0
        else:
            n_clean[channel] += 1
        history[channel, oldest] = value
        history[channel, oldest + window] = value


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
