"""The bursts of a whole stretch above one threshold, by one pass over each channel."""

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels import burst_statistics as sums


@kernel
def count_bursts(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    threshold: float,
    end_level: float,
    lag: int,
    long_hops: float,
    count: NDArray[np.int64],
    total: NDArray[np.float64],
) -> None:
    """Add up what `detectors.kernels.burst_statistics` would, over all channels.

    Parameters
    ----------
    values, valid : ndarray, shape (n_channels, n_hops)
        The measure.
    threshold, end_level : float
        An episode begins above the one and ends below the other.
    lag : int
        It is a burst if it lasts more hops.
    long_hops : float
        A burst of more hops is long.
    count, total
        Sums of a block, as there.
    """
    for channel in range(values.shape[0]):
        hops = 0
        level_sum = 0.0
        greatest = 0.0
        for hop in range(values.shape[1]):
            value = values[channel, hop]
            is_valid = valid[channel, hop]
            if hops > 0 and (not is_valid or value < end_level):
                if hops > lag and is_valid:
                    count[sums.WHOLE_BURSTS] += 1
                    count[sums.WHOLE_HOPS] += hops
                    count[sums.LONG_BURSTS] += hops > long_hops
                    total[sums.MEANS] += level_sum / hops
                    total[sums.PEAKS] += greatest
                elif hops > lag:
                    count[sums.CUT_BURSTS] += 1
                hops = 0
            elif hops > 0 or (is_valid and value > threshold):
                greatest = max(greatest, value) if hops else value
                level_sum = level_sum + value if hops else value
                hops += 1
            count[sums.SEEN_HOPS] += is_valid
            count[sums.ABOVE_HOPS] += is_valid and value > threshold
