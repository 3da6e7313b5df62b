"""The clean steps of a staircase with their means, and the steps that have none."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.titration.mean_of_series import MeanOfSeries, mean_of_series
from replay.titration.recorded import RecordedStaircase
from stimulators.policies.titration.course import Attempt


class MeasuredStep(NamedTuple):
    """A clean step.

    Parameters
    ----------
    step : int
        Its index.
    amount : float
        What the device gave.
    attempt : Attempt
        The newest clean attempt at it.
    values : ndarray of float64, shape (n_values,)
        The measure at the valid hops of the measured part.
    level : MeanOfSeries
        Their mean.
    """

    step: int
    amount: float
    attempt: Attempt
    values: NDArray[np.float64]
    level: MeanOfSeries


class Measured(NamedTuple):
    """What was measured of a staircase.

    Parameters
    ----------
    steps : tuple of MeasuredStep
        The clean steps, in the order in which they were given.
    after : MeasuredStep or None
        What was measured at the safe amount after them, where that is clean.
    """

    steps: tuple[MeasuredStep, ...]
    after: MeasuredStep | None


def measured(recorded: RecordedStaircase) -> Measured:
    """Return the clean steps of a staircase: of each its newest clean attempt."""
    newest = {each.step: each for each in recorded.attempts if not each.broken_by}
    steps = [_measured(recorded, each) for each in newest.values()]
    steps.sort(key=lambda each: each.attempt.start_sample)
    is_after = [each.step == recorded.n_steps for each in steps]
    return Measured(
        steps=tuple(each for each, after in zip(steps, is_after, strict=True) if not after),
        after=next((each for each, after in zip(steps, is_after, strict=True) if after), None),
    )


def values_between(recorded: RecordedStaircase, start: int, end: int) -> NDArray[np.float64]:
    """Return the measure at the valid hops from sample `start` up to, and without, `end`."""
    hops = recorded.hops
    values = hops.value[(hops.sample >= start) & (hops.sample < end)]
    return values[np.isfinite(values)]


def _measured(recorded: RecordedStaircase, attempt: Attempt) -> MeasuredStep:
    values = values_between(recorded, attempt.settled_sample, attempt.end_sample)
    return MeasuredStep(
        step=attempt.step,
        amount=recorded.doses[attempt.step].amount,
        attempt=attempt,
        values=values,
        level=mean_of_series(values),
    )
