"""Means of hops: those of blocks that do not overlap, of their valid hops alone."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stimulators.policies.parts.averaging import Averaging

_VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60)


@given(values=_VALUES, n_hops=st.integers(1, 9))
def test_it_is_the_mean_of_each_block(values: list[float], n_hops: int) -> None:
    averaging = Averaging(n_hops)
    found = [averaging.take(each, is_valid=True) for each in values]
    assert [index for index, each in enumerate(found) if each is not None] == list(
        range(n_hops - 1, len(values), n_hops)
    )
    whole = np.array(values[: len(values) // n_hops * n_hops]).reshape(-1, n_hops)
    assert [each for each in found if each is not None] == pytest.approx(
        whole.mean(axis=1).tolist(), rel=1e-9, abs=1e-6
    )


def test_hops_that_are_not_valid_are_not_averaged_and_half_must_be() -> None:
    averaging = Averaging(4)
    for signs, mean in (("++++", 2.5), ("+xx+", 2.5), ("x+++", 3.0)):
        found = [
            averaging.take(value if sign == "+" else math.nan, is_valid=sign == "+")
            for value, sign in zip((1.0, 2.0, 3.0, 4.0), signs, strict=True)
        ]
        assert found == [None, None, None, mean]
    found = [averaging.take(1.0, is_valid=index == 0) for index in range(4)]
    assert found[-1] is not None
    assert math.isnan(found[-1])


def test_a_block_begins_anew_at_a_restart() -> None:
    averaging = Averaging(2)
    averaging.take(9.0, is_valid=True)
    averaging.restart()
    assert [averaging.take(each, is_valid=True) for each in (1.0, 2.0)] == [None, 1.5]
