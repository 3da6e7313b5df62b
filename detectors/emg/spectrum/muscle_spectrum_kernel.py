"""Spectra of EMG and of its modulus over a sliding window, beside those of steady contraction."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.opened import opened
from detectors.emg.config import ACTIVE_SD
from detectors.emg.extremes_kernel import begin_hop, is_clipped, take_extremes
from detectors.emg.muscles_kernel import restart_muscles, take_muscles
from detectors.emg.spectrum.chance import ONE_SIDED
from detectors.emg.spectrum.fourier_kernel import transform
from detectors.emg.spectrum.state import (
    BACKGROUND,
    DRIVE,
    DRIVE_NULL,
    HAS_BAD_SIGNAL,
    HAS_PEAK,
    IS_AT_REST,
    IS_CLIPPED,
    LOW,
    MEDIAN,
    MEDIAN_NULL,
    N_COLUMNS,
    PEAK,
    PEAK_BAND,
    PEAK_HZ,
    PEAK_NULL,
    WHOLE,
    State,
)
from detectors.kernels.hops import write_value
from detectors.kernels.sample_loop import sample_loop
from detectors.kernels.trust import is_usable
from detectors.kernels.window_sums import add_part

#: Share of its mean at rest below which no muscle is heard, but an electrode that is off.
_OFF_SHARE: Final = 0.25
#: A mean modulus that is no more than this (µV) is no EMG.
_FLAT_UV: Final = 1e-6


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    counters = state.counters
    restart_muscles(state.muscles)
    state.newest[:] = 0.0
    state.levels[:] = 0.0
    state.extremes.before_uv[:] = np.nan
    for step in range(len(state.levels)):
        begin_hop(step, state.extremes)
    counters.n_samples = counters.n_segments = counters.step = counters.in_step = 0


@kernel
def _take(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    row: int,
    state: State,
    addresses: NDArray[np.int64],
) -> None:
    """Take one sample of all channels, and the segment that ends with it where there is one."""
    muscles, counters, settings = state.muscles, state.counters, state.settings
    take_muscles(samples_uv, taint, row, muscles)
    if counters.in_step == settings.step_samples:
        counters.in_step = 0
        counters.step = (counters.step + 1) % len(state.levels)
        state.levels[counters.step] = 0.0
        begin_hop(counters.step, state.extremes)
    at = counters.n_samples % settings.segment_samples
    for channel in range(state.columns.size):
        filtered = muscles.filtered_uv[channel]
        state.past_uv[channel, at] = filtered
        state.levels[counters.step, channel] += abs(filtered)
        take_extremes(counters.step, channel, muscles.raw_uv[channel], state.extremes)
    counters.in_step += 1
    counters.n_samples += 1
    is_end = counters.in_step == settings.step_samples
    if is_end and counters.n_samples >= settings.segment_samples:
        _take_segment(addresses)


@kernel(inline=False)
def _take_segment(addresses: NDArray[np.int64]) -> None:
    """Take the newest segment of all channels into the sums of the window."""
    state = opened(State, addresses)
    counters, settings = state.counters, state.settings
    number = counters.n_segments % len(state.ring)
    n_powers = settings.n_low + state.real.size // 2 + 1
    for channel in range(state.columns.size):
        powers = state.ring[number, channel * n_powers : (channel + 1) * n_powers]
        _write_powers(channel, counters.n_samples % settings.segment_samples, powers, state)
    add_part(number, state.ring, state.newest, state.window)
    counters.n_segments += 1


@kernel
def _write_powers(channel: int, oldest: int, powers: NDArray[np.float64], state: State) -> None:
    """Write the powers of a segment: of its modulus and of itself, in one transform.

    The modulus is the real part and the EMG the imaginary part: the transform of the one is even,
    that of the other odd about half the length.
    """
    real, imaginary, past = state.real, state.imaginary, state.past_uv[channel]
    n_samples, n_low = past.size, state.settings.n_low
    modulus_sum = emg_sum = 0.0
    for number in range(n_samples):
        modulus_sum += abs(past[number])
        emg_sum += past[number]
    modulus_mean, emg_mean = modulus_sum / n_samples, emg_sum / n_samples
    real[:] = 0.0
    imaginary[:] = 0.0
    at = oldest
    for number in range(n_samples):
        real[number] = (abs(past[at]) - modulus_mean) * state.hann[number]
        imaginary[number] = (past[at] - emg_mean) * state.hann[number]
        at = at + 1 if at + 1 < n_samples else 0
    transform(real, imaginary, state.factors)
    for k in range(real.size // 2 + 1):
        other = real.size - k if k > 0 else 0
        if k < n_low:
            powers[k] = (real[k] + real[other]) ** 2 + (imaginary[k] - imaginary[other]) ** 2
        powers[n_low + k] = (imaginary[k] + imaginary[other]) ** 2 + (real[other] - real[k]) ** 2


@kernel
def _write(
    hop: int, taint: NDArray[np.uint16], _state: State, addresses: NDArray[np.int64]
) -> None:
    """Write the outputs of every channel."""
    _write_channels(hop, taint, addresses)


@kernel(inline=False)
def _write_channels(hop: int, taint: NDArray[np.uint16], addresses: NDArray[np.int64]) -> None:
    state = opened(State, addresses)
    for channel in range(state.columns.size):
        _write_channel(hop, channel, taint[state.columns[channel]], state)


@kernel
def _write_channel(hop: int, channel: int, taint: int, state: State) -> None:
    """Write the outputs of one channel."""
    settings, hops, n_low = state.settings, state.hops, state.settings.n_low
    n_good, rest_uv = state.muscles.n_good[channel], state.rest_uv[channel]
    mean_uv = state.levels[:, channel].sum() / settings.n_window
    is_full = n_good >= settings.span_samples
    is_off = mean_uv <= _FLAT_UV or mean_uv < _OFF_SHARE * rest_uv
    is_bad = is_off if is_full else state.muscles.was_bad[channel]
    is_valid = is_usable(n_good, settings.span_samples, taint) and not is_bad
    is_at_rest = mean_uv <= rest_uv + ACTIVE_SD * state.rest_sd_uv[channel]
    clipped = is_clipped(channel, state.extremes)
    has_drive = is_valid and not clipped and not is_at_rest
    drive = drive_null = peak_db = peak_hz = median_hz = 0.0
    if is_valid:
        n_powers = n_low + state.real.size // 2 + 1
        powers = state.window[channel * n_powers : (channel + 1) * n_powers]
        _write_expected(powers[n_low:], state)
        low, whole = _sum(LOW, powers, state), _sum(WHOLE, powers, state)
        drive = low / whole
        steady = _sum(LOW, state.expected, state) / _sum(WHOLE, state.expected, state)
        drive_null = steady + ONE_SIDED * settings.drive_sd * steady * (1.0 - steady)
        background = _sum(BACKGROUND, powers, state) / _sum(BACKGROUND, state.expected, state)
        highest = 0.0
        for k in range(n_low):
            ratio = powers[k] / state.expected[k]
            if state.weights[PEAK_BAND, k] > 0.0 and ratio > highest:
                highest = ratio
                peak_hz = k * settings.bin_hz
        peak_db = 10.0 * np.log10(highest / background)
        median_hz = _median_hz(powers[n_low:], state)
    has_peak = peak_db > settings.peak_null_db
    to = channel * N_COLUMNS
    write_value(hops, hop, to + DRIVE, drive, has_drive)
    write_value(hops, hop, to + DRIVE_NULL, drive_null, has_drive)
    write_value(hops, hop, to + PEAK, peak_db, has_drive)
    write_value(hops, hop, to + PEAK_NULL, settings.peak_null_db, has_drive)
    write_value(hops, hop, to + HAS_PEAK, 1.0 if has_peak else 0.0, has_drive)
    write_value(hops, hop, to + PEAK_HZ, peak_hz, has_drive)
    write_value(hops, hop, to + MEDIAN, median_hz, is_valid and not clipped)
    write_value(hops, hop, to + MEDIAN_NULL, settings.median_null_hz, is_valid and not clipped)
    write_value(hops, hop, to + IS_CLIPPED, 1.0 if clipped else 0.0, is_valid)
    has_rest = not np.isnan(rest_uv)
    write_value(hops, hop, to + IS_AT_REST, 1.0 if is_at_rest else 0.0, is_valid and has_rest)
    write_value(hops, hop, to + HAS_BAD_SIGNAL, 1.0 if is_bad else 0.0, is_valid=True)


@kernel
def _sum(row: int, powers: NDArray[np.float64], state: State) -> float:
    """Return the sum of the powers that count for something."""
    total = 0.0
    for k in range(state.settings.n_low):
        total += state.weights[row, k] * powers[k]
    return total


@kernel
def _write_expected(powers: NDArray[np.float64], state: State) -> None:
    """Write the spectrum of the modulus of Gaussian noise with these powers.

    With r its autocorrelation, that of the modulus is ``sqrt(1 - r²) + r asin r - 1``.
    """
    real, imaginary, n_lags = state.real, state.imaginary, state.settings.n_lags
    half = powers.size - 1
    real[0], real[half] = powers[0], powers[half]
    for k in range(1, half):
        real[k] = real[2 * half - k] = powers[k]
    imaginary[:] = 0.0
    transform(real, imaginary, state.factors)
    for lag in range(1, n_lags):
        found = max(-1.0, min(real[lag] / real[0], 1.0))
        imaginary[lag] = np.sqrt(1.0 - found * found) + found * np.arcsin(found) - 1.0
    for k in range(state.settings.n_low):
        total = np.pi / 2.0 - 1.0
        for lag in range(1, n_lags):
            total += 2.0 * state.cosines[k, lag] * imaginary[lag]
        state.expected[k] = total


@kernel
def _median_hz(powers: NDArray[np.float64], state: State) -> float:
    """Return the frequency below which half of the power of the band is, by straight line."""
    first, last = state.settings.first_bin, state.settings.last_bin
    total = 0.0
    for k in range(first, last + 1):
        total += powers[k]
    below = 0.0
    for k in range(first, last + 1):
        if below + powers[k] >= 0.5 * total:
            return float((k - 0.5 + (0.5 * total - below) / powers[k]) * state.settings.bin_hz)
        below += powers[k]
    return last * state.settings.bin_hz


update = sample_loop(State, _restart, _take, _write)
