"""The mean of the newest hops of each channel."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel


@kernel
def smooth(
    given: NDArray[np.float64],
    valid: NDArray[np.bool_],
    n_good: NDArray[np.int64],
    recent: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
) -> None:
    """Write the mean of each hop and those before it; valid where all of them are.

    The sum is made anew at every hop, the oldest first, so nothing of what has left it is in it.

    Parameters
    ----------
    given, valid : ndarray, shape (n_hops, n_channels)
        The measure.
    n_good : ndarray, shape (n_channels,)
        Valid hops in a row, kept between calls.
    recent : ndarray, shape (n_channels, n_mean)
        The newest of them, kept between calls: a ring that begins anew with every row of valid
        hops.
    out_values, out_valid : ndarray, shape (n_hops, n_channels)
        The means; zero where not valid.
    """
    n_mean = recent.shape[1]
    for hop in range(given.shape[0]):
        for channel in range(given.shape[1]):
            out_values[hop, channel] = 0.0
            out_valid[hop, channel] = False
            if not valid[hop, channel]:
                n_good[channel] = 0
                continue
            recent[channel, n_good[channel] % n_mean] = given[hop, channel]
            n_good[channel] += 1
            if n_good[channel] >= n_mean:
                total = 0.0
                for place in range(n_good[channel] - n_mean, n_good[channel]):
                    total += recent[channel, place % n_mean]
                out_values[hop, channel] = total / n_mean
                out_valid[hop, channel] = True
