"""A complex filter that is symmetric about its middle sample, on a grid of samples of one hop."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel

#: Values of a lane; work comes in whole lanes, so that no loop has a slow end.
LANES: Final = 16
#: Values that are taken through all taps before the next ones, and stay close by.
_AT_ONCE: Final = 1024


def polyphase_offsets(
    n_half: int, middle: int, step: int, stride: int, n_channels: int
) -> NDArray[np.uint64]:
    """Return where the samples that a tap takes begin, shape (2, n_half + 1).

    Parameters
    ----------
    n_half : int
        Taps on either side of the middle.
    middle : int
        The sample that the first output refers to.
    step : int
        From one output to the next.
    stride : int
        Values of each phase of a step.
    n_channels : int
        Channels that lie side by side.

    Notes
    -----
    Polyphase layout: sample `i` of channel `c` is at
    ``i % step * stride + i // step * n_channels + c``, so that every `step`-th sample, of all
    channels, lies side by side. The first row is of samples after the middle, the second of those
    before it.
    """
    distance = np.arange(n_half + 1)
    sample = np.stack((middle + distance, middle - distance))
    return (sample % step * stride + sample // step * n_channels).astype(np.uint64)


@kernel
def filter_grid(
    polyphase: NDArray[np.float64],
    offsets: NDArray[np.uint64],
    taps: NDArray[np.float64],
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Filter with taps that are even in their real part, odd in the other.

    Parameters
    ----------
    polyphase : ndarray of float64, shape (n_values,)
        The samples, see `polyphase_offsets`.
    offsets : ndarray of uint64, shape (2, n_half + 1)
        From `polyphase_offsets`.
    taps : ndarray of float64, shape (2, n_half + 1)
        Real and imaginary taps, from the middle outwards.
    real, imaginary : ndarray of float64, shape (n_filled,)
        Filled with the oscillation, row by row of the grid, the channels side by side.

    Notes
    -----
    Outputs that are not on the grid are never computed. Four taps are taken in one pass over
    values that lie side by side, whether they are samples or channels. Offsets are
    unsigned, so that no index counts from the end, and the passes are vectorised.
    """
    n_taps = taps.shape[1]
    n_in_passes = (n_taps - 1) // 4 * 4
    for first in range(0, real.size, _AT_ONCE):
        size = np.uint64(min(_AT_ONCE, real.size - first))
        to = np.uint64(first)
        at = offsets[0, 0] + to
        for each in range(size):
            real[to + each] = taps[0, 0] * polyphase[at + each]
            imaginary[to + each] = 0.0
        for near in range(1, n_in_passes + 1, 4):
            _add_four(polyphase, offsets, taps, near, to, size, real, imaginary)
        for far in range(n_in_passes + 1, n_taps):
            even = taps[0, far]
            odd = taps[1, far]
            late = offsets[0, far] + to
            early = offsets[1, far] + to
            for each in range(size):
                real[to + each] += even * (polyphase[late + each] + polyphase[early + each])
                imaginary[to + each] += odd * (polyphase[late + each] - polyphase[early + each])


@kernel
def _add_four(
    polyphase: NDArray[np.float64],
    offsets: NDArray[np.uint64],
    taps: NDArray[np.float64],
    near: int,
    to: np.uint64,
    size: np.uint64,
    real: NDArray[np.float64],
    imaginary: NDArray[np.float64],
) -> None:
    """Add what four neighbouring taps on either side give."""
    e0, e1, e2, e3 = taps[0, near], taps[0, near + 1], taps[0, near + 2], taps[0, near + 3]
    o0, o1, o2, o3 = taps[1, near], taps[1, near + 1], taps[1, near + 2], taps[1, near + 3]
    late0, early0 = offsets[0, near] + to, offsets[1, near] + to
    late1, early1 = offsets[0, near + 1] + to, offsets[1, near + 1] + to
    late2, early2 = offsets[0, near + 2] + to, offsets[1, near + 2] + to
    late3, early3 = offsets[0, near + 3] + to, offsets[1, near + 3] + to
    for each in range(size):
        a0, b0 = polyphase[late0 + each], polyphase[early0 + each]
        a1, b1 = polyphase[late1 + each], polyphase[early1 + each]
        a2, b2 = polyphase[late2 + each], polyphase[early2 + each]
        a3, b3 = polyphase[late3 + each], polyphase[early3 + each]
        even = (e0 * (a0 + b0) + e1 * (a1 + b1)) + (e2 * (a2 + b2) + e3 * (a3 + b3))
        odd = (o0 * (a0 - b0) + o1 * (a1 - b1)) + (o2 * (a2 - b2) + o3 * (a3 - b3))
        real[to + each] += even
        imaginary[to + each] += odd
