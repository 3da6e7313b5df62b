"""When a phase reaches its target, now or ahead, hop by hop; gated, and at most once a cycle."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Record
from detectors.compiling.opened import opened
from detectors.kernels.calibrated_threshold import CalibratedThreshold, calibrate, is_calibrating
from detectors.kernels.edges import PHASE_EVENT, Edges, add_edge
from detectors.kernels.hops import NO_HOPS, Hops, add_hop, write_value

#: Columns each channel has in the source.
_SOURCE_AMPLITUDE: Final = 0
_SOURCE_PHASE: Final = 1

#: Columns each channel has in the output.
PHASE: Final = 0
AMPLITUDE: Final = 1
THRESHOLD: Final = 2
IS_OPEN: Final = 3
N_COLUMNS: Final = 4

_CYCLE: Final = 2.0 * math.pi


class Settings(Record):
    """Numbers that never change."""

    #: The target less the angle of the lead: this phase now will be the target then.
    aim_rad: float
    #: Of the centre frequency in one sample.
    advance_rad: float
    #: Samples from one hop to the next.
    hop_samples: float
    #: Samples, a fraction too.
    lead_samples: float
    #: Samples, a fraction too.
    refractory_samples: float
    #: Of the samples.
    rate_hz: float
    #: Columns that each channel has in the detector below.
    n_source_columns: int


class State(NamedTuple):
    """What phase events are found by, shapes (n_channels,)."""

    #: Whether there was a phase at the hop before.
    had_phase: Array1[np.bool_]
    #: What was left to the target then.
    to_go_rad: Array1[np.float64]
    #: The last event in samples, a fraction too.
    last_event: Array1[np.float64]
    #: The amplitude above which the gate is open.
    threshold: CalibratedThreshold
    #: Numbers that never change.
    settings: Settings
    #: The events.
    edges: Edges
    #: What it writes: phase, amplitude, threshold, whether the gate is open, channel by channel.
    hops: Hops = NO_HOPS


@kernel
def update(
    rhythm: NDArray[np.float64],
    valid: NDArray[np.bool_],
    is_inside: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    addresses: NDArray[np.int64],
) -> None:
    """Take hops of the detector below; write one for each, and the events.

    Parameters
    ----------
    rhythm, valid, sample, time_s
        Channel by channel, amplitude and phase first: see `detectors.estimates.Estimates`.
    is_inside : ndarray of bool, shape (n_hops, n_channels)
        Whether the rhythm is of the band; the gate is closed where it is not.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    settings, hops, level = state.settings, state.hops, state.threshold.level
    for row in range(sample.size):
        hop = add_hop(hops, sample[row], time_s[row])
        for channel in range(level.size):
            source = settings.n_source_columns * channel
            amplitude = rhythm[row, source + _SOURCE_AMPLITUDE]
            phase = rhythm[row, source + _SOURCE_PHASE]
            is_valid = valid[row, source + _SOURCE_AMPLITUDE]
            has_phase = valid[row, source + _SOURCE_PHASE]
            calibrates = is_calibrating(state.threshold, channel)
            if calibrates and is_valid and is_inside[row, channel]:
                calibrate(state.threshold, channel, amplitude)
            decides = is_valid and not calibrates
            is_open = decides and amplitude > level[channel] > 0.0 and is_inside[row, channel]
            is_due, ahead = _ahead(channel, phase, has_phase, state)
            event = sample[row] + ahead
            is_due = is_due and event - state.last_event[channel] >= settings.refractory_samples
            if is_due and is_open:
                state.last_event[channel] = event
                nearest = math.floor(event + 0.5)
                event_s = time_s[row] + ahead / settings.rate_hz
                add_edge(
                    state.edges, PHASE_EVENT, channel, nearest, sample[row], event_s, amplitude
                )
            first = N_COLUMNS * channel
            write_value(hops, hop, first + PHASE, phase, has_phase)
            write_value(hops, hop, first + AMPLITUDE, amplitude, is_valid)
            write_value(hops, hop, first + THRESHOLD, level[channel], not calibrates)
            write_value(hops, hop, first + IS_OPEN, 1.0 if is_open else 0.0, decides)


@kernel
def _ahead(channel: int, phase: float, has_phase: bool, state: State) -> tuple[bool, float]:
    """Return whether the led phase reaches the target before the next hop, and in how many samples.

    Or has passed it since the last hop, unforeseen, as a rhythm faster than the centre does: then
    on the straight line between the two. The samples are counted from now, the lead included.
    """
    settings = state.settings
    had_phase = state.had_phase[channel]
    state.had_phase[channel] = has_phase
    if not has_phase:
        return False, 0.0
    to_go = (settings.aim_rad - phase) / _CYCLE
    to_go = (to_go - math.floor(to_go)) * _CYCLE
    before = state.to_go_rad[channel]
    state.to_go_rad[channel] = to_go
    foreseen = settings.advance_rad * settings.hop_samples
    if to_go < foreseen:
        return True, settings.lead_samples + to_go / settings.advance_rad
    advance = before + (_CYCLE - to_go)
    if had_phase and before >= foreseen and advance < math.pi:
        return True, settings.lead_samples + settings.hop_samples * (before / advance - 1.0)
    return False, 0.0
