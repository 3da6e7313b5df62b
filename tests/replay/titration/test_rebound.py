"""A way back is found where there is one, and by chance as rarely as is said."""

import math

import numpy as np
import pytest

from replay.titration.mean_of_series import MeanOnScale
from replay.titration.rebound import rebound_after_end, rebound_with_amount

_AMOUNTS = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]


def _levels(powers: list[float], error: float = 0.1) -> list[MeanOnScale]:
    return [MeanOnScale(math.log(each), error, 15.0, is_log=True) for each in powers]


def test_power_that_rises_again_with_too_much_current_is_told_with_both_amounts() -> None:
    found = rebound_with_amount(_AMOUNTS, _levels([1.0, 0.8, 0.5, 0.3, 0.3, 0.5, 0.8]), "falls")
    assert found is not None
    assert found.is_there
    assert (found.from_amount, found.to_amount) == (1.5, 3.0)
    assert found.ratio == pytest.approx(0.8 / 0.3)


def test_what_falls_all_the_way_does_not_come_back_and_the_other_sign_is_its_mirror() -> None:
    falling = _levels([1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    found = rebound_with_amount(_AMOUNTS, falling, "falls")
    mirrored = rebound_with_amount(_AMOUNTS, falling, "rises")
    assert found is not None
    assert not found.is_there
    assert found.p == 1.0
    assert mirrored is not None
    assert mirrored.is_there


@pytest.mark.slow
def test_levels_that_differ_by_chance_come_back_as_rarely_as_is_said() -> None:
    random = np.random.default_rng(3)
    n_there = 0
    for _ in range(300):
        levels = [
            MeanOnScale(float(each), 0.1, 1e4, is_log=True)
            for each in random.normal(0.0, 0.1, len(_AMOUNTS))
        ]
        found = rebound_with_amount(_AMOUNTS, levels, "falls")
        n_there += found is not None and found.is_there
    assert 1 <= n_there <= 17  # 2.5 % are 7.5


def test_what_comes_after_the_end_is_held_against_what_was_before() -> None:
    before, same, higher = _levels([1.0, 1.02, 1.8])
    found, beyond = (rebound_after_end(before, each, "falls") for each in (same, higher))
    assert found is not None
    assert not found.is_there
    assert found.low < 1.0 < found.high
    assert beyond is not None
    assert beyond.is_there
    assert beyond.ratio == pytest.approx(1.8)
    other = rebound_after_end(before, higher, "rises")
    assert other is not None
    assert not other.is_there


def test_without_an_error_nothing_is_told() -> None:
    unknown = MeanOnScale(0.0, math.inf, 1e-9, is_log=True)
    assert rebound_after_end(unknown, unknown, "falls") is None
    assert rebound_with_amount([0.0, 1.0], [unknown, unknown], "falls") is None
