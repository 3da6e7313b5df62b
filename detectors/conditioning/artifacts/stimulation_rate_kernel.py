"""At which rate a stimulation runs: the fundamental, gathered as it comes, found in one look."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.kernels.trust import SPOILS_WINDOW

# Places in the gathering's state.
CYCLES: Final = 0  # of the nominal rate since the stretch began, in [0, 1)
N_GATHERED: Final = 1  # samples of the stretch
N_STATE: Final = 2

#: A channel shows the line where it stands so far over the median of the range.
_LINE_OVER_MEDIAN: Final = 100.0
#: The rate is found to within this share of the resolution of the stretch.
_SHARE_MIN: Final = 1e-7


@kernel
def gather(
    samples_uv: NDArray[np.float64],
    taint: NDArray[np.uint16],
    start: int,
    stop: int,
    rotation: float,
    taper: NDArray[np.float64],
    state: NDArray[np.float64],
    reference: NDArray[np.float64],
    n_good: NDArray[np.int64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Shift the line to 0 Hz and add it up in pieces that overlap by half.

    Parameters
    ----------
    samples_uv, taint : ndarray, shape (n_samples, n_channels)
        Tainted samples are left out.
    start, stop : int
        Rows to gather; no more than the stretch still needs.
    rotation : float
        Nominal cycles a sample.
    taper : ndarray of float64, shape (2 n_piece,)
        Weights within a piece.
    state : ndarray of float64, shape (N_STATE,)
        Places as above; carried on, as is all that follows.
    reference : ndarray of float64, shape (n_channels,)
        First good sample of the stretch, from which all are counted.
    n_good : ndarray of int64, shape (n_channels,)
        Good samples of the stretch.
    real, imaginary : ndarray of float64, shape (n_pieces, n_channels)
        The pieces; zero when a stretch begins.
    """
    n_piece = taper.size // 2
    n_pieces = real.shape[0]
    cycles = state[CYCLES]
    for row in range(start, stop):
        place = int(state[N_GATHERED]) + row - start
        piece = place // n_piece
        within = place - piece * n_piece
        cosine = math.cos(2.0 * math.pi * cycles)
        sine = math.sin(2.0 * math.pi * cycles)
        cycles += rotation
        cycles -= math.floor(cycles)
        for channel in range(samples_uv.shape[1]):
            if taint[row, channel] & SPOILS_WINDOW:
                continue
            if n_good[channel] == 0:
                reference[channel] = samples_uv[row, channel]
            n_good[channel] += 1
            value = samples_uv[row, channel] - reference[channel]
            if piece < n_pieces:
                real[piece, channel] += taper[within] * value * cosine
                imaginary[piece, channel] -= taper[within] * value * sine
            if piece > 0:
                real[piece - 1, channel] += taper[n_piece + within] * value * cosine
                imaginary[piece - 1, channel] -= taper[n_piece + within] * value * sine
    state[CYCLES] = cycles
    state[N_GATHERED] += stop - start


@kernel
def find_rate(
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
    is_used: NDArray[np.bool_],
    offsets: NDArray[np.float64],
) -> tuple[float, bool]:
    """Return the offset of the line from the nominal rate, and whether there is a line.

    Parameters
    ----------
    real, imaginary : ndarray of float64, shape (n_pieces, n_channels)
        The pieces of a stretch.
    is_used : ndarray of bool, shape (n_channels,)
        Channels with enough good samples.
    offsets : ndarray of float64, shape (n_offsets,)
        To try first, evenly, in cycles from one piece to the next.

    Notes
    -----
    The offset has the largest sum, over channels, of the power of the stretch at it, each
    channel's over the median of its own power at all the offsets.
    """
    power = np.zeros((offsets.size, real.shape[1]))
    for place in range(offsets.size):
        _power_at(real, imaginary, offsets[place], power[place])
    weight = _weights(power, is_used)
    best = 0
    for place in range(offsets.size):
        if _joint(power[place], weight) > _joint(power[best], weight):
            best = place
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
    total = 0.0
    for channel in range(power.size):
        total += power[channel] * weight[channel]
    return total
