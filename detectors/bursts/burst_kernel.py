"""Thresholds, hysteresis and shortest duration, hop by hop."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.kernels.calibrated_threshold import CalibratedThreshold, calibrate, is_calibrating
from detectors.kernels.edges import Edges
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value
from detectors.kernels.hysteresis import EpisodeStates, is_on, take_value

#: Columns each channel has in the output.
VALUE: Final = 0
THRESHOLD: Final = 1
IS_ON: Final = 2
IS_CALIBRATING: Final = 3
N_COLUMNS: Final = 4


class State(NamedTuple):
    """What bursts are found by."""

    #: The episode of each channel; those that count are bursts.
    episodes: EpisodeStates
    #: The thresholds.
    threshold: CalibratedThreshold
    #: Onsets, offsets and cuts.
    edges: Edges
    #: What it writes: value, threshold, whether on, whether calibrating, channel by channel.
    hops: Hops = NO_HOPS


@kernel
def update(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    addresses: NDArray[np.int64],
) -> None:
    """Take hops of the detector below; write one for each, and the edges.

    Parameters
    ----------
    values, valid, sample, time_s
        See `detectors.estimates.Estimates`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    for row in range(sample.size):
        hop = add_hop(state.hops, sample[row], time_s[row])
        for channel in range(values.shape[1]):
            value = values[row, channel]
            is_valid = valid[row, channel]
            calibrates = is_calibrating(state.threshold, channel)
            if not calibrates:
                take_value(
                    channel,
                    value,
                    is_valid,
                    state.threshold.level[channel],
                    sample[row],
                    time_s[row],
                    state.episodes,
                    state.edges,
                )
            elif is_valid:
                calibrate(state.threshold, channel, value)
            decides = is_valid and not calibrates
            has_burst = 1.0 if is_on(state.episodes, channel) else 0.0
            first = N_COLUMNS * channel
            write_value(state.hops, hop, first + VALUE, value, is_valid)
            write_value(
                state.hops, hop, first + THRESHOLD, state.threshold.level[channel], not calibrates
            )
            write_value(state.hops, hop, first + IS_ON, has_burst, decides)
            is_calibrating_now = 1.0 if calibrates else 0.0
            write_value(state.hops, hop, first + IS_CALIBRATING, is_calibrating_now, is_valid=True)
