"""The clean steps of a staircase with their means, and the steps that have none."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from replay.titration.mean_of_series import MeanOfSeries, blocks_of, mean_of_series
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
    mean : MeanOfSeries
        Of these.
    """

    step: int
    amount: float
    attempt: Attempt
    values: NDArray[np.float64]
    mean: MeanOfSeries


class Measured(NamedTuple):
    """The measured steps of a staircase.

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
    """Return the clean steps of a staircase, each with its newest clean attempt."""
    newest = {each.step: each for each in recorded.attempts if not each.broken_by}
    values = {
        each: values_between(recorded, each.settled_sample, each.end_sample)
        for each in newest.values()
    }
    is_log = not recorded.is_signed and all(
        bool(np.all(blocks_of(each, recorded.hop_s) > 0.0)) for each in values.values()
    )
    steps = [
        MeasuredStep(
            step=attempt.step,
            amount=recorded.doses[attempt.step].amount,
            attempt=attempt,
            values=each,
            mean=mean_of_series(each, hop_s=recorded.hop_s, is_log=is_log),
        )
        for attempt, each in values.items()
    ]
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
