"""The mean of the newest hops of each channel."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2
from detectors.compiling.opened import opened


class State(NamedTuple):
    """What the mean is of."""

    #: Valid hops in a row, shape (n_channels,).
    n_good: Array1[np.int64]
    #: The newest of them, shape (n_channels, n_mean): a ring that begins anew with every row of
    #: valid hops.
    recent: Array2[np.float64]


@kernel
def update(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
    addresses: NDArray[np.int64],
) -> None:
    """Write the mean of each hop and those before it; valid where all of them are.

    The sum is made anew at every hop, the oldest first, so nothing of what has left it is in it.

    Parameters
    ----------
    values, valid : ndarray, shape (n_hops, n_channels)
        The measure.
    out_values, out_valid : ndarray, shape (n_hops, n_channels)
        The means; zero where not valid.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    n_good, recent = state.n_good, state.recent
    n_mean = recent.shape[1]
    for hop in range(values.shape[0]):
        for channel in range(values.shape[1]):
            out_values[hop, channel] = 0.0
            out_valid[hop, channel] = False
            if not valid[hop, channel]:
                n_good[channel] = 0
                continue
            recent[channel, n_good[channel] % n_mean] = values[hop, channel]
            n_good[channel] += 1
            if n_good[channel] >= n_mean:
                total = 0.0
                for number in range(n_good[channel] - n_mean, n_good[channel]):
                    total += recent[channel, number % n_mean]
                out_values[hop, channel] = total / n_mean
                out_valid[hop, channel] = True
