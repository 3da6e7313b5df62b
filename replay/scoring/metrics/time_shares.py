"""Detection as a question asked at every moment: the two shares that a ROC curve is drawn of."""

import math
from typing import NamedTuple


class TimeShares(NamedTuple):
    """How much of the time is detected.

    Parameters
    ----------
    of_bursts : float
        Share of the reference's time in bursts that is detected; NaN where it has none.
    of_the_rest : float
        Share of all other time that is detected; NaN where there is none.
    """

    of_bursts: float
    of_the_rest: float


def time_shares(both_s: float, online_s: float, reference_s: float, total_s: float) -> TimeShares:
    """Return which shares of the time in bursts, and of the time between them, are detected.

    Parameters
    ----------
    both_s, online_s, reference_s : float
        Seconds in both, detected, and in bursts of the reference.
    total_s : float
        Seconds that are judged.

    Examples
    --------
    >>> time_shares(both_s=6.0, online_s=10.0, reference_s=8.0, total_s=48.0)
    TimeShares(of_bursts=0.75, of_the_rest=0.1)
    """
    rest_s = total_s - reference_s
    return TimeShares(
        both_s / reference_s if reference_s > 0.0 else math.nan,
        (online_s - both_s) / rest_s if rest_s > 0.0 else math.nan,
    )


def balanced_accuracy(of_bursts: float, of_the_rest: float) -> float:
    """Return the mean of sensitivity and specificity by time: 1 at best, 0.5 by chance.

    Notes
    -----
    Detections that are always on, or never, have exactly 0.5. Youden's index is twice this less 1
    (W. J. Youden, "Index for rating diagnostic tests", Cancer 3(1), 1950).

    Examples
    --------
    >>> balanced_accuracy(1.0, 1.0), balanced_accuracy(0.75, 0.05)
    (0.5, 0.85)
    """
    return (of_bursts + 1.0 - of_the_rest) / 2.0
