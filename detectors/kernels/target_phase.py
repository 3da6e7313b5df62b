"""When a phase reaches its target, now or ahead, hop by hop; gated, and at most once a cycle."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.burst import percentile_of

#: Columns each channel has in the source.
_SOURCE_AMPLITUDE: Final = 0
_SOURCE_PHASE: Final = 1

#: Columns each channel has in the output.
PHASE: Final = 0
AMPLITUDE: Final = 1
THRESHOLD: Final = 2
IS_OPEN: Final = 3
N_COLUMNS: Final = 4

#: Places in the `settings` array.
AIM: Final = 0  # the target less the angle of the lead: this phase now will be the target then
TURN: Final = 1  # radians of the centre frequency in one sample
HOP: Final = 2  # samples
LEAD: Final = 3  # samples, a fraction too
REFRACTORY: Final = 4  # samples, a fraction too
RATE: Final = 5  # Hz
PERCENTILE: Final = 6
N_SETTINGS: Final = 7

#: Columns of `counts`, one row a channel.
COLLECTED: Final = 0
HAS_BEFORE: Final = 1
N_COUNTS: Final = 2

#: Columns of `levels`, one row a channel.
LEVEL: Final = 0
TO_GO_BEFORE: Final = 1
LAST_MOMENT: Final = 2
N_LEVELS: Final = 3

#: Columns of the moments: integers in the first array, floats in the second.
MOMENT_CHANNEL: Final = 0
MOMENT_SAMPLE: Final = 1
MOMENT_CONFIRMED: Final = 2
N_MOMENT_PLACES: Final = 3
MOMENT_TIME: Final = 0
MOMENT_STRENGTH: Final = 1
N_MOMENT_VALUES: Final = 2

_CYCLE: Final = 2.0 * math.pi


@kernel
def seek(
    rhythm: NDArray[np.float64],
    valid: NDArray[np.bool_],
    n_source_columns: int,
    is_inside: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    settings: NDArray[np.float64],
    n_calibrate: int,
    counts: NDArray[np.int64],
    levels: NDArray[np.float64],
    collected: NDArray[np.float64],
    out_values: NDArray[np.float64],
    out_valid: NDArray[np.bool_],
    moment_places: NDArray[np.int64],
    moment_values: NDArray[np.float64],
) -> int:
    """Fold hops in, write four columns a channel, and the moments; return their number.

    Parameters
    ----------
    rhythm, valid, sample, time_s
        Estimates of the detector below, channel by channel, amplitude and phase first: see
        `detectors.estimates.Estimates`.
    n_source_columns : int
        Columns each channel has there.
    is_inside : ndarray of bool, shape (n_hops, n_channels)
        Whether the rhythm is of the band; the gate is closed where it is not.
    settings : ndarray of float64, shape (N_SETTINGS,)
        See the places above.
    n_calibrate : int
        Valid hops the threshold is taken from; 0 where it is fixed.
    counts, levels, collected
        What is kept between calls, one row a channel.
    out_values, out_valid : ndarray, shape (n_hops, N_COLUMNS * n_channels)
        Phase, amplitude, threshold, whether the gate is open, channel by channel.
    moment_places, moment_values : ndarray, shape (at least n_hops * n_channels, 3 and 2)
        Channel, sample and confirming sample; time and strength.
    """
    n_moments = 0
    for hop in range(sample.size):
        for channel in range(counts.shape[0]):
            count = counts[channel]
            level = levels[channel]
            source = n_source_columns * channel
            amplitude = rhythm[hop, source + _SOURCE_AMPLITUDE]
            phase = rhythm[hop, source + _SOURCE_PHASE]
            is_valid = valid[hop, source + _SOURCE_AMPLITUDE]
            has_phase = valid[hop, source + _SOURCE_PHASE]
            is_calibrating = count[COLLECTED] < n_calibrate
            if is_calibrating and is_valid and is_inside[hop, channel]:
                _calibrate(amplitude, settings[PERCENTILE], count, level, collected[channel])
            decides = is_valid and not is_calibrating
            is_open = decides and amplitude > level[LEVEL] > 0.0 and is_inside[hop, channel]
            is_due, ahead = _ahead(phase, has_phase, settings, count, level)
            moment = sample[hop] + ahead
            if is_due and is_open and moment - level[LAST_MOMENT] >= settings[REFRACTORY]:
                level[LAST_MOMENT] = moment
                moment_places[n_moments, MOMENT_CHANNEL] = channel
                moment_places[n_moments, MOMENT_SAMPLE] = math.floor(moment + 0.5)
                moment_places[n_moments, MOMENT_CONFIRMED] = sample[hop]
                moment_values[n_moments, MOMENT_TIME] = time_s[hop] + ahead / settings[RATE]
                moment_values[n_moments, MOMENT_STRENGTH] = amplitude
                n_moments += 1
            at = N_COLUMNS * channel
            out_values[hop, at + PHASE] = phase if has_phase else 0.0
            out_values[hop, at + AMPLITUDE] = amplitude if is_valid else 0.0
            out_values[hop, at + THRESHOLD] = 0.0 if is_calibrating else level[LEVEL]
            out_values[hop, at + IS_OPEN] = 1.0 if is_open else 0.0
            out_valid[hop, at + PHASE] = has_phase
            out_valid[hop, at + AMPLITUDE] = is_valid
            out_valid[hop, at + THRESHOLD] = not is_calibrating
            out_valid[hop, at + IS_OPEN] = decides
    return n_moments


@kernel
def _calibrate(
    amplitude: float,
    percentile: float,
    count: NDArray[np.int64],
    level: NDArray[np.float64],
    collected: NDArray[np.float64],
) -> None:
    """Take one amplitude; the last one that is wanted freezes the threshold."""
    collected[count[COLLECTED]] = amplitude
    count[COLLECTED] += 1
    if count[COLLECTED] == collected.size:
        level[LEVEL] = percentile_of(collected, percentile)


@kernel
def _ahead(
    phase: float,
    has_phase: bool,
    settings: NDArray[np.float64],
    count: NDArray[np.int64],
    level: NDArray[np.float64],
) -> tuple[bool, float]:
    """Return whether the led phase reaches the target before the next hop, and in how many samples.

    Or has passed it since the last hop, unforeseen, as a rhythm faster than the centre does: then
    on the straight line between the two. The samples are counted from now, the lead included.
    """
    had_before = count[HAS_BEFORE] == 1
    count[HAS_BEFORE] = 1 if has_phase else 0
    if not has_phase:
        return False, 0.0
    to_go = (settings[AIM] - phase) / _CYCLE
    to_go = (to_go - math.floor(to_go)) * _CYCLE
    before = level[TO_GO_BEFORE]
    level[TO_GO_BEFORE] = to_go
    hop = settings[HOP]
    foreseen = settings[TURN] * hop
    if to_go < foreseen:
        return True, settings[LEAD] + to_go / settings[TURN]
    advance = before + (_CYCLE - to_go)
    if had_before and before >= foreseen and advance < math.pi:
        return True, settings[LEAD] + hop * (before / advance - 1.0)
    return False, 0.0
