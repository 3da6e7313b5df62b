"""Thresholds, hysteresis and shortest duration, hop by hop."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Columns each channel has in the output.
VALUE: Final = 0
THRESHOLD: Final = 1
IS_ON: Final = 2
IS_CALIBRATING: Final = 3
N_COLUMNS: Final = 4

#: Columns of `counts`, one row a channel.
COLLECTED: Final = 0
STAGE: Final = 1
CROSSED_SAMPLE: Final = 2
N_COUNTS: Final = 3

#: Columns of `levels`, one row a channel.
START_LEVEL: Final = 0
CROSSED_TIME: Final = 1
CROSSED_VALUE: Final = 2
LAST_VALUE: Final = 3
N_LEVELS: Final = 4

#: Columns of `edges`, one row an edge: integers in the first array, floats in the second.
EDGE_KIND: Final = 0
EDGE_CHANNEL: Final = 1
EDGE_SAMPLE: Final = 2
EDGE_CONFIRMED: Final = 3
N_EDGE_PLACES: Final = 4
EDGE_TIME: Final = 0
EDGE_STRENGTH: Final = 1
N_EDGE_VALUES: Final = 2

#: Kinds of edge.
ONSET: Final = 0
OFFSET: Final = 1
CUT: Final = 2

_BELOW: Final = 0
_PENDING: Final = 1
_ON: Final = 2


@kernel
def follow(
    given: NDArray[np.float64],
    valid: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    n_calibrate: int,
    percentile: float,
    keep: float,
    drop: float,
    floor: float,
    lag_samples: int,
    counts: NDArray[np.int64],
    levels: NDArray[np.float64],
    collected: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
    edge_places: NDArray[np.int64],
    edge_values: NDArray[np.float64],
) -> int:
    """Fold hops in, write four columns a channel, and the edges; return the number of edges.

    Parameters
    ----------
    given, valid, sample, time_s
        Estimates of the detector below: see `detectors.estimates.Estimates`.
    n_calibrate : int
        Valid hops the threshold is taken from; 0 where it is fixed.
    percentile : float
        From 0 to 100.
    keep, drop : float
        A burst ends below ``keep * threshold - drop``.
    floor : float
        The threshold must be above it: where 0 is a dead channel, a threshold of 0 is none.
    lag_samples : int
        Samples from the crossing of the threshold to the hop that makes it a burst.
    counts, levels, collected
        What is kept between calls, one row a channel.
    out_values, out_valid : ndarray, shape (n_hops, 4 * n_channels)
        Value, threshold, whether on, whether calibrating, channel by channel.
    edge_places, edge_values : ndarray, shape (at least n_hops * n_channels, 4 and 2)
        Kind, channel, sample and confirming sample; time and strength.
    """
    n_edges = 0
    for hop in range(sample.size):
        for channel in range(given.shape[1]):
            count = counts[channel]
            level = levels[channel]
            value = given[hop, channel]
            is_valid = valid[hop, channel]
            is_calibrating = count[COLLECTED] < n_calibrate
            if is_calibrating:
                if is_valid:
                    collected[channel, count[COLLECTED]] = value
                    count[COLLECTED] += 1
                    if count[COLLECTED] == n_calibrate:
                        level[START_LEVEL] = percentile_of(collected[channel], percentile)
                kind = -1
            else:
                kind = _step(
                    value,
                    is_valid,
                    sample[hop],
                    time_s[hop],
                    keep,
                    drop,
                    floor,
                    lag_samples,
                    count,
                    level,
                )
            if kind >= 0:
                edge_places[n_edges, EDGE_KIND] = kind
                edge_places[n_edges, EDGE_CHANNEL] = channel
                edge_places[n_edges, EDGE_CONFIRMED] = sample[hop]
                is_onset = kind == ONSET
                edge_places[n_edges, EDGE_SAMPLE] = (
                    count[CROSSED_SAMPLE] if is_onset else sample[hop]
                )
                edge_values[n_edges, EDGE_TIME] = level[CROSSED_TIME] if is_onset else time_s[hop]
                edge_values[n_edges, EDGE_STRENGTH] = (
                    level[CROSSED_VALUE] if is_onset else level[LAST_VALUE]
                )
                n_edges += 1
            decides = is_valid and not is_calibrating
            at = N_COLUMNS * channel
            out_values[hop, at + VALUE] = value if is_valid else 0.0
            out_values[hop, at + THRESHOLD] = 0.0 if is_calibrating else level[START_LEVEL]
            out_values[hop, at + IS_ON] = 1.0 if decides and count[STAGE] == _ON else 0.0
            out_values[hop, at + IS_CALIBRATING] = 1.0 if is_calibrating else 0.0
            out_valid[hop, at + VALUE] = is_valid
            out_valid[hop, at + THRESHOLD] = not is_calibrating
            out_valid[hop, at + IS_ON] = decides
            out_valid[hop, at + IS_CALIBRATING] = True
    return n_edges


@kernel
def _step(
    value: float,
    is_valid: bool,
    sample: int,
    time_s: float,
    keep: float,
    drop: float,
    floor: float,
    lag_samples: int,
    count: NDArray[np.int64],
    level: NDArray[np.float64],
) -> int:
    """Take one hop of one channel; return the kind of edge it makes, or -1.

    On an onset the crossing is in `count` and `level`; on an offset the value is `LAST_VALUE`:
    of the hop that fell below, or of the last good one where bad data cut the burst.
    """
    stage = count[STAGE]
    if not is_valid:
        count[STAGE] = _BELOW
        return CUT if stage == _ON else -1
    level[LAST_VALUE] = value
    start = level[START_LEVEL]
    if stage != _BELOW and value < keep * start - drop:
        count[STAGE] = _BELOW
        return OFFSET if stage == _ON else -1
    if stage == _BELOW and value > start > floor:
        count[STAGE] = stage = _PENDING
        count[CROSSED_SAMPLE] = sample
        level[CROSSED_TIME] = time_s
        level[CROSSED_VALUE] = value
    if stage == _PENDING and sample - count[CROSSED_SAMPLE] >= lag_samples:
        count[STAGE] = _ON
        return ONSET
    return -1


@kernel
def percentile_of(values: NDArray[np.float64], percentile: float) -> float:
    """Return the percentile between the two nearest order statistics, by straight line.

    As `numpy.percentile` with its default method; partial sorting, whose result does not depend
    on how it is done.
    """
    place = percentile / 100.0 * (values.size - 1)
    below = min(int(place), values.size - 1)
    fraction = place - below
    ordered = np.partition(values, below)
    low: float = ordered[below]
    high: float = low
    if below + 1 < values.size:
        high = ordered[below + 1 :].min()
    if fraction < 0.5:
        return low + (high - low) * fraction
    return high - (high - low) * (1.0 - fraction)
