"""Pairs of channels put into runs: one channel beside some that follow each other."""

from collections import Counter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.kernels.coherence_products import WIDTH


class Runs(NamedTuple):
    """All pairs, in the kernel's order.

    Channels stand in a ring, so that every channel has others behind it.
    """

    #: Channel, and place in the ring of the first of the others.
    places: NDArray[np.uint64]
    #: Pair by pair its place in the list, or -1.
    pairs: NDArray[np.int64]
    #: -1 where the run's channel is the pair's second, 1 elsewhere.
    turned: NDArray[np.float64]


class _Place(NamedTuple):
    """Where a pair may be worked on."""

    run: tuple[int, int]
    lane: int
    is_turned: bool


def runs_of(pairs: NDArray[np.int64], n_channels: int) -> Runs:
    """Put pairs of channels into few runs.

    A pair may be looked at from either of its channels. It goes where more pairs could go, so
    that all pairs of 32 channels fill 32 runs, and those of one channel with all others two.
    """
    choices = [_choices(a, b, n_channels) for a, b in pairs.tolist()]
    could = Counter(choice.run for both in choices for choice in both)
    # Of two that are as good the nearer one: half of a ring of channels then does for all pairs.
    chosen = [max(both, key=lambda choice: (could[choice.run], -choice.run[1])) for both in choices]
    order = {run: place for place, run in enumerate(sorted({choice.run for choice in chosen}))}
    made = Runs(
        np.array([(one, (one + 1 + WIDTH * part) % n_channels) for one, part in order]).astype(
            np.uint64
        ),
        np.full((len(order), WIDTH), -1),
        np.ones((len(order), WIDTH)),
    )
    for pair, choice in enumerate(chosen):
        at = order[choice.run], choice.lane
        made.pairs[at] = pair
        made.turned[at] = -1.0 if choice.is_turned else 1.0
    return made


def _choices(a: int, b: int, n_channels: int) -> tuple[_Place, _Place]:
    ahead = (b - a) % n_channels - 1
    back = (a - b) % n_channels - 1
    return (
        _Place((a, ahead // WIDTH), ahead % WIDTH, is_turned=False),
        _Place((b, back // WIDTH), back % WIDTH, is_turned=True),
    )
