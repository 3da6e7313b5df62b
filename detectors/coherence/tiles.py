"""Pairs of channels in tiles: one channel beside some that follow each other."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.coherence.products_kernel import WIDTH


class PairTiles(NamedTuple):
    """All pairs, in the kernel's order.

    Channels stand in a ring, so that every channel has others behind it.
    """

    #: Channel, and that of the ring that the others begin with.
    origins: NDArray[np.uint64]
    #: Number of the pair of each lane, or -1.
    pairs: NDArray[np.int64]
    #: -1 where the tile's channel is the pair's second, 1 elsewhere.
    signs: NDArray[np.float64]


class _Choice(NamedTuple):
    """Where a pair may be worked on."""

    origin: tuple[int, int]
    lane: int
    is_swapped: bool


def tiles_of(pairs: NDArray[np.int64], n_channels: int) -> PairTiles:
    """Put pairs of channels into few tiles.

    A pair may be looked at from either of its channels. It goes where more pairs could go, so
    that all pairs of 32 channels fill 32 tiles, and those of one channel with all others two.
    """
    choices = [_choices(a, b, n_channels) for a, b in pairs.tolist()]
    could = Counter(choice.origin for both in choices for choice in both)
    # Of two that are as good the nearer one: half of a ring of channels then does for all pairs.
    chosen = [
        max(both, key=lambda choice: (could[choice.origin], -choice.origin[1])) for both in choices
    ]
    order = {
        origin: tile for tile, origin in enumerate(sorted({choice.origin for choice in chosen}))
    }
    made = PairTiles(
        np.array([(one, (one + 1 + WIDTH * part) % n_channels) for one, part in order]).astype(
            np.uint64
        ),
        np.full((len(order), WIDTH), -1),
        np.ones((len(order), WIDTH)),
    )
    for pair, choice in enumerate(chosen):
        at = order[choice.origin], choice.lane
        made.pairs[at] = pair
        made.signs[at] = -1.0 if choice.is_swapped else 1.0
    return made


def _choices(a: int, b: int, n_channels: int) -> tuple[_Choice, _Choice]:
    ahead = (b - a) % n_channels - 1
    back = (a - b) % n_channels - 1
    return (
        _Choice((a, ahead // WIDTH), ahead % WIDTH, is_swapped=False),
        _Choice((b, back // WIDTH), back % WIDTH, is_swapped=True),
    )
