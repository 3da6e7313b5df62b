"""The bursts of a whole stretch above one threshold, by one pass over each channel."""

import numpy as np
from numpy.typing import NDArray

from detectors.bursts.statistics_state import BurstSummary
from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened


@kernel
def count_bursts(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    threshold: float,
    end_level: float,
    lag: int,
    long_hops: float,
    addresses: NDArray[np.int64],
) -> None:
    """Add up what `detectors.bursts.statistics_kernel` would, over all channels.

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
    addresses
        Of a bundle of `detectors.bursts.statistics_state.BurstSummary`, whose tally is added to.
    """
    tally = opened(BurstSummary, addresses).tally
    for channel in range(values.shape[0]):
        hops = 0
        level_sum = 0.0
        greatest = 0.0
        for hop in range(values.shape[1]):
            value = values[channel, hop]
            is_valid = valid[channel, hop]
            if hops > 0 and (not is_valid or value < end_level):
                if hops > lag and is_valid:
                    tally.whole_bursts += 1
                    tally.whole_hops += hops
                    tally.long_bursts += hops > long_hops
                    tally.mean_sum += level_sum / hops
                    tally.peak_sum += greatest
                elif hops > lag:
                    tally.cut_bursts += 1
                hops = 0
            elif hops > 0 or (is_valid and value > threshold):
                greatest = max(greatest, value) if hops else value
                level_sum = level_sum + value if hops else value
                hops += 1
            tally.decided_hops += is_valid
            tally.above_hops += is_valid and value > threshold
