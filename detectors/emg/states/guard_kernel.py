"""What lies just below the band of EMG: movement of electrodes and cables, and the heart."""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.signal import butter

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Array3
from detectors.emg.filters import settle_samples_of
from detectors.emg.muscles_kernel import Muscles, filter_section

#: Power below the band over that of the EMG, from which on what leaks into the band would mislead
#: whatever it is: muscles of a walking leg have up to 0.31.
CONTAMINATED: Final = 0.4
#: The same of a heart that is faint, and shows where muscles are at rest.
FAINT: Final = 0.1
#: Where a beat is looked for: its power is a mean of so many steps, above a share of the highest,
#: and so many seconds after the one before, which leaves out the T wave.
_N_MEAN: Final = 10
_BEAT_SHARE: Final = 0.25
_REFRACTORY_S: Final = 0.3
#: How often a heart beats (Hz), and how regularly (variation of the intervals).
_HEART_HZ_MIN: Final = 0.6
_HEART_HZ_MAX: Final = 2.2
_HEART_CV_MAX: Final = 0.2
_N_BEATS_MIN: Final = 5


class Guard(NamedTuple):
    """What is kept of the band below that of the EMG, of each channel."""

    #: Sections of its band-pass, ``b0, b1, b2, a1, a2``, shape (n_sections, 5); never change.
    band: Array2[np.float64]
    #: What they keep, shape (n_channels, n_sections, 2).
    memory: Array3[np.float64]
    #: Sums of squares since the last step, shape (n_channels,).
    squares_uv2: Array1[np.float64]
    #: Means of squares of each step of the window, shape (n_channels, n_window), a ring.
    past_uv2: Array2[np.float64]
    #: Moving means of these, overwritten at each look, shape (n_window,).
    smooth_uv2: Array1[np.float64]


def guard_of(n_channels: int, n_window: int, low_hz: float, rate_hz: float) -> Guard:
    """Return the guard below a band: two octaves, from a quarter of its lower edge to that edge."""
    band = _band_below(low_hz, rate_hz)
    return Guard(
        band=np.ascontiguousarray(band[:, (0, 1, 2, 4, 5)]),
        memory=np.zeros((n_channels, len(band), 2)),
        squares_uv2=np.zeros(n_channels),
        past_uv2=np.zeros((n_channels, n_window)),
        smooth_uv2=np.zeros(n_window),
    )


def guard_settle_samples(low_hz: float, rate_hz: float) -> int:
    """Return after how many samples the guard below a band has settled."""
    return settle_samples_of(_band_below(low_hz, rate_hz))


def _band_below(low_hz: float, rate_hz: float) -> NDArray[np.float64]:
    return np.asarray(butter(2, (low_hz / 4.0, low_hz), "bandpass", output="sos", fs=rate_hz))


@kernel
def restart_guard(guard: Guard) -> None:
    """Forget everything, of all channels."""
    guard.memory[:] = 0.0
    guard.squares_uv2[:] = 0.0
    guard.past_uv2[:] = 0.0


@kernel
def take_guard(muscles: Muscles, guard: Guard) -> None:
    """Take the sample that the muscles have taken; a bad one ends the past of its channel."""
    for channel in range(muscles.columns.size):
        if muscles.n_good[channel] == 0:
            guard.memory[channel] = 0.0
            continue
        found = muscles.raw_uv[channel]
        for section in range(len(guard.band)):
            memory = guard.memory[channel, section]
            found = filter_section(found, guard.band[section], memory)
        guard.squares_uv2[channel] += found * found


@kernel
def end_step(position: int, step_samples: int, guard: Guard) -> None:
    """Keep the power of the step that ends now."""
    for channel in range(guard.squares_uv2.size):
        guard.past_uv2[channel, position] = guard.squares_uv2[channel] / step_samples
        guard.squares_uv2[channel] = 0.0


@kernel
def ratio_below(channel: int, emg_square: float, guard: Guard) -> float:
    """Return the power below the band over that of the EMG."""
    past = guard.past_uv2[channel]
    total = 0.0
    for number in range(past.size):
        total += past[number]
    return float(total / past.size / emg_square)


@kernel
def is_beating(channel: int, oldest: int, step_rate_hz: float, guard: Guard) -> bool:
    """Return whether what is below the band beats as a heart does."""
    n_means = _smooth(guard.past_uv2[channel], oldest, guard.smooth_uv2)
    smooth = guard.smooth_uv2[: max(n_means, 0)]
    if n_means < 2:
        return False
    level = _BEAT_SHARE * smooth.max()
    n_refractory = int(_REFRACTORY_S * step_rate_hz)
    n_beats = 0
    first = last = 0
    squares = 0.0
    for number in range(1, n_means):
        is_rise = smooth[number] > level and smooth[number - 1] <= level
        if not is_rise or (n_beats > 0 and number - last < n_refractory):
            continue
        if n_beats == 0:
            first = number
        else:
            squares += float((number - last) ** 2)
        last = number
        n_beats += 1
    if n_beats < _N_BEATS_MIN:
        return False
    mean = (last - first) / (n_beats - 1)
    variation = np.sqrt(max(squares / (n_beats - 1) - mean * mean, 0.0)) / mean
    beats_hz = step_rate_hz / mean
    return bool(_HEART_HZ_MIN <= beats_hz <= _HEART_HZ_MAX and variation <= _HEART_CV_MAX)


@kernel
def _smooth(past: NDArray[np.float64], oldest: int, smooth: NDArray[np.float64]) -> int:
    """Write moving means of a ring, the oldest first; return how many they are."""
    n_means = past.size - _N_MEAN + 1
    for number in range(n_means):
        total = 0.0
        for after in range(_N_MEAN):
            total += past[(oldest + number + after) % past.size]
        smooth[number] = total / _N_MEAN
    return n_means
