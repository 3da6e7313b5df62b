"""Onsets and offsets of a lower bound over a threshold, hop by hop."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from detectors.compiling.kernel import kernel
from detectors.compiling.layout import Record
from detectors.compiling.opened import opened
from detectors.kernels.edges import Edges
from detectors.kernels.hysteresis import EpisodeStates, take_value


class Settings(Record):
    """Numbers that never change."""

    #: Column of the first pair's lower bound.
    first_column: int
    #: Columns of a pair.
    n_columns: int
    #: Above it coherence begins.
    threshold: float


class State(NamedTuple):
    """What edges are found by."""

    #: The episode of each pair.
    episodes: EpisodeStates
    #: Onsets, offsets and cuts.
    edges: Edges
    #: Numbers that never change.
    settings: Settings


@kernel
def update(
    values: NDArray[np.float64],
    valid: NDArray[np.bool_],
    sample: NDArray[np.int64],
    time_s: NDArray[np.float64],
    addresses: NDArray[np.int64],
) -> None:
    """Write the edges of these hops, in order.

    Parameters
    ----------
    values, valid, sample, time_s
        See `detectors.estimates.Estimates`.
    addresses
        Of a bundle of `State`.
    """
    state = opened(State, addresses)
    settings, episodes = state.settings, state.episodes
    for hop in range(len(values)):
        for pair in range(episodes.stage.size):
            column = settings.first_column + pair * settings.n_columns
            take_value(
                pair,
                values[hop, column],
                valid[hop, column],
                settings.threshold,
                sample[hop],
                time_s[hop],
                episodes,
                state.edges,
            )
