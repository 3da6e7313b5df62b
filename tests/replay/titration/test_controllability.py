"""Whether a measure follows an amount: exact where it does, and by chance as often as it may."""

from itertools import permutations

import numpy as np
import pytest

from replay.titration.controllability import LEVEL, controllability


def test_all_orders_are_looked_at_and_p_is_the_share_that_goes_as_well() -> None:
    amounts, levels = [0.0, 1.0, 2.0, 1.0, 3.0], [3.0, 2.5, 1.0, 2.6, 0.5]
    found = controllability(amounts, levels, seed=1)
    centred = np.array(amounts) - np.mean(amounts)
    together = [float(centred @ np.array(order)) for order in permutations(levels)]
    as_given = float(centred @ np.array(levels))
    assert found.n_orders == 120
    assert found.p_falls == pytest.approx(np.mean(np.array(together) <= as_given + 1e-9))
    assert found.p_rises == pytest.approx(np.mean(np.array(together) >= as_given - 1e-9))
    # Two steps of one amount may swap: 2 of 120 orders go as well as the best.
    assert found.p_least == pytest.approx(2 / 120)


def test_a_sign_is_shown_either_way() -> None:
    amounts = [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    falling = controllability(amounts, [6.0, 5.0, 4.0, 3.0, 2.0, 1.0], seed=1)
    rising = controllability(amounts, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0], seed=1)
    assert (falling.sign, rising.sign) == ("falls", "rises")
    assert falling.p_falls == rising.p_rises == pytest.approx(1 / 720)
    assert falling.only_rises


def test_few_steps_show_nothing_however_plain_they_are() -> None:
    found = controllability([0.0, 1.0, 2.0, 3.0], [9.0, 3.0, 2.0, 1.0], seed=1)
    assert found.sign is None
    assert found.reason == (
        "4 clean steps cannot show it: p is at least 0.0417, and 0.025 is needed: take more steps"
    )
    assert controllability([1.0, 1.0], [2.0, 3.0], seed=1).reason == (
        "fewer than two amounts were measured"
    )


def test_of_many_steps_orders_are_drawn_the_same_by_the_same_seed() -> None:
    random = np.random.default_rng(5)
    amounts = [0.0, 1.0, 2.0, 3.0] * 3
    levels = [float(each) for each in random.normal(0.0, 1.0, 12) - 0.3 * np.array(amounts)]
    first, again, other = (controllability(amounts, levels, seed=seed) for seed in (1, 1, 2))
    assert first == again
    assert first.p_falls != other.p_falls
    assert first.p_falls == pytest.approx(other.p_falls, abs=0.02)


def test_where_nothing_follows_a_sign_is_shown_as_rarely_as_is_said() -> None:
    """Levels in any order: one of 40 each way, and p is spread evenly."""
    random = np.random.default_rng(7)
    amounts = [0.0, 1.0, 2.0, 0.5, 1.5, 2.5]
    found = [
        controllability(amounts, random.standard_cauchy(6).tolist(), seed=1) for _ in range(800)
    ]
    falls = np.mean([each.sign == "falls" for each in found])
    rises = np.mean([each.sign == "rises" for each in found])
    assert falls <= LEVEL + 0.014
    assert rises <= LEVEL + 0.014
    assert falls + rises > 0.02
    assert np.mean([each.p_falls for each in found]) == pytest.approx(0.5, abs=0.04)
