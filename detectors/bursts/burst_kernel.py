"""Thresholds, hysteresis and shortest duration, hop by hop."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.bundle import Array1, Record, opened
from detectors.compiling.kernel import kernel
from detectors.kernels.calibrated_threshold import CalibratedThreshold, calibrate, is_calibrating
from detectors.kernels.edges import CUT, OFFSET, ONSET, Edges, add_edge
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value

#: Columns each channel has in the output.
VALUE: Final = 0
THRESHOLD: Final = 1
IS_ON: Final = 2
IS_CALIBRATING: Final = 3
N_COLUMNS: Final = 4

#: Stages of a channel.
_BELOW: Final = 0
_PENDING: Final = 1
_ON: Final = 2


class Rule(Record):
    """What makes a burst; never changes. It ends below ``keep * threshold - drop``."""

    #: See above.
    keep: float
    #: See above.
    drop: float
    #: The threshold must be above it: where 0 is a dead channel, a threshold of 0 is none.
    floor: float
    #: Samples from the crossing of the threshold to the hop that makes it a burst.
    lag_samples: int


class State(NamedTuple):
    """What bursts are found by, shapes (n_channels,)."""

    #: Whether a channel is below the threshold, has crossed it, or has a burst.
    stage: Array1[np.int64]
    #: The sample at which the threshold was crossed, its time and the value there.
    crossed_sample: Array1[np.int64]
    crossed_time_s: Array1[np.float64]
    crossed_value: Array1[np.float64]
    #: The last valid value.
    last_value: Array1[np.float64]
    #: The thresholds.
    threshold: CalibratedThreshold
    #: What makes a burst.
    rule: Rule
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
    """Take hops of the detector below in; write one for each, and the edges.

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
                kind = _step(channel, value, is_valid, sample[row], time_s[row], state)
                if kind >= 0:
                    _add_edge(channel, kind, sample[row], time_s[row], state)
            elif is_valid:
                calibrate(state.threshold, channel, value)
            decides = is_valid and not calibrates
            is_on = 1.0 if state.stage[channel] == _ON else 0.0
            first = N_COLUMNS * channel
            write_value(state.hops, hop, first + VALUE, value, is_valid)
            write_value(
                state.hops, hop, first + THRESHOLD, state.threshold.level[channel], not calibrates
            )
            write_value(state.hops, hop, first + IS_ON, is_on, decides)
            is_calibrating_now = 1.0 if calibrates else 0.0
            write_value(state.hops, hop, first + IS_CALIBRATING, is_calibrating_now, is_valid=True)


@kernel
def _add_edge(channel: int, kind: int, sample: int, time_s: float, state: State) -> None:
    """Write an edge: an onset is where the threshold was crossed."""
    if kind == ONSET:
        add_edge(
            state.edges,
            kind,
            channel,
            state.crossed_sample[channel],
            sample,
            state.crossed_time_s[channel],
            state.crossed_value[channel],
        )
    else:
        add_edge(state.edges, kind, channel, sample, sample, time_s, state.last_value[channel])


@kernel
def _step(
    channel: int, value: float, is_valid: bool, sample: int, time_s: float, state: State
) -> int:
    """Take one hop of one channel; return the kind of edge it makes, or -1.

    On an offset `last_value` is that of the hop that fell below, or of the last good one where bad
    data cut the burst.
    """
    rule, stages = state.rule, state.stage
    stage = stages[channel]
    if not is_valid:
        stages[channel] = _BELOW
        return CUT if stage == _ON else -1
    state.last_value[channel] = value
    start = state.threshold.level[channel]
    if stage != _BELOW and value < rule.keep * start - rule.drop:
        stages[channel] = _BELOW
        return OFFSET if stage == _ON else -1
    if stage == _BELOW and value > start > rule.floor:
        stages[channel] = stage = _PENDING
        state.crossed_sample[channel] = sample
        state.crossed_time_s[channel] = time_s
        state.crossed_value[channel] = value
    if stage == _PENDING and sample - state.crossed_sample[channel] >= rule.lag_samples:
        stages[channel] = _ON
        return ONSET
    return -1
