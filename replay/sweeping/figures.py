"""The figures of several recordings and channels as one, with intervals that stay honest."""

import math
from collections.abc import Sequence
from typing import Final

import msgspec

from replay.scoring.metrics import intervals
from replay.scoring.result import DetectorScore

#: Shares and delays of which the mean over scores is taken, with the unit.
_MEANS: Final = {
    "balanced_accuracy": "",
    "overlap": "",
    "time_sensitivity": "",
    "time_false_share": "",
    "onset_delay_s": "s",
}


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One figure over all recordings.

    Parameters
    ----------
    value : float or None
        None where no recording gives one.
    low, high : float or None
        Interval of 95 % confidence, of these recordings: of other patients it says nothing.
    null : float or None
        What chance gives: the mean of the recordings' levels.
    n : int
        Bursts, or false detections, that are counted; 0 of a mean.
    unit : str
        Its unit; empty for a share.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    null: float | None = None
    n: int = 0
    unit: str = ""


def figures_of(recordings: Sequence[Sequence[DetectorScore]]) -> dict[str, Figure]:
    """Return the figures of several recordings as one.

    Parameters
    ----------
    recordings : sequence of sequence of DetectorScore
        The scores of one detector: of each recording a score for each channel.

    Notes
    -----
    Bursts and false detections are counted together, so `sensitivity` has the exact binomial
    interval and `false_positives_per_min` the exact Poisson one. Of all else the mean is taken, of
    the channels of each recording first, so that each recording counts alike; its interval is put
    together from those of the parts, each side by the root of the sum of squares (MOVER: G. Y. Zou
    and A. Donner, Statistics in Medicine 27(10), 2008, doi:10.1002/sim.3095), which takes them
    for independent. Channels of one recording are not.
    """
    scores = [each for recording in recordings for each in recording]
    return {
        "sensitivity": _sensitivity(scores),
        "false_positives_per_min": _false_positives(scores),
        **{name: _mean(recordings, name, unit) for name, unit in _MEANS.items()},
    }


def _sensitivity(scores: Sequence[DetectorScore]) -> Figure:
    found = [each.metric("sensitivity") for each in scores]
    n_all = sum(each.n for each in found)
    n_met = sum(round((each.value or 0.0) * each.n) for each in found)
    low, high = intervals.binomial(n_met, n_all)
    return Figure(
        value=n_met / n_all if n_all else None,
        low=low,
        high=high,
        null=_mean_of([each.null for each in found]),
        n=n_all,
    )


def _false_positives(scores: Sequence[DetectorScore]) -> Figure:
    found = [each.metric("false_positives_per_min") for each in scores]
    minutes = sum(each.judged_s for each in scores) / 60.0
    n_false = sum(each.n for each in found)
    low, high = intervals.poisson(n_false, minutes)
    return Figure(
        value=n_false / minutes if minutes else None,
        low=low,
        high=high,
        null=_mean_of([each.null for each in found]),
        n=n_false,
        unit="1/min",
    )


def _mean(recordings: Sequence[Sequence[DetectorScore]], name: str, unit: str) -> Figure:
    found = [[each.metric(name) for each in recording] for recording in recordings]
    known = [here for each in found if (here := [m for m in each if m.value is not None])]
    # Each recording counts alike, and of it each channel.
    weighted = [(m, 1.0 / (len(known) * len(here))) for here in known for m in here]
    if not weighted:
        return Figure(value=None, unit=unit)
    value = math.fsum(weight * (each.value or 0.0) for each, weight in weighted)
    low = high = None
    if all(each.low is not None and each.high is not None for each, _ in weighted):
        below = [weight * ((m.value or 0.0) - (m.low or 0.0)) for m, weight in weighted]
        above = [weight * ((m.high or 0.0) - (m.value or 0.0)) for m, weight in weighted]
        low, high = value - math.hypot(*below), value + math.hypot(*above)
    nulls = [_mean_of([each.null for each in here]) for here in known]
    return Figure(value=value, low=low, high=high, null=_mean_of(nulls), unit=unit)


def _mean_of(values: Sequence[float | None]) -> float | None:
    known = [each for each in values if each is not None]
    return math.fsum(known) / len(known) if known else None
