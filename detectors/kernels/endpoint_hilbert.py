"""A complex filter over the last samples, looked at once a hop, channel by channel."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.oscillation import write_rhythm
from detectors.kernels.trust import LIMIT_UV, RESTART, SPOILS_NEWEST, SPOILS_WINDOW

#: Places in the `state` array: samples since the last estimate, and where the next one goes.
SINCE_HOP: Final = 0
PLACE: Final = 1
N_STATE: Final = 2


@kernel
def filter_endpoint(
    samples_uv: NDArray[np.float64],
    time_s: NDArray[np.float64],
    taint: NDArray[np.uint16],
    first_sample: int,
    columns: NDArray[np.int64],
    weights: NDArray[np.float64],
    settle: int,
    hop: int,
    state: NDArray[np.int64],
    clean: NDArray[np.int64],
    history: NDArray[np.float64],
    out_sample: NDArray[np.int64],
    out_time_s: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> int:
    """Keep samples and write every hop they complete; return the number of hops.

    Parameters
    ----------
    samples_uv, time_s, taint, first_sample
        A block, see `detectors.block.Block`.
    columns : ndarray of int64, shape (n_channels,)
        Columns of the block that are used.
    weights : ndarray of float64, shape (2, window)
        For cosine and sine, of the oldest sample first.
    settle : int
        So many good samples, at least a window, make an estimate valid.
    hop : int
        Samples from one estimate to the next.
    state : ndarray of int64, shape (N_STATE,)
        See the places above.
    clean : ndarray of int64, shape (n_channels,)
        Good samples in a row.
    history : ndarray of float64, shape (n_channels, 2 * window)
        Every sample twice, a window apart, so that a window always lies in one piece.
    out_sample, out_time_s, out_values, out_valid
        Room for the hops; see `detectors.estimates.Estimates`.
    """
    n_hops = 0
    window = weights.shape[1]
    n_measures = out_values.shape[1] // columns.size
    since_hop = state[SINCE_HOP]
    place = state[PLACE]
    for row in range(samples_uv.shape[0]):
        if taint[row, columns[0]] & RESTART:
            clean[:] = 0
            since_hop = 0
        _keep(samples_uv[row], taint[row], columns, place, clean, history)
        place = (place + 1) % window
        since_hop += 1
        if since_hop == hop:
            out_sample[n_hops] = first_sample + row
            out_time_s[n_hops] = time_s[row]
            for channel in range(columns.size):
                is_valid = (
                    clean[channel] >= settle and not taint[row, columns[channel]] & SPOILS_NEWEST
                )
                cosine, sine = 0.0, 0.0
                if is_valid:
                    cosine, sine = _weighted(history[channel, place : place + window], weights)
                at = channel * n_measures
                write_rhythm(
                    cosine, sine, is_valid, at, n_measures, out_values[n_hops], out_valid[n_hops]
                )
            n_hops += 1
            since_hop = 0
    state[SINCE_HOP] = since_hop
    state[PLACE] = place
    return n_hops


@kernel
def _keep(
    sample_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    columns: NDArray[np.int64],
    place: int,
    clean: NDArray[np.int64],
    history: NDArray[np.float64],
) -> None:
    """Put a sample of every channel where the oldest one was; a bad one ends its good row."""
    window = history.shape[1] // 2
    for channel in range(columns.size):
        column = columns[channel]
        value = sample_uv[column]
        if taint[column] & SPOILS_WINDOW or not abs(value) <= LIMIT_UV:
            clean[channel] = 0
            value = 0.0
        else:
            clean[channel] += 1
        history[channel, place] = value
        history[channel, place + window] = value


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
