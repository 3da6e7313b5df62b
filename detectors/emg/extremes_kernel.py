"""How often a channel stays at the extremes of a window: what is clipped stays there."""

from typing import Final, NamedTuple

import numpy as np

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Array1, Array3

#: Samples that repeat the one before at the extremes of a window, from which on it is clipped.
_N_REPEATS_MIN: Final = 3

_HIGH: Final = 0
_N_HIGH: Final = 1
_LOW: Final = 2
_N_LOW: Final = 3
_N_KEPT: Final = 4


class Extremes(NamedTuple):
    """Extremes of the hops of a window."""

    #: Highest sample of each hop and how often it repeats, lowest and how often, shape
    #: (n_hops, n_channels, 4), a ring.
    of_hops: Array3[np.float64]
    #: The sample before, shape (n_channels,).
    before_uv: Array1[np.float64]


def no_extremes(n_hops: int, n_channels: int) -> Extremes:
    """Return those before the first sample."""
    found = Extremes(np.zeros((n_hops, n_channels, _N_KEPT)), np.full(n_channels, np.nan))
    found.of_hops[:, :, _HIGH] = -np.inf
    found.of_hops[:, :, _LOW] = np.inf
    return found


@kernel
def begin_hop(number: int, extremes: Extremes) -> None:
    """Forget the hop that stood at this place of the ring."""
    extremes.of_hops[number, :, _HIGH] = -np.inf
    extremes.of_hops[number, :, _LOW] = np.inf
    extremes.of_hops[number, :, _N_HIGH] = extremes.of_hops[number, :, _N_LOW] = 0.0


@kernel
def take_extremes(number: int, channel: int, value_uv: float, extremes: Extremes) -> None:
    """Take a sample into the extremes of its hop."""
    kept = extremes.of_hops[number, channel]
    repeats = 1.0 if value_uv == extremes.before_uv[channel] else 0.0
    extremes.before_uv[channel] = value_uv
    if value_uv > kept[_HIGH]:
        kept[_HIGH] = value_uv
        kept[_N_HIGH] = repeats
    elif value_uv == kept[_HIGH]:
        kept[_N_HIGH] += repeats
    if value_uv < kept[_LOW]:
        kept[_LOW] = value_uv
        kept[_N_LOW] = repeats
    elif value_uv == kept[_LOW]:
        kept[_N_LOW] += repeats


@kernel
def is_clipped(channel: int, extremes: Extremes) -> bool:
    """Return whether the channel stays at the highest or the lowest sample of the window."""
    of_hops = extremes.of_hops
    high, low = -np.inf, np.inf
    n_high = n_low = 0.0
    for number in range(len(of_hops)):
        kept = of_hops[number, channel]
        if kept[_HIGH] > high:
            high = kept[_HIGH]
            n_high = 0.0
        if kept[_HIGH] == high:
            n_high += kept[_N_HIGH]
        if kept[_LOW] < low:
            low = kept[_LOW]
            n_low = 0.0
        if kept[_LOW] == low:
            n_low += kept[_N_LOW]
    return bool(high > low and max(n_high, n_low) >= _N_REPEATS_MIN)
