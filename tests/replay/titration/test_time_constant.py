"""The time constant of a response is found again with its interval; of none there is none."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.titration.measured import measured
from replay.titration.time_constant import time_constant, transitions
from tests.replay.titration.titrated import HOP_S, recorded_of


class Follower:
    """A measure that goes to its level by an exponential, with noise."""

    def __init__(self, up_s: float, down_s: float, noise: float) -> None:
        self._tau_s = {True: up_s, False: down_s}
        self._noise = noise
        self._random = np.random.default_rng(4)
        self._level = 10.0
        self._amount = 0.0

    def __call__(self, amount: float, n_hops: int) -> NDArray[np.float64]:
        goal = 10.0 - 2.0 * amount
        tau_s = self._tau_s[amount > self._amount]
        # A hop is the mean of what was since the one before: it is half a hop late.
        since_s = np.maximum(np.arange(n_hops) * HOP_S - 0.5 * HOP_S - self._way_s(amount), 0.0)
        course = goal + (self._level - goal) * np.exp(-since_s / tau_s)
        self._level, self._amount = goal, amount
        noisy: NDArray[np.float64] = course + self._random.normal(0.0, self._noise, n_hops)
        return noisy

    def _way_s(self, amount: float) -> float:
        return 0.5 * abs(amount - self._amount) / 12.0


def test_each_direction_has_its_own() -> None:
    recorded = recorded_of(
        [0.0, 2.0, 0.0, 3.0, 0.5], Follower(2.0, 5.0, 0.3), duration_s=60.0, settle_s=30.0
    )
    found = transitions(recorded, measured(recorded))
    for is_up, tau_s, n_steps in ((True, 2.0, 2), (False, 5.0, 3)):
        fitted = time_constant(
            [each for each in found if each.is_up is is_up], window_s=HOP_S, hop_s=HOP_S
        )
        assert fitted is not None
        assert fitted.n_steps == n_steps
        assert fitted.time_constant_s == pytest.approx(tau_s, rel=0.05)
        assert fitted.low_s is not None
        assert fitted.high_s is not None
        assert fitted.low_s <= tau_s <= fitted.high_s
        assert fitted.high_s < 1.2 * tau_s


def test_where_the_amount_changes_nothing_there_is_none() -> None:
    random = np.random.default_rng(2)
    recorded = recorded_of([0.0, 2.0, 0.0], lambda _amount, n: random.normal(10.0, 1.0, n))
    plain = transitions(recorded, measured(recorded))
    assert len(plain) <= 1
    assert time_constant([], window_s=HOP_S, hop_s=HOP_S) is None


def test_a_change_from_a_broken_step_is_not_fitted() -> None:
    follower = Follower(2.0, 2.0, 0.3)
    recorded = recorded_of([0.0, 2.0, 0.0, 3.0], follower, settle_s=20.0, broken=[1])
    found = transitions(recorded, measured(recorded))
    assert [each.is_up for each in found] == [True, False]  # 0 to 3 mA, and to the end
