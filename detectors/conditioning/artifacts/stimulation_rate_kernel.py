"""The rate of a stimulation: its fundamental summed in pieces, and searched at the end."""

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array2, Record
from detectors.compiling.opened import opened
from detectors.kernels.trust import SPOILS_WINDOW

#: A channel shows the line where it stands so far over the median of the range.
_LINE_OVER_MEDIAN: Final = 100.0
#: The rate is found to within this share of the resolution of the stretch.
_SHARE_MIN: Final = 1e-7


class Settings(Record):
    """Numbers that never change."""

    #: Nominal cycles of the stimulation in a sample.
    cycles_per_sample: float


class Counters(Record):
    """Where the stretch stands."""

    #: Nominal cycles since it began, in [0, 1).
    cycles: float
    #: Samples of it.
    n_samples: int


class State(NamedTuple):
    """What is known of a stretch; the first two never change."""

    #: Weights within a piece, shape (2 * n_piece,).
    taper: Array1[np.float64]
    #: Offsets from the nominal rate to try first, evenly spaced, in cycles from one piece to the
    #: next, shape (n_offsets,).
    offsets: Array1[np.float64]
    #: First good sample of the stretch, from which all are counted, shape (n_channels,).
    reference_uv: Array1[np.float64]
    #: Good samples of the stretch, shape (n_channels,).
    n_good: Array1[np.int64]
    #: The pieces; zero when a stretch begins, shapes (n_pieces, n_channels).
    real: Array2[np.float64]
    imaginary: Array2[np.float64]
    #: Numbers that never change.
    settings: Settings
    #: Where the stretch stands.
    counters: Counters


@kernel
def update(
    samples_uv: NDArray[np.float64], taint: NDArray[np.uint16], addresses: NDArray[np.int64]
) -> None:
    """Shift the line to 0 Hz and add it up in pieces that overlap by half.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        No more rows than the stretch still needs; tainted samples are left out.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    counters, taper, real, imaginary = state.counters, state.taper, state.real, state.imaginary
    n_piece = taper.size // 2
    n_pieces = real.shape[0]
    cycles = counters.cycles
    for row in range(samples_uv.shape[0]):
        sample = counters.n_samples + row
        piece = sample // n_piece
        within = sample - piece * n_piece
        cosine = math.cos(2.0 * math.pi * cycles)
        sine = math.sin(2.0 * math.pi * cycles)
        cycles += state.settings.cycles_per_sample
        cycles -= math.floor(cycles)
        for channel in range(samples_uv.shape[1]):
            if taint[row, channel] & SPOILS_WINDOW:
                continue
            if state.n_good[channel] == 0:
                state.reference_uv[channel] = samples_uv[row, channel]
            state.n_good[channel] += 1
            value = samples_uv[row, channel] - state.reference_uv[channel]
            if piece < n_pieces:
                real[piece, channel] += taper[within] * value * cosine
                imaginary[piece, channel] -= taper[within] * value * sine
            if piece > 0:
                real[piece - 1, channel] += taper[n_piece + within] * value * cosine
                imaginary[piece - 1, channel] -= taper[n_piece + within] * value * sine
    counters.cycles = cycles
    counters.n_samples += samples_uv.shape[0]


@kernel
def find_rate(addresses: NDArray[np.int64]) -> tuple[float, bool]:
    """Return the offset of the line from the nominal rate, and whether there is a line.

    Parameters
    ----------
    addresses
        Of a bundle of `State`: a whole stretch.

    Notes
    -----
    The offset has the largest sum, over channels, of the power of the stretch at it, each
    channel's over the median of its own power at all the offsets. A channel counts where more than
    half of its samples are good.
    """
    state = opened(State, addresses)
    real, imaginary, offsets = state.real, state.imaginary, state.offsets
    n_stretch = (len(real) + 1) * (state.taper.size // 2)
    power = np.zeros((offsets.size, real.shape[1]))
    for number in range(offsets.size):
        _power_at(real, imaginary, offsets[number], power[number])
    weight = _weights(power, 2 * state.n_good > n_stretch)
    best = 0
    for number in range(offsets.size):
        if _joint(power[number], weight) > _joint(power[best], weight):
            best = number
    is_found = False
    for channel in range(weight.size):
        is_found |= power[best, channel] * weight[channel] >= _LINE_OVER_MEDIAN
    if not is_found or best in {0, offsets.size - 1}:
        return 0.0, False
    return _climb(real, imaginary, weight, offsets[best], (offsets[1] - offsets[0]) / 2.0), True


@kernel
def _weights(power: NDArray[np.float64], is_used: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return one over each channel's median power; 0 where it has none or is not used."""
    weight = np.zeros(is_used.size)
    for channel in range(is_used.size):
        median = np.median(power[:, channel])
        if is_used[channel] and median > 0.0:
            weight[channel] = 1.0 / median
    return weight


@kernel
def _climb(
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    weight: NDArray[np.float64],
    found: float,
    step: float,
) -> float:
    """Return the offset of the peak near `found`, by steps that are halved where none leads up."""
    here = np.empty(weight.size)
    _power_at(real, imaginary, found, here)
    most = _joint(here, weight)
    smallest = _SHARE_MIN / real.shape[0]
    while step > smallest:
        centre = found
        for side in (-1.0, 1.0):
            _power_at(real, imaginary, centre + side * step, here)
            joint = _joint(here, weight)
            if joint > most:
                found, most = centre + side * step, joint
        if found == centre:
            step /= 2.0
    return found


@kernel
def _power_at(
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    offset: float,
    power: NDArray[np.float64],
) -> None:
    """Write each channel's power, through a Hann window over the stretch, at an offset."""
    n_pieces, n_channels = real.shape
    total_real = np.zeros(n_channels)
    total_imaginary = np.zeros(n_channels)
    for piece in range(n_pieces):
        weight = math.sin(math.pi * (piece + 1) / (n_pieces + 1)) ** 2
        cosine = weight * math.cos(2.0 * math.pi * offset * piece)
        sine = weight * math.sin(2.0 * math.pi * offset * piece)
        for channel in range(n_channels):
            total_real[channel] += cosine * real[piece, channel] + sine * imaginary[piece, channel]
            total_imaginary[channel] += (
                cosine * imaginary[piece, channel] - sine * real[piece, channel]
            )
    for channel in range(n_channels):
        power[channel] = total_real[channel] ** 2 + total_imaginary[channel] ** 2


@kernel
def _joint(power: NDArray[np.float64], weight: NDArray[np.float64]) -> float:
    """Return the weighted sum of the channels' powers."""
    total = 0.0
    for channel in range(power.size):
        total += power[channel] * weight[channel]
    return total
