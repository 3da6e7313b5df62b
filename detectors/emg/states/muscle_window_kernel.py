"""What the envelope of one muscle shows in a window: levels, spectrum, when it is above rest."""

from typing import Final

from detectors.compiling.kernel import kernel
from detectors.emg.config import ACTIVE_SD
from detectors.emg.spectrum.fourier_kernel import transform
from detectors.emg.states.state import (
    EMG_SQUARE,
    LOW,
    MEAN,
    NORMALISED,
    SHARE_ON,
    SMOOTH_MEAN,
    SMOOTH_SQUARES,
    SQUARES,
    TREMOR,
    State,
)

#: A burst ends where the envelope is no more than this many standard deviations above rest.
_END_SD: Final = 2.0


@kernel
def look_at_muscle(channel: int, state: State) -> None:
    """Write what is known of a muscle's window, and what pairs need of it."""
    _unroll(channel, state)
    _smooth(channel, state)
    _switch(channel, state)
    _transform_segments(channel, state)
    _transform_whole(channel, state)
    total = 0.0
    for hop in range(state.settings.n_hops):
        total += state.sums[hop, channel]
    state.found[channel, EMG_SQUARE] = total / state.settings.n_emg


@kernel
def _unroll(channel: int, state: State) -> None:
    """Write the envelopes in their order, less their mean, and what their levels are."""
    past, centred, found = state.past_uv[channel], state.centred_uv[channel], state.found[channel]
    n_window, at = past.size, state.counters.oldest
    rest, reference = state.rest_uv[channel], state.reference_uv[channel]
    total = normalised = 0.0
    for number in range(n_window):
        centred[number] = past[at]
        total += past[at]
        normalised += max(past[at] - rest, 0.0) / (reference - rest)
        at = at + 1 if at + 1 < n_window else 0
    mean = total / n_window
    squares = 0.0
    for number in range(n_window):
        centred[number] -= mean
        squares += centred[number] * centred[number]
    found[MEAN] = mean
    found[SQUARES] = squares
    found[NORMALISED] = normalised


@kernel
def _smooth(channel: int, state: State) -> None:
    """Write moving means of the envelopes, less the mean of these."""
    centred, smooth, found = (
        state.centred_uv[channel],
        state.smooth_uv[channel],
        state.found[channel],
    )
    n_smooth = state.settings.n_smooth
    n_means = centred.size - n_smooth + 1
    total = 0.0
    for number in range(n_means):
        part = 0.0
        for after in range(n_smooth):
            part += centred[number + after]
        smooth[number] = part / n_smooth
        total += smooth[number]
    mean = total / n_means
    squares = 0.0
    for number in range(n_means):
        smooth[number] -= mean
        squares += smooth[number] * smooth[number]
    found[SMOOTH_MEAN] = found[MEAN] + mean
    found[SMOOTH_SQUARES] = squares / n_means


@kernel
def _switch(channel: int, state: State) -> None:
    """Write when the muscle is above rest, with hysteresis."""
    centred, is_on = state.centred_uv[channel], state.is_on[channel]
    mean = state.found[channel, MEAN]
    rest, spread = state.rest_uv[channel], state.rest_sd_uv[channel]
    onset, offset = rest + ACTIVE_SD * spread - mean, rest + _END_SD * spread - mean
    now = False
    n_on = 0
    for number in range(centred.size):
        now = centred[number] > (offset if now else onset)
        is_on[number] = now
        n_on += 1 if now else 0
    state.found[channel, SHARE_ON] = n_on / centred.size


@kernel
def _transform_segments(channel: int, state: State) -> None:
    """Transform each segment, less its mean, under a Hann window."""
    settings, centred = state.settings, state.centred_uv[channel]
    cosines, sines = state.waves[0], state.waves[1]
    for segment in range(settings.n_segments):
        first = segment * settings.n_shift
        total = 0.0
        for number in range(settings.n_segment):
            total += centred[first + number]
        mean = total / settings.n_segment
        for k in range(state.coherence.size):
            real = imaginary = 0.0
            for number in range(settings.n_segment):
                value = centred[first + number] - mean
                real += value * cosines[k, number]
                imaginary -= value * sines[k, number]
            state.real[channel, segment, k] = real
            state.imaginary[channel, segment, k] = imaginary


@kernel
def _transform_whole(channel: int, state: State) -> None:
    """Write which share of the envelope's power up to 20 Hz lies below 1 Hz, and at 3-7 Hz."""
    settings, centred = state.settings, state.centred_uv[channel]
    real, imaginary = state.whole_real, state.whole_imaginary
    real[:] = 0.0
    imaginary[:] = 0.0
    for number in range(centred.size):
        real[number] = centred[number] * state.taper[number]
    transform(real, imaginary, state.factors)
    whole = low = tremor = 0.0
    for k in range(settings.behind_20_hz):
        power = real[k] * real[k] + imaginary[k] * imaginary[k]
        whole += power
        low += power if k < settings.behind_1_hz else 0.0
        tremor += power if settings.from_3_hz <= k < settings.behind_7_hz else 0.0
    state.found[channel, LOW] = low / whole if whole > 0.0 else 0.0
    state.found[channel, TREMOR] = tremor / whole if whole > 0.0 else 0.0
