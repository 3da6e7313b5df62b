"""A sine and a cosine for each harmonic of the mains and each channel, that follow it."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record
from detectors.compiling.opened import opened
from detectors.kernels.trust import RESTART, SPOILS_WINDOW

#: Errors over four standard deviations are cut; this is of the mean magnitude of a Gaussian.
_CUT: Final = 4.0 / math.sqrt(2.0 / math.pi)
_FOLLOW: Final = 0.25


class Settings(Record):
    """Numbers that never change."""

    #: Nominal cycles a sample.
    cycles_per_sample: float
    #: How far from it the line may be.
    range_cycles: float
    #: Samples that are remembered.
    n_memory: float
    #: Samples that are remembered at the beginning.
    n_begin: float
    #: Samples from one look at the frequency to the next.
    n_follow: float


class Line(Record):
    """Where the line is."""

    #: Phase of the fundamental, in [0, 1).
    cycles: float
    #: Its frequency.
    cycles_per_sample: float
    #: Samples since the last look at the frequency.
    n_since: int


class State(NamedTuple):
    """What is known of the line, in general and of each channel."""

    #: Good samples since the restart, shape (n_channels,), as all up to `error_uv`.
    n_good: Array1[np.float64]
    #: Running mean of what is left.
    mean_uv: Array1[np.float64]
    #: Mean magnitude of the error.
    size_uv: Array1[np.float64]
    #: The fundamental at the last look.
    before_real: Array1[np.float64]
    before_imaginary: Array1[np.float64]
    #: The line, and the error times the gain, of this sample; overwritten.
    line_uv: Array1[np.float64]
    error_uv: Array1[np.float64]
    #: Real and imaginary part of each harmonic, shape (2 * n_harmonics, n_channels).
    harmonics: Array2[np.float64]
    #: Unit phasor of each harmonic at this sample, shapes (n_harmonics,); overwritten.
    real: Array1[np.float64]
    imaginary: Array1[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the line is.
    line: Line


@kernel
def update(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], addresses: NDArray[np.int64]
) -> None:
    """Subtract the line from samples, in place.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        The samples are changed.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    line, settings, real, imaginary = state.line, state.settings, state.real, state.imaginary
    for row in range(samples_uv.shape[0]):
        if taint[row, 0] & RESTART:
            _restart(state)
        _advance(line, real, imaginary)
        _cancel(samples_uv[row], taint[row], state)
        _learn(state)
        line.n_since += 1
        if line.n_since >= settings.n_follow:
            _follow(state)
            line.n_since = 0


@kernel
def _restart(state: State) -> None:
    """Forget everything, of all channels."""
    state.line.cycles = 0.0
    state.line.cycles_per_sample = state.settings.cycles_per_sample
    state.line.n_since = 0
    state.n_good[:] = 0.0
    state.mean_uv[:] = 0.0
    state.size_uv[:] = 0.0
    state.before_real[:] = 0.0
    state.before_imaginary[:] = 0.0
    state.harmonics[:] = 0.0


@kernel
def _advance(line: Line, real: NDArray[np.float64], imaginary: NDArray[np.float64]) -> None:
    """Write the oscillators of this sample, and go on to the next."""
    angle = 2.0 * math.pi * line.cycles
    real[0] = math.cos(angle)
    imaginary[0] = math.sin(angle)
    for h in range(1, real.size):
        real[h] = real[h - 1] * real[0] - imaginary[h - 1] * imaginary[0]
        imaginary[h] = real[h - 1] * imaginary[0] + imaginary[h - 1] * real[0]
    line.cycles += line.cycles_per_sample
    line.cycles -= math.floor(line.cycles)


@kernel
def _cancel(sample_uv: NDArray[np.float64], taint: NDArray[np.uint16], state: State) -> None:
    """Subtract the line from one row, and write the error to learn from, times the gain."""
    settings, harmonics = state.settings, state.harmonics
    line_uv, error_uv, mean_uv = state.line_uv, state.error_uv, state.mean_uv
    n_goods, size_uv = state.n_good, state.size_uv
    line_uv[:] = 0.0
    for h in range(state.real.size):
        for channel in range(sample_uv.size):
            line_uv[channel] += (
                harmonics[2 * h, channel] * state.real[h]
                - harmonics[2 * h + 1, channel] * state.imaginary[h]
            )
    for channel in range(sample_uv.size):
        rest = sample_uv[channel] - line_uv[channel]
        sample_uv[channel] = rest
        if taint[channel] & SPOILS_WINDOW:
            error_uv[channel] = 0.0
            continue
        n_good = n_goods[channel]
        if n_good == 0.0:
            mean_uv[channel] = rest
        error = rest - mean_uv[channel]
        # A channel that began as a constant has no size yet: nothing of it could be cut to that.
        if n_good >= settings.n_begin and size_uv[channel] > 0.0:
            most = _CUT * size_uv[channel]
            error = min(max(error, -most), most)
        n_goods[channel] = n_good + 1.0
        size_uv[channel] += (abs(error) - size_uv[channel]) / min(n_good + 1.0, settings.n_memory)
        gain = 1.0 / min(n_good + settings.n_begin, settings.n_memory)
        error_uv[channel] = gain * error


@kernel
def _learn(state: State) -> None:
    """Take the error into the mean and into every harmonic."""
    harmonics, error_uv = state.harmonics, state.error_uv
    for channel in range(error_uv.size):
        state.mean_uv[channel] += error_uv[channel]
    for h in range(state.real.size):
        for channel in range(error_uv.size):
            harmonics[2 * h, channel] += 2.0 * error_uv[channel] * state.real[h]
            harmonics[2 * h + 1, channel] -= 2.0 * error_uv[channel] * state.imaginary[h]


@kernel
def _follow(state: State) -> None:
    """Move the frequency by a share of how far the fundamental has rotated since the last look."""
    settings, line, harmonics = state.settings, state.line, state.harmonics
    along = 0.0
    across = 0.0
    for channel in range(harmonics.shape[1]):
        now_real, now_imaginary = harmonics[0, channel], harmonics[1, channel]
        before_real, before_imaginary = state.before_real[channel], state.before_imaginary[channel]
        along += now_real * before_real + now_imaginary * before_imaginary
        across += now_imaginary * before_real - now_real * before_imaginary
        state.before_real[channel] = now_real
        state.before_imaginary[channel] = now_imaginary
    rotated = math.atan2(across, along) / (2.0 * math.pi)
    moved = line.cycles_per_sample + _FOLLOW * rotated / settings.n_follow
    lowest = settings.cycles_per_sample - settings.range_cycles
    highest = settings.cycles_per_sample + settings.range_cycles
    line.cycles_per_sample = min(max(moved, lowest), highest)
