"""Slow references of conditioning: a new least squares at every sample, counts by hand."""

import math

import numpy as np
from numpy.typing import NDArray


def smoothed(
    timestamps_s: NDArray[np.float64], *, rate_hz: float, n_memory: int, period_variance: float
) -> NDArray[np.float64]:
    """Return the newest point of a line fitted to all stamps so far, at every sample.

    Weighted least squares: the weight of a stamp shrinks by 1 - 1/n_memory with every later one;
    that the period is the nominal one counts as an observation of the given variance, as old as
    the first stamp.
    """
    forgetting = 1.0 - 1.0 / n_memory
    origin_s = timestamps_s[0]
    found = [origin_s]
    for newest in range(1, len(timestamps_s)):
        back = np.arange(newest + 1) - float(newest)
        root = np.sqrt(forgetting**-back)
        equations = np.column_stack((root, root * back))
        given = root * (timestamps_s[: newest + 1] - origin_s)
        prior = math.sqrt(forgetting**newest / period_variance)
        equations = np.vstack((equations, (0.0, prior)))
        given = np.append(given, prior / rate_hz)
        line, *_ = np.linalg.lstsq(equations, given, rcond=None)
        found.append(origin_s + line[0])
    return np.array(found)


def runs(
    values: list[float], *, n_frozen: int, rail: float, n_rail: int
) -> tuple[list[float], list[set[str]]]:
    """Return the replaced values of one channel, and the flaws of each sample."""
    last, n_equal, n_at_rail = None, 0, 0
    stand_ins: list[float] = []
    wrongs: list[set[str]] = []
    for value in values:
        wrong = set()
        if not math.isfinite(value) or abs(value) > 1e12:
            wrong.add("not_finite")
        elif value == last:
            n_equal += 1
        else:
            last, n_equal = value, 1
        if n_equal >= n_frozen:
            wrong.add("frozen")
        if abs(value) >= rail:
            n_at_rail += 1
        elif "not_finite" not in wrong:
            n_at_rail = 0
        if n_at_rail >= n_rail:
            wrong.add("saturated")
        stand_ins.append(0.0 if last is None else last)
        wrongs.append(wrong)
    return stand_ins, wrongs
