"""Pair tiles of coherence: each pair is in exactly one, and there are few tiles."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from detectors.coherence.tiles import tiles_of


@given(st.data())
def test_each_pair_is_looked_at_once_and_the_right_way_round(data: st.DataObject) -> None:
    n_channels = data.draw(st.integers(2, 70))
    every = list(combinations(range(n_channels), 2))
    chosen = data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True))
    pairs = [pair[:: data.draw(st.sampled_from([1, -1]))] for pair in chosen]
    made = tiles_of(np.array(pairs), n_channels)
    assert len(np.unique(made.origins, axis=0)) == len(made.origins)
    assert sorted(made.pairs[made.pairs >= 0]) == list(range(len(pairs)))
    for run, lane in np.argwhere(made.pairs >= 0):
        one, others = made.origins[run].tolist()
        found = (one, (others + lane) % n_channels)
        sign = made.signs[run, lane]
        assert pairs[made.pairs[run, lane]] == (found if sign > 0 else found[::-1])
    assert (made.pairs >= 0).any(axis=1).all()


@pytest.mark.parametrize(
    ("pairs", "n_channels", "n_runs"),
    [
        ([(0, 1)], 2, 1),
        (list(combinations(range(8), 2)), 8, 7),
        (list(combinations(range(32), 2)), 32, 32),
        (list(combinations(range(64), 2)), 64, 128),
        ([(0, other) for other in range(1, 32)], 32, 2),
        ([(one, other) for one in range(4) for other in range(4, 12)], 12, 4),
    ],
)
def test_few_runs_are_needed(pairs: list[tuple[int, int]], n_channels: int, n_runs: int) -> None:
    assert len(tiles_of(np.array(pairs), n_channels).origins) == n_runs
