"""Switches by onset: those of the policy's own parts, and the knee of a published curve."""

import numpy as np
import pytest
from numpy.typing import NDArray

from replay.calibration.onset_curve import block_means, knee, switches
from stimulators.policies.parts.averaging import Averaging
from stimulators.policies.parts.onsets import Onsets

_UPPER, _LOWER = 0.6, -0.5


def _hops(seed: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    random = np.random.default_rng(seed)
    slow = np.convolve(random.standard_normal(4000), np.ones(9) / 3.0, mode="same")
    return slow, random.random(4000) > 0.3


def _by_the_policy(
    values: NDArray[np.float64], valid: NDArray[np.bool_], n_hops: int, onset: int
) -> list[int]:
    """Return the samples at which the goal changes, counted by the parts of `DualThreshold`."""
    averaging = Averaging(n_hops)
    onsets = Onsets(upper_samples=onset * n_hops, lower_samples=onset * n_hops)
    goal, at = 0, []
    for sample, (value, is_valid) in enumerate(zip(values.tolist(), valid.tolist(), strict=True)):
        mean = averaging.take(value, is_valid=is_valid)
        if mean is None:
            continue
        if np.isnan(mean):
            onsets.restart()
            continue
        side = onsets.update(int(mean > _UPPER) - int(mean < _LOWER), sample, float(sample))
        if side and side != goal:
            if goal:
                at.append(sample)
            goal = side
    return at


@pytest.mark.parametrize("onset", [0, 1, 2, 5])
@pytest.mark.parametrize("n_hops", [1, 3])
def test_switches_are_those_of_the_policy(onset: int, n_hops: int) -> None:
    values, valid = _hops(n_hops)
    means = block_means(values, valid, n_hops)
    found = switches(means, _UPPER, _LOWER, onset)
    at = _by_the_policy(values, valid, n_hops, onset)
    undone = np.diff(at) <= max(onset, 1) * n_hops
    assert (found.n, found.n_undone) == (len(at), int(undone.sum()))
    assert onset > 2 or found.n > 10


def test_the_knee_of_a_patients_curve_is_the_onset_that_was_chosen() -> None:
    onset_s = [3.0, 6.0, 9.0, 15.0, 30.0, 60.0]
    per_hour = [447.0, 89.0, 28.0, 7.3, 2.5, 1.5]
    assert knee(onset_s, [each * 31.6 for each in per_hour]) == (3, True)


def test_of_an_exponential_the_knee_is_that_of_the_plain_curve() -> None:
    onset_s = np.linspace(0.0, 4.0, 41)
    found = knee(onset_s.tolist(), (1000.0 * np.exp(-onset_s)).tolist())
    # Furthest below the line to the end, where the slope is that of the line.
    expected_s = -np.log((1.0 - np.exp(-4.0)) / 4.0)
    assert found is not None
    assert onset_s[found.point] == pytest.approx(expected_s, abs=0.06)
    assert not found.is_of_logarithms


def test_a_straight_curve_or_one_of_few_switches_has_no_knee() -> None:
    onset_s = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]
    assert knee(onset_s, [60.0, 50.0, 40.0, 30.0, 20.0, 10.0]) is None
    assert knee(onset_s, [90.0, 32.0, 6.0, 4.0, 3.0, 2.0]) is None
